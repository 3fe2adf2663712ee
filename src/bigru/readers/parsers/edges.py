"""What stands around a table in its file: titles before it, totals behind it, cells past its last column."""

from __future__ import annotations

import re
from collections import Counter

from ...errors import DataError, argument, sentence
from ..findings import Finding
from ..table import Grid

__all__ = ["trim", "without_blank"]

MOST_BEFORE, MOST_BEHIND = 50, 5
"""Rows before and behind a table that may be left out."""

REMARK = re.compile(r"\s*(#|%|//|--)")

TOTAL = re.compile(r"\s*(grand total|total|sum|合计|总计|總計|合計)\s*[:：]?\s*", re.IGNORECASE)
"""The first cell of a row of totals."""

CLOSING = re.compile(
    r"\W*(grand total|total|sum|sources?|notes?|generated|exported|copyright|合计|总计|來源|来源|数据来源|注)\b",
    re.IGNORECASE,
)
"""How a line behind a table begins."""

SHOWN = 40


def trim(grid: Grid, separator: str, word: str, whole: bool) -> None:
    """Leave out what stands before and behind the table, and make every row as wide as the table; all with findings.

    Args:
        grid: rows of any widths; changed in place.
        separator: what separates its columns.
        word: what that is called.
        whole: whether the grid is a whole file.

    Raises:
        DataError: a row has more or fewer cells than the table; the first is named and all are counted.
    """
    width = _width(grid)
    if width > 1 and whole:
        _leave_out_before(grid, width)
        _leave_out_behind(grid, width)
    if len(set(map(len, grid.rows))) > 1:
        if width > 1:
            _leave_out_remarks(grid, width)
        width = _fit_names(grid, _width(grid))
        _fit(grid, width)
        _check(grid, width, word)


def _width(grid: Grid) -> int:
    """Return the number of columns: that of the first row, unless most rows behind it have another one."""
    counts = Counter(map(len, grid.rows))
    if not counts:
        return 1
    common, count = counts.most_common(1)[0]
    first = len(grid.rows[0])
    return common if counts[first] * 2 < len(grid.rows) or count > 0.9 * len(grid.rows) else first


def _leave_out(grid: Grid, begin: int, end: int, kind: str, where: str) -> None:
    if begin == end:
        return
    first, last = grid.lines[begin], grid.lines[end - 1]
    lines = f"line {first} stands" if first == last else f"lines {first} to {last} stand"
    shown = " ".join(cell.strip() for cell in grid.rows[begin] if cell.strip())[:SHOWN]
    grid.findings.append(Finding(grid.source, first, kind, f"{lines} {where} the table; left out: {shown!r}"))
    del grid.rows[begin:end], grid.lines[begin:end]


def _leave_out_before(grid: Grid, width: int) -> None:
    """Leave out the rows before the names: remarks, and titles with other numbers of cells or a single one filled."""
    begin = 0
    while begin < min(MOST_BEFORE, len(grid.rows) - 1) and _is_before(grid.rows[begin], width):
        begin += 1
    if not begin or not (_are_names(grid.rows[begin]) or all(_is_remark(row) for row in grid.rows[:begin])):
        return
    _leave_out(grid, 0, begin, "preamble", "before")


def _is_before(row: list[str], width: int) -> bool:
    filled = sum(bool(cell.strip()) for cell in row)
    if re.match(r"\s*(#|//)\s", row[0]):
        return True
    return (len(row) != width and filled < width) or (width > 2 and filled == 1 and bool(row[0].strip()))


def _is_remark(row: list[str]) -> bool:
    return bool(REMARK.match(row[0]))


def _are_names(row: list[str]) -> bool:
    """Tell whether cells may be the names of columns: filled, different and no numbers."""
    cells = [cell.strip() for cell in row]
    return all(cells) and len(set(cells)) == len(cells) and not any(re.match(r"[-+]?[.,]?\d", cell) for cell in cells)


def _leave_out_behind(grid: Grid, width: int) -> None:
    """Leave out totals and sources behind the table."""
    end = len(grid.rows)
    begin = end
    while begin > max(1, end - MOST_BEHIND) and _is_behind(grid.rows[begin - 1], width):
        begin -= 1
    _leave_out(grid, begin, end, "footer", "behind")


def _is_behind(row: list[str], width: int) -> bool:
    filled = [cell for cell in row if cell.strip()]
    if len(row) != width or len(filled) == 1 < width - 1:
        return _is_remark(row) or bool(CLOSING.match(row[0]))
    numbers = [cell for cell in filled[1:] if re.fullmatch(r"\s*[-+]?[\d.,]+%?\s*", cell)]
    return bool(TOTAL.fullmatch(row[0])) and len(numbers) == len(filled) - 1 > 0


