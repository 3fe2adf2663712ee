"""The compiled look-up of rows and their poolings: a thin face on `native/include/bigru.h`.

ids are int32 [N, C]; sequence b is the rows starts[b] .. starts[b] + lengths[b] - 1 of them, int64 [B] both. Results of
a sequence are the same bits in any batch and with any padding. Calls run on the calling thread and keep nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..library import native as _native

__all__ = ["NATIVE_POOLINGS", "Tables", "pool_steps"]

NATIVE_POOLINGS = ("max", "mean", "sqrt_n")
"""The poolings that are compiled."""


class Tables:
    """Tables of numbers by id, which stay where they are in memory.

    Args:
        tables: float32 [V, d] each, contiguous.
        scales: for each table that is int8, the factor of each of its columns, float32 [d]; None for a float32 table.
    """

    def __init__(self, tables: Sequence[np.ndarray], scales: Sequence[np.ndarray | None] | None = None) -> None:
        given = list(zip(tables, scales or [None] * len(tables), strict=True))
        self._tables = _native.Tables(given)
        self.width = sum(table.shape[1] for table in tables)
        self._dim = tables[0].shape[1]

    def lookup(self, ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray, steps: int) -> np.ndarray:
        """Return the rows side by side, float32 [B, steps, width], zero past each length.

        Raises:
            ValueError: an id is outside its table, or a dtype, shape or length does not fit, said by name.
        """
        result = np.empty((len(lengths), steps, self.width), np.float32)
        self._tables.lookup(ids, starts, lengths, result)
        return result

    def sum_over_sqrt_n(self, ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return the rows of equally wide tables summed over steps and tables, over the root of the length, [B, d].

        Raises:
            ValueError: as `lookup`.
        """
        result = np.empty((len(lengths), self._dim), np.float32)
        self._tables.bag(ids, starts, lengths, result)
        return result


def pool_steps(values: np.ndarray, lengths: np.ndarray, kind: str, to: np.ndarray, column: int) -> None:
    """Write what values [B, T, C] come to within the lengths into columns of `to` [B, P], from `column` on.

    Args:
        values: float32, contiguous; what lies past a length is not read.
        lengths: int64 [B].
        kind: one of `NATIVE_POOLINGS`; "sqrt_n" is the sum over the root of the length. Zero where the length is.
        to: float32.
        column: the first.

    Raises:
        ValueError: a dtype, shape or length does not fit, said by name.
    """
    _native.pool(values, lengths, kind, to, column)
