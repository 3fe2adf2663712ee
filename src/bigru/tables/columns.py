"""Tables as columns of cells, whatever the file: CSV, TSV, JSONL, Parquet, frames."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError, nearest, sentence
from ..readers.columnar import eager, parquet
from ..readers.encoding import decode, read_bytes
from ..readers.formats import by_name
from ..readers.parsers import delimited as tables
from ..readers.parsers import jsonl
from ..readers.reading import Reading

__all__ = ["Columns", "columns_of_file", "columns_of_frame", "numeric", "numeric_names"]

FORMATS = ("csv", "tsv", "jsonl", "parquet")

EMPTY = {"", "na", "n/a", "nan", "null", "none", "nat", "-"}
"""What an empty cell is written as."""


@dataclass(frozen=True)
class Columns:
    """A table by columns.

    Attributes:
        cells: the text of every cell, by column; "" for an empty one.
        lines: the line of each row, counted from 1 (row for Parquet and frames).
        source: the file as the user named it.
        inferred: what was inferred, in words.
    """

    cells: Mapping[str, list[str]]
    lines: Sequence[int]
    source: str
    inferred: dict[str, str] = field(default_factory=dict)


def columns_of_file(path: str | Path, format: str | None = None, encoding: str | None = None) -> Columns:
    """Read a table.

    Raises:
        DataError: the file is none, damaged, empty, or has rows that do not fit its first.
        ArgumentError: the format is none that holds a table.
    """
    source, data = str(path), read_bytes(path)
    found = format or by_name(source, data) or "csv"
    if found not in FORMATS:
        raise ArgumentError(sentence(source, "format", "one of " + ", ".join(FORMATS), repr(found)))
    if found == "parquet":
        return _of_parquet(data, source)
    text, name = decode(data, source, encoding)
    inferred = {"format": found, "encoding": name}
    if found == "jsonl":
        records, lines = jsonl.records(text, source)
        names = list(dict.fromkeys(key for record in records for key in record))
        _check_some(source, records, names)
        cells = {name: [_text(record.get(name)) for record in records] for name in names}
        return Columns(cells, lines, source, inferred)
    table = tables.parse(text, source, Reading(format="tsv" if found == "tsv" else None))
    return _of_rows(table.rows, table.lines, source, inferred)


def columns_of_frame(frame: Any, source: str = "frame") -> Columns:
    """Return the columns of a pandas, Polars or PyArrow frame.

    Raises:
        ArgumentError: `frame` is no frame.
        MissingExtraError: narwhals is not installed.
    """
    native = eager(frame, "forecast", "table")
    cells = {str(name): [_text(v) for v in native[name].to_list()] for name in native.columns}
    _check_some(source, range(len(native)), list(cells))
    return Columns(cells, range(1, len(native) + 1), source)


def numeric(found: Columns, name: str) -> np.ndarray:
    """Return a column as float64 [N], NaN for empty cells.

    Raises:
        DataError: there is no such column (the nearest is named), or a cell is no finite number.
    """
    if name not in found.cells:
        want = "one of the columns " + ", ".join(found.cells)
        raise DataError(sentence(found.source, "column", want, repr(name), nearest(name, found.cells)))
    values = np.empty(len(found.lines))
    for n, cell in enumerate(found.cells[name]):
        value = _number(cell)
        if value is None:
            place = f"{found.source}:{found.lines[n]}"
            remedy = "Correct the cell, empty it, or leave the column out with --target."
            raise DataError(sentence(place, name, "a number", repr(cell)[:80], remedy))
        values[n] = value
    return values


def numeric_names(found: Columns, taken: set[str | None]) -> tuple[str, ...]:
    """Return the columns that hold numbers: those whose first cells that are not empty are numbers for the most part.

    Raises:
        DataError: there is none.
    """
    names = tuple(name for name in found.cells if name not in taken and _is_numeric(found.cells[name]))
    if not names:
        raise DataError(sentence(found.source, "columns", "at least one of numbers", ", ".join(found.cells)))
    return names


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip().casefold() not in EMPTY][:100]
    # A column without any number at all is taken too, so that it is refused by name and not passed over.
    return sum(_number(cell) is not None for cell in filled) * 2 >= len(filled)


def _number(cell: str) -> float | None:
    """Return the number in a cell, NaN for an empty one, None for anything else."""
    if cell.strip().casefold() in EMPTY:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None


def _text(value: Any) -> str:
    """Return a cell as text; times as ISO writes them."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)


def _check_some(source: str, rows: Any, names: list[str]) -> None:
    if not len(rows) or not names:
        raise DataError(sentence(source, "data", "at least one row", "none"))


def _of_rows(rows: list[list[str]], lines: list[int], source: str, inferred: dict[str, str]) -> Columns:
    if not rows:
        raise DataError(sentence(source, "data", "at least one row", "blank lines"))
    header = any(_number(cell) is None and not cell.strip()[:1].isdigit() for cell in rows[0])
    names = [cell.strip() for cell in rows[0]] if header else [str(n) for n in range(1, len(rows[0]) + 1)]
    inferred["header"] = f"line {lines[0]}" if header else "none, columns are numbered from 1"
    if header:
        rows, lines = rows[1:], lines[1:]
    double = next((name for n, name in enumerate(names) if name in names[:n]), None)
    if double is not None:
        raise DataError(sentence(source, "column names", "different", f"{double!r} twice"))
    if not rows:
        raise DataError(sentence(source, "data", "at least one row", "a header alone"))
    return Columns(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)), lines, source, inferred)


def _of_parquet(data: bytes, source: str) -> Columns:
    table = parquet(data, source)
    columns = {str(name): [_text(v) for v in values] for name, values in table.to_pydict().items()}
    _check_some(source, range(table.num_rows), list(columns))
    return Columns(columns, range(1, table.num_rows + 1), source, {"format": "parquet"})
