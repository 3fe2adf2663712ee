"""Products whose rows are the same bits however many of them are multiplied at once."""

from __future__ import annotations

import numpy as np

__all__ = ["batch_invariant_matmul"]

ROWS = 16
"""Rows of one product: few enough that a single row costs little, enough that many cost no more than in one piece."""


def batch_invariant_matmul(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return x [..., C] @ weight.T for weight [K, C], always in blocks of `ROWS` rows.

    A BLAS chooses its order of summation by the shape of the product. Were it called with as many rows as there
    happen to be, a step pushed by itself would differ in the last bits from the same step among others.
    """
    flat = x.reshape(-1, x.shape[-1])
    whole = len(flat) // ROWS * ROWS
    if not whole:
        return (_pad_block(flat) @ weight.T)[: len(flat)].reshape(*x.shape[:-1], len(weight))
    result = np.empty((len(flat), len(weight)), np.float32)
    blocks = flat[:whole].reshape(-1, ROWS, flat.shape[1])
    np.matmul(blocks, weight.T, out=result[:whole].reshape(-1, ROWS, len(weight)))
    if whole < len(flat):
        result[whole:] = (_pad_block(flat[whole:]) @ weight.T)[: len(flat) - whole]
    return result.reshape(*x.shape[:-1], len(weight))


def _pad_block(rows: np.ndarray) -> np.ndarray:
    """Return fewer than `ROWS` rows as a block with zeros for the rest."""
    block = np.zeros((ROWS, rows.shape[1]), np.float32)
    block[: len(rows)] = rows
    return block
