from __future__ import annotations

from pathlib import Path

import pytest

from bigru.cli.settings import duration, settings
from bigru.errors import ArgumentError
from bigru.train.pipeline.settings import check_settings

KNOWN = ("hidden", "merge", "pooling", "layer_norm", "min_count", "crf")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("30", 30), (" 2 m ", 120)])
def test_duration(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "ten", "0s", "-1m", "1d"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"--time must be a duration above 0, as 90s, 10m or 1h, got "):
        duration(text)


def test_set_overrules_config(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"hidden": 32, "merge": "sum"}', encoding="utf-8")
    got = settings(file, ["hidden=64", 'pooling=["mean", "max"]', "layer_norm=true"])
    assert got == {"hidden": 64, "merge": "sum", "pooling": ["mean", "max"], "layer_norm": True}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [(["hiden=1"], "got 'hiden'. Did you mean 'hidden'?"), (["hidden"], "--set must be key=value, got 'hidden'.")],
)
def test_wrong_pairs(pairs: list[str], message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        check_settings(KNOWN, settings(None, pairs))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"), [("[1]", "a JSON object, got list"), ("{", "must be JSON"), (None, "a readable file")]
)
def test_wrong_config(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "c.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ArgumentError) as error:
        settings(file, [])
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("min_count=few", "min_count must be of type int, got 'few'."),
        ("min_count=true", "min_count must be of type int, got True."),
        ("crf=1", "crf must be of type bool, got 1."),
        ("pooling=[1]", "pooling must be a list of names, got [1]."),
        ("pooling=3", "pooling must be a list of names, got 3."),
    ],
)
def test_wrong_types(pair: str, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        check_settings(KNOWN, settings(None, [pair]))
    assert message in str(error.value)


def test_lists_may_be_written_with_commas() -> None:
    assert settings(None, ["pooling=max, mean"]) == {"pooling": ["max", "mean"]}
