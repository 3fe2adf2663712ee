"""`bigru predict --stream` of recordings: files and bare samples on stdin."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import sounds
from bigru.bundle import Bundle, load, save
from bigru.bundle.weights import shapes
from bigru.config import ConvConfig, EncoderConfig, ModelConfig
from bigru.features.audio import AudioFeatures
from bigru.features.series import SeriesFeatures
from bigru.runtime.predictor import Predictor
from bigru.tasks import classify, tag
from drawn import drawn_weights

Bigru = Callable
Refused = Callable[..., str]


def written(folder: Path, features: AudioFeatures) -> Path:
    config = classify.Config(tuple(sounds.PITCHES), features)
    front = (ConvConfig(6, 5, stride=2), ConvConfig(5, 3, stride=2))
    model = ModelConfig(3, input_size=8, encoder=EncoderConfig(hidden=7), conv=front, pooling=("last", "max"))
    weights = drawn_weights(model)
    save(Bundle("classify", model, config, weights), folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    features = AudioFeatures(8000, 8, normalise="none", mean=(9.0,) * 8, std=(4.0,) * 8)
    return written(tmp_path_factory.mktemp("stream") / "model", features)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_file_is_answered_while_it_is_read(bigru: Bigru, model: Path, tmp_path: Path, rate: int) -> None:
    path = sounds.write(tmp_path / "a.wav", sounds.tone("low", 0.5, rate=rate), rate)
    rows = bigru("predict", model, path, "--stream", "--lookahead", "80ms").rows
    assert [row["step"] for row in rows] == [8, 16, 24, 32, 50]
    (whole,) = Predictor(load(model)).predict_streamed([str(path)], 2)
    assert rows[-1]["label"] == whole["label"]


def test_stdin_is_bare_samples(bigru: Bigru, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sounds.write(tmp_path / "a.wav", sounds.tone("high", 0.5), subtype="PCM_16")
    expected = bigru("predict", model, path, "--stream", "--lookahead", "2").rows
    samples = np.rint(sounds.tone("high", 0.5) * 32768).astype("<i2").tobytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(samples))))
    rows = bigru("predict", model, "--stream", "--lookahead", "2").rows
    assert [row["step"] for row in rows] == [row["step"] for row in expected]
    assert rows[-1]["confidence"] == pytest.approx(expected[-1]["confidence"], abs=1e-3)


def test_half_a_sample_is_refused(refused: Refused, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(b"123"))))
    want = "stdin: samples must be of 16 bits each, got an odd number of bytes"
    assert want in refused("predict", model, "--stream", "--lookahead", "2")


def test_look_aheads_are_scored_and_timed(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    for label in sounds.PITCHES:
        sounds.write(tmp_path / "tones" / label / "0.wav", sounds.tone(label))
    whole = written(tmp_path / "whole", AudioFeatures(8000, 8, mean=(0.0,) * 8, std=(4.0,) * 8))
    for folder, timed in ((model, True), (whole, False)):
        rows = bigru("evaluate", folder, tmp_path / "tones", "--lookahead", "40ms,all").json["lookahead"]
        assert [row["lookahead"] for row in rows] == ["40ms", "all"]
        assert (rows[0]["ms"] is not None) == timed


def test_a_model_that_takes_the_mean_says_what_to_do(refused: Refused, tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", AudioFeatures(8000, 8, mean=(0.0,) * 8, std=(4.0,) * 8))
    assert "Train with normalise=none." in refused("predict", whole, "a.wav", "--stream", "--lookahead", "2")


def test_the_lag_of_a_crf(bigru: Bigru, refused: Refused, model: Path, tmp_path: Path) -> None:
    shape = ModelConfig(3, input_size=1, encoder=EncoderConfig(hidden=4, direction="forward"), crf=True)
    random = np.random.default_rng(0)
    weights = {name: random.normal(size=size).astype(np.float32) for name, size in shapes(shape).items()}
    save(
        Bundle("tag", shape, tag.Config(("x", "y", "z"), SeriesFeatures((0.0,), (1.0,)), crf=True), weights),
        tmp_path / "m",
    )
    x = random.normal(size=20)
    np.savez(tmp_path / "x.npz", x=x[None, :, None])
    for lag in (1, 5):
        rows = bigru("predict", tmp_path / "m", tmp_path / "x.npz", "--stream", "--lag", str(lag)).rows
        (whole,) = Predictor(load(tmp_path / "m")).predict_streamed([x], lag=lag)
        assert [row["tag"] for row in rows] == whole["tags"]
    assert "--stream must be given" in refused("predict", tmp_path / "m", tmp_path / "x.npz", "--lag", "2")
    assert "without a CRF" in refused("predict", model, "a.wav", "--stream", "--lookahead", "2", "--lag", "2")
