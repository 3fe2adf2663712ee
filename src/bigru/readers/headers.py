"""From rows to named columns: whether the first rows hold names, and what the columns are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..errors import DataError, sentence
from .cells import Numerals, is_empty, text_of
from .findings import Finding
from .names import HEAD, KNOWN, LABELS, TEXTS, fit
from .profile import SHORT, Profile, profile
from .reading import Reading
from .table import Grid, Table

__all__ = ["named_columns"]

SAMPLE = 300
"""Rows by which it is decided whether the row before them holds names."""

DEEPEST = 4
"""Rows of names at most."""

UNNAMED = "column {}"
"""What a column without a name is called."""


def named_columns(grid: Grid, reading: Reading, ask: bool = True) -> Table:
    """Return the columns of a grid by name.

    The first row holds names if it is said so, if it holds a known name or one that was asked for, or if it differs
    from what stands below it. Further rows of names (of several levels, or units) above numbers are recognised.
    Columns without a name are called "column N", a name that comes twice gets its place behind it.

    Args:
        grid: the rows.
        reading: `header`, `text`, `label`, ... as the user has decided.
        ask: whether a doubt is an error; else the first row is then data.

    Raises:
        DataError: no row is left, or it is doubtful whether the first row holds names.
    """
    rows, lines, source = grid.rows, grid.lines, grid.source
    if not rows:
        raise DataError(sentence(source, "data", "at least one example", "blank lines"))
    depth = _depth(rows, reading, source, ask)
    table = Table([], [], lines[depth:], source, depth > 0, dict(grid.inferred), list(grid.findings))
    if len(rows) == depth:
        raise DataError(sentence(source, "data", "at least one example", "a header alone"))
    names = _names(rows[:depth], lines, source, table) if depth else [str(n) for n in range(1, len(rows[0]) + 1)]
    body, kept = _without_repeats(rows, lines, depth, table)
    table.lines = kept
    table.names, table.columns = names, [list(column) for column in zip(*body, strict=True)]
    first = f"line {lines[0]}" if depth == 1 else f"lines {lines[0]} to {lines[depth - 1]}"
    table.inferred["header"] = first if depth else "none, columns are numbered from 1"
    return table


def _depth(rows: Sequence[Sequence[str]], reading: Reading, source: str, ask: bool) -> int:
    """Return how many rows hold names."""
    if reading.header is not None:
        return _levels(rows) if reading.header else 0
    wanted = {reading.text, reading.label, *reading.labels, *reading.id, *reading.time} - {None}
    cells = [cell.strip() for cell in rows[0]]
    if wanted & set(cells) - {str(n) for n in range(1, len(cells) + 1)}:
        return _levels(rows)
    points = _points(cells, rows[1 : SAMPLE + 1])
    if points > 0:
        return _levels(rows)
    if points == 0 and ask and len(cells) > 1 and len(rows) > 1:
        shown = ", ".join(cells[:4])[:80]
        want = "known to hold column names or an example (--header or --no-header)"
        raise DataError(sentence(source, "the first row", want, repr(shown)))
    return 0


def _points(cells: Sequence[str], rest: Sequence[Sequence[str]]) -> float:
    """Return how much speaks for names (above 0) or for an example (below 0) in the first row."""
    if len(cells) > 2 and _count_up(cells):
        return 1.0
    columns = [[row[n].strip() for row in rest] for n in range(len(cells))]
    if any(cell.casefold() in KNOWN and cell not in column for cell, column in zip(cells, columns, strict=True)):
        return 3.0
    if not rest:
        return 0.0 if len(cells) > 1 else -1.0
    points = 0.0
    for n, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        points += _of_cell(cell, profile(cell, n, column), column)
    if len(cells) == 1:
        return points - 0.5
    return points


def _of_cell(cell: str, below: Profile, column: Sequence[str]) -> float:
    if not cell or below.kind == "empty":
        return 0.0
    if below.kind in ("number", "time"):
        alike = is_number(cell) if below.kind == "number" else profile(cell, 0, [cell]).kind == "time"
        return -3.0 if alike or is_empty(cell) else 2.0
    if below.kind == "recording":
        return -3.0 if profile(cell, 0, [cell]).kind == "recording" else 2.0
    if cell in column and below.longest <= SHORT:
        return -3.0
    points = 0.0
    if max(fit(cell, TEXTS), fit(cell, LABELS)) >= HEAD and len(cell) <= SHORT:
        points += 1.0
    if below.repeats and len(column) > 2 and below.longest <= SHORT:
        points += 1.0
    if "_" in cell and " " not in cell and below.is_prose:
        points += 1.0
    return points


def is_number(cell: str) -> bool:
    """Tell whether a cell holds a number, whatever its decimal sign; an empty one does not."""
    text = text_of(cell)
    return not is_empty(cell) and any(Numerals(sign).number(text) is not None for sign in (".", ","))


def _count_up(cells: Sequence[str]) -> bool:
    """Tell whether the cells are 0, 1, 2, ... or 1, 2, 3, ...: names that a program gave."""
    return any(list(cells) == [str(n) for n in range(first, first + len(cells))] for first in (0, 1))


def _levels(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows of names stand above columns of numbers: those in which no such column holds a number."""
    body = rows[DEEPEST : SAMPLE + DEEPEST] or rows[1:]
    first = profile("", 0, [row[0] for row in body]).kind
    numeric = [n for n in range(len(rows[0])) if profile("", n, [row[n] for row in body]).kind == "number"]
    depth = 1
    while depth < min(DEEPEST, len(rows) - 1) and numeric:
        cells = [rows[depth][n].strip() for n in numeric]
        lonely = first != "text" and bool(rows[depth][0].strip()) and not any(cell.strip() for cell in rows[depth][1:])
        words = any(cell and not is_empty(cell) for cell in cells)
        if any(is_number(cell) for cell in cells) or not (words or (lonely and _is_word(rows[depth][0]))):
            break
        depth += 1
    return depth


