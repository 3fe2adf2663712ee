"""Files and frames as tables of cells, and their columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError, argument, nearest, sentence
from ..readers.cells import Numerals, agree, cell_text, numerals, parse_numbers
from ..readers.columnar import eager
from ..readers.reader import load
from ..readers.reading import Reading
from ..readers.table import Table

__all__ = ["column", "number_styles", "numbers", "table_of_file", "table_of_frame"]

TRUTHS = {"true": 1.0, "false": 0.0}
"""What is read as 1 and 0 where such a column is named."""


def table_of_file(path: str | Path, reading: Reading) -> Table:
    """Read a file as a table.

    Raises:
        DataError: the file is none, damaged, empty, or has rows that do not fit its first.
        ArgumentError: the format is none that holds a table.
    """
    table, name = load(path, reading)
    if not isinstance(table, Table):
        raise ArgumentError(sentence(str(path), "format", "one of a table with time", name))
    return table


def table_of_frame(frame: Any, source: str = "frame") -> Table:
    """Return a pandas, Polars or PyArrow frame as a table; the index of pandas is a column where it holds times.

    Raises:
        ArgumentError: `frame` is no frame.
        MissingExtraError: narwhals is not installed.
    """
    native = eager(_with_index(frame), "forecast", "table")
    return _check_column({str(name): native[name].to_list() for name in native.columns}, source, {})


def column(table: Table, name: str) -> Sequence[Any]:
    """Return the cells of a column.

    Raises:
        DataError: there is none; the nearest is named.
    """
    if name not in table.names:
        want = "one of the columns " + ", ".join(table.names)
        raise DataError(sentence(table.source, "column", want, repr(name), nearest(name, table.names)))
    return table.column(name)


def number_styles(table: Table, names: Sequence[str], reading: Reading) -> dict[str, Numerals]:
    """Return how columns write their numbers; those without numbers are left out.

    Columns that leave the decimal sign open follow the others.
    """
    found = {name: numerals(column(table, name), reading.decimal) for name in names}
    own = {name: one for name, one in found.items() if one is not None}
    return agree(own, ";" if table.inferred.get("separator") in ("semicolon", ";") else None)


def numbers(table: Table, name: str, how: Mapping[str, Numerals]) -> np.ndarray:
    """Return a column as float64 [N], NaN for empty cells; true and false are 1 and 0.

    Raises:
        DataError: there is no such column, it holds words, or a cell of it is no finite number.
    """
    cells = column(table, name)
    if name not in how:
        texts = [cell_text(cell).casefold() for cell in cells]
        if {"true", "false"} & set(texts) and {*TRUTHS, ""}.issuperset(texts):
            return np.array([TRUTHS.get(text, np.nan) for text in texts])
        first = next((n for n, text in enumerate(texts) if text), None)
        if first is not None and not any(map(_is_number, texts)):
            place = f"{table.source}:{table.lines[first]}"
            roles = f"{argument('targets')}, past and known"
            remedy = f"Write categories as columns of 0 and 1, or leave the column out of {roles}."
            raise DataError(sentence(place, f"column {name!r}", "numbers", repr(cells[first])[:80], remedy))
    remedy = f"Correct the cell, empty it, or leave the column out with {argument('targets')}."
    return parse_numbers(cells, table.lines, table.source, f"column {name!r}", how.get(name), remedy)


def _is_number(text: str) -> bool:
    """Tell whether a text is a number for Python, be it infinite."""
    try:
        return float(text) is not None
    except ValueError:
        return False


def _with_index(frame: Any) -> Any:
    """Return a frame of pandas with its index as a column where that holds times; a series of pandas as a frame."""
    if hasattr(frame, "to_frame") and hasattr(frame, "index") and not hasattr(frame, "columns"):
        frame = frame.to_frame(name=str(frame.name) if frame.name is not None else "value")
    index = getattr(frame, "index", None)
    if index is None or not hasattr(frame, "reset_index"):
        return frame
    levels = [index.get_level_values(n) for n in range(index.nlevels)]
    if not any(str(level.dtype).startswith(("datetime64", "period")) for level in levels):
        return frame
    taken = set(map(str, frame.columns))
    usual = ["time" if str(level.dtype).startswith(("datetime64", "period")) else "id" for level in levels]
    names = [str(name) if name is not None else own for name, own in zip(index.names, usual, strict=True)]
    if taken & set(names):
        return frame
    moved = frame.set_axis(index.set_names(names), axis=0).reset_index()
    for name, level in zip(names, levels, strict=True):
        if str(level.dtype).startswith("period"):
            moved[name] = moved[name].dt.to_timestamp()
    return moved


def _check_column(
    cells: Mapping[str, Sequence[Any]], source: str, inferred: dict[str, str], lines: Sequence[int] | None = None
) -> Table:
    count = len(next(iter(cells.values()), ()))
    if not count:
        raise DataError(sentence(source, "data", "at least one row", "none"))
    lines = range(1, count + 1) if lines is None else lines
    return Table(list(cells), list(cells.values()), lines, source, True, inferred)
