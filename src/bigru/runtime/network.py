"""The model without torch: what `bigru.nn.SequenceModel` computes in evaluation. The GRU is native, the rest NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..bundle.weights import shapes
from ..config import EncoderConfig, ModelConfig
from ..errors import ArgumentError, check_array, check_choice, check_lengths, sentence
from ..layout import DIRECTIONS, weight_names
from ..ops.gru.native import Prepared
from ..ops.gru.rounding import PRECISIONS
from ..ops.recurrent.vectorised import Layer
from .front import Convolution

__all__ = ["Network", "Weights", "merge_of", "norm_of", "recurrent_layer"]

WHERE = "Network"

EPSILON = 1e-5
"""Added to the variance by layer normalisation, as in torch."""

Weights = Mapping[str, np.ndarray]
Run = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From x [B, T, I] and lengths [B] to y [B, T, D*H], zero past a length, and h_n [D, B, H]."""
Merge = Callable[[np.ndarray, np.ndarray], np.ndarray]
Norm = Callable[[np.ndarray], np.ndarray]


class Network:
    """A model made ready to run. Calls keep nothing, so threads may share it.

    Args:
        model: its shape.
        weights: its arrays by name, as `bigru.bundle.weights.shapes` lists them.
        precision: what the factors of the GRU's products are rounded to: "fp32", "bf16" or "int8"
            (`bigru.ops.gru.rounding`). All else is float32.

    Raises:
        ArgumentError: a weight is missing, left over, or of another shape or kind; a precision is unknown, or is
            another than fp32 where no layer is a GRU.
    """

    def __init__(self, model: ModelConfig, weights: Weights, precision: str = "fp32") -> None:
        _check_precision(model, precision)
        want = shapes(model)
        odd = sorted(want.keys() ^ weights.keys())
        if odd:
            got = f"{'no' if odd[0] in want else 'an unknown'} {odd[0]}"
            raise ArgumentError(sentence(WHERE, "weights", "those of the configuration", got))
        arrays = {name: check_array(WHERE, name, weights[name], shape) for name, shape in want.items()}
        self.model = model
        self._weights = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
        encoder = model.encoder
        self._front = [
            Convolution(conv, self._under(f"front.{n}."), norm_of(self._under(f"front.{n}.norm.")))
            for n, conv in enumerate(model.front)
        ]
        self._layers = [
            recurrent_layer(encoder, self._under(f"encoder.layers.{n}."), precision) for n in range(encoder.layers)
        ]
        self._merges = [merge_of(encoder, self._under(f"encoder.layers.{n}.")) for n in range(encoder.layers)]
        self._norms = [norm_of(self._under(f"encoder.norms.{n}.")) for n in range(encoder.layers)]
        self._tables = [self._weights[f"embedding.{c}.weight"] for c in range(len(model.channels))]
        self._sizes = np.array([channel.size for channel in model.channels], np.uint64)

    def __call__(self, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Compute the logits of one padded batch.

        Args:
            inputs: [B, T, C] int, or [B, T, I] float32; what lies past a length is never read.
            lengths: [B] int within 0..T.

        Returns:
            float32 [B, K] for a pooled model, else [B, T', K] with T' = `model.steps(T)`, zero past
            `model.steps(lengths)`.

        Raises:
            ArgumentError: a dtype or shape does not fit, an id is outside its channel, a length outside 0..T.
        """
        model = self.model
        kind, width = ("int", len(model.channels)) if model.channels else ("float", model.values)
        inputs = check_array(WHERE, "inputs", inputs, ("B", "T", width), kind)
        lengths = check_lengths(WHERE, lengths, *inputs.shape[:2])
        ended, past = lengths, _past(lengths, inputs.shape[1])
        ids = inputs if past is None else np.where(past[:, :, None], 0, inputs)
        x = self._embed(ids)
        for convolution in self._front:
            x, lengths = convolution(_clear(x, _past(lengths, x.shape[1])), lengths)
        if self._front:
            past = _past(lengths, x.shape[1])
        states, h_n = self._encode(x, lengths)
        if not model.pooling:
            logits = self._head(np.concatenate([states, x], axis=2) if model.skip else states)
            if model.wide:
                logits += self._wide(ids)
            return _clear(logits, past)
        pooled = self._pool(_clear(x, past), _clear(states, past), h_n, past, lengths)
        logits = self._head(pooled)
        if model.wide:
            logits += _total(_clear(self._wide(ids), _past(ended, ids.shape[1])), ended)
        return logits

    def _under(self, prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): w for name, w in self._weights.items() if name.startswith(prefix)}

    def _embed(self, inputs: np.ndarray) -> np.ndarray:
        if not self.model.channels:
            return inputs.astype(np.float32)
        ids = inputs.astype(np.int64, copy=False)
        # Seen without their sign, negative ids are too large as well.
        if ids.size and (ids.view(np.uint64).max(axis=(0, 1)) >= self._sizes).any():
            self._refuse(ids)
        tables = enumerate(self._tables)
        return np.concatenate([table.take(ids[:, :, c], axis=0) for c, table in tables], axis=2)

    def _refuse(self, inputs: np.ndarray) -> None:
        for c, channel in enumerate(self.model.channels):
            low, high = int(inputs[:, :, c].min()), int(inputs[:, :, c].max())
            if low < 0 or high >= channel.size:
                want = f"within 0..{channel.size - 1}"
                raise ArgumentError(sentence(WHERE, f"ids of {channel.name}", want, low if low < 0 else high))

    def _wide(self, ids: np.ndarray) -> np.ndarray:
        """Return what the linear part adds to the logits of each step, [B, T, K]."""
        terms = [self._weights[f"wide.{c}.weight"].take(ids[:, :, c], axis=0) for c in range(len(self._tables))]
        return np.asarray(sum(terms))

    def _encode(self, x: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the states of all steps [B, T, C] and the last layer's final states [D, B, H]."""
        for run, merge, norm in zip(self._layers, self._merges, self._norms, strict=True):
            y, h_n = run(x, lengths)
            x = norm(y if merge is None else merge(*np.split(y, 2, axis=2)))
        return x, h_n

    def _pool(
        self, x: np.ndarray, states: np.ndarray, h_n: np.ndarray, past: np.ndarray | None, lengths: np.ndarray
    ) -> np.ndarray:
        """Return [B, P]; x and states are zero past each length."""
        parts = []
        for kind in self.model.pooling:
            if kind == "last":
                merge, norm = self._merges[-1], self._norms[-1]
                part = norm(np.concatenate(h_n, axis=1) if merge is None else merge(*h_n))
            elif kind == "max":
                part = _clear(states if past is None else states.copy(), past, -np.inf).max(axis=1, initial=-np.inf)
            elif kind == "attention":
                part = self._attention(states, past)
            elif kind == "bag":
                part = _total(x, lengths)
            else:
                part = states.sum(axis=1) / np.maximum(lengths, 1).astype(np.float32)[:, None]
            parts.append(part)
        pooled = np.concatenate(parts, axis=1)
        pooled[lengths == 0] = 0
        return pooled

    def _attention(self, states: np.ndarray, past: np.ndarray | None) -> np.ndarray:
        hidden = np.tanh(states @ self._weights["pool.attend.weight"].T + self._weights["pool.attend.bias"])
        scores = (hidden @ self._weights["pool.query"])[:, :, None]
        if past is not None:
            scores[past] = -np.inf
        peak = scores.max(axis=1, keepdims=True, initial=np.finfo(np.float32).min)
        shares = np.exp(scores - peak)
        total = np.maximum(shares.sum(axis=1), np.finfo(np.float32).tiny)
        return np.asarray((shares * states).sum(axis=1) / total)

    def _head(self, x: np.ndarray) -> np.ndarray:
        return x @ self._weights["head.weight"].T + self._weights["head.bias"]


def _check_precision(model: ModelConfig, precision: str) -> None:
    check_choice(WHERE, "precision", precision, PRECISIONS)
    cell = model.encoder.cell
    if cell != "gru" and precision != "fp32":
        remedy = "Only layers of the cell gru are computed in fewer bits."
        raise ArgumentError(sentence(WHERE, "precision", f"fp32 for the cell {cell}", repr(precision), remedy))


def _past(lengths: np.ndarray, time: int) -> np.ndarray | None:
    """Return which steps lie past each length, [B, T], or None if none does."""
    return None if (lengths == time).all() else np.arange(time) >= lengths[:, None]


def _clear(values: np.ndarray, past: np.ndarray | None, to: float = 0.0) -> np.ndarray:
    """Overwrite `values` [B, T, C] past each length and return it: much less to write than a masked copy."""
    if past is not None:
        values[past] = to
    return values


def _total(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Sum [B, T, K], zero past each length, over the root of the number of steps."""
    return np.asarray(values.sum(axis=1) / np.sqrt(np.maximum(lengths, 1).astype(np.float32))[:, None])


def recurrent_layer(encoder: EncoderConfig, weights: Weights, precision: str) -> Run:
    """Return how a layer is run: the GRU by the compiled kernel with packed weights, other cells in NumPy."""
    walks = DIRECTIONS[encoder.direction]
    per_walk = {walk: [np.ascontiguousarray(weights[name]) for name in weight_names(0, walk)] for walk in walks}
    if encoder.cell == "gru":
        reverse = [walk == "backward" for walk in walks]
        options: dict[str, Any] = {"reset_after": encoder.reset_after, "reverse": reverse, "precision": precision}
        prepared = Prepared(list(per_walk.values()), **options)
        return lambda x, lengths: prepared.forward(np.ascontiguousarray(x), lengths=lengths)
    layer = Layer(per_walk, cell=encoder.cell)

    def run(x: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        outputs, finals = layer.run(x, lengths)
        hidden = [state[0] if isinstance(state, tuple) else state for state in finals.values()]
        return np.concatenate(list(outputs.values()), axis=2), np.stack(hidden)

    return run


def merge_of(encoder: EncoderConfig, weights: Weights) -> Merge | None:
    """Return how the outputs of a layer's walks become one array; None where they are left side by side."""
    if encoder.direction != "both" or encoder.merge == "concat":
        return None
    if encoder.merge == "gated":
        weight, bias = weights["weight_merge_l0"].T, weights["bias_merge_l0"]

        def gated(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
            both = np.concatenate([forward, backward], axis=-1)
            g = 0.5 * np.tanh(0.5 * (both @ weight + bias)) + 0.5
            return np.asarray(g * forward + (1 - g) * backward)

        return gated
    merges: dict[str, Merge] = {
        "sum": lambda forward, backward: forward + backward,
        "mul": lambda forward, backward: forward * backward,
        "average": lambda forward, backward: (forward + backward) * 0.5,
    }
    return merges[encoder.merge]


def norm_of(weights: Weights) -> Norm:
    """Return the layer normalisation of one layer (Ba et al. 2016, arXiv:1607.06450), or the identity."""
    if not weights:
        return lambda x: x

    def norm(x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        return np.asarray(centred / np.sqrt(variance + EPSILON) * weights["weight"] + weights["bias"])

    return norm
