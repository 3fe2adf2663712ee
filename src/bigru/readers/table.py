"""A file as columns of cells: what every parser of tables and records returns, before anything is interpreted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import DataError, sentence
from .findings import Finding

__all__ = ["Grid", "Table"]


@dataclass
class Grid:
    """Rows of text cells, before it is known which of them are column names.

    Attributes:
        rows: the rows, each of equally many cells.
        lines: the physical line that each row begins on.
        source: the file as the user named it.
        inferred: what was inferred, in words.
        findings: what the parser left out or mended.
        separator: what separates the cells.
        quoted: whether quotes may hold separators and line ends.
    """

    rows: list[list[str]]
    lines: list[int]
    source: str
    inferred: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    separator: str = ","
    quoted: bool = True


@dataclass
class Table:
    """Columns of cells with names.

    Attributes:
        names: the columns' names, all different; "1", "2", ... where the file has none.
        columns: per name its N cells: text as written in text files, Python values from JSON, Parquet and frames
            (None for a missing one).
        lines: the physical line of each of the N rows, from 1 (row for Parquet and frames).
        source: the file as the user named it.
        named: whether the names stand in the file.
        inferred: what was inferred, in words.
        findings: what was left out or mended.
    """

    names: list[str]
    columns: list[Sequence[Any]]
    lines: Sequence[int]
    source: str
    named: bool = True
    inferred: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def from_records(cls, records: Sequence[Mapping[str, Any]], lines: Sequence[int], source: str) -> Table:
        """Return records by column; a key that a record lacks is None there.

        Raises:
            DataError: there is no record with a key.
        """
        names = list(dict.fromkeys(key for record in records for key in record))
        if not names:
            raise DataError(sentence(source, "data", "at least one example", "none"))
        return cls(names, [[record.get(name) for record in records] for name in names], lines, source)

    def __len__(self) -> int:
        return len(self.lines)

    def column(self, name: str) -> Sequence[Any]:
        """Return the cells of a column."""
        return self.columns[self.names.index(name)]

    def select(self, names: list[str]) -> Table:
        """Return the table with these columns; those that it lacks hold nothing."""
        missing = [None] * len(self)
        columns = [self.column(name) if name in self.names else missing for name in names]
        return Table(names, columns, self.lines, self.source, self.named, self.inferred, self.findings)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows by name."""
        for row in zip(*self.columns, strict=True):
            yield dict(zip(self.names, row, strict=True))
