"""What the compiled functions of `native.py` compute, in NumPy: the specification that they are tested against.

Rows lie end to end or apart; sequence b is the rows starts[b] .. starts[b] + lengths[b] - 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["lookup", "pool_steps", "sum_over_sqrt_n"]

Table = tuple[np.ndarray, np.ndarray | None]
"""Numbers float32 [V, d] and None, or int8 [V, d] and the scale of each column, float32 [d]."""


def lookup(tables: Sequence[Table], ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray, steps: int) -> np.ndarray:
    """Return the tables' rows side by side, [B, steps, sum of d], zero past each length; ids are [N, C]."""
    width = sum(rows.shape[1] for rows, _ in tables)
    result = np.zeros((len(lengths), steps, width), np.float32)
    for b, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        of = ids[start : start + length]
        parts = [
            rows[of[:, c]] if scales is None else rows[of[:, c]].astype(np.float32) * scales
            for c, (rows, scales) in enumerate(tables)
        ]
        result[b, :length] = np.concatenate(parts, axis=1)
    return result


def sum_over_sqrt_n(tables: Sequence[Table], ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the same rows summed over steps and tables, all equally wide, over the root of the length, [B, d]."""
    steps = int(lengths.max(initial=0))
    side_by_side = lookup(tables, ids, starts, lengths, steps)
    each = side_by_side.reshape(*side_by_side.shape[:2], len(tables), tables[0][0].shape[1]).sum(axis=2)
    return pool_steps(each, lengths, "sqrt_n")


def pool_steps(values: np.ndarray, lengths: np.ndarray, kind: str) -> np.ndarray:
    """Return what values [B, T, C] come to within the lengths, [B, C]; zero where the length is.

    Args:
        values: what lies past a length is not read.
        lengths: int64 [B].
        kind: "max", "mean", or "sqrt_n": the sum over the root of the length.
    """
    result = np.zeros((len(values), values.shape[2]), np.float32)
    for b, length in enumerate(lengths):
        if not length:
            continue
        of = values[b, :length]
        divisor = np.sqrt(np.float32(length)) if kind == "sqrt_n" else np.float32(length)
        # One row after the other: the order is part of what is promised.
        result[b] = of.max(axis=0) if kind == "max" else np.add.accumulate(of, axis=0)[-1] / divisor
    return result
