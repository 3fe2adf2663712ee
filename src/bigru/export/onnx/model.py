"""A saved model as one ONNX file: network, decoding and metadata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ...bundle import Bundle
from ...config import ForecastModelConfig, ModelConfig
from ...errors import ArgumentError, sentence
from ...tasks import task_named
from ..metadata import metadata
from .forecast import forecasts, intervals
from .graph import OPSET, Graph
from .sequence import Logits, logits
from .viterbi import viterbi

__all__ = ["onnx_model"]

MOST_BYTES = 1 << 31
"""Bytes from which on a file would have to be cut in two: the format counts with 31 bits."""


def onnx_model(bundle: Bundle, int8: bool = False, **more: Any) -> Any:
    """Return the file, an `onnx.ModelProto`.

    Its first output is `logits`, as the network of the runtime gives them. What follows depends on the task:
    `probabilities` of a classifier, in the order of the labels; `tags` of a tagger, and the `score` of the best path
    where there is a CRF; `symbols` of a transcriber, 0 where a step says nothing new; `values` of a forecaster with
    quantiles, in rising order, and `low` and `high` of its intervals.

    Args:
        bundle: the saved model.
        int8: whether weights are stored in 8 bits.
        more: further metadata.

    Raises:
        ArgumentError: the weights do not fit into one file.
        MissingExtraError: the package onnx is not installed.
    """
    size = sum(array.nbytes for array in bundle.weights.values()) // (4 if int8 else 1)
    if size >= MOST_BYTES:
        remedy = "Export it with --int8, or with --to torch."
        raise ArgumentError(sentence("export", "weights", "of less than 2 GB in all", f"{size / 1e9:.1f} GB", remedy))
    g = Graph(int8)
    WRITERS[bundle.task](g, bundle)
    settings = {"opset": OPSET, "int8": int8}
    return g.model(metadata(bundle, export=settings, **more))


def _classifier(g: Graph, bundle: Bundle) -> None:
    config, model = cast("Any", bundle.config), cast("ModelConfig", bundle.model)
    found = logits(g, model, bundle.weights)
    g.output(found.values, "logits", np.float32, ("B", config.outputs))
    g.output(_probabilities(g, config, found.values), "probabilities", np.float32, ("B", len(config.labels)))


def _tagger(g: Graph, bundle: Bundle) -> None:
    found, crf = _steps(g, bundle), task_named(bundle.task).prepare(bundle.config, bundle.weights)
    if crf is None:
        tags = _tags_per_step(g, found, bundle.model.outputs)
    else:
        tags, score = viterbi(g, found, crf)
    g.output(g.head(tags, found.asked, axis=1), "tags", np.int64, ("B", "T'"))
    if crf is not None:
        g.output(score, "score", np.float32, ("B",))


def _transcriber(g: Graph, bundle: Bundle) -> None:
    config: Any = bundle.config
    found = _steps(g, bundle)
    if config.beam == 1:
        g.output(g.head(_symbol_starts(g, found), found.asked, axis=1), "symbols", np.int64, ("B", "T'"))


def _steps(g: Graph, bundle: Bundle) -> Logits:
    """Add the network of a model with a row of logits for each step."""
    found = logits(g, cast("ModelConfig", bundle.model), bundle.weights)
    g.output(g.head(found.values, found.asked, axis=1), "logits", np.float32, ("B", "T'", bundle.model.outputs))
    return found


def _probabilities(g: Graph, config: Any, values: str) -> str:
    """Return the probability of each label, [B, labels]."""
    if config.multi_label:
        return g.op("Sigmoid", values)
    if config.outputs > 1:
        return g.op("Softmax", values, axis=1)
    return g.op("Sigmoid", g.op("Concat", g.op("Neg", values), values, axis=1))


def _tags_per_step(g: Graph, found: Logits, outputs: int) -> str:
    """Return the likeliest tag of each step [B, T], 0 past a length."""
    if outputs == 1:
        return g.op("Squeeze", g.cast(g.op("Greater", found.values, g.constant(0.0)), np.int64), g.whole(2))
    return g.op("ArgMax", found.values, axis=2, keepdims=0)


def _symbol_starts(g: Graph, found: Logits) -> str:
    """Return the symbol that begins at each step [B, T], 0 where none does."""
    none = g.constant(0, np.int64)
    best = g.op("Where", found.steps.real, g.op("ArgMax", found.values, axis=2, keepdims=1), none)
    before = g.op("Pad", best, g.constant([0, 1, 0, 0, -1, 0], np.int64), none)
    return g.op("Squeeze", g.op("Where", g.op("Equal", best, before), none, best), g.whole(2))


def _forecaster(g: Graph, bundle: Bundle) -> None:
    config, model = cast("Any", bundle.config), cast("ForecastModelConfig", bundle.model)
    values, spread = forecasts(g, model, bundle.weights, config.features.season)
    shape = ("B", model.horizon, model.targets, model.heads)
    g.output(values, "logits", np.float32, shape)
    if model.heads > 1:
        values = g.ops("TopK", 2, values, g.whole(model.heads), axis=3, largest=0)[0]
        g.output(values, "values", np.float32, shape)
    if model.levels:
        radius = bundle.weights["interval.radius"]
        for name, end in zip(("low", "high"), intervals(g, config, model, radius, values, spread), strict=True):
            g.output(end, name, np.float32, ("B", len(model.levels), model.horizon, model.targets))


WRITERS: dict[str, Callable[[Graph, Bundle], None]] = {
    "classify": _classifier,
    "tag": _tagger,
    "transcribe": _transcriber,
    "forecast": _forecaster,
}
"""What writes network and decoding of each task."""