def _is_word(cell: str) -> bool:
    return profile("", 0, [cell]).kind == "text"


def _names(rows: Sequence[Sequence[str]], lines: Sequence[int], source: str, table: Table) -> list[str]:
    """Return different names from one or more rows of them."""
    names = [cell.strip() for cell in rows[0]]
    for row in rows[1:]:
        filled = [n for n, cell in enumerate(row) if cell.strip()]
        if filled == [0]:
            names[0] = row[0].strip()
    if len(rows) > 1 and len(set(names)) < len(names):
        names = [" ".join(filter(None, (row[n].strip() for row in rows))) for n in range(len(names))]
    for row, line in zip(rows[1:], lines[1:], strict=False):
        shown = ", ".join(cell.strip() for cell in row if cell.strip())[:80]
        table.findings.append(Finding(source, line, "passed over", f"a further row of names or units ({shown})"))
    names = [name or UNNAMED.format(n) for n, name in enumerate(names, 1)]
    twice = {name for name, count in Counter(names).items() if count > 1}
    if twice:
        message = f"{sorted(twice)[0]!r} names several columns; each has its place behind its name"
        table.findings.append(Finding(source, lines[0], "column names", message))
    return [f"{name} ({n})" if name in twice else name for n, name in enumerate(names, 1)]


def _without_repeats(
    rows: Sequence[list[str]], lines: Sequence[int], depth: int, table: Table
) -> tuple[Sequence[list[str]], list[int]]:
    """Return the rows below the names, without copies of these, as files that were joined hold them."""
    body, kept = rows[depth:], list(lines[depth:])
    if not depth or len(rows[0]) < 2:
        return body, kept
    copies = [n for n, row in enumerate(body) if row == rows[0]]
    for n in copies:
        table.findings.append(Finding(table.source, kept[n], "passed over", "the row of column names again; left out"))
    if copies and len(copies) < len(body):
        left = set(copies)
        body = [row for n, row in enumerate(body) if n not in left]
        kept = [line for n, line in enumerate(kept) if n not in left]
    return body, kept
