"""The GRU written out in NumPy: the specification every faster engine is tested against.

Equation numbers are those of docs/math/gru.md. Both variants: reset after the recurrent product (the first
version of Cho et al. 2014, arXiv:1406.1078v1; cuDNN, torch) and before it (the published version, v3, and
Chung et al. 2014, arXiv:1412.3555).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..recurrent.walk import Weights, check_walk, steps
from ..sigmoid import sigmoid
from .rounding import round_to

__all__ = ["Saved", "Step", "backward", "forward"]


class Step(NamedTuple):
    """What the backward pass needs of one step; arrays are [R, H] for the R rows that have it."""

    t: int
    rows: np.ndarray
    h: np.ndarray
    r: np.ndarray
    z: np.ndarray
    n: np.ndarray


class Saved(NamedTuple):
    """What forward hands to backward."""

    x: np.ndarray
    weights: Weights
    reset_after: bool
    precision: str
    steps: list[Step]


def forward(
    x: np.ndarray,
    weights: Weights,
    h0: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    *,
    reverse: bool = False,
    reset_after: bool = True,
    precision: str = "fp32",
) -> tuple[np.ndarray, np.ndarray, Saved]:
    """Walk one GRU over a padded batch.

    Args:
        x: [B, T, I] float32 or float64; what lies past a length is never read.
        weights: weight_ih [3H, I], weight_hh [3H, H], bias_ih [3H], bias_hh [3H]; gates r, z, n.
        h0: [B, H] initial state, None for zeros.
        lengths: [B] int within 0..T, None for T everywhere.
        reverse: walk from the last real step to the first; outputs stay at the step they belong to.
        reset_after: equation (3) when true, (3') when false.
        precision: what the factors of the products are rounded to, see `rounding`.

    Returns:
        y [B, T, H], zero past a length; h_n [B, H], the state where the walk ends (h0 for an empty
        sequence); what `backward` needs.

    Raises:
        ArgumentError: a dtype or shape does not fit, or a length lies outside 0..T.
    """
    x, weights, (h,), lengths = check_walk("gru", x, weights, (h0,), lengths)
    y = np.zeros((*x.shape[:2], h.shape[1]), x.dtype)
    saved = Saved(x, weights, reset_after, precision, [])
    for t, rows in steps(lengths, x.shape[1], reverse):
        before = h[rows]
        r, z, n, h[rows] = _step(x[rows, t], before, weights, reset_after, precision)
        y[rows, t] = h[rows]
        saved.steps.append(Step(t, rows, before, r, z, n))
    return y, h, saved


def _step(
    x: np.ndarray, h: np.ndarray, weights: Weights, reset_after: bool, precision: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return r, z, n and the state after one step, [R, H] each, from x [R, I] and the state h before it."""
    W, U = (round_to(w, precision) for w in weights[:2])
    b, c = weights[2:]
    Wx_r, Wx_z, Wx_n = np.split(round_to(x, precision) @ W.T + b, 3, axis=1)  # W x + b, gate by gate
    Uh_r, Uh_z, Uh_n = np.split(round_to(h, precision) @ U.T + c, 3, axis=1)  # U h + c
    r = sigmoid(Wx_r + Uh_r)  # (1)
    z = sigmoid(Wx_z + Uh_z)  # (2)
    if reset_after:
        n = np.tanh(Wx_n + r * Uh_n)  # (3)
    else:
        _, _, U_n = np.split(U, 3)
        _, _, c_n = np.split(c, 3)
        n = np.tanh(Wx_n + round_to(r * h, precision) @ U_n.T + c_n)  # (3')
    return r, z, n, n + z * (h - n)  # (4)


def backward(dy: np.ndarray, dh_n: np.ndarray, saved: Saved) -> tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray]:
    """Return the gradients of a scalar loss, given those of `forward`'s two results.

    Args:
        dy: [B, T, H] gradient of y; past a length it is not read.
        dh_n: [B, H] gradient of h_n.
        saved: what `forward` returned.

    Returns:
        dx [B, T, I] (zero past a length), the gradients of the four weights, dh0 [B, H].
    """
    x, weights, reset_after, precision, walked = saved
    weight_ih, weight_hh = (round_to(w, precision) for w in weights[:2])
    U_r, U_z, U_n = np.split(weight_hh, 3)
    _, _, c_n = np.split(weights[3], 3)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db_ih, db_hh = (np.zeros_like(w) for w in weights)
    carry = dh_n.copy()
    for t, rows, h, r, z, n in reversed(walked):
        dh = dy[rows, t] + carry[rows]  # (5)
        da_z = dh * (h - n) * z * (1 - z)  # (6)
        da_n = dh * (1 - z) * (1 - n * n)  # (7)
        near_h, near_z, near_n = (round_to(v, precision) for v in (h, da_z, da_n))
        if reset_after:
            da_r = da_n * (near_h @ U_n.T + c_n) * r * (1 - r)  # (8)
            du_n, fed = da_n * r, near_h  # (9)
            near_r, near_u = round_to(da_r, precision), round_to(du_n, precision)
            carry[rows] = dh * z + near_r @ U_r + near_z @ U_z + near_u @ U_n  # (10)
        else:
            dp = near_n @ U_n  # (8')
            da_r = dp * h * r * (1 - r)  # (9')
            du_n, fed = da_n, round_to(r * h, precision)
            near_r, near_u = round_to(da_r, precision), near_n
            carry[rows] = dh * z + near_r @ U_r + near_z @ U_z + dp * r  # (10')
        near = np.concatenate([near_r, near_z, near_n], axis=1)
        dx[rows, t] = near @ weight_ih  # (11)
        dW_ih += near.T @ round_to(x[rows, t], precision)  # (12)
        db_ih += np.concatenate([da_r, da_z, da_n], axis=1).sum(axis=0)
        near_rz = np.concatenate([near_r, near_z], axis=1)
        dW_hh += np.concatenate([near_rz.T @ near_h, near_u.T @ fed])  # (13)
        db_hh += np.concatenate([da_r, da_z, du_n], axis=1).sum(axis=0)
    return dx, (dW_ih, dW_hh, db_ih, db_hh), carry
