"""The model without torch: what `bigru.nn.SequenceModel` computes in evaluation. The GRU is native, the rest NumPy."""

from __future__ import annotations

import numpy as np

from ..config import ModelConfig
from ..errors import ArgumentError, check_array, check_choice, check_lengths, sentence
from ..ops.gru.rounding import PRECISIONS
from ..ops.recurrent.windows import Window, check_window
from . import windowed
from .front import Convolution
from .layers import Weights, checked, encode, normalisation, stack, under
from .rows import product

__all__ = ["Network"]

WHERE = "Network"


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
        self.model = model
        self._weights = checked(WHERE, model, weights)
        self.front = [
            Convolution(
                conv,
                under(self._weights, f"front.{n}."),
                normalisation(under(self._weights, f"front.{n}.norm.")),
            )
            for n, conv in enumerate(model.front)
        ]
        self.layers = stack(model.encoder, self._weights, precision)
        self._tables = [self._weights[f"embedding.{c}.weight"] for c in range(len(model.channels))]
        self._sizes = np.array([channel.size for channel in model.channels], np.uint64)

    def __call__(self, inputs: np.ndarray, lengths: np.ndarray, window: Window | None = None) -> np.ndarray:
        """Compute the logits of one padded batch.

        Args:
            inputs: [B, T, C] int, or [B, T, I] float32; what lies past a length is never read.
            lengths: [B] int within 0..T.
            window: the chunks that the encoder reads in, None for whole sequences.

        Returns:
            float32 [B, K] for a pooled model, else [B, T', K] with T' = `model.steps(T)`, zero past
            `model.steps(lengths)`.

        Raises:
            ArgumentError: a dtype or shape does not fit, an id is outside its channel, a length outside 0..T, or the
                model cannot be run in chunks.
        """
        model = self.model
        if window is not None:
            check_window(model.encoder)
        kind, width = ("int", len(model.channels)) if model.channels else ("float", model.values)
        inputs = check_array(WHERE, "inputs", inputs, ("B", "T", width), kind)
        lengths = check_lengths(WHERE, lengths, *inputs.shape[:2])
        ended, past = lengths, _past(lengths, inputs.shape[1])
        ids = inputs if past is None else np.where(past[:, :, None], 0, inputs)
        x = self.embed(ids)
        for convolution in self.front:
            x, lengths = convolution(_clear(x, _past(lengths, x.shape[1])), lengths)
        if self.front:
            past = _past(lengths, x.shape[1])
        states, h_n = (
            encode(self.layers, x, lengths) if window is None else windowed.encode(self.layers, x, lengths, window)[:2]
        )
        if not model.pooling:
            logits = self.steps(states, x)
            return _clear(logits + self.wide(ids) if model.wide else logits, past)
        pooled = self._pool(_clear(x, past), _clear(states, past), h_n, past, lengths)
        logits = self.head(pooled)
        if model.wide:
            logits += _total(_clear(self.wide(ids), _past(ended, ids.shape[1])), ended)
        return logits

    def steps(self, states: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the logits of every step [B, T', K], but for the linear part, of the encoder's outputs and inputs."""
        return self.head(np.concatenate([states, x], axis=2) if self.model.skip else states)

    def embed(self, inputs: np.ndarray) -> np.ndarray:
        """Return what the encoder reads, float32 [B, T, I]."""
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

    def wide(self, ids: np.ndarray) -> np.ndarray:
        """Return what the linear part adds to the logits of each step, [B, T, K]."""
        terms = [self._weights[f"wide.{c}.weight"].take(ids[:, :, c], axis=0) for c in range(len(self._tables))]
        return np.asarray(sum(terms))

    def _pool(
        self, x: np.ndarray, states: np.ndarray, h_n: np.ndarray, past: np.ndarray | None, lengths: np.ndarray
    ) -> np.ndarray:
        """Return [B, P]; x and states are zero past each length."""
        parts = []
        for kind in self.model.pooling:
            if kind == "last":
                part = self.layers[-1].join(list(h_n))
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
        scores = self.attend(states)
        if past is not None:
            scores[past] = -np.inf
        peak = scores.max(axis=1, keepdims=True, initial=np.finfo(np.float32).min)
        shares = np.exp(scores - peak)
        total = np.maximum(shares.sum(axis=1), np.finfo(np.float32).tiny)
        return np.asarray((shares * states).sum(axis=1) / total)

    def attend(self, states: np.ndarray) -> np.ndarray:
        """Return how much attention each step [B, T, C] calls for, as a logit, [B, T, 1]."""
        seen = np.tanh(product(states, self._weights["pool.attend.weight"]) + self._weights["pool.attend.bias"])
        return product(seen, self._weights["pool.query"][None])

    def head(self, x: np.ndarray) -> np.ndarray:
        """Return the logits [..., K] of what the head reads."""
        return product(x, self._weights["head.weight"]) + self._weights["head.bias"]


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
