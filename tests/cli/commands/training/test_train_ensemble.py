"""`bigru train --ensemble N`: several trainings, one model of the usual size."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru.bundle import load
from bigru.errors import ArgumentError
from bigru.train.loop import checkpoint
from bigru.train.loop.display import Display
from bigru.train.recipes import plan

Bigru = Callable
Refused = Callable[..., str]
SMALL = ("--set", "hidden=4", "--set", "channels=unit", "--epochs", "3")


@pytest.mark.train
def test_one_model_is_saved_and_what_was_trained_is_kept(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    result = bigru("train", reviews, "--out", tmp_path / "m", *SMALL, "--ensemble", 2, "--test", reviews)
    assert result.code == 0, result.err
    assert bigru("train", reviews, "--out", tmp_path / "single", *SMALL).code == 0
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        *("README.md", "config.json", "metrics.json", "model.safetensors", "vocabulary.json"),
    ]
    made, single = load(tmp_path / "m"), load(tmp_path / "single")
    assert made.model == single.model
    found = made.metrics["training"]["ensemble"]
    assert result.json["training"]["ensemble"] == found
    assert (found["members"], found["member_scores"][0]) == (2, single.metrics["training"]["best_score"])
    assert "ensemble" not in single.metrics["training"]
    # What is saved is what was scored.
    assert found["student_score"] == result.json["dev"]["accuracy"] == made.metrics["dev"]["accuracy"]
    each = ", ".join(f"{score:.4f}" for score in found["member_scores"])
    saved = f"{found['student_score']:.4f} of the one that is saved"
    assert f"dev accuracy: {each} of the 2, {found['score']:.4f} of their mean, {saved}" in result.err.splitlines()
    assert "2 trainings and one that learnt from their mean: " in (tmp_path / "m" / "README.md").read_text("utf-8")


@pytest.mark.train
def test_ctrl_c_in_any_training_and_resume_end_with_the_same_bits(
    bigru: Bigru, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("train", reviews, *SMALL, "--set", "ensemble=2")
    assert bigru(*command, "--out", tmp_path / "whole").code == 0
    say, out = Display.say, tmp_path / "cut"

    def stopped_at(beginning: str, place: Path, *more: str) -> None:
        def interrupted(self: Any, text: str) -> None:
            say(self, text)
            if text.startswith(beginning):
                signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(Display, "say", interrupted)
        result = bigru(*command, "--out", out, *more)
        assert (result.code, result.out) == (130, "")
        assert f"the checkpoint is kept in '{place}'. Go on with the same" in result.err.splitlines()[-1]
        monkeypatch.undo()

    stopped_at("member 2 of 2  epoch 2/3", out / "members" / "2")
    assert "which holds one. Go on with it (--resume)" in bigru(*command, "--out", out).err
    # The one model takes its examples and the mixed ones in a single epoch, so that it ends before it can be stopped.
    assert bigru(*command, "--out", out, "--resume").code == 0
    whole, cut = (load(tmp_path / name).weights for name in ("whole", "cut"))
    for name, weight in whole.items():
        np.testing.assert_array_equal(cut[name], weight)
    assert not (out / "members").exists()
    assert not list(out.glob("checkpoint*"))


@pytest.mark.train
def test_killed_behind_the_save_it_is_finished_by_resume(
    bigru: Bigru, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("train", reviews, *SMALL, "--ensemble", 2, "--out", tmp_path / "m")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "remove", lambda _: None)
        first = bigru(*arguments)
    assert len(checkpoint.list_members(tmp_path / "m")) == 2
    second = bigru(*arguments, "--resume")
    assert (second.code, second.err) == (0, f"The training had ended, and its model is in {tmp_path}/m.\n")
    assert second.json == first.json
    assert not (tmp_path / "m" / "members").exists()


def test_force_begins_again_in_the_folder_of_several(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    place = checkpoint.member_folder(tmp_path / "m", 1)
    checkpoint.save(place, {"step": 1, "fingerprint": {}})
    assert bigru("train", reviews, *SMALL, "--out", tmp_path / "m", "--force").code == 0
    assert not place.exists()


@pytest.mark.train
def test_taggers_are_taught_by_several(bigru: Bigru, tmp_path: Path) -> None:
    rows = "\n".join(f"{c} {t}" for c, t in zip("王小明去北京", ["B-P", "I-P", "I-P", "O", "B-L", "I-L"], strict=True))
    data = tmp_path / "tags.conll"
    data.write_text("".join(f"{rows}\n{'好 O' if n % 2 else '人 O'}\n\n" for n in range(20)), encoding="utf-8")
    options = ("--ensemble", 2, "--set", "hidden=8", "--set", "learning_rate=0.05", "--epochs", 12)
    result = bigru("train", data, "--dev", data, "--out", tmp_path / "m", *options)
    assert result.code == 0, result.err
    found = result.json["training"]["ensemble"]
    assert found["student_score"] == result.json["dev"]["span_f1"] == 1.0
    assert found["score"] == 1.0


def test_the_number_must_be_one_or_more(refused: Refused, reviews: Path, tmp_path: Path) -> None:
    line = refused("train", reviews, "--out", tmp_path / "m", "--ensemble", "0")
    assert line.rstrip() == "bigru train: TrainConfig: ensemble must be greater than 0, got 0."


def test_forecasts_and_transcripts_are_refused(refused: Refused, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("date,a\n" + "".join(f"2024-01-{1 + n // 24:02} {n % 24:02}:00,{n % 7}\n" for n in range(300)))
    line = refused("train", table, "--target", "a", "--horizon", "6", "--out", tmp_path / "m", "--ensemble", "3")
    assert line.rstrip() == "bigru train: ensemble must be 1 for forecasts, got 3. Leave it out."
    with pytest.raises(ArgumentError, match=r"^train: ensemble must be 1 for transcripts, got 3\. Leave it out\.$"):
        plan("transcribe", ["a.wav"], ["a"], "audio", options={"ensemble": 3})


@pytest.mark.train
def test_metrics_are_json(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    assert bigru("train", reviews, *SMALL, "--ensemble", 2, "--out", tmp_path / "m").code == 0
    facts = json.loads((tmp_path / "m" / "metrics.json").read_text(encoding="utf-8"))["training"]["ensemble"]
    assert sorted(facts) == ["member_scores", "members", "score", "student_score"]
