"""The model without torch: what `bigru.nn.SequenceModel` computes in evaluation. The GRU is native, the rest NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...bundle.quantized import Quantized
from ...bundle.weights import head_width
from ...config import ModelConfig
from ...config.poolings import POOLING_RULES
from ...config.precisions import PRECISIONS
from ...errors import ArgumentError, check_array, check_choice, check_lengths, sentence
from ...ops.embedding.native import NATIVE_POOLINGS, Tables, pool_steps
from ...ops.recurrent.chunking import Chunking, check_chunking
from . import chunked
from .conv import Convolution
from .layers import Weights, build_layers, encode, normalisation, strip_prefix, to_float32
from .linear import batch_invariant_matmul

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
        self._weights = to_float32(WHERE, model, weights)
        self.front = [
            Convolution(
                conv,
                strip_prefix(self._weights, f"front.{n}."),
                normalisation(strip_prefix(self._weights, f"front.{n}.norm.")),
            )
            for n, conv in enumerate(model.conv)
        ]
        self.layers = build_layers(model.encoder, self._weights, precision)
        self._sizes = np.array([channel.size for channel in model.channels], np.uint64)
        if model.channels:
            self._embedding = self._tables("embedding")
        if model.wide_linear:
            self._wide = self._tables("wide")

    def __call__(self, inputs: np.ndarray, lengths: np.ndarray, window: Chunking | None = None) -> np.ndarray:
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
        kind, width = ("int", len(model.channels)) if model.channels else ("float", model.input_size)
        inputs = check_array(WHERE, "inputs", inputs, ("B", "T", width), kind)
        lengths = np.ascontiguousarray(check_lengths(WHERE, lengths, *inputs.shape[:2]))
        B, T = inputs.shape[:2]
        past = _past(lengths, T)
        if model.channels:
            ids = inputs if past is None else np.where(past[:, :, None], 0, inputs)
            return self.rows(self._check_ids(ids.reshape(B * T, width)), np.arange(B) * T, lengths, window, steps=T)
        x = inputs.astype(np.float32)
        return self._logits(x if past is None else _clear(x, past), lengths, None, window, 0)

    def rows(
        self,
        ids: np.ndarray,
        starts: np.ndarray,
        lengths: np.ndarray,
        window: Chunking | None = None,
        *,
        steps: int | None = None,
        threads: int = 0,
    ) -> np.ndarray:
        """Compute the logits of sequences of ids that lie among the rows of one array.

        Args:
            ids: int32 [N, C].
            starts, lengths: int64 [B]: where each sequence begins, and its length.
            window: as above.
            steps: T, at least the longest length; None for it.
            threads: the most that are used, 0 for all.

        Returns:
            As above.

        Raises:
            ValueError: an id is outside its table, or a sequence outside the rows.
            ArgumentError: the model cannot be run in chunks.
        """
        T = int(lengths.max(initial=0)) if steps is None else steps
        beside = None
        if self.model.wide_linear:
            if self.model.pooling:
                beside = self._wide.sum_over_sqrt_n(ids, starts, lengths)
            else:
                beside = self._of_steps(ids, starts, lengths, T)
        return self._logits(self._embedding.lookup(ids, starts, lengths, T), lengths, beside, window, threads)

    def _logits(
        self, x: np.ndarray, lengths: np.ndarray, beside: np.ndarray | None, window: Chunking | None, threads: int
    ) -> np.ndarray:
        """Return the logits of x [B, T, I], zero past each length, and of what the linear part adds to them."""
        model = self.model
        if window is not None:
            check_chunking(model.encoder)
        for n, convolution in enumerate(self.front):
            x, lengths = convolution(_clear(x, _past(lengths, x.shape[1])) if n else x, lengths)
        states, h_n = (
            encode(self.layers, x, lengths, threads)
            if window is None
            else chunked.encode(self.layers, x, lengths, window)[:2]
        )
        logits = self.head(self._pool(x, states, h_n, lengths)) if model.pooling else self.steps(states, x)
        if beside is not None:
            logits += beside
        return logits if model.pooling else _clear(logits, _past(lengths, x.shape[1]))

    def steps(self, states: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the logits of every step [B, T', K], but for the linear part, of the encoder's outputs and inputs."""
        return self.head(np.concatenate([states, x], axis=2) if self.model.skip else states)

    def embed(self, rows: np.ndarray) -> np.ndarray:
        """Return what the encoder reads of the rows of one sequence, float32 [T, I].

        Raises:
            ArgumentError: an id is outside its channel.
        """
        if not self.model.channels:
            return rows.astype(np.float32)
        return self._embedding.lookup(self._check_ids(rows), *_whole(rows), len(rows))[0]

    def wide(self, rows: np.ndarray) -> np.ndarray:
        """Return what the linear part adds to the logits of each step of one sequence, [T, K]; ids as of `embed`."""
        return self._of_steps(self._check_ids(rows), *_whole(rows), len(rows))[0]

    def _tables(self, name: str) -> Tables:
        """Return the tables of all channels, the only place that knows how they are stored."""
        stored = [self._weights[f"{name}.{c}.weight"] for c in range(len(self.model.channels))]
        narrow = [isinstance(table, Quantized) for table in stored]
        rows = [table.values if whole else table for table, whole in zip(stored, narrow, strict=True)]
        scales = [table.scales[0] if whole else None for table, whole in zip(stored, narrow, strict=True)]
        return Tables([np.ascontiguousarray(table) for table in rows], scales)

    def _of_steps(self, ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray, steps: int) -> np.ndarray:
        """Return what the linear part adds to the logits of each step, [B, steps, K], zero past each length."""
        K = self.model.outputs
        places = starts[:, None] + np.arange(steps)
        # A step by itself is a sequence of length 1, whose sum is divided by one.
        if (lengths == steps).all():
            flat = places.reshape(-1)
            return self._wide.sum_over_sqrt_n(ids, flat, np.ones(len(flat), np.int64)).reshape(len(lengths), steps, K)
        there = np.arange(steps) < lengths[:, None]
        beside = np.zeros((len(lengths), steps, K), np.float32)
        beside[there] = self._wide.sum_over_sqrt_n(ids, places[there], np.ones(int(lengths.sum()), np.int64))
        return beside

    def _check_ids(self, ids: np.ndarray) -> np.ndarray:
        """Return ids [N, C] of any integer dtype as int32."""
        ids = ids.astype(np.int64, copy=False)
        # Seen without their sign, negative ids are too large as well.
        if ids.size and (ids.view(np.uint64).max(axis=0) >= self._sizes).any():
            for c, channel in enumerate(self.model.channels):
                low, high = int(ids[:, c].min()), int(ids[:, c].max())
                if low < 0 or high >= channel.size:
                    want = f"within 0..{channel.size - 1}"
                    raise ArgumentError(sentence(WHERE, f"ids of {channel.name}", want, low if low < 0 else high))
        return ids.astype(np.int32)

    def _pool(self, x: np.ndarray, states: np.ndarray, h_n: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return [B, P]."""
        pooled = np.empty((len(x), head_width(self.model)), np.float32)
        column = 0
        for kind in self.model.pooling:
            rule = POOLING_RULES[kind]
            of = x if rule.inputs else states
            if kind in NATIVE_POOLINGS:
                pool_steps(np.ascontiguousarray(of), lengths, kind, pooled, column)
            else:
                part = rule.evaluate(self._statistics(of, states, h_n, lengths))
                pooled[:, column : column + of.shape[2]] = np.where(lengths[:, None] > 0, part, 0)
            column += of.shape[2]
        return pooled

    def _statistics(
        self, of: np.ndarray, states: np.ndarray, h_n: np.ndarray, lengths: np.ndarray
    ) -> dict[str, Callable[[], np.ndarray]]:
        """Return what poolings are made of, as `bigru.config.poolings.STATISTICS` says."""
        steps = np.maximum(lengths, 1).astype(np.float32)[:, None]

        def reduce(kind: str) -> np.ndarray:
            result = np.empty((len(of), of.shape[2]), np.float32)
            pool_steps(np.ascontiguousarray(of), lengths, kind, result, 0)
            return result

        return {
            "last": lambda: self.layers[-1].join(list(h_n)),
            "sum": lambda: reduce("mean") * steps,
            "largest": lambda: reduce("max"),
            "attended": lambda: self._attention(states, lengths),
            "steps": lambda: steps,
            "root": lambda: np.sqrt(steps),
        }

    def _attention(self, states: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        past = _past(lengths, states.shape[1])
        states = states if past is None else _clear(states.copy(), past)
        scores = self.attend(states)
        if past is not None:
            scores[past] = -np.inf
        peak = scores.max(axis=1, keepdims=True, initial=np.finfo(np.float32).min)
        shares = np.exp(scores - peak)
        total = np.maximum(shares.sum(axis=1), np.finfo(np.float32).tiny)
        return np.asarray((shares * states).sum(axis=1) / total)

    def attend(self, states: np.ndarray) -> np.ndarray:
        """Return how much attention each step [B, T, C] calls for, as a logit, [B, T, 1]."""
        seen = np.tanh(
            batch_invariant_matmul(states, self._weights["pool.attend.weight"]) + self._weights["pool.attend.bias"]
        )
        return batch_invariant_matmul(seen, self._weights["pool.query"][None])

    def head(self, x: np.ndarray) -> np.ndarray:
        """Return the logits [..., K] of what the head reads."""
        return batch_invariant_matmul(x, self._weights["head.weight"]) + self._weights["head.bias"]


def _check_precision(model: ModelConfig, precision: str) -> None:
    check_choice(WHERE, "precision", precision, PRECISIONS)
    cell = model.encoder.cell
    if cell != "gru" and precision != "fp32":
        remedy = "Only layers of the cell gru are computed in fewer bits."
        raise ArgumentError(sentence(WHERE, "precision", f"fp32 for the cell {cell}", repr(precision), remedy))


def _past(lengths: np.ndarray, time: int) -> np.ndarray | None:
    """Return which steps lie past each length, [B, T], or None if none does."""
    return None if (lengths == time).all() else np.arange(time) >= lengths[:, None]


def _clear(values: np.ndarray, past: np.ndarray | None) -> np.ndarray:
    """Write zeros into `values` [B, T, C] past each length and return it: much less to write than a masked copy."""
    if past is not None:
        values[past] = 0
    return values


def _whole(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return start and length of the one sequence that all rows are."""
    return np.zeros(1, np.int64), np.array([len(rows)])
