"""`bigru train --from`: files in, a grown model and a table of what was forgotten out; the exit code, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bigru as package

OPTIONS = ("--epochs", "6", "--no-plain")

Refused = Callable[..., str]


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows), encoding="utf-8")
    return path


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return write(
        tmp_path / "new.csv", [(f"{w}{n}", k) for n in range(20) for w, k in (("普通", "so"), ("好看呀", "good"))]
    )


@pytest.fixture
def old(reviews: Path, tmp_path: Path, bigru: Callable[..., Any]) -> Path:
    folder = tmp_path / "old"
    assert bigru("train", reviews, "--out", folder, "--set", "hidden=4", *OPTIONS).code == 0
    return folder


@pytest.mark.train
def test_a_model_goes_on_and_says_what_it_forgot(
    bigru: Callable[..., Any], old: Path, new: Path, reviews: Path, tmp_path: Path
) -> None:
    files = {path.name: path.read_bytes() for path in old.iterdir()}
    options = ("--from", old, "--keep", reviews, "--forget", "1", "--out", tmp_path / "m", *OPTIONS)
    result = bigru("train", new, *options)
    assert result.code == 0
    assert {path.name: path.read_bytes() for path in old.iterdir()} == files
    found = result.json["forgetting"]
    assert [one["label"] for one in found["classes"]] == ["bad", "good"]
    assert found["limit"] == 1
    assert package.load(tmp_path / "m").labels == ("bad", "good", "so")
    assert package.load(tmp_path / "m").metrics["forgetting"] == found
    assert "old class" in result.err
    assert "all (accuracy)" in result.err
    line = "old classes are measured on rows held out of the old ones, before on the old model's own dev rows; "
    assert line in result.err
    assert "| old class | before | after | change | rows |" in (tmp_path / "m" / "README.md").read_text("utf-8")


@pytest.mark.train
def test_a_loss_past_the_bound_is_exit_code_1_with_the_model_saved(
    bigru: Callable[..., Any], old: Path, reviews: Path, tmp_path: Path
) -> None:
    swapped = write(
        tmp_path / "swapped.csv", [(f"{w}{n}", k) for n in range(20) for w, k in (("好看", "bad"), ("难看", "good"))]
    )
    options = ("--from", old, "--test", reviews, "--forget", "0.01", "--out", tmp_path / "m", "--no-plain")
    result = bigru("train", swapped, *options, "--epochs", 20, "--set", "learning_rate=0.02", "--set", "rehearsal=0")
    assert result.code == 1
    found = result.json["forgetting"]
    assert found["before"] - found["after"] == found["lost"] > 0.01
    last = f"The old classes lost more than they may; the model is in {tmp_path / 'm'} all the same."
    assert result.err.splitlines()[-1] == last
    assert package.load(tmp_path / "m").metrics["forgetting"] == found


@pytest.mark.train
def test_a_bound_that_nothing_was_measured_on_is_exit_code_1(
    bigru: Callable[..., Any], old: Path, tmp_path: Path
) -> None:
    rows = [(f"{w}{n}", w) for n in range(20) for w in ("天", "地")]
    new = write(tmp_path / "new.csv", [*rows, ("好看", "good")])
    options = ("--from", old, "--forget", "0.01", "--out", tmp_path / "m", "--epochs", "1", "--no-plain")
    result = bigru("train", new, *options)
    assert result.code == 1
    assert "forgetting" not in result.json
    last = f"No held-out row has an old label: nothing says what was forgotten; the model is in {tmp_path / 'm'}."
    assert result.err.splitlines()[-1] == last


@pytest.mark.train
def test_what_cannot_go_on_is_refused_in_one_line(
    refused: Refused, old: Path, new: Path, reviews: Path, tmp_path: Path
) -> None:
    strange = write(tmp_path / "strange.csv", [(f"{w}{n}", w) for n in range(20) for w in ("天", "地")])
    assert refused("train", strange, "--from", old, "--out", tmp_path / "m") == (
        f"bigru train: {strange}: labels must be some of the model's (bad, good), or old rows given with --keep, "
        "got new ones alone: 地, 天. Accept that the old ones are forgotten with --forget 1."
    )
    assert refused("train", new, "--from", old, "--out", old, "--force") == (
        f"bigru train: --out must be another folder than that of --from, got '{old}'. The old model stays as it is."
    )
    assert refused("train", new, "--from", old, "--out", tmp_path / "m", "--set", "hidden=5") == (
        f"bigru train: hidden must be 4, as in the model '{old}', got 5. Leave it out."
    )
    assert refused("train", new, "--from", old, "--out", tmp_path / "m", "--task", "tag") == (
        f"bigru train: --task must be classify, the task of the model '{old}', got tag."
    )
    assert refused("train", new, "--keep", reviews, "--out", tmp_path / "m") == (
        f"bigru train: --keep is not allowed without --from (got {reviews})."
    )
    (old / "model.safetensors").unlink()
    assert refused("train", new, "--from", old, "--out", tmp_path / "m") == (
        f"bigru train: {old}/model.safetensors: file must be a plain file, got no such file."
    )
    assert not (tmp_path / "m").exists()


def test_files_that_bring_nothing_are_refused(refused: Refused, tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.csv", [])
    assert refused("train", empty, "--from", "zh-sentiment", "--out", tmp_path / "m") == (
        f"bigru train: {empty}: data must be at least one example, got a header alone."
    )
    words = tmp_path / "words.conll"
    words.write_text("the\tO\nEU\tB-ORG\n\nof\tO\nBonn\tB-LOC\n", encoding="utf-8")
    assert refused("train", words, "--from", "zh-entities", "--out", tmp_path / "m") == (
        f"bigru train: {words}: tokens must be single characters, which the model 'zh-entities' reads, got 'the'."
    )
    assert refused("train", words, "--from", "zh-sentiment", "--out", tmp_path / "m") == (
        f"bigru train: {words}: task must be tag for this file, got classify."
    )
