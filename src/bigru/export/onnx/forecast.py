"""The graph of a forecaster: what `bigru.runtime.network.forecast.ForecastNetwork` computes, quantiles in order,
intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...config import ForecastModelConfig
from ...config.model import EPSILON
from ...layout import weight_names
from ...runtime.forecaster import LEAST, spread_lag
from ...tasks import forecast as task
from .graph import Graph
from .recurrent import encode, recurrent

__all__ = ["forecasts", "intervals"]

Weights = Mapping[str, np.ndarray]


def forecasts(g: Graph, model: ForecastModelConfig, weights: Weights, season: int) -> tuple[str, str]:
    """Add the input and all that the network computes.

    The input is `inputs`, float32 [B, T, I]: the past and, where something of it is known, the future.

    Returns:
        The forecasts [B, horizon, targets, heads], and how far the targets of each past wander [B or 1, 1, targets].
    """
    inputs = g.input("inputs", np.float32, ("B", model.rows, model.inputs))
    past = g.head(inputs, g.whole(model.lookback), axis=1)
    targets = g.head(past, g.whole(model.targets), axis=2)
    levelled, offset, factor = _remove_level(g, targets, model.normalise)
    each = 1 if model.joint else model.targets
    x = g.linear(_segments(g, model, levelled), "embed.weight", weights["embed.weight"], weights["embed.bias"])
    if model.past + model.known:
        beside = _columns(g, past, model.targets, model.inputs)
        beside = g.reshape(beside, -1, 1, model.segments, model.segment * (model.past + model.known))
        covariates = g.linear(beside, "covariates.weight", weights["covariates.weight"])
        x = g.op("Add", g.reshape(x, -1, each, model.segments, model.encoder.hidden), covariates)
        x = g.reshape(x, -1, model.segments, model.encoder.hidden)
    lengths = g.op("Expand", g.whole(model.segments), g.dimension(x, 0))
    start = encode(g, model.encoder, weights, g.op("Relu", x), lengths).ends
    if "bridge.weight" in weights:
        start = g.linear(start, "bridge.weight", weights["bridge.weight"], weights["bridge.bias"])
    decoded = _decode_segments(g, model, weights, inputs, start, each)
    values = _arrange(g, model, g.linear(decoded, "head.weight", weights["head.weight"], weights["head.bias"]))
    if model.linear != "none":
        own = g.op("Mul", _apply_linear_map(g, model, weights, levelled, inputs), g.constant(weights["linear.share"]))
        values = g.op("Add", values, g.unsqueeze(own, 3))
    values = g.op("Add", g.op("Mul", values, factor), offset)
    return values, _spread(g, model, targets, season)


def intervals(
    g: Graph, config: task.Config, model: ForecastModelConfig, radius: np.ndarray, values: str, spread: str
) -> tuple[str, str]:
    """Add the ends of the conformal intervals, [B, levels, horizon, targets] each, to forecasts in rising order."""
    # Which heads a level is built around depends on the quantiles alone: asked for with their numbers as values.
    numbers = np.arange(model.heads, dtype=np.float32).reshape(1, 1, 1, -1)
    bases = [[int(base.item()) for base in task.interval_bases(config, numbers, level)] for level in config.levels]
    wide = g.op("Mul", g.constant(radius[None]), g.unsqueeze(spread, 1))
    axes = [0, 3, 1, 2]
    low, high = (
        g.op("Transpose", g.op("Gather", values, g.constant(heads, np.int64), axis=3), perm=axes)
        for heads in zip(*bases, strict=True)
    )
    low = g.op("Sub", low, wide)
    return low, g.op("Max", g.op("Add", high, wide), low)


def _remove_level(g: Graph, values: str, kind: str) -> tuple[str, str, str]:
    """Return windows [B, L, C] freed of their level, and what to add to and multiply forecasts by, [B, 1, C, 1]."""
    if kind == "none":
        return values, g.constant(0.0), g.constant(1.0)
    if kind == "last":
        offset = g.op("Slice", values, g.whole(-1), g.whole(np.iinfo(np.int64).max), g.whole(1))
        return g.op("Sub", values, offset), g.unsqueeze(offset, 3), g.constant(1.0)
    offset, deviation = _moments(g, values, EPSILON)
    values = g.op("Div", g.op("Sub", values, offset), deviation)
    return values, g.unsqueeze(offset, 3), g.unsqueeze(deviation, 3)


def _moments(g: Graph, values: str, least: float) -> tuple[str, str]:
    """Return mean and deviation over the time of [B, L, C], [B, 1, C] each; `least` is added to the variance."""
    mean = g.op("ReduceMean", values, axes=[1], keepdims=1)
    centred = g.op("Sub", values, mean)
    variance = g.op("ReduceMean", g.op("Mul", centred, centred), axes=[1], keepdims=1)
    return mean, g.op("Sqrt", g.op("Add", variance, g.constant(least)))


def _spread(g: Graph, model: ForecastModelConfig, targets: str, season: int) -> str:
    """Return what `bigru.runtime.forecaster.window_spread` does."""
    lag = spread_lag(model.lookback, season)
    if not lag:
        return g.constant(np.ones((1, 1, model.targets), np.float32))
    rest = g.whole(model.lookback - lag)
    later = g.op("Slice", targets, g.whole(lag), g.whole(model.lookback), g.whole(1))
    moved = g.op("Abs", g.op("Sub", later, g.head(targets, rest, axis=1)))
    return g.op("Max", g.op("ReduceMean", moved, axes=[1], keepdims=1), g.constant(LEAST))


def _segments(g: Graph, model: ForecastModelConfig, values: str) -> str:
    """Return [B, L, C] as segments: [B * C, n, w], or [B, n, w * C] where targets are read together."""
    by_target = values if model.joint else g.op("Transpose", values, perm=[0, 2, 1])
    return g.reshape(by_target, -1, model.segments, model.width)


def _apply_linear_map(g: Graph, model: ForecastModelConfig, weights: Weights, levelled: str, inputs: str) -> str:
    """Return what the linear map answers to windows [B, L, C] freed of their level, [B, horizon, C]."""
    H, L, C = model.horizon, model.lookback, model.targets
    if model.linear == "all":
        parts = [g.reshape(levelled, -1, L * C)]
        if model.past + model.known:
            past = _columns(g, g.head(inputs, g.whole(L), axis=1), C, model.inputs)
            parts.append(g.reshape(past, -1, L * (model.past + model.known)))
        if model.known:
            known = _columns(g, inputs, C + model.past, model.inputs)
            known = g.op("Slice", known, g.whole(L), g.whole(model.rows), g.whole(1))
            parts.append(g.reshape(known, -1, H * model.known))
        x = g.op("Concat", *parts, axis=1)
        found = g.linear(x, "linear.map", weights["linear.map"], weights["linear.bias"])
        return g.op("Transpose", g.reshape(found, -1, C, H), perm=[0, 2, 1])
    maps = weights["linear.map"].reshape(-1, H, L).swapaxes(1, 2)
    by_target = g.op("Transpose", levelled, perm=[2, 0, 1])
    found = g.op("MatMul", by_target, g.constant(np.ascontiguousarray(maps)))
    found = g.op("Add", found, g.constant(weights["linear.bias"].reshape(-1, 1, H)))
    return g.op("Transpose", found, perm=[1, 2, 0])


def _columns(g: Graph, x: str, first: int, end: int) -> str:
    return g.op("Slice", x, g.whole(first), g.whole(end), g.whole(2))


def _decode_segments(g: Graph, model: ForecastModelConfig, weights: Weights, inputs: str, start: str, each: int) -> str:
    """Return the state of the decoder after its step for each segment of each row, [B * each * ahead, H]."""
    H, ahead = model.encoder.hidden, model.ahead
    asked = np.zeros((1, each, ahead, H), np.float32)
    position = weights["position"]
    asked[..., : position.shape[1]] = position
    if "channel" in weights:
        asked[..., position.shape[1] :] = weights["channel"][:, None]
    batch = g.dimension(inputs, 0)
    x = g.op("Expand", g.constant(asked), g.op("Concat", batch, g.constant([each, ahead, H], np.int64), axis=0))
    if model.known:
        known = _columns(g, inputs, model.targets + model.past, model.inputs)
        known = g.op("Slice", known, g.whole(model.lookback), g.whole(model.rows), g.whole(1))
        lacking = ahead * model.segment - model.horizon
        known = g.op("Pad", known, g.constant([0, 0, 0, 0, lacking, 0], np.int64), g.constant(0.0))
        known = g.reshape(known, -1, 1, ahead, model.segment * model.known)
        x = g.op("Add", x, g.linear(known, "future.weight", weights["future.weight"]))
    states = g.op("Expand", g.unsqueeze(start, 1), g.constant([1, ahead, 1], np.int64))
    owner = "encoder.layers.0." if model.shared else "decoder."
    four = [weights[owner + name] for name in weight_names(0, "forward")]
    given = g.reshape(x, 1, -1, H), g.reshape(states, 1, -1, H)
    return recurrent(g, model.encoder, "decoding", four, given[0], start=given[1])[1]


def _arrange(g: Graph, model: ForecastModelConfig, values: str) -> str:
    """Return the head's output of every segment as [B, horizon, C, heads]."""
    steps = model.ahead * model.segment
    if model.joint:
        found = g.reshape(values, -1, steps, model.targets, model.heads)
    else:
        found = g.op("Transpose", g.reshape(values, -1, model.targets, steps, model.heads), perm=[0, 2, 1, 3])
    return g.head(found, g.whole(model.horizon), axis=1)
