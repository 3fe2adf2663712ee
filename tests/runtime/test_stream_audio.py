"""Streams of recordings: samples in pieces of any size are answered as the whole is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sounds
from bigru.bundle import Bundle
from bigru.config import ConvConfig, EncoderConfig, ModelConfig
from bigru.errors import ArgumentError
from bigru.features.audio import AudioFeatures
from bigru.ops.ctc.native import greedy
from bigru.ops.ctc.streaming import StreamingGreedy
from bigru.runtime.predictor import Predictor
from bigru.tasks import classify, transcribe
from drawn import drawn_weights
from tolerances import FLOAT32

FEATURES = AudioFeatures(8000, 8, normalise="none", mean=(9.0,) * 8, std=(4.0,) * 8)
FRONT = (ConvConfig(6, 5, stride=2), ConvConfig(5, 3, stride=2))
SOUND = sounds.melody(["low", "high", "middle", "low"])
SIZES = [[1], [80, 0, 7], [63], [400], [100_000]]
FORWARD = EncoderConfig(hidden=7, layers=2, direction="forward")
BOTH = EncoderConfig(hidden=7, layers=2)


def made(task: str, encoder: EncoderConfig, features: AudioFeatures = FEATURES, **more: Any) -> Predictor:
    if task == "classify":
        config: Any = classify.Config(("a", "b", "c"), features)
    else:
        config = transcribe.Config(("a", "b", "c"), features, stride=4, **more)
    pooling = ("last", "max") if task == "classify" else ()
    model = ModelConfig(config.outputs, input_size=8, encoder=encoder, conv=FRONT, pooling=pooling)
    drawn = drawn_weights(model, 11)
    # With biases as large as these one symbol stands from end to end.
    weights = {name: 0 * value if "bias" in name else value for name, value in drawn.items()}
    return Predictor(Bundle(task, model, config, weights))


def streamed(predictor: Predictor, x: Any, sizes: list[int], *args: Any) -> list[dict[str, Any]]:
    stream, found, start, n = predictor.stream(*args), [], 0, 0
    while start < len(x):
        found += stream.push(x[start : start + sizes[n % len(sizes)]])
        start, n = start + sizes[n % len(sizes)], n + 1
    return found + stream.finish()


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(("encoder", "args"), [(FORWARD, ()), (BOTH, (3,))])
def test_a_label_is_that_of_the_whole_recording(sizes: list[int], encoder: EncoderConfig, args: Any) -> None:
    predictor = made("classify", encoder)
    last = streamed(predictor, SOUND, sizes, *args)[-1]
    whole = predictor.predict_streamed([SOUND], *args)[0]
    assert last == {"step": len(FEATURES.features(SOUND)), **whole}


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(("encoder", "args"), [(FORWARD, ()), (BOTH, (3,))])
def test_symbols_are_those_of_the_whole_recording(sizes: list[int], encoder: EncoderConfig, args: Any) -> None:
    predictor = made("transcribe", encoder)
    found = streamed(predictor, SOUND, sizes, *args)
    whole = predictor.predict_streamed([SOUND], *args)[0]
    assert len(found) > 3
    assert "".join(one["symbol"] for one in found) == whole["text"]
    assert found == streamed(predictor, SOUND, [100_000], *args)
    assert all(one["start"] < one["end"] for one in found)
    if not args:
        assert whole == predictor.predict(SOUND)


def test_a_stream_reads_greedily_whatever_the_beam() -> None:
    narrow, wide = (made("transcribe", FORWARD, beam=beam) for beam in (1, 16))
    assert streamed(wide, SOUND, [500]) == streamed(narrow, SOUND, [500])


def test_a_recording_of_another_rate_comes_in_pairs() -> None:
    predictor, x = made("classify", FORWARD), np.repeat(SOUND, 2)
    stream = predictor.stream()
    found = [answer for part in np.array_split(x, 9) for answer in stream.push((part, 16000))] + stream.finish()
    assert found[-1]["scores"] == predictor.predict((x, 16000))["scores"]


def test_an_empty_recording_has_no_symbols() -> None:
    assert made("transcribe", FORWARD).stream().finish() == []


def test_a_scaling_by_the_whole_recording_is_refused() -> None:
    with pytest.raises(ArgumentError, match="Train with normalise=none"):
        made("classify", FORWARD, AudioFeatures(8000, 8, mean=(0.0,) * 8, std=(1.0,) * 8)).stream()


@pytest.mark.parametrize("size", [1, 2, 7, 63, 200])
@pytest.mark.parametrize("symbols", [1, 2, 5])
def test_running_greedy_is_greedy(size: int, symbols: int) -> None:
    random = np.random.default_rng(size)
    logits = random.integers(0, 3, (200, symbols)).astype(np.float32)
    running = StreamingGreedy()
    parts = [one for n in range(0, 200, size) for one in running.push(logits[n : n + size])]
    found = [*parts, *running.finish()]
    whole = greedy(logits[None])[0]
    assert [one.symbol for one in found] == whole.symbols.tolist()
    for one in found:
        run = logits[one.start : one.end]
        assert (run.argmax(axis=1) == one.symbol).all()
        shares = np.exp(run) / np.exp(run).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(one.confidence, shares.max(), **FLOAT32)
    assert running.finish() == []
