"""One series of a table with time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Series"]


@dataclass(frozen=True)
class Series:
    """The rows of one series, in time, none missing.

    Attributes:
        id: its name, "" where there is only one.
        times: datetime64[s] or int64 [N].
        values: float64 [N, columns]; NaN where a cell is empty, which only rows after the last target may be.
        lines: int64 [N], the line of each row, 0 for rows that were filled in.
        drawn: bool [N], which rows hold a value on a line to a later one: who forecasts from there would know that.
    """

    id: str
    times: np.ndarray
    values: np.ndarray
    lines: np.ndarray
    drawn: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.times)

    def known_at(self, origin: int) -> bool:
        """Tell whether nothing before a row was made from what comes after."""
        return self.drawn is None or not self.drawn[origin - 1]

    def part(self, rows: slice) -> Series:
        """Return some of the rows."""
        drawn = None if self.drawn is None else self.drawn[rows]
        return replace(self, times=self.times[rows], values=self.values[rows], lines=self.lines[rows], drawn=drawn)
