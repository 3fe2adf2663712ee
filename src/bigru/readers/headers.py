"""From rows to named columns: whether the first rows hold names, and what the columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ..errors import DataError, argument, sentence
from .cells import numerals
from .findings import Finding
from .literals import read_lists
from .names import EXACT, HEAD, KNOWN, LABELS, OUTCOMES, TEXTS, TITLES, fit
from .profile import LITERAL, SHORT, Profile, is_missing, is_number, profile
from .reading import Reading
from .table import Grid, Table

__all__ = ["named_columns"]

SAMPLE = 300
"""Rows by which it is decided whether the row before them holds names."""

DEEPEST = 4
"""Rows of names at most."""

SURE = 1.0
"""Points from which the first row holds names, or below minus which it does not."""

LONG = 150
"""Characters that even a whole question has hardly ever."""

NEARLY = 0.95
"""Share of cells that is nearly all of them."""

ENOUGH = 10
"""Rows from which a value that comes in none of them is rare."""

ENDED = re.compile(r"[.!\u2026\u3002\uff01][\"')\u201d]?$")
"""The end of a sentence, which a name has not."""

MARKS = (re.compile("://"), re.compile("@"), LITERAL, re.compile(r"\d"))
"""What cells of a column have in common and its name hardly ever has."""

RULE = re.compile(r"|:?[-=]{2,}:?")
"""A cell of the rule below the names of a table in Markdown, or as a database prints it."""

LETTER = re.compile(r"[^\W\d_]")

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
    start = _start(rows, lines, depth)
    before = [
        Finding(
            source, line, "preamble", f"line {line} stands before the table; left out: {' '.join(row).strip()[:60]!r}"
        )
        for row, line in zip(rows[:start], lines[:start], strict=True)
    ]
    rows, lines, depth = rows[start:], lines[start:], depth - start
    table = Table([], [], lines[depth:], source, depth > 0, dict(grid.inferred), [*grid.findings, *before])
    if len(rows) == depth:
        raise DataError(sentence(source, "data", "at least one example", "a header alone"))
    names = _names(rows[:depth], lines, source, table) if depth else [str(n) for n in range(1, len(rows[0]) + 1)]
    body, kept = _without_repeats(rows, lines, depth, table)
    table.lines = kept
    table.names, table.columns = names, [list(column) for column in zip(*body, strict=True)]
    read_lists(table)
    first = f"line {lines[0]}" if depth == 1 else f"lines {lines[0]} to {lines[depth - 1]}"
    table.inferred["header"] = first if depth else "none, columns are numbered from 1"
    return table


def _depth(rows: Sequence[Sequence[str]], reading: Reading, source: str, ask: bool) -> int:
    """Return how many rows hold names."""
    if reading.header is not None:
        return _levels(rows) if reading.header else 0
    wanted = {
        reading.text,
        reading.label,
        reading.group,
        *reading.labels,
        *reading.id,
        *reading.time,
        *reading.features,
    } - {None}
    cells = [cell.strip() for cell in rows[0]]
    if wanted & set(cells) - {str(n) for n in range(1, len(cells) + 1)}:
        return _levels(rows)
    rest = [row for row in rows[1 : SAMPLE + 1] if row != rows[0]] or rows[1 : SAMPLE + 1]
    points = _points(cells, rest)
    if points >= SURE:
        return _levels(rows)
    if points > -SURE and ask and len(cells) > 1 and len(rows) > 1:
        shown = ", ".join(cells[:4])[:80]
        ways = " or ".join(argument("reading.header", holds) for holds in (True, False))
        want = f"known to hold column names or an example ({ways})"
        raise DataError(sentence(source, "the first row", want, repr(shown)))
    return 0


def _start(rows: Sequence[Sequence[str]], lines: Sequence[int], depth: int) -> int:
    """Return the first of the rows of names: of those behind a blank line, as metadata of stations stand before it."""
    gaps = [n for n in range(1, depth) if lines[n] - lines[n - 1] > 1 and all(cell.strip() for cell in rows[n])]
    return gaps[-1] if gaps else 0


def _points(cells: Sequence[str], rest: Sequence[Sequence[str]]) -> float:
    """Return how much speaks for names (above 0) or for an example (below 0) in the first row."""
    columns = [[row[n].strip() for row in rest] for n in range(len(cells))]
    known = [fit(cell, KNOWN) >= EXACT and cell not in column for cell, column in zip(cells, columns, strict=True)]
    points = 3.0 if any(known) else 0.0
    if not rest:
        return points or (0.0 if len(cells) > 1 else -SURE)
    counted = _counts_up(cells)
    points += SURE if counted else 0.0
    for n, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        if n not in counted:
            points += _of_cell(cell, profile(cell, n, column), column)
    return points - (0.5 if len(cells) == 1 else 0.0)


def _of_cell(cell: str, below: Profile, column: Sequence[str]) -> float:
    """Return how much speaks for a name in a cell, by what stands below it."""
    if not cell or below.kind == "empty":
        return 0.0
    if below.kind in ("number", "time", "recording"):
        alike = is_number(cell) if below.kind == "number" else profile("", 0, [cell]).kind == below.kind
        if alike or is_missing(cell):
            return -3.0
        odd = sum(bool(one) and not is_missing(one) and not is_number(one) for one in column)
        return 0.0 if below.kind == "number" and odd * 20 > len(column) else 2.0
    if below.is_prose:
        return _above_prose(cell, below, column)
    if cell in column and below.longest <= SHORT:
        return -3.0
    points = _marks_header(cell, column)
    if max(fit(cell, one) for one in (TEXTS, TITLES, LABELS, OUTCOMES)) >= HEAD and len(cell) <= SHORT:
        points += 1.0
    if below.repeats and len(column) > 2 and below.longest <= SHORT:
        points += 2.0 if len(cell) > SHORT else _rarity(column)
    return points


def _above_prose(cell: str, below: Profile, column: Sequence[str]) -> float:
    """Return how much speaks for a name above sentences: it is one word, and known or as programs write it."""
    if len(cell) > SHORT or profile("", 0, [cell]).sentences:
        ended = ENDED.search(cell) and sum(ENDED.search(one) is not None for one in column) * 2 > len(column)
        return -1.0 if ended or len(cell) > LONG else 0.0
    named = max(fit(cell, one) for one in (TEXTS, TITLES)) >= HEAD or ("_" in cell and " " not in cell)
    alone = 1.0 if len(column) >= ENOUGH else 0.5
    return (1.0 if named else 0.0) + (alone if below.sentences >= NEARLY else 0.0)


def _rarity(column: Sequence[str]) -> float:
    """Return how much a value that comes in none of the rows speaks for a name: less where others come once as well."""
    once = sum(count == 1 for count in Counter(column).values())
    return 1.0 if once * 10 < len(column) >= ENOUGH else 0.3


def _marks_header(cell: str, column: Sequence[str]) -> float:
    """Return how much speaks for a name in a cell that lacks what (nearly) all below it have: a digit, a slash, ..."""
    filled = [one for one in column if one]
    for mark in MARKS:
        if sum(mark.search(one) is not None for one in filled) >= NEARLY * len(filled):
            return -1.0 if mark.search(cell) else 1.0
    return 0.0


def _counts_up(cells: Sequence[str]) -> set[int]:
    """Return the places of the cells that are 1, 2, 3, ... (or start elsewhere): names that a program gave."""
    places = [n for n, cell in enumerate(cells) if is_number(cell)]
    numbers = [cells[n] for n in places]
    if len(places) < 3 or not numbers[0].isdecimal() or (len(places) < 4 and numbers[0] not in ("0", "1")):
        return set()
    first = int(numbers[0][:9])
    return set(places) if numbers == [str(first + n) for n in range(len(numbers))] else set()


def _levels(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows of names stand above columns of numbers: those in which no such column holds a number."""
    body = rows[DEEPEST : SAMPLE + DEEPEST] or rows[1:]
    below = [profile("", n, [row[n] for row in body]) for n in range(len(rows[0]))]
    first, numeric = below[0].kind, [one.place for one in below if one.kind == "number"]
    if any(one.is_prose for one in below):
        return _levels_above_prose(rows, [one for one in below if one.kind in ("number", "time")])
    depth = 1
    while depth < min(DEEPEST, len(rows) - 1) and numeric:
        cells = [rows[depth][n].strip() for n in numeric]
        lonely = first != "text" and bool(rows[depth][0].strip()) and not any(cell.strip() for cell in rows[depth][1:])
        words = any(cell and not is_missing(cell) for cell in cells)
        if any(_is_value(cell) for cell in cells) or not (words or (lonely and _is_word(rows[depth][0]))):
            break
        depth += 1
    return depth


