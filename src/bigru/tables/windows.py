"""Windows of a table as one sequence of arrays: views on one matrix, copied batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence

__all__ = ["Windows"]


class Windows(Sequence[np.ndarray]):
    """Equally long windows of the rows of a matrix.

    Args:
        values: float32 [N, I], the rows of all series one after the other.
        starts: int64 [W], the first row of each window.
        length: rows per window (T).
        hidden: (row, columns): from that row of a window on, its first columns are shown as NaN. What must not be
            read is so not there to be read.
        drawn: windows that `order` draws at random for an epoch, None for all.

    Raises:
        ArgumentError: a window reaches beyond the matrix.
    """

    def __init__(
        self,
        values: np.ndarray,
        starts: np.ndarray,
        length: int,
        *,
        hidden: tuple[int, int] | None = None,
        drawn: int | None = None,
    ) -> None:
        if len(starts) and (starts.min() < 0 or starts.max() + length > len(values)):
            got = f"{int(starts.min())}..{int(starts.max())}"
            raise ArgumentError(sentence("Windows", "starts", f"within 0..{len(values) - length}", got))
        self.values, self.starts, self.length, self.hidden = values, starts, length, hidden
        self.drawn = len(starts) if drawn is None else min(drawn, len(starts))
        enough = len(values) >= length
        self._view = np.lib.stride_tricks.sliding_window_view(values, length, axis=0) if enough else None

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: Any) -> Any:
        return self.batch(np.array([index]))[0][0]

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the windows at `indices` [B] as float32 [B, T, I], and their lengths, int64 [B]."""
        lengths = np.full(len(indices), self.length, np.int64)
        if self._view is None:
            return np.zeros((0, self.length, self.values.shape[1]), np.float32), lengths
        found = np.ascontiguousarray(self._view[self.starts[indices]].swapaxes(1, 2))
        if self.hidden is not None:
            row, columns = self.hidden
            found[:, row:, :columns] = np.nan
        return found, lengths

    def order(self, size: int, seed: int) -> list[np.ndarray]:
        """Return the batches of one epoch, indices of at most `size` windows each, drawn by `seed`."""
        order = np.random.default_rng(seed).permutation(len(self))[: self.drawn]
        return [order[start : start + size] for start in range(0, len(order), size)]

    def arrays(self) -> list[np.ndarray]:
        """Return the arrays that say all there is to say of these windows."""
        shape = [self.length, self.drawn, *(self.hidden or ())]
        return [self.values, self.starts, np.array(shape)]
