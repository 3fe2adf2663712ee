"""The compiled GRU for NumPy arrays: a thin face on `native/include/bigru.h`, without copies.

Arrays are contiguous float32, lengths int64; what is only read may be a tensor of torch as well. With `time_first` x,
y, dy and dx are [T, B, ...] instead of [B, T, ...]. `weights` holds per walk (weight_ih [3H, I], weight_hh [3H, H],
bias_ih [3H] or None, bias_hh [3H] or None), `reverse` one flag per walk. `threads` is the most that a call uses, 0 for
`BIGRU_THREADS` or else all processors that the process may use; results are the same bits for any number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..library import native as _native

__all__ = ["Prepared", "Saved", "Weights", "backward", "forward", "gate_floats"]

Weights = Sequence[Sequence[Any]]
"""Per walk the four weights; biases may be None."""


class Saved(NamedTuple):
    """What `backward` needs of a call of `forward`.

    Attributes:
        x, weights, lengths, h0, reset_after, reverse, precision, time_first: the arguments.
        y: the first result.
        gates: float32, as many as for full lengths: D*B*T times `gate_floats`.
    """

    x: np.ndarray
    weights: Weights
    y: np.ndarray
    gates: np.ndarray
    lengths: np.ndarray | None
    h0: np.ndarray | None
    reset_after: bool
    reverse: Sequence[bool]
    precision: str
    time_first: bool


def forward(
    x: np.ndarray,
    weights: Weights,
    *,
    lengths: np.ndarray | None = None,
    h0: np.ndarray | None = None,
    reset_after: bool = True,
    reverse: Sequence[bool] = (False, True),
    precision: str = "fp32",
    threads: int = 0,
    time_first: bool = False,
    keep: bool = False,
) -> tuple[np.ndarray, np.ndarray, Saved | None]:
    """Walk a layer over a padded batch.

    Args:
        x: [B, T, I]; what lies past a length is never read.
        weights: of D walks.
        lengths: [B] within 0..T, None for T everywhere.
        h0: [D, B, H], None for zeros.
        reset_after: equation (3) of docs/math/gru.md when true, (3') when false.
        reverse: per walk, whether it runs from the last real step to the first.
        precision: what the factors of the products are rounded to, "fp32" or "bf16"; all else is float32.
        threads: the most that are used.
        time_first: whether the steps of x and y come before the sequences.
        keep: whether to keep what `backward` needs.

    Returns:
        y [B, T, D*H], zero past a length; h_n [D, B, H]; with `keep` what `backward` needs, else None.

    Raises:
        ValueError: a dtype, shape or length does not fit, said by name.
    """
    (*steps, inputs), D, H = x.shape, len(weights), weights[0][1].shape[1]
    T, B = steps if time_first else steps[::-1]
    y, h_n = np.empty((*steps, D * H), np.float32), np.empty((D, B, H), np.float32)
    gates = _native.gru_gates(B, T, inputs, H, D, None) if keep else None
    _native.gru_forward(weights, reverse, reset_after, precision, threads, time_first, x, lengths, h0, y, h_n, gates)
    if gates is None:
        return y, h_n, None
    return y, h_n, Saved(x, weights, y, gates, lengths, h0, reset_after, reverse, precision, time_first)


def backward(
    dy: np.ndarray | None,
    dh_n: np.ndarray | None,
    saved: Saved,
    *,
    threads: int = 0,
    needs: Sequence[bool] = (True, True, True),
) -> tuple[np.ndarray | None, np.ndarray | None, list[tuple[np.ndarray | None, ...]] | None]:
    """Return the gradients of x, h0 and the weights.

    Args:
        dy: [B, T, D*H], read within the lengths only; None for zeros.
        dh_n: [D, B, H]; None for zeros.
        saved: what `forward` returned.
        threads: the most that are used.
        needs: whether dx, dh0 and the gradients of the weights are wanted; None is returned for others.

    Raises:
        ValueError: a dtype or shape does not fit, said by name.
    """
    x, weights, y, gates, lengths, h0, reset_after, reverse, precision, time_first = saved
    B, D, H = x.shape[1 if time_first else 0], len(weights), weights[0][1].shape[1]
    dx = np.empty(x.shape, np.float32) if needs[0] else None
    dh0 = np.empty((D, B, H), np.float32) if needs[1] else None
    new = [[None if w is None else np.empty(w.shape, np.float32) for w in walk] for walk in weights] if needs[2] else []
    gradients = [tuple(walk) for walk in new] or None
    options = (reverse, reset_after, precision, threads, time_first)
    _native.gru_backward(weights, *options, x, lengths, h0, y, gates, dy, dh_n, dx, dh0, gradients)
    return dx, dh0, gradients


def gate_floats(hidden: int) -> int:
    """Return how many floats of gates are kept for one step of one row and one walk, on every instruction set."""
    return _native.gru_gates(1, 1, 1, hidden, 1, None).size


class Prepared:
    """Weights packed once, for inference: whole batches, or a stream step by step.

    Args:
        weights, reset_after, reverse: as for `forward`.
        precision: "fp32", "bf16" or "int8". With int8 each row of a weight has a scale, and so has each row of
            inputs and of states at each step; an input that is not finite makes its whole row NaN.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        reset_after: bool = True,
        reverse: Sequence[bool] = (False, True),
        precision: str = "fp32",
    ) -> None:
        self._packed = _native.Prepared(weights, reverse, reset_after, precision)
        self._walks, self._hidden = len(weights), weights[0][1].shape[1]

    def forward(
        self, x: np.ndarray, *, lengths: np.ndarray | None = None, h0: np.ndarray | None = None, threads: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return y [B, T, D*H] and h_n [D, B, H]; arguments as for the function `forward`."""
        y = np.empty((*x.shape[:2], self._walks * self._hidden), np.float32)
        h_n = np.empty((self._walks, x.shape[0], self._hidden), np.float32)
        self._packed.infer(x, lengths, h0, y, h_n, threads)
        return y, h_n

    def step(self, x: np.ndarray, h: np.ndarray) -> None:
        """Take one step of a stream of one walk: x [B, I]; h [B, H] is read and replaced."""
        self._packed.step(x, h)
