"""The plain recurrent network (Elman 1990, tanh) written out in NumPy.

Equation numbers are those of docs/math/gru.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..recurrent.walk import Weights, check_walk, steps

__all__ = ["Saved", "Step", "backward", "forward"]


class Step(NamedTuple):
    """What the backward pass needs of one step: the states before and after it, [R, H]."""

    t: int
    rows: np.ndarray
    h: np.ndarray
    after: np.ndarray


class Saved(NamedTuple):
    """What forward hands to backward."""

    x: np.ndarray
    weights: Weights
    steps: list[Step]


def forward(
    x: np.ndarray,
    weights: Weights,
    h0: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    *,
    reverse: bool = False,
) -> tuple[np.ndarray, np.ndarray, Saved]:
    """Walk one tanh RNN over a padded batch; arguments and results as for the GRU.

    Args:
        x: [B, T, I] float32 or float64; what lies past a length is never read.
        weights: weight_ih [H, I], weight_hh [H, H], bias_ih [H], bias_hh [H].
        h0: [B, H] initial state, None for zeros.
        lengths: [B] int within 0..T, None for T everywhere.
        reverse: walk from the last real step to the first.

    Returns:
        y [B, T, H], zero past a length; h_n [B, H]; what `backward` needs.

    Raises:
        ArgumentError: a dtype or shape does not fit, or a length lies outside 0..T.
    """
    x, weights, (h,), lengths = check_walk("rnn", x, weights, (h0,), lengths)
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    y = np.zeros((*x.shape[:2], h.shape[1]), x.dtype)
    saved = Saved(x, weights, [])
    for t, rows in steps(lengths, x.shape[1], reverse):
        before = h[rows]
        after = np.tanh(x[rows, t] @ weight_ih.T + bias_ih + before @ weight_hh.T + bias_hh)  # (R1)
        h[rows] = y[rows, t] = after
        saved.steps.append(Step(t, rows, before, after))
    return y, h, saved


def backward(dy: np.ndarray, dh_n: np.ndarray, saved: Saved) -> tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray]:
    """Return dx [B, T, I], the gradients of the four weights, dh0 [B, H].

    Args:
        dy: [B, T, H] gradient of y; past a length it is not read.
        dh_n: [B, H] gradient of h_n.
        saved: what `forward` returned.
    """
    x, weights, walked = saved
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db_ih, db_hh = (np.zeros_like(w) for w in weights)
    carry = dh_n.copy()
    for t, rows, h, after in reversed(walked):
        da = (dy[rows, t] + carry[rows]) * (1 - after * after)  # (R4)
        carry[rows] = da @ weights[1]  # (R5)
        dx[rows, t] = da @ weights[0]
        dW_ih += da.T @ x[rows, t]
        dW_hh += da.T @ h
        db_ih += da.sum(axis=0)
        db_hh += da.sum(axis=0)
    return dx, (dW_ih, dW_hh, db_ih, db_hh), carry
