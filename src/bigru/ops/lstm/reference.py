"""The LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000) in NumPy.

Equation numbers are those of docs/math/gru.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..recurrent.walk import Weights, check_walk, steps
from ..sigmoid import sigmoid

__all__ = ["Saved", "State", "Step", "backward", "forward"]

State = tuple[np.ndarray, np.ndarray]
"""Hidden state h [B, H] and cell c [B, H]."""


class Step(NamedTuple):
    """What the backward pass needs of one step; arrays are [R, H] for the R rows that have it."""

    t: int
    rows: np.ndarray
    h: np.ndarray
    c: np.ndarray
    gates: tuple[np.ndarray, ...]
    squashed: np.ndarray


class Saved(NamedTuple):
    """What forward hands to backward."""

    x: np.ndarray
    weights: Weights
    steps: list[Step]


def forward(
    x: np.ndarray,
    weights: Weights,
    h0: State | None = None,
    lengths: np.ndarray | None = None,
    *,
    reverse: bool = False,
) -> tuple[np.ndarray, State, Saved]:
    """Walk one LSTM over a padded batch; arguments and results as for the GRU.

    Args:
        x: [B, T, I] float32 or float64; what lies past a length is never read.
        weights: weight_ih [4H, I], weight_hh [4H, H], bias_ih [4H], bias_hh [4H]; gates i, f, g, o.
        h0: initial (h, c), each [B, H], None for zeros.
        lengths: [B] int within 0..T, None for T everywhere.
        reverse: walk from the last real step to the first.

    Returns:
        y [B, T, H], zero past a length; (h_n, c_n), each [B, H]; what `backward` needs.

    Raises:
        ArgumentError: a dtype or shape does not fit, or a length lies outside 0..T.
    """
    x, weights, (h, c), lengths = check_walk("lstm", x, weights, h0 or (None, None), lengths)
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    y = np.zeros((*x.shape[:2], h.shape[1]), x.dtype)
    saved = Saved(x, weights, [])
    for t, rows in steps(lengths, x.shape[1], reverse):
        a = x[rows, t] @ weight_ih.T + bias_ih + h[rows] @ weight_hh.T + bias_hh
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)  # (L1)
        after = f * c[rows] + i * g  # (L2)
        squashed = np.tanh(after)
        saved.steps.append(Step(t, rows, h[rows], c[rows], (i, f, g, o), squashed))
        c[rows] = after
        h[rows] = y[rows, t] = o * squashed  # (L3)
    return y, (h, c), saved


def backward(dy: np.ndarray, dh_n: State, saved: Saved) -> tuple[np.ndarray, tuple[np.ndarray, ...], State]:
    """Return dx [B, T, I], the gradients of the four weights, (dh0, dc0), each [B, H].

    Args:
        dy: [B, T, H] gradient of y; past a length it is not read.
        dh_n: gradients of h_n and c_n, each [B, H].
        saved: what `forward` returned.
    """
    x, weights, walked = saved
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db_ih, db_hh = (np.zeros_like(w) for w in weights)
    carry_h, carry_c = dh_n[0].copy(), dh_n[1].copy()
    for t, rows, h, c, (i, f, g, o), squashed in reversed(walked):
        dh = dy[rows, t] + carry_h[rows]
        dc = carry_c[rows] + dh * o * (1 - squashed * squashed)  # (L4)
        da_i = dc * g * i * (1 - i)  # (L5)
        da_f = dc * c * f * (1 - f)
        da_g = dc * i * (1 - g * g)
        da_o = dh * squashed * o * (1 - o)
        da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
        carry_c[rows] = dc * f  # (L6)
        carry_h[rows] = da @ weights[1]
        dx[rows, t] = da @ weights[0]
        dW_ih += da.T @ x[rows, t]
        dW_hh += da.T @ h
        db_ih += da.sum(axis=0)
        db_hh += da.sum(axis=0)
    return dx, (dW_ih, dW_hh, db_ih, db_hh), (carry_h, carry_c)
