"""How large the sheets of a workbook are, found out before a reader allocates them."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from ...errors import DataError, sentence

__all__ = ["MOST_BYTES", "MOST_CELLS", "check_size"]

MOST_CELLS = 20_000_000
"""Cells of the rectangle that holds a sheet: one cell in the last corner of a sheet makes 17 thousand million."""

MOST_BYTES = 1 << 30
"""Bytes of a workbook when unpacked."""

CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
ROW = re.compile(rb"<table:table-row\b([^>]*?)(?:/>|>(.*?)</table:table-row>)", re.S)
ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*?)(/?)>")
REPEATED = re.compile(rb'table:number-(?:rows|columns)-repeated="(\d{1,9})"')


def check_size(data: bytes, source: str) -> None:
    """Refuse a workbook with sheets of more than `MOST_CELLS` cells, or `MOST_BYTES` bytes.

    Args:
        data: the bytes of the file. Old workbooks (.xls) have at most 65,536 rows of 256 cells and pass.
        source: the file as the user named it.

    Raises:
        DataError: the workbook is larger, or no whole archive.
    """
    if not data.startswith(b"PK"):
        return
    try:
        for name, content in _sheets(data, source):
            height, width = _ods_area(content) if name == "content.xml" else _area(content)
            if height * width > MOST_CELLS:
                got = f"{height:,} rows and {width:,} columns in {name[:60]!r}"
                remedy = "Delete the cells that stand far from the table."
                raise DataError(sentence(source, "sheet", f"at most {MOST_CELLS:,} cells", got, remedy))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, zlib.error, NotImplementedError, RuntimeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(sentence(source, "data", "a workbook that can be read", str(error)[:80])) from error


def _sheets(data: bytes, source: str) -> Iterator[tuple[str, bytes]]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    total = 0
    for info in archive.infolist():
        with archive.open(info) as entry:
            content = entry.read(MOST_BYTES - total + 1)
        total += len(content)
        if total > MOST_BYTES:
            raise DataError(sentence(source, "data", f"at most {MOST_BYTES:,} bytes when unpacked", "more"))
        if info.filename == "content.xml" or re.fullmatch(r"xl/worksheets/[^/]+\.xml", info.filename):
            yield info.filename, content


def _area(content: bytes) -> tuple[int, int]:
    """Return the rows and columns that the cells of a sheet of .xlsx reach."""
    rows, columns = 0, 0
    for letters, row in CELL.findall(content):
        column = 0
        for letter in letters:
            column = 26 * column + letter - 64
        rows, columns = max(rows, int(row)), max(columns, column)
    return rows, columns


def _ods_area(content: bytes) -> tuple[int, int]:
    """Return the rows and columns that filled cells of .ods reach, all sheets together."""
    rows, columns, row = 0, 0, 0
    for attributes, inner in ROW.findall(content):
        row += _repeats(attributes)
        column, reached = 0, 0
        for cell, empty in ODS_CELL.findall(inner):
            column += _repeats(cell)
            reached = reached if empty and b"value" not in cell else column
        if reached:
            rows, columns = row, max(columns, reached)
    return rows, columns


def _repeats(attributes: bytes) -> int:
    match = REPEATED.search(attributes)
    return int(match[1]) if match else 1
