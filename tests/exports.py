"""Small models of drawn weights, of every task, for what is exported of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bigru.bundle import Bundle
from bigru.config import ChannelConfig, ConvConfig, EncoderConfig, ModelConfig
from bigru.features.audio import AudioFeatures
from bigru.features.text import TextFeatures
from bigru.tasks import classify, tag, transcribe
from drawn import drawn_weights
from tables import forecaster, hourly

__all__ = ["batches", "bundles", "classifier", "tagger", "transcriber", "weights"]

ZH = ["苹果公司在加州发布了新款手机", "剧情拖沓，看到一半就睡着了。"]
HASHED = tuple(ChannelConfig(name, 50, 4) for name in ("bigram", "bigram_before", "trigram"))
FEATURES = TextFeatures.fit(ZH, unit="char", channels=("unit", *HASHED))


def weights(model: Any, seed: int = 0) -> dict[str, np.ndarray]:
    return drawn_weights(model, seed, 0.5)


def classifier(
    labels: tuple[str, ...] = ("no", "yes"), multi: bool = False, features: TextFeatures = FEATURES, **shape: Any
) -> Bundle:
    config = classify.Config(labels, features, multi)
    shape = {"encoder": EncoderConfig(hidden=8), "pooling": ("max", "mean", "sqrt_n"), "wide_linear": True} | shape
    model = ModelConfig(config.outputs, features.channels, **shape)
    return Bundle("classify", model, config, weights(model))


def tagger(
    labels: tuple[str, ...], scheme: str | None, crf: bool, features: TextFeatures = FEATURES, **shape: Any
) -> Bundle:
    config = tag.Config(labels, features, scheme, crf)
    shape = {"encoder": EncoderConfig(hidden=8), "skip": True} | shape
    model = ModelConfig(config.outputs, features.channels, crf=crf, **shape)
    return Bundle("tag", model, config, weights(model))


def transcriber(beam: int = 1) -> Bundle:
    features = AudioFeatures(8000, 4, mean=(0.0,) * 4, std=(1.0,) * 4)
    config = transcribe.Config(("a", "b"), features, stride=2, beam=beam)
    model = ModelConfig(3, input_size=4, encoder=EncoderConfig(hidden=3), conv=(ConvConfig(5, 3, 2),))
    return Bundle("transcribe", model, config, weights(model))


def batches(model: ModelConfig) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches of many lengths; past a length stand ids that no table has, or what is not a number."""
    random = np.random.default_rng(0)
    for n, lengths in enumerate(([0], [0], [1], [2], [7], [65], [7, 0, 1], [65, 63, 2, 0, 1], [*range(17)], [500, 3])):
        shape = len(lengths), max(lengths) + (3 if n else 0)
        if model.channels:
            columns = [random.integers(0, channel.size, shape) for channel in model.channels]
            inputs: np.ndarray = np.stack(columns, axis=2).astype(np.int64)
        else:
            inputs = random.normal(size=(*shape, model.input_size)).astype(np.float32)
        past = np.arange(shape[1]) >= np.array(lengths)[:, None]
        inputs[past] = 10**9 if model.channels else np.nan
        yield inputs, np.array(lengths)


def bundles() -> dict[str, Bundle]:
    """Return one model of each kind."""
    BIO, BMES = ("O", "B-ORG", "I-ORG", "B-LOC", "I-LOC"), ("O", "B-X", "M-X", "E-X", "S-X")
    table = hourly(120)
    both = {"targets": ("a", "b")}
    known = {"targets": ("a",), "known": ("b",), "calendar": ("hour",)}
    past = {"targets": ("a",), "past": ("b",)}
    deep = EncoderConfig(hidden=6, merge="gated", layers=2, reset_after=False)
    return {
        "two labels": classifier(),
        "three labels": classifier(("a", "b", "c")),
        "any labels": classifier(("a", "b"), True),
        "crf of BIO": tagger(BIO, "BIO", True),
        "crf of BMES": tagger(BMES, "BMES", True),
        "crf of states": tagger(("a", "b", "c"), None, True, wide_linear=True),
        "tags of BIO": tagger(BIO, "BIO", False),
        "two states": tagger(("a", "b"), None, False),
        "transcriber": transcriber(),
        "transcriber with a beam": transcriber(4),
        "forecast": forecaster(table, both),
        "linear": forecaster(table, both, linear="shared", levels=(0.9,)),
        "linear, all": forecaster(table, known, linear="all"),
        "quantiles": forecaster(
            table, past, linear="own", levels=(0.8, 0.9), quantiles=(0.1, 0.5, 0.9), normalise="revin"
        ),
        "known": forecaster(table, known, levels=(0.9,), joint=True, normalise="none"),
        "shared step": forecaster(table, both, encoder=EncoderConfig(hidden=6, direction="forward")),
        "deep": forecaster(table, both, encoder=deep, joint=True),
    }
