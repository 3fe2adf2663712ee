"""The graph of a classifier, tagger or transcriber: what `bigru.runtime.network.sequence.Network` computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ...config import ConvConfig, ModelConfig
from ...config.poolings import POOLING_RULES
from ...runtime.network.layers import strip_prefix
from .graph import Graph
from .recurrent import encode, norm
from .term import Term

__all__ = ["Logits", "StepNodes", "logits"]

LEAST = float(np.finfo(np.float32).min)

Weights = Mapping[str, np.ndarray]


class StepNodes(NamedTuple):
    """Which steps are real: lengths int64 [B], and bool [B, T, 1]."""

    lengths: str
    real: str


class Logits(NamedTuple):
    """Logits [B, K], or [B, T, K] with at least one step, zero past a length; the steps asked for, int64 [1]."""

    values: str
    steps: StepNodes
    asked: str


def logits(g: Graph, model: ModelConfig, weights: Weights) -> Logits:
    """Add the inputs and everything up to the logits.

    The inputs are `inputs`, [B, T, C] int64 or [B, T, I] float32, and `lengths`, int64 [B]. What lies past a length is
    overwritten before it is used, so that it may be anything. No sequence is handed to a recurrent node with length 0,
    which engines treat in different ways: an empty one is run over one step of zeros, and what comes of it is dropped.
    """
    kind, width = (np.int64, len(model.channels)) if model.channels else (np.float32, model.input_size)
    given = g.input("inputs", kind, ("B", "T", width))
    lengths = g.input("lengths", np.int64, ("B",))
    asked = g.dimension(given, 1)
    lacking = g.op("Max", g.op("Sub", g.whole(1), asked), g.whole(0))
    zeros = g.constant([0, 0, 0, 0], np.int64)
    pads = g.op("Concat", zeros, lacking, g.whole(0), axis=0)
    given = g.op("Pad", given, pads, g.constant(0, kind))
    ended = steps = _steps(g, given, lengths)
    given = g.op("Where", steps.real, given, g.constant(0, kind))
    x = _embed(g, model, weights, given)
    for n, conv in enumerate(model.conv):
        x, steps = _convolve(g, conv, strip_prefix(weights, f"front.{n}."), n, x, steps)
        asked = _apply_stride(g, asked, conv.stride)
    states, ends = encode(g, model.encoder, weights, x, g.op("Max", steps.lengths, g.whole(1)))
    head = weights["head.weight"], weights["head.bias"]
    if not model.pooling:
        read = g.op("Concat", states, x, axis=2) if model.skip else states
        values = g.linear(read, "head.weight", *head)
        if model.wide_linear:
            values = g.op("Add", values, _wide(g, model, weights, given))
        return Logits(g.where(steps.real, values, 0.0), steps, asked)
    values = g.linear(_pool(g, model, weights, x, states, ends, steps), "head.weight", *head)
    if model.wide_linear:
        beside = g.where(ended.real, _wide(g, model, weights, given), 0.0)
        values = g.op("Add", values, _total(g, beside, ended))
    return Logits(values, steps, asked)


def _steps(g: Graph, x: str, lengths: str) -> StepNodes:
    """Say of x [B, T, ...] which steps are real."""
    end = g.op("Squeeze", g.dimension(x, 1))
    places = g.op("Range", g.constant(0, np.int64), end, g.constant(1, np.int64))
    real = g.op("Less", g.unsqueeze(places, 0, 2), g.unsqueeze(lengths, 1, 2))
    return StepNodes(lengths, real)


def _apply_stride(g: Graph, lengths: str, stride: int) -> str:
    """Return what a stride leaves of lengths, int64."""
    return g.op("Div", g.op("Add", lengths, g.whole(stride - 1)), g.whole(stride)) if stride > 1 else lengths


def _embed(g: Graph, model: ModelConfig, weights: Weights, given: str) -> str:
    """Return what front end or encoder reads, float32 [B, T, I]."""
    if not model.channels:
        return given
    parts = [
        g.rows(f"embedding.{c}.weight", weights[f"embedding.{c}.weight"], _channel(g, given, c))
        for c in range(len(model.channels))
    ]
    return g.op("Concat", *parts, axis=2) if len(parts) > 1 else parts[0]


def _channel(g: Graph, given: str, c: int) -> str:
    return g.op("Gather", given, g.constant(c, np.int64), axis=2)


def _wide(g: Graph, model: ModelConfig, weights: Weights, given: str) -> str:
    """Return what the linear part says of each step, [B, T, K]."""
    total = ""
    for c in range(len(model.channels)):
        term = g.rows(f"wide.{c}.weight", weights[f"wide.{c}.weight"], _channel(g, given, c))
        total = g.op("Add", total, term) if total else term
    return total


def _convolve(g: Graph, conv: ConvConfig, weights: Weights, n: int, x: str, steps: StepNodes) -> tuple[str, StepNodes]:
    """Add one layer of the front end, to x [B, T, I]."""
    x = g.op("Transpose", g.where(steps.real, x, 0.0), perm=[0, 2, 1])
    weight = g.weight(f"front.{n}.weight", [weights["weight"]])
    # So many zeros behind that T steps leave ceil(T / stride) outputs, whatever T is.
    pads = [conv.before, conv.kernel - conv.before - 1]
    x = g.op("Conv", x, weight, g.constant(weights["bias"]), strides=[conv.stride], pads=pads)
    x = norm(g, g.op("Transpose", x, perm=[0, 2, 1]), strip_prefix(weights, "norm."))
    x = g.op("Relu", x)
    return x, _steps(g, x, _apply_stride(g, steps.lengths, conv.stride))


def _pool(g: Graph, model: ModelConfig, weights: Weights, x: str, states: str, ends: str, steps: StepNodes) -> str:
    """Return [B, P], zero for an empty sequence."""

    def statistics(of: str) -> dict[str, Callable[[], Term]]:
        made: dict[str, Callable[[], str]] = {
            "last": lambda: ends,
            "sum": lambda: _sum(g, g.where(steps.real, of, 0.0)),
            "largest": lambda: g.op("ReduceMax", g.where(steps.real, of, LEAST), axes=[1], keepdims=0),
            "attended": lambda: _attention(g, weights, g.where(steps.real, states, 0.0), steps),
            "steps": lambda: g.unsqueeze(_count(g, steps), 1),
            "root": lambda: g.unsqueeze(g.op("Sqrt", _count(g, steps)), 1),
        }

        def term(node: Callable[[], str]) -> Callable[[], Term]:
            return lambda: Term(g, node())

        return {name: term(node) for name, node in made.items()}

    rules = [POOLING_RULES[kind] for kind in model.pooling]
    parts = [rule.evaluate(statistics(x if rule.inputs else states)).node for rule in rules]
    pooled = g.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]
    filled = g.unsqueeze(g.op("Greater", steps.lengths, g.whole(0)), 1)
    return g.where(filled, pooled, 0.0)


def _attention(g: Graph, weights: Weights, states: str, steps: StepNodes) -> str:
    seen = g.op(
        "Tanh", g.linear(states, "pool.attend.weight", weights["pool.attend.weight"], weights["pool.attend.bias"])
    )
    scores = g.where(steps.real, g.op("MatMul", seen, g.constant(weights["pool.query"][:, None])), LEAST)
    shares = g.op("Softmax", scores, axis=1)
    return _sum(g, g.op("Mul", shares, states))


def _sum(g: Graph, x: str) -> str:
    return g.op("ReduceSum", x, g.whole(1), keepdims=0)


def _total(g: Graph, x: str, steps: StepNodes) -> str:
    """Sum [B, T, K], zero past each length, over the root of the number of steps."""
    return g.op("Div", _sum(g, x), g.unsqueeze(g.op("Sqrt", _count(g, steps)), 1))


def _count(g: Graph, steps: StepNodes) -> str:
    """Return the number of steps of each sequence as float32 [B], 1 for none."""
    return g.cast(g.op("Max", steps.lengths, g.whole(1)), np.float32)
