"""What a reader or the doctor noticed about a data file, always with its place."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import one_line

__all__ = ["Finding"]

SHOWN = 800
"""Characters of a finding at most."""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing worth knowing about a data file.

    Attributes:
        file: the file as the user named it.
        line: physical line, counted from 1 (row for Parquet, frames and arrays); 0 for the whole file.
        kind: short name of what was found ("empty row", "duplicate", ...).
        message: one sentence for people.
    """

    file: str
    line: int
    kind: str
    message: str

    def __str__(self) -> str:
        """Return it as one line, whatever stands in the file."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return one_line(f"{place}: {self.kind}: {self.message}", SHOWN)
