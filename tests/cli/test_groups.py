"""`--group`: rows that belong together are held out together, so that the dev score is that of new speakers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bigru import BiGRUClassifier, BiGRUTagger
from bigru.bundle import load
from bigru.errors import ArgumentError, DataError

Bigru = Callable
SMALL = ("--set", "hidden=8", "--set", "channels=unit", "--set", "learning_rate=0.03", "--no-plain")
WORDS = ["film", "plot", "actor", "scene", "music", "camera", "light", "sound"]


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    """Texts whose label is their speaker's, who says a word of his own in each: it tells nothing of others."""
    drawn, rows = np.random.default_rng(0), []
    for speaker in range(20):
        for _ in range(10):
            words = " ".join([f"quirk{speaker}", *drawn.choice(WORDS, 3)])
            rows.append(f"{words},{'ab'[speaker % 2]},s{speaker}")
    path = tmp_path / "leaking.csv"
    path.write_text("text,label,speaker\n" + "\n".join(drawn.permutation(rows)), encoding="utf-8")
    return path


@pytest.mark.train
def test_a_planted_leak_shows_without_the_option_and_not_with_it(bigru: Bigru, leaking: Path, tmp_path: Path) -> None:
    flattered = bigru("train", leaking, "--out", tmp_path / "a", *SMALL)
    assert flattered.json["dev"]["accuracy"] == 1.0
    assert "speaker (20 different values; --group speaker holds out all rows of a speaker together)" in flattered.err
    honest = bigru("train", leaking, "--out", tmp_path / "b", "--group", "speaker", *SMALL)
    assert honest.code == 0, honest.err
    assert honest.json["dev"]["accuracy"] < 0.8
    assert "  group  speaker (named)\n" in honest.err
    assert "dev has 20 rows of 2 groups: the score may be off by " in honest.err
    assert load(tmp_path / "b").metrics["training"]["columns"]["group"] == ["speaker"]
    assert bigru("evaluate", tmp_path / "b", leaking).code == 0


def test_a_training_is_resumed_with_its_groups_alone(bigru: Bigru, leaking: Path, tmp_path: Path) -> None:
    from bigru.config import TrainConfig
    from bigru.train.data.fingerprint import changes, fingerprint

    data = [np.zeros((1, 1), np.int32)] * 3, np.zeros(3, np.int64)
    with_groups = fingerprint({}, {}, data, None, TrainConfig(), None, groups=["a", "b", "b"])  # type: ignore[arg-type]
    without = fingerprint({}, {}, data, None, TrainConfig(), None)  # type: ignore[arg-type]
    others = fingerprint({}, {}, data, None, TrainConfig(), None, groups=["a", "b", "a"])  # type: ignore[arg-type]
    assert changes(with_groups, others) == ["groups"]
    assert [change.split()[0] for change in changes(without, with_groups)] == ["groups"]


def table(path: Path, groups: list[str]) -> Path:
    rows = [f"{WORDS[n % 8]} number {n},{'ab'[n % 2]},{group}" for n, group in enumerate(groups)]
    path.write_text("text,label,who\n" + "\n".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["x"] * 40, "column 'who' must be of several groups, got 'x' in every row. Leave --group out."),
        (
            [f"w{n}" for n in range(40)],
            "column 'who' must be of groups of rows, got 40 different values in 40 rows. Leave --group out.",
        ),
        (
            ["xy"[n % 2] for n in range(40)],
            "groups must be such that some can be held out: half of the examples at most, and no label that only they "
            "have, got none. Give dev data, or leave them out.",
        ),
    ],
)
def test_groups_that_hold_nothing_together_or_everything_are_refused(
    groups: list[str], message: str, refused: Callable[..., str], tmp_path: Path
) -> None:
    path = table(tmp_path / "x.csv", groups)
    line = refused("train", path, "--label", "label", "--group", "who", "--out", tmp_path / "m")
    assert line == f"bigru train: {'' if message.startswith('groups') else f'{path}: '}{message}"


def test_options_of_the_hold_out_are_left_out_where_there_is_none(refused: Callable[..., str], tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", ["x", "y"] * 20)
    line = refused("train", path, "--label", "label", "--group", "who", "--dev", path, "--out", tmp_path / "m")
    assert line == "bigru train: --group is not allowed with --dev (got 'who'). Nothing is held out then."
    line = refused("train", path, "--task", "forecast", "--horizon", "3", "--group", "who", "--out", tmp_path / "m")
    assert line == "bigru train: --group is not allowed for a forecast (got 'who')."
    line = refused("train", path, "--task", "forecast", "--horizon", "3", "--no-plain", "--out", tmp_path / "m")
    assert line == "bigru train: --no-plain is not allowed for a forecast (got given)."


@pytest.mark.train
def test_test_data_need_no_groups_and_the_doctor_takes_the_option(bigru: Bigru, leaking: Path, tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    test.write_text("text,label\nquirk1 film,b\nquirk2 film,a\n", encoding="utf-8")
    options = ("--group", "speaker")
    result = bigru("train", leaking, "--test", test, "--out", tmp_path / "m", *options, "--epochs", "2", *SMALL)
    assert result.code == 0, result.err
    assert bigru("doctor", leaking, *options).json["next"] == f"bigru train {leaking} --group speaker"


def test_sentences_of_one_document_are_held_out_together(bigru: Bigru, tmp_path: Path) -> None:
    rows = [{"tokens": [WORDS[n % 8], f"w{n}"], "tags": ["O", "B-X"], "document": f"d{n // 5}"} for n in range(100)]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = bigru("train", path, "--out", tmp_path / "m", "--group", "document", "--epochs", "1", *SMALL[:2])
    assert result.code == 0, result.err
    assert "90 training examples, 10 dev examples" in result.err


def test_estimators_take_groups() -> None:
    texts = [f"{WORDS[n % 8]} w{n}" for n in range(60)]
    labels = [n % 2 for n in range(60)]
    model = BiGRUClassifier(hidden=2, epochs=1, channels=("unit",))
    model.fit(texts, labels, groups=[n // 6 for n in range(60)])
    assert model.best_score_ is not None
    sentences, tags = [["a", f"b{n}"] for n in range(18)], [["x", "y"]] * 18
    tagger = BiGRUTagger(hidden=2, epochs=1).fit(sentences, tags, groups=list("abc") * 6)
    assert tagger.best_score_ is not None
    with pytest.raises(DataError, match=r"^train: groups must be such that some can be held out"):
        # Equal sentences join all groups.
        tagger.fit([["a", "b"], ["c", "d"]] * 9, tags, groups=list("abc") * 6)
    for groups, message in (
        ([1, 2], r"fit: groups must be as long as X \(60\), got 2\."),
        ([1] * 60, r"fit: groups must be several, got '1' alone\."),
    ):
        with pytest.raises(ArgumentError, match=message):
            model.fit(texts, labels, groups=groups)
    with pytest.raises(ArgumentError, match=r"fit: groups is not allowed with X_dev \(got groups\)\."):
        model.fit(texts, labels, texts, labels, groups=labels)
