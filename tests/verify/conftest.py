"""Models of every task with drawn weights, small enough that a verification takes part of a second."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from bigru.bundle import Bundle
from bigru.bundle.quantized import QuantizedWeights
from bigru.config import ChannelConfig, ConvConfig, EncoderConfig, ForecastModelConfig, ModelConfig
from bigru.features.audio import AudioFeatures
from bigru.features.series import SeriesFeatures
from bigru.features.table import Scale, TableFeatures
from bigru.features.text import TextFeatures
from bigru.tables.times import TimeStep
from bigru.tasks import classify, forecast, tag, transcribe
from drawn import drawn_weights

TEXTS = ["好电影，真好", "坏电影", "不好看", "好看，不坏", "", "好"]
CHARS = TextFeatures.fit(TEXTS, unit="char", channels=(ChannelConfig("unit", 1, 5), ChannelConfig("bigram", 32, 3)))
WORDS = TextFeatures.fit(["low lower lowest", "the end of it"], unit="word", channels=("unit", "suffix3"))
TOKENS = TextFeatures.fit([["Ada", "in", "York"]], unit="token", channels=("unit", "shape"))
SERIES = SeriesFeatures((0.5, 0.1, 3.0), (1.0, 0.3, 2.0), (1,))
AUDIO = AudioFeatures(mel_bins=5, mean=(0.0,) * 5, std=(1.0,) * 5)
TAGS = ("O", "B-X", "I-X", "B-Y", "I-Y")


def made(task: str, config: Any, seed: int = 0, **shape: Any) -> Bundle:
    """Return a model of a task with weights drawn by a seed."""
    read = config.features
    width = {"channels": read.channels} if isinstance(read, TextFeatures) else {"input_size": read.values}
    model = ModelConfig(config.outputs, **width, **{"encoder": EncoderConfig(hidden=7), **shape})
    return Bundle(task, model, config, drawn(model, seed))


def drawn(model: Any, seed: int = 0) -> dict[str, np.ndarray]:
    return drawn_weights(model, seed, 0.5)


def forecaster(known: int = 1, **shape: Any) -> Bundle:
    """Return a forecaster of two targets with a covariate of the past, and perhaps the weekday."""
    calendar = ("weekday",) * known
    columns = ("a", "b", "c")
    scales = {"": Scale((0.0,) * 3, (1.0,) * 3, (1.0,) * 2)}
    read = TableFeatures(("a", "b"), ("c",), (), calendar, TimeStep("second", 3600), "", 24, scales)
    assert read.columns == columns
    rest: dict[str, Any] = {"encoder": EncoderConfig(hidden=6), "levels": (0.9,), **shape}
    model = ForecastModelConfig(12, 7, 3, 2, past=1, known=read.known_width, **rest)
    quantiles = model.quantiles
    loss = "pinball" if quantiles else "mae"
    config = forecast.Config(read, 12, 7, quantiles, model.levels, loss)
    return Bundle("forecast", model, config, drawn(model))


ALL_POOLINGS = ("last", "mean", "max", "attention", "sqrt_n")
FRONT = (ConvConfig(6, 5), ConvConfig(4, 3, 2))

BUNDLES: dict[str, Bundle] = {
    "text": made("classify", classify.Config(("neg", "pos"), CHARS), pooling=ALL_POOLINGS, wide_linear=True),
    "words": made("classify", classify.Config(("a", "b", "c"), WORDS, multi_label=True), pooling=("mean", "max")),
    "series": made(
        "classify",
        classify.Config(("a", "b", "c"), SERIES),
        pooling=("last", "attention"),
        conv=FRONT,
        encoder=EncoderConfig(hidden=5, layers=2, merge="gated", layer_norm=True),
    ),
    "lstm": made(
        "classify",
        classify.Config(("a", "b"), SERIES, threshold=0.3),
        pooling=("last", "mean"),
        encoder=EncoderConfig(cell="lstm", hidden=4, merge="sum"),
    ),
    "rnn": made(
        "tag", tag.Config(("0", "1"), SERIES), encoder=EncoderConfig(cell="rnn", hidden=4, direction="backward")
    ),
    "entities": made(
        "tag",
        tag.Config(TAGS, CHARS, "BIO", True),
        crf=True,
        skip=True,
        wide_linear=True,
        encoder=EncoderConfig(hidden=9, layers=2, reset_after=False),
    ),
    "tokens": made("tag", tag.Config(("A", "B", "C"), TOKENS), encoder=EncoderConfig(hidden=5, merge="average")),
    "speech": made("transcribe", transcribe.Config(("a", "b", " "), AUDIO, stride=2), conv=FRONT),
    "beam": made(
        "transcribe",
        transcribe.Config(("a", "b"), AUDIO, beam=4),
        encoder=EncoderConfig(hidden=4, direction="forward", merge="mul"),
    ),
    "spoken": made("classify", classify.Config(("a", "b", "c"), AUDIO), pooling=("max",)),
    "forecast": forecaster(encoder=EncoderConfig(hidden=6, direction="forward")),
    "linear": forecaster(linear="all", encoder=EncoderConfig(hidden=6, direction="forward")),
    "quantiles": forecaster(
        0,
        normalise="revin",
        quantiles=(0.1, 0.5, 0.9),
        joint=True,
        linear="own",
        encoder=EncoderConfig(hidden=6, layers=2),
    ),
}
BUNDLES["stored"] = replace(BUNDLES["words"], weights=QuantizedWeights.of(BUNDLES["words"].weights))
