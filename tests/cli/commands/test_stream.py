"""`bigru predict --stream` and `bigru evaluate --lookahead`: lines while the input comes, and what waiting is worth."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bigru.bundle import Bundle, load, save
from bigru.cli.commands.stream import parse_steps
from bigru.config import EncoderConfig, ModelConfig
from bigru.errors import ArgumentError
from bigru.features.series import SeriesFeatures
from bigru.runtime.predictor import Predictor
from bigru.tasks import tag
from drawn import drawn_weights

Bigru = Callable
Refused = Callable[..., str]
STEPS = [[0.5, 1.0], [-2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [0.0, -1.0]]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved tagger of series that reads both ways."""
    config = tag.Config(("x", "y", "z"), SeriesFeatures((0.0, 0.0), (1.0, 1.0)))
    shape = ModelConfig(3, input_size=2, encoder=EncoderConfig(hidden=4))
    weights = drawn_weights(shape)
    folder = tmp_path_factory.mktemp("models") / "tagger"
    save(Bundle("tag", shape, config, weights), folder)
    return folder


def feed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def tags(predictor: Predictor, steps: Any, lookahead: int, chunk: int | None = None) -> list[str]:
    return predictor.predict_streamed([np.array(steps)], lookahead, chunk=chunk)[0]["tags"]


def test_steps_on_stdin_are_answered_input_by_input(
    bigru: Bigru, tagger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps(step) for step in STEPS]
    feed(monkeypatch, "\n".join([*lines[:2], json.dumps(STEPS[2:]), "", "", lines[0], ""]))
    rows = bigru("predict", tagger, "--stream", "--lookahead", "1", "--chunk", "2").rows
    assert [(row["input"], row["step"]) for row in rows] == [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 0)]
    predictor = Predictor(load(tagger))
    assert [row["tag"] for row in rows] == tags(predictor, STEPS, 1, 2) + tags(predictor, STEPS[:1], 1)


@pytest.mark.process
def test_answers_come_before_the_input_has_ended(tagger: Path) -> None:
    command = [sys.executable, "-m", "bigru", "predict", str(tagger), "--stream", "--lookahead", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for step in STEPS[:2]:
            process.stdin.write(json.dumps(step) + "\n")
            process.stdin.flush()
        assert json.loads(process.stdout.readline())["step"] == 0
        process.stdin.close()
        assert json.loads(process.stdout.readline())["step"] == 1
        assert process.wait(30) == 0


def test_a_file_is_streamed_row_by_row(bigru: Bigru, tagger: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.stack([np.array(STEPS), np.array(STEPS[::-1])]))
    rows = bigru("predict", tagger, tmp_path / "x.npz", "--stream", "--lookahead", "2").rows
    predictor = Predictor(load(tagger))
    for n, steps in enumerate((STEPS, STEPS[::-1])):
        assert [row["tag"] for row in rows if row["input"] == n] == tags(predictor, steps, 2)


def test_a_text_is_answered_character_by_character(bigru: Bigru, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = bigru("predict", model, "abb", "--stream").rows
    assert [(row["step"], row["label"]) for row in rows] == [(1, "a"), (2, "b"), (3, "b"), (3, "b")]
    feed(monkeypatch, "ab\nb\n")
    assert [row["step"] for row in bigru("predict", model, "--stream").rows] == [2, 3, 3]


def test_look_aheads_are_scored_side_by_side(bigru: Bigru, tagger: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(6, 30, 2)).astype(np.float32)
    predictor = Predictor(load(tagger))
    y = np.array([answer["tags"] for answer in predictor.predict(x)])
    np.savez(tmp_path / "x.npz", x=x, y=y)
    result = bigru("evaluate", tagger, tmp_path / "x.npz", "--lookahead", "0,5,30,all")
    rows = result.json["lookahead"]
    assert [row["lookahead"] for row in rows] == ["0", "5", "30", "all"]
    assert [(row["chunk"], row["delay"]) for row in rows] == [(1, 0), (5, 9), (30, 59), (None, None)]
    accuracies = [row["scores"]["accuracy"] for row in rows]
    assert accuracies[0] < accuracies[1] <= accuracies[2] == accuracies[3] == 1.0
    assert all(row["ms"] > 0 for row in rows[:3])
    assert "ms per chunk" in result.err
    chunked = bigru("evaluate", tagger, tmp_path / "x.npz", "--lookahead", "5", "--chunk", "1").json["lookahead"][0]
    assert (chunked["chunk"], chunked["delay"]) == (1, 5)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--lookahead", "3"], "--stream must be given"),
        (["--chunk", "3"], "--stream must be given"),
        (["--stream"], "lookahead must be given for a model that reads both ways"),
        (["--stream", "--lookahead", "-1"], "a number of steps, or milliseconds as 200ms, got '-1'"),
        (["--stream", "--lookahead", "2s"], "a number of steps, or milliseconds as 200ms, got '2s'"),
        (["--stream", "--lookahead", "200ms"], "a number of steps for this model, got '200ms'"),
        (["--stream", "--lookahead", "1", "--chunk", "0"], "at least 1"),
        (["--stream", "--lookahead", "1", "--plain"], "--plain is not allowed with --stream (got it)."),
    ],
)
def test_options_that_do_not_fit_are_refused(
    refused: Refused, tagger: Path, arguments: list[str], complaint: str
) -> None:
    assert complaint in refused("predict", tagger, *arguments)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("[1, 2", "stdin:2: line must be JSON: the numbers of a step, or a list of steps or tokens, got '[1, 2'"),
        ("[1, NaN]", "stdin:2: SeriesFeatures: chunk row 0 column 1 must be a number"),
        ("[1, 2, 3]", "stdin:2: SeriesFeatures: chunk must be [T, 2], got shape [1, 3]"),
        ('["a", "b"]', "stdin:2: SeriesFeatures: chunk must be numeric"),
    ],
)
def test_lines_that_are_no_step_are_refused_by_their_number(
    refused: Refused, tagger: Path, monkeypatch: pytest.MonkeyPatch, line: str, complaint: str
) -> None:
    feed(monkeypatch, f"[1, 2]\n{line}\n")
    assert complaint in refused("predict", tagger, "--stream", "--lookahead", "5")


def test_models_that_read_forward_have_no_look_ahead(refused: Refused, model: Path, tmp_path: Path) -> None:
    assert "reads forward" in refused("predict", model, "ab", "--stream", "--lookahead", "5")
    (tmp_path / "x.csv").write_text("text,label\na,a\nb,b\n", encoding="utf-8")
    assert "reads forward" in refused("evaluate", model, tmp_path / "x.csv", "--lookahead", "5")


@pytest.mark.parametrize(
    ("stride", "expected"), [(1, {"200ms": 20, "19ms": 1, "5ms": 0, "20": 20}), (2, {"200ms": 10, "50ms": 2, "20": 20})]
)
def test_milliseconds_become_steps_where_frames_have_a_rate(stride: int, expected: dict[str, int]) -> None:
    config = SimpleNamespace(features=SimpleNamespace(frame_seconds=0.01))
    bundle: Any = SimpleNamespace(config=config, model=SimpleNamespace(stride=stride))
    assert {text: parse_steps(text, bundle) for text in expected} == expected
    with pytest.raises(ArgumentError, match="number of steps"):
        parse_steps("all", bundle)
