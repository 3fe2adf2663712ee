"""Workbooks of Excel and LibreOffice (.xlsx, .xls, .ods) to a grid of cells, by python-calamine."""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from typing import Any

from ...errors import DataError, require, sentence
from ..findings import Finding
from ..reading import Reading
from ..table import Grid
from .edges import trim, without_blank
from .workbook_size import check_size

__all__ = ["SUFFIXES", "parse"]

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")


def parse(data: bytes, source: str, reading: Reading | None = None) -> Grid:
    """Read the first sheet of a workbook that is shown and holds cells.

    Numbers are written as Python writes them (whole ones without a point), dates as ISO 8601 (without a time where no
    cell of their column has one), truth values as TRUE and FALSE. A merged cell gives its value to every cell that it
    covers. Further sheets with cells are named in a finding.

    Args:
        data: the bytes of the file.
        source: the file as the user named it; lines are rows of the sheet.
        reading: not looked at.

    Raises:
        DataError: the bytes are no workbook, it needs a password, or no sheet holds a cell.
        MissingExtraError: python-calamine is not installed.
    """
    calamine = require("python_calamine", extra="excel", purpose="reading workbooks", package="python-calamine")
    check_size(data, source)
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = calamine.SheetVisibleEnum.Visible
        shown = [meta.name for meta in workbook.sheets_metadata if meta.visible == visible]
        sheets = {name: workbook.get_sheet_by_name(name) for name in shown or workbook.sheet_names}
        filled = {name: sheet for name, sheet in sheets.items() if sheet.height and sheet.width}
        name = next(iter(filled), None)
        cells = filled[name].to_python(skip_empty_area=True) if name is not None else []
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise DataError(sentence(source, "data", "a workbook that can be read", str(error)[:80])) from error
    if name is None or not cells:
        raise DataError(sentence(source, "data", "at least one sheet with cells", "none"))
    sheet = filled[name]
    top, left = sheet.start or (0, 0)
    findings = _spread_merged(cells, sheet.merged_cell_ranges or [], (top, left), source)
    grid = without_blank(Grid(_as_text(cells), [top + 1 + n for n in range(len(cells))], source))
    trim(grid, "", "cell", True)
    grid.findings += findings
    grid.inferred = {"sheet": name} | grid.inferred
    others = [f"{other!r:.60} ({one.height} rows)" for other, one in filled.items() if other != name]
    if others:
        message = f"{', '.join(others)} not read; save it as a file of its own to read it"
        grid.findings.append(Finding(source, 0, "further sheets", message))
    return grid


def _spread_merged(cells: list[list[Any]], ranges: Sequence[Any], start: tuple[int, int], source: str) -> list[Finding]:
    """Give the value of each merged cell to the cells below that it covers."""
    count, first = 0, 0
    for (top, left), (bottom, right) in ranges:
        row, column = top - start[0], left - start[1]
        if bottom == top or not (0 <= row < len(cells) and 0 <= column < len(cells[row])):
            continue
        value = cells[row][column]
        for below in range(row, min(bottom - start[0] + 1, len(cells))):
            cells[below][column : min(right - start[1] + 1, len(cells[below]))] = [value] * (
                min(right - start[1] + 1, len(cells[below])) - column
            )
        count, first = count + 1, first or top + 1
    message = f"{count} merged cells give their value to every row that they cover"
    return [Finding(source, first, "merged cells", message)] if count else []


def _as_text(cells: list[list[Any]]) -> list[list[str]]:
    columns = [_column(column) for column in zip(*cells, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(values: Sequence[Any]) -> list[str]:
    """Return the cells of a column as texts; its dates have times if one of them has."""
    times = [value for value in values if isinstance(value, datetime.datetime)]
    timed = any(value.time() != datetime.time() for value in times)
    return [_cell(value, timed) for value in values]


def _cell(value: Any, timed: bool) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ") if timed else value.date().isoformat()
    if isinstance(value, datetime.date) and timed:
        return f"{value.isoformat()} 00:00:00"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
