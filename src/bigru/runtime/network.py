"""The model in NumPy: what `bigru.nn.SequenceModel` computes in evaluation, without torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..bundle.weights import shapes
from ..config import EncoderConfig, ModelConfig
from ..errors import ArgumentError, check_array, check_lengths, sentence
from ..layout import DIRECTIONS, weight_names
from ..ops.gru.vectorised import Layer

__all__ = ["Network"]

WHERE = "Network"

EPSILON = 1e-5
"""Added to the variance by layer normalisation, as in torch."""

Weights = Mapping[str, np.ndarray]
Merge = Callable[[Sequence[np.ndarray]], np.ndarray]
Norm = Callable[[np.ndarray], np.ndarray]


class Network:
    """A model made ready to run; all arithmetic in float32.

    Args:
        model: its shape.
        weights: its arrays by name, as `bigru.bundle.weights.shapes` lists them.

    Raises:
        ArgumentError: a weight is missing, left over, or of another shape or kind.
    """

    def __init__(self, model: ModelConfig, weights: Weights) -> None:
        want = shapes(model)
        odd = sorted(want.keys() ^ weights.keys())
        if odd:
            got = f"{'no' if odd[0] in want else 'an unknown'} {odd[0]}"
            raise ArgumentError(sentence(WHERE, "weights", "those of the configuration", got))
        arrays = {name: check_array(WHERE, name, weights[name], shape) for name, shape in want.items()}
        self.model = model
        self._weights = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
        encoder = model.encoder
        self._layers = [_layer(encoder, self._under(f"encoder.layers.{n}.")) for n in range(encoder.layers)]
        self._merges = [_merge(encoder, self._under(f"encoder.layers.{n}.")) for n in range(encoder.layers)]
        self._norms = [_norm(self._under(f"encoder.norms.{n}.")) for n in range(encoder.layers)]

    def __call__(self, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Compute the logits of one padded batch.

        Args:
            inputs: [B, T, C] int, or [B, T, I] float32; what lies past a length is never read.
            lengths: [B] int within 0..T.

        Returns:
            float32 [B, K] for a pooled model, else [B, T, K], zero past a length.

        Raises:
            ArgumentError: a dtype or shape does not fit, an id is outside its channel, a length outside 0..T.
        """
        model = self.model
        kind, width = ("int", len(model.channels)) if model.channels else ("float", model.values)
        inputs = check_array(WHERE, "inputs", inputs, ("B", "T", width), kind)
        lengths = check_lengths(WHERE, lengths, *inputs.shape[:2])
        real = (np.arange(inputs.shape[1]) < lengths[:, None])[:, :, None]
        ids = np.where(real, inputs, 0)
        x = self._embed(ids)
        states, last = self._encode(x, lengths)
        wide = self._wide(ids, real)
        if not model.pooling:
            read = np.concatenate([states, x], axis=2) if model.skip else states
            return np.where(real, self._head(read) + wide, 0.0)
        parts = [self._pool(kind, x, states, last, real, lengths) for kind in model.pooling]
        logits = self._head(np.where(lengths[:, None] > 0, np.concatenate(parts, axis=1), 0.0))
        return logits + _total(wide, lengths) if model.wide else logits

    def _under(self, prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): w for name, w in self._weights.items() if name.startswith(prefix)}

    def _embed(self, inputs: np.ndarray) -> np.ndarray:
        if not self.model.channels:
            return inputs.astype(np.float32, copy=False)
        parts = []
        for c, channel in enumerate(self.model.channels):
            ids = inputs[:, :, c]
            if ids.size and (ids.min() < 0 or ids.max() >= channel.size):
                got = int(ids.min() if ids.min() < 0 else ids.max())
                raise ArgumentError(sentence(WHERE, f"ids of {channel.name}", f"within 0..{channel.size - 1}", got))
            parts.append(self._weights[f"embedding.{c}.weight"][ids])
        return np.concatenate(parts, axis=2)

    def _wide(self, ids: np.ndarray, real: np.ndarray) -> Any:
        """Return what the linear part adds to the logits of each step, [B, T, K], zero past a length."""
        if not self.model.wide:
            return 0.0
        terms = (self._weights[f"wide.{c}.weight"][ids[:, :, c]] for c in range(len(self.model.channels)))
        return np.where(real, sum(terms), np.float32(0))

    def _encode(self, x: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the states of all steps [B, T, C] and the joined final states [B, C]."""
        last = x
        for layer, merge, norm in zip(self._layers, self._merges, self._norms, strict=True):
            outputs, finals = layer.run(x, lengths)
            hidden = [f[0] if isinstance(f, tuple) else f for f in finals.values()]
            x, last = norm(merge(list(outputs.values()))), norm(merge(hidden))
        return x, last

    def _pool(
        self, kind: str, x: np.ndarray, states: np.ndarray, last: np.ndarray, real: np.ndarray, lengths: np.ndarray
    ) -> np.ndarray:
        if kind == "last":
            return last
        if kind == "max":
            return np.where(real, states, -np.inf).max(axis=1, initial=-np.inf)
        if kind == "attention":
            return self._attention(states, real)
        if kind == "bag":
            return _total(np.where(real, x, 0.0), lengths)
        summed = np.where(real, states, 0.0).sum(axis=1)
        return np.asarray(summed / np.maximum(lengths, 1).astype(np.float32)[:, None])

    def _attention(self, states: np.ndarray, real: np.ndarray) -> np.ndarray:
        hidden = np.tanh(states @ self._weights["pool.attend.weight"].T + self._weights["pool.attend.bias"])
        scores = np.where(real, (hidden @ self._weights["pool.query"])[:, :, None], -np.inf)
        peak = scores.max(axis=1, keepdims=True, initial=np.finfo(np.float32).min)
        shares = np.exp(scores - peak)
        total = np.maximum(shares.sum(axis=1), np.finfo(np.float32).tiny)
        return np.asarray((shares * np.where(real, states, 0.0)).sum(axis=1) / total)

    def _head(self, x: np.ndarray) -> np.ndarray:
        return x @ self._weights["head.weight"].T + self._weights["head.bias"]


def _total(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Sum [B, T, K], zero past each length, over the root of the number of steps."""
    return np.asarray(values.sum(axis=1) / np.sqrt(np.maximum(lengths, 1).astype(np.float32))[:, None])


def _layer(encoder: EncoderConfig, weights: Weights) -> Layer:
    walks = DIRECTIONS[encoder.direction]
    per_walk = {walk: [weights[name] for name in weight_names(0, walk)] for walk in walks}
    return Layer(per_walk, cell=encoder.cell, reset_after=encoder.reset_after)


def _merge(encoder: EncoderConfig, weights: Weights) -> Merge:
    """Return how the outputs of a layer's walks become one array."""
    if encoder.direction != "both":
        return lambda walks: walks[0]
    if encoder.merge == "gated":
        weight, bias = weights["weight_merge_l0"].T, weights["bias_merge_l0"]

        def gated(walks: Sequence[np.ndarray]) -> np.ndarray:
            forward, backward = walks
            g = 0.5 * np.tanh(0.5 * (np.concatenate(walks, axis=-1) @ weight + bias)) + 0.5
            return np.asarray(g * forward + (1 - g) * backward)

        return gated
    merges: dict[str, Merge] = {
        "concat": lambda walks: np.concatenate(walks, axis=-1),
        "sum": lambda walks: walks[0] + walks[1],
        "mul": lambda walks: walks[0] * walks[1],
        "average": lambda walks: (walks[0] + walks[1]) * 0.5,
    }
    return merges[encoder.merge]


def _norm(weights: Weights) -> Norm:
    """Return the layer normalisation of one layer (Ba et al. 2016, arXiv:1607.06450), or the identity."""
    if not weights:
        return lambda x: x

    def norm(x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        return np.asarray(centred / np.sqrt(variance + EPSILON) * weights["weight"] + weights["bias"])

    return norm
