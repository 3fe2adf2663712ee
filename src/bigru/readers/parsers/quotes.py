"""Tables with odd quotes: rows that are ill quoted but whole as they stand are read plainly, each with a finding."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field

from ...errors import DataError, sentence
from ..findings import Finding
from ..table import Grid
from .edges import without_blank

__all__ = ["mend"]

SAMPLE = 5000
"""Lines that say how many cells a row has."""

MOST_LINES = 1000
"""Lines that a quoted cell may span in a file whose quotes do not fit."""


@dataclass
class _Mended:
    """Rows read so far: `odd` holds the lines that were read plainly, `proper` counts rows that need their quotes."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)
    proper: int = 0

    def add(self, row: list[str], line: int) -> None:
        self.rows.append(row)
        self.lines.append(line)


def mend(
    text: str,
    source: str,
    separator: str,
    first: int,
    skip_spaces: bool,
    strict: Grid | None,
) -> Grid:
    """Read a table line by line, each by its quotes if they fit, else as it stands.

    Args:
        text: the table.
        source: the file as the user named it.
        separator: one character.
        first: number of the first line.
        skip_spaces: whether spaces behind separators are no part of a cell.
        strict: the table as RFC 4180 has it, None where that fails.

    Returns:
        The rows; where no row needs its quotes, all of them read plainly.

    Raises:
        DataError: a row is neither well quoted nor whole as it stands.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    known = Counter(map(len, strict.rows)) if strict is not None else Counter()
    width = known.most_common(1)[0][0] if known else _width(lines, separator)
    mended, at = _Mended(), 0
    while at < len(lines):
        line = lines[at]
        if not line.strip() or '"' not in line:
            mended.add(line.split(separator), at + first)
            at += 1
            continue
        whole = line.count(separator) == width - 1
        taken, row, reason = _by_quotes(lines, at, separator, width, skip_spaces)
        if row is not None and (len(row) == width or not whole or separator != "\t"):
            mended.proper += any(_is_enclosed(one, separator) for one in lines[at : at + taken])
            mended.add(row, at + first)
        elif whole or strict is not None:
            taken = 1
            mended.odd.append(at + first)
            mended.add(line.split(separator), at + first)
        else:
            remedy = "Double the quotes inside a quoted field and close it."
            raise DataError(sentence(f"{source}:{at + first}", "row", "well quoted", reason, remedy))
        at += taken
    return _result(mended, lines, source, separator, first)


def _result(mended: _Mended, lines: list[str], source: str, separator: str, first: int) -> Grid:
    if len(mended.odd) >= max(mended.proper, 1):
        rows = [line.split(separator) for line in lines]
        plain = without_blank(Grid(rows, list(range(first, first + len(rows))), source, {"quotes": "plain characters"}))
        if len({len(row) for row in plain.rows}) == 1 or not mended.proper:
            return plain
    grid = Grid(mended.rows, mended.lines, source)
    message = "the quotes do not fit; the row is read as it stands, quotes and all"
    grid.findings = [Finding(source, line, "odd quotes", message) for line in mended.odd]
    return without_blank(grid)


def _width(lines: list[str], separator: str) -> int:
    """Return the commonest number of cells of lines whose quotes may close, by a lenient reading."""
    closed = [line for line in lines if line.strip() and line.count('"') % 2 == 0][:SAMPLE]
    if separator == "\t":  # quotes between tabs are characters more often than not
        return Counter(line.count(separator) + 1 for line in closed or lines[:SAMPLE]).most_common(1)[0][0]
    widths = Counter(len(next(csv.reader([line], delimiter=separator), [""])) for line in closed or lines[:SAMPLE])
    return widths.most_common(1)[0][0]


def _by_quotes(
    lines: list[str], at: int, separator: str, width: int, skip_spaces: bool
) -> tuple[int, list[str] | None, str]:
    """Return how many lines a row spans by its quotes, and the row; None where they do not fit, and why.

    Between tabs, a line that is a whole row as it stands is never joined with the next.
    """
    alone = separator == "\t" and lines[at].count(separator) == width - 1
    quotes = 0
    for taken in range(1, 2 if alone else min(MOST_LINES, len(lines) - at) + 1):
        quotes += lines[at + taken - 1].count('"')
        if quotes % 2:
            continue
        part = io.StringIO("\n".join(lines[at : at + taken]), newline="")
        try:
            rows = list(csv.reader(part, delimiter=separator, strict=True, skipinitialspace=skip_spaces))
        except csv.Error as error:
            return taken, None, str(error)
        fits = len(rows) == 1 and (taken == 1 or len(rows[0]) == width)
        return taken, rows[0] if fits else None, f"{len(rows[0])} columns where quotes join {taken} lines"
    return 1, None, "unexpected end of data"


def _is_enclosed(line: str, separator: str) -> bool:
    """Tell whether a cell of the line begins or ends with a quote that holds a separator, a line end or a quote."""
    mark = re.escape(separator)
    return bool(re.search(rf'(^|{mark}) *"|"($|{mark})', line))
