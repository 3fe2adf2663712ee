"""A saved transcriber: there and back, and broken ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru import bundle
from bigru.bundle import Bundle
from bigru.bundle.weights import shapes
from bigru.config import ConvConfig, EncoderConfig, ModelConfig
from bigru.errors import BundleError
from bigru.features.audio import AudioFeatures
from bigru.ops.ctc.language import SymbolModel
from bigru.runtime.predictor import Predictor
from bigru.tasks import transcribe

FEATURES = AudioFeatures(8000, 4, mean=(0.0,) * 4, std=(1.0,) * 4)
CONFIG = transcribe.Config(("a", "b"), FEATURES, stride=2, beam=4, language=SymbolModel.fit([[1, 2], [2]], 3, 2))
MODEL = ModelConfig(outputs=3, input_size=4, encoder=EncoderConfig(hidden=3), conv=(ConvConfig(5, 3, 2),))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    weights = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes(MODEL).items()}
    bundle.save(Bundle("transcribe", MODEL, CONFIG, weights), tmp_path / "model")
    return tmp_path / "model"


def test_there_and_back(saved: Path) -> None:
    read = bundle.load(saved)
    assert (read.task, read.model, read.config.labels, read.config.features) == (
        "transcribe",
        MODEL,
        ("a", "b"),
        FEATURES,
    )
    card = (saved / "README.md").read_text(encoding="utf-8")
    assert 'pipeline_tag: "automatic-speech-recognition"' in card
    assert "# Transcriber saved by bigru" in card
    noise = np.random.default_rng(1).standard_normal(1600).astype(np.float32)
    answer = Predictor(read).predict(noise)
    assert answer == Predictor(read).predict([(noise, 8000)])[0]
    assert set(answer["text"]) <= {"a", "b"}


@pytest.mark.parametrize("count", [0, 1, 39, 40, 80, 200])
def test_the_shortest_recordings_have_an_answer(saved: Path, count: int) -> None:
    answer = Predictor(bundle.load(saved)).predict(np.zeros(count, np.float32))
    assert set(answer) == {"text", "confidence", "symbols"}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("task_config", "stride"), 4, r"stride of the model must be 4, as the task says, got 2"),
        (("task_config", "unit"), "word", r"unit must be one of char, token"),
        (("task_config", "beam"), 1, r"language must be a model of 3 symbols with a beam"),
        (("task_config", "beam"), True, r"beam must be int, got True"),
        (("task_config", "weight"), -1, r"weight must be within 0\.\.100"),
        (("task_config", "labels"), ["a"], r"outputs of the model must be 2|language must be a model of 2 symbols"),
        (("task_config", "language"), [], r"language must be dict or NoneType, got \[\]"),
        (("task_config", "language", "start"), ["x"], r"language start must be a list of numbers"),
        (("task_config", "language", "next"), [0, 10**9, 0], r"must be those of a language model"),
        (("features", "mel_bins"), 5, r"mean must be 5 finite numbers"),
        (("features", "kind"), "video", r"kind of features must be one of text, series, audio, table, got 'video'"),
        (("features", "frame_shift"), 0, r"frame_shift must be within 1\.0\.\.100\.0"),
    ],
)
def test_a_broken_model_is_refused(saved: Path, path: tuple[str, ...], value: Any, message: str) -> None:
    place = saved / "config.json"
    values = json.loads(place.read_text(encoding="utf-8"))
    inner = values
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    place.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(BundleError, match=message):
        bundle.load(saved)
