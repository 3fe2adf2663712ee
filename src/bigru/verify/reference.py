"""The whole network as the equations read, in float64 and without padding: what every engine is compared with.

Nothing here is shared with `runtime` or `nn` but the configuration, the logistic function and the cells' own
specifications, `ops/*/reference.py`. Sequences come in groups of equal length, so that there is no padding that could
be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..config import ConvConfig, EncoderConfig, ForecastModelConfig, ModelConfig
from ..config.model import EPSILON
from ..config.poolings import pooled_widths
from ..layout import DIRECTIONS, weight_names
from ..ops.gru import reference as gru
from ..ops.lstm import reference as lstm
from ..ops.rnn import reference as rnn
from ..ops.sigmoid import sigmoid

__all__ = ["logits"]

Weights = Mapping[str, np.ndarray]

SIZE = 64
"""Sequences of one length that are walked together."""


def logits(model: ModelConfig | ForecastModelConfig, weights: Weights, features: Sequence[np.ndarray]) -> list[Any]:
    """Return the logits of each sequence, float64: [K], [T', K] or [horizon, targets, heads].

    Args:
        model: the shape of the network.
        weights: its arrays by name.
        features: per sequence its input [T, I].
    """
    wide = {name: np.asarray(array, np.float64) for name, array in weights.items()}
    run: Callable[..., np.ndarray] = _forecast if model.head == "window" else _sequence
    lengths = np.array([len(f) for f in features], np.int64)
    found: list[Any] = [None] * len(features)
    for length in np.unique(lengths):
        same = np.flatnonzero(lengths == length)
        for start in range(0, len(same), SIZE):
            part = same[start : start + SIZE]
            answers = run(model, wide, np.stack([features[n] for n in part]))
            for n, answer in zip(part, answers, strict=True):
                found[n] = answer
    return found


def _sequence(model: ModelConfig, weights: Weights, inputs: np.ndarray) -> np.ndarray:
    """Return [B, K] or [B, T', K] of inputs [B, T, I] that all have T steps."""
    if model.channels:
        tables = [weights[f"embedding.{c}.weight"] for c in range(len(model.channels))]
        x = np.concatenate([table[inputs[:, :, c]] for c, table in enumerate(tables)], axis=2)
    else:
        x = inputs.astype(np.float64)
    for n, conv in enumerate(model.conv):
        x = _convolution(conv, weights, f"front.{n}.", x)
    states, last = _encode(model.encoder, weights, x)
    seen = np.concatenate([states, x], axis=2) if model.skip else states
    if model.pooling:
        seen = np.concatenate([_pool(kind, weights, x, states, last) for kind in model.pooling], axis=1)
    result = seen @ weights["head.weight"].T + weights["head.bias"]
    if model.wide_linear:
        tables = [weights[f"wide.{c}.weight"] for c in range(len(model.channels))]
        own = np.sum([table[inputs[:, :, c]] for c, table in enumerate(tables)], axis=0)
        result = result + (_total(own) if model.pooling else own)
    return np.asarray(result)


def _convolution(conv: ConvConfig, weights: Weights, prefix: str, x: np.ndarray) -> np.ndarray:
    weight, bias = weights[prefix + "weight"], weights[prefix + "bias"]
    batch, time = x.shape[:2]
    y = np.zeros((batch, conv.steps(time), conv.filters))
    for step in range(y.shape[1]):
        y[:, step] = bias
        for k in range(conv.kernel):
            t = step * conv.stride - conv.before + k
            if 0 <= t < time:
                y[:, step] += x[:, t] @ weight[:, :, k].T
    return np.maximum(_normalise(weights, prefix + "norm.", y), 0)


def _normalise(weights: Weights, prefix: str, x: np.ndarray) -> np.ndarray:
    """Return the layer normalisation of each step, x itself where the model has none of that name."""
    if prefix + "weight" not in weights:
        return x
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + EPSILON) * weights[prefix + "weight"] + weights[prefix + "bias"]


def _encode(encoder: EncoderConfig, weights: Weights, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the states of the last layer [B, T, C], and [B, C], where its walks end, joined alike."""
    last = x
    for layer in range(encoder.layers):
        prefix = f"encoder.layers.{layer}."
        walked = [_walk(encoder, weights, prefix, walk, x) for walk in DIRECTIONS[encoder.direction]]
        x, last = (
            _normalise(weights, f"encoder.norms.{layer}.", _join(encoder, weights, prefix, list(views)))
            for views in zip(*walked, strict=True)
        )
    return x, last


def _walk(
    encoder: EncoderConfig, weights: Weights, prefix: str, walk: str, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    own: Any = tuple(weights[prefix + name] for name in weight_names(0, walk))
    reverse = walk == "backward"
    if encoder.cell == "lstm":
        y, (h, _), _ = lstm.forward(x, own, reverse=reverse)
        return y, h
    if encoder.cell == "rnn":
        return rnn.forward(x, own, reverse=reverse)[:2]
    return gru.forward(x, own, reverse=reverse, reset_after=encoder.reset_after)[:2]


def _join(encoder: EncoderConfig, weights: Weights, prefix: str, views: list[np.ndarray]) -> np.ndarray:
    if len(views) == 1:
        return views[0]
    own = {name.removeprefix(prefix): weight for name, weight in weights.items()}
    return np.asarray(JOINED[encoder.merge](views[0], views[1], own))


def _gated(forward: np.ndarray, backward: np.ndarray, weights: Weights) -> np.ndarray:
    both = np.concatenate([forward, backward], axis=-1)
    g = sigmoid(both @ weights["weight_merge_l0"].T + weights["bias_merge_l0"])
    return np.asarray(g * forward + (1 - g) * backward)


JOINED: dict[str, Callable[[np.ndarray, np.ndarray, Weights], np.ndarray]] = {
    "concat": lambda forward, backward, _: np.concatenate([forward, backward], axis=-1),
    "sum": lambda forward, backward, _: forward + backward,
    "mul": lambda forward, backward, _: forward * backward,
    "average": lambda forward, backward, _: (forward + backward) / 2,
    "gated": _gated,
}
"""What each merge makes of the views of both walks [B, T, H], with the weights of the layer."""


def _pool(kind: str, weights: Weights, x: np.ndarray, states: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return one pooling [B, P]; zeros where there are no steps."""
    if not states.shape[1]:
        return np.zeros((len(states), *pooled_widths([kind], states.shape[2], x.shape[2])))
    return np.asarray(POOLED[kind](PooledSequence(x, states, last, weights)))


class PooledSequence(NamedTuple):
    """A sequence without padding: what the encoder read, its states, the final ones, and the weights."""

    x: np.ndarray
    states: np.ndarray
    last: np.ndarray
    weights: Weights


def _attended(s: PooledSequence) -> np.ndarray:
    weights, states = s.weights, s.states
    seen = np.tanh(states @ weights["pool.attend.weight"].T + weights["pool.attend.bias"]) @ weights["pool.query"]
    shares = np.exp(seen - seen.max(axis=1, keepdims=True))
    return np.asarray(np.einsum("bt,btc->bc", shares / shares.sum(axis=1, keepdims=True), states))


POOLED: dict[str, Callable[[PooledSequence], np.ndarray]] = {
    "last": lambda s: s.last,
    "mean": lambda s: s.states.mean(axis=1),
    "max": lambda s: s.states.max(axis=1),
    "attention": _attended,
    "sqrt_n": lambda s: _total(s.x),
}
"""What each pooling makes of at least one step."""


def _total(values: np.ndarray) -> np.ndarray:
    """Return the sum over the steps over the root of their number, [B, K]."""
    return np.asarray(values.sum(axis=1) / np.sqrt(max(values.shape[1], 1)))


def _forecast(model: ForecastModelConfig, weights: Weights, inputs: np.ndarray) -> np.ndarray:
    """Return [B, horizon, targets, heads] of windows [B, rows, I]; of the future only what is known is read."""
    C, w = model.targets, model.segment
    past = inputs[:, : model.lookback].astype(np.float64)
    offset, spread = _level(past[:, :, :C], model.normalise)
    values = (past[:, :, :C] - offset) / spread
    beside = past[:, :, C:].reshape(len(past), model.segments, -1) if model.past + model.known else None
    groups = [list(range(C))] if model.joint else [[c] for c in range(C)]
    result = np.empty((len(past), model.ahead * w, C, model.heads))
    for group in groups:
        x = (
            values[:, :, group].reshape(len(past), model.segments, -1) @ weights["embed.weight"].T
            + weights["embed.bias"]
        )
        if beside is not None:
            x = x + beside @ weights["covariates.weight"].T
        _, state = _encode(model.encoder, weights, np.maximum(x, 0))
        if "bridge.weight" in weights:
            state = state @ weights["bridge.weight"].T + weights["bridge.bias"]
        for segment in range(model.ahead):
            asked = _decoder_input(model, weights, inputs, segment, group[0])
            h = _decoder_step(model, weights, asked, state)
            answer = h @ weights["head.weight"].T + weights["head.bias"]
            rows = slice(segment * w, (segment + 1) * w)
            result[:, rows, group] = answer.reshape(len(past), w, len(group), model.heads)
    result = result[:, : model.horizon]
    if model.linear != "none":
        result = result + weights["linear.share"] * _apply_linear_map(model, weights, inputs, values)[..., None]
    return result * spread[..., None] + offset[..., None]


def _apply_linear_map(
    model: ForecastModelConfig, weights: Weights, inputs: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Return the forecasts of the linear map, [B, horizon, C], of windows freed of their level, [B, L, C]."""
    H, L, C = model.horizon, model.lookback, model.targets
    result = np.empty((len(values), H, C))
    for c in range(C):
        first = 0 if model.linear == "shared" else c * H
        rows = slice(first, first + H)
        x = values[:, :, c]
        if model.linear == "all":
            covariates = inputs[:, :L, C:], inputs[:, L:, C + model.past :]
            x = np.concatenate([part.reshape(len(values), -1) for part in (values, *covariates)], axis=1)
        result[:, :, c] = x @ weights["linear.map"][rows].T + weights["linear.bias"][rows]
    return result


def _level(values: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what is taken off windows [B, L, C] and what they are divided by, [B, 1, C] each."""
    one = np.ones((len(values), 1, values.shape[2]))
    if kind == "last":
        return values[:, -1:], one
    if kind == "none":
        return 0 * one, one
    return values.mean(axis=1, keepdims=True), np.sqrt(values.var(axis=1, keepdims=True) + EPSILON)


def _decoder_input(
    model: ForecastModelConfig, weights: Weights, inputs: np.ndarray, segment: int, target: int
) -> np.ndarray:
    """Return the decoder's input for one segment of the future, [B, H]."""
    own = [weights["position"][segment]]
    if "channel" in weights:
        own.append(weights["channel"][target])
    asked = np.repeat(np.concatenate(own)[None], len(inputs), axis=0)
    if model.known:
        known = np.zeros((len(inputs), model.segment, model.known))
        begin = model.lookback + segment * model.segment
        given = inputs[:, begin : begin + model.segment, model.targets + model.past :]
        known[:, : given.shape[1]] = given
        asked = asked + known.reshape(len(inputs), -1) @ weights["future.weight"].T
    return asked


def _decoder_step(model: ForecastModelConfig, weights: Weights, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    prefix = "encoder.layers.0." if model.shared else "decoder."
    own: Any = tuple(weights[prefix + name] for name in weight_names(0, "forward"))
    return gru.forward(x[:, None], own, h, reset_after=model.encoder.reset_after)[1]