def _levels_above_prose(rows: Sequence[Sequence[str]], below: Sequence[Profile]) -> int:
    """Return how many rows of names stand above texts: those with words above all of several numbers and times, as
    exports of surveys have (the question, and what a program calls it)."""
    depth = 1
    while len(below) > 1 and depth < min(DEEPEST, len(rows) - 1):
        cells = [rows[depth][one.place].strip() for one in below]
        if not all(_is_word(cell) and LETTER.search(cell) for cell in cells):
            break
        depth += 1
    return depth


def _is_value(cell: str) -> bool:
    """Tell whether a cell holds a number, with or without a unit (5 %, $1,000.00)."""
    return not is_missing(cell) and numerals([cell]) is not None


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
    if body and all(RULE.fullmatch(cell.strip()) for cell in body[0]) and any(cell.strip() for cell in body[0]):
        table.findings.append(Finding(table.source, kept[0], "passed over", "a rule below the column names; left out"))
        body, kept = body[1:], kept[1:]
    copies = [n for n, row in enumerate(body) if row == rows[0]]
    for n in copies:
        table.findings.append(Finding(table.source, kept[n], "passed over", "the row of column names again; left out"))
    if copies and len(copies) < len(body):
        left = set(copies)
        body = [row for n, row in enumerate(body) if n not in left]
        kept = [line for n, line in enumerate(kept) if n not in left]
    return body, kept
