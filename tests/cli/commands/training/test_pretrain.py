"""`bigru pretrain`, and `bigru train --from` what it wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru as package

GOOD, BAD = ("good", "fine", "great"), ("bad", "poor", "awful")


def lines(count: int, good: tuple[str, ...] = GOOD, bad: tuple[str, ...] = BAD) -> list[tuple[str, str]]:
    """Reviews and their labels: words of one kind stand near words of the same weather."""
    random = np.random.default_rng(count)
    found = []
    for n in range(count):
        kind, weather = (good, "warm sunny") if n % 2 else (bad, "cold rainy")
        words = [*random.choice(kind, 2), *random.permutation(["the", "day", *weather.split(), "was"])]
        found.append((" ".join(words), "pos" if n % 2 else "neg"))
    return found


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.txt"
    path.write_text("\n".join(text for text, _ in lines(400)) + "\n", "utf-8")
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Labelled reviews in which two words alone say what is meant, and no weather."""
    path = tmp_path / "rows.csv"
    random = np.random.default_rng(0)
    made = [
        f"{random.choice(['the', 'day', 'was'])} {'good' if n % 2 else 'bad'},{'pos' if n % 2 else 'neg'}"
        for n in range(40)
    ]
    path.write_text("text,label\n" + "\n".join(made) + "\n", "utf-8")
    return path


@pytest.mark.train
def test_a_training_knows_words_that_its_rows_lack(bigru: Any, raw: Path, rows: Path, tmp_path: Path) -> None:
    lm, model, small = tmp_path / "lm", tmp_path / "model", tmp_path / "small"
    made = bigru("pretrain", raw, "--out", lm, "--size", "8")
    assert (made.code, made.json["unit"], made.json["units"], made.json["texts"]) == (0, "word", 13, 400)
    assert made.err.splitlines()[2].startswith("400 texts of 2,800 words; the 13 that come ")
    options = ("--out", model, "--epochs", "3", "--seed", "0", "--set", "hidden=8")
    trained = bigru("train", rows, "--from", lm, *options)
    assert trained.code == 0, trained.err
    assert f"starts from {lm}" in trained.err
    words = ("great", "awful", "fine", "poor")
    assert [row["label"] for row in bigru("predict", model, *words).rows] == ["pos", "neg", "pos", "neg"]
    features = package.load(model).bundle.config.features
    assert set(features.vocabulary) >= {*GOOD, *BAD, "warm", "rainy"}
    assert bigru("verify", model).code == 0
    assert bigru("quantize", model, small).code == 0
    assert [row["label"] for row in bigru("predict", small, "great", "awful").rows] == ["pos", "neg"]


@pytest.mark.train
def test_a_tagger_starts_from_them_with_capitals(bigru: Any, raw: Path, tmp_path: Path) -> None:
    lm, data = tmp_path / "lm", tmp_path / "tags.conll"
    bigru("pretrain", raw, "--out", lm, "--size", "4")
    data.write_text("\n\n".join("The O\nGood B-X\nday O" for _ in range(30)) + "\n", "utf-8")
    options = ("--out", tmp_path / "model", "--epochs", "1", "--set", "hidden=8", "--no-plain")
    trained = bigru("train", data, "--from", lm, *options)
    assert trained.code == 0, trained.err
    features = package.load(tmp_path / "model").bundle.config.features
    assert (features.unit, features.lowercase) == ("token", False)
    assert set(features.vocabulary) >= {"The", "the", "Good", "good"}


def refusal(bigru: Any, *arguments: object) -> str:
    found = bigru(*arguments)
    assert (found.code, found.out) == (2, ""), found
    return str(found.err.splitlines()[-1])


def test_vectors_of_other_units_are_refused(bigru: Any, raw: Path, rows: Path, tmp_path: Path) -> None:
    characters, words = tmp_path / "zh.csv", tmp_path / "lm"
    characters.write_text("text,label\n" + "天气好,pos\n天气坏,neg\n" * 20, "utf-8")
    bigru("pretrain", raw, "--out", words, "--size", "4")
    said = refusal(bigru, "train", characters, "--from", words, "--out", tmp_path / "m")
    want = f"vectors must be of chars, as {characters} is read, got words. Pretrain with the unit char."
    assert said == f"bigru train: {words}: {want}"


def test_other_vectors_besides_are_refused(bigru: Any, raw: Path, rows: Path, tmp_path: Path) -> None:
    bigru("pretrain", raw, "--out", tmp_path / "lm", "--size", "4")
    said = refusal(bigru, "train", rows, "--from", tmp_path / "lm", "--vectors", raw, "--out", tmp_path / "m")
    lm = tmp_path / "lm"
    assert said == f"bigru train: --vectors must be left out with vectors to start from ({lm}), got {raw}."
    said = refusal(bigru, "train", rows, "--from", lm, "--forget", "0.01", "--out", tmp_path / "m")
    assert said == f"bigru train: --forget must be left out with vectors to start from ({lm}), got 0.01."


def test_what_is_wrong_is_one_line(bigru: Any, raw: Path, tmp_path: Path) -> None:
    assert refusal(bigru, "pretrain", raw, "--time", "soon") == (
        "bigru pretrain: --time must be a duration above 0, as 90s, 10m or 1h, got 'soon'."
    )
    (tmp_path / "lm").mkdir()
    said = refusal(bigru, "pretrain", raw, "--out", tmp_path / "lm")
    assert re.search(r"lm: --out must be free, got a folder that exists\. Choose another place, or replace", said)


def test_quiet_says_nothing(bigru: Any, raw: Path, tmp_path: Path) -> None:
    made = bigru("pretrain", raw, "--out", tmp_path / "lm", "--size", "4", "--quiet")
    assert (made.code, made.err) == (0, "")
    assert json.loads((tmp_path / "lm" / "config.json").read_text("utf-8"))["training"]["texts"] == 400