def _leave_out_remarks(grid: Grid, width: int) -> None:
    """Leave out remarks between the rows: lines that begin with # and have other numbers of cells than the table."""
    found = [n for n, row in enumerate(grid.rows) if len(row) != width and row[0].lstrip().startswith("#")]
    if not found:
        return
    message = f"{len(found)} lines that begin with # are no rows; left out"
    grid.findings.append(Finding(grid.source, grid.lines[found[0]], "remark", message))
    left_out = set(found)
    grid.rows = [row for n, row in enumerate(grid.rows) if n not in left_out]
    grid.lines = [line for n, line in enumerate(grid.lines) if n not in left_out]


def _fit_names(grid: Grid, width: int) -> int:
    """Give names and rows the same number of cells where all rows have one cell more than there are names.

    The last cells are all empty (rows end with a separator), or the first column has no name, as R writes it.
    """
    rows = grid.rows
    if len(rows) < 2 or len(rows[0]) != width - 1 or any(len(row) != width for row in rows[1:]):
        return width
    if all(not row[-1].strip() for row in rows[1:]):
        grid.rows = [rows[0], *(row[:-1] for row in rows[1:])]
        grid.inferred["line ends"] = "without the separator behind every row"
        return width - 1
    first = [row[0].strip() for row in rows[1:]]
    counter = first in ([str(n) for n in range(len(first))], [str(n) for n in range(1, len(first) + 1)])
    if _are_names(rows[0]) and (counter or len(set(first)) == len(first) > 1 < width - 1):
        grid.rows[0] = ["", *rows[0]]
        grid.inferred["first column"] = f"without a name, as line {grid.lines[0]} has one name fewer than cells"
    return width


def _fit(grid: Grid, width: int) -> None:
    """Leave out empty cells past the last column; add empty cells where most rows end with such, all with findings."""
    empty = _empty_columns(grid, width)
    short, long = [], []
    for n, row in enumerate(grid.rows):
        if len(row) > width and not any(cell.strip() for cell in row[width:]):
            grid.rows[n] = row[:width]
            long.append(n)
        elif len(row) < width and len(row) >= empty:
            grid.rows[n] = row + [""] * (width - len(row))
            short.append(n)
    if long:
        message = f"{len(long)} rows have empty cells past column {width}; left out"
        grid.findings.append(Finding(grid.source, grid.lines[long[0]], "long row", message))
    if short:
        message = f"{len(short)} rows end before columns that are mostly empty; empty cells are added"
        grid.findings.append(Finding(grid.source, grid.lines[short[0]], "short row", message))


def _empty_columns(grid: Grid, width: int) -> int:
    """Return the column behind which all columns are empty in most of the rows that reach them."""
    full = [row for row in grid.rows[1:] if len(row) == width]
    begin = width
    while begin > 1 and full and sum(not row[begin - 1].strip() for row in full) * 2 > len(full):
        begin -= 1
    return begin


def _check(grid: Grid, width: int, word: str) -> None:
    wrong = [n for n, row in enumerate(grid.rows) if len(row) != width]
    if not wrong:
        return
    n = wrong[0]
    model = next((m for m, row in enumerate(grid.rows) if len(row) == width), 0)
    want = f"{width} columns separated by {word}s, as line {grid.lines[model]}"
    more = f" ({len(wrong)} such rows of {len(grid.rows)})" if len(wrong) > 1 else ""
    columns = f"{len(grid.rows[n])} column{'s' * (len(grid.rows[n]) != 1)}"
    name = argument("reading.separator")
    remedy = f"Put texts that hold the separator in double quotes, or name another one with {name}."
    raise DataError(sentence(f"{grid.source}:{grid.lines[n]}", "row", want, columns + more, remedy))


def without_blank(grid: Grid) -> Grid:
    """Return the rows that hold something, with a finding for each that does not.

    In a table of one column, `""` is a row: an empty text.
    """
    single = len(grid.rows[0]) == 1 if grid.rows else False
    if all(row and row[0] for row in grid.rows) and not any(row[0].isspace() for row in grid.rows):
        return grid
    blank = [
        n
        for n, row in enumerate(grid.rows)
        if not row or (not row[0].strip() and not "".join(row).strip() and not (single and n and row == [""]))
    ]
    for n in blank:
        grid.findings.append(Finding(grid.source, grid.lines[n], "empty row", "the line is blank; left out"))
    if blank:
        left_out = set(blank)
        grid.rows = [row for n, row in enumerate(grid.rows) if n not in left_out]
        grid.lines = [line for n, line in enumerate(grid.lines) if n not in left_out]
    return grid
