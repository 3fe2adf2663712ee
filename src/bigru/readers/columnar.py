"""Parquet files and data frames, opened by the libraries that know them; those are imported where they are needed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ArgumentError, DataError, require, sentence
from .opening.packed import VARIABLE, most_bytes
from .table import Table

__all__ = ["FAULTS", "check_cells", "check_table", "eager", "parquet", "to_table"]


FAULTS = (ValueError, OSError, OverflowError, TypeError, KeyError, NotImplementedError, MemoryError)
"""What damaged files raise beside PyArrow's own exceptions."""


def parquet(data: bytes, source: str) -> Any:
    """Return the bytes of a Parquet file as a table of PyArrow.

    Raises:
        DataError: the bytes are no Parquet.
        MissingExtraError: pyarrow is not installed.
    """
    pyarrow = require("pyarrow", extra="train", purpose="reading Parquet")
    reader = require("pyarrow.parquet", extra="train", purpose="reading Parquet")
    try:
        shape = reader.read_metadata(io.BytesIO(data))
        check_cells(shape.num_rows, shape.num_columns, data, source)
        return check_table(reader.read_table(io.BytesIO(data)))
    except (*FAULTS, pyarrow.ArrowException) as error:
        if isinstance(error, DataError):
            raise
        got = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(sentence(source, "data", "a Parquet table", got)) from error


def check_table(table: Any) -> Any:
    """Return a table of PyArrow, all of whose values can be had: texts, indices and offsets of damaged files are found
    here, as one of `FAULTS` or of PyArrow's exceptions, and not where they are used.
    """
    import pyarrow

    table.validate(full=True)
    for field in table.schema:  # so are names that are no UTF-8, and times that Python has no date for
        if pyarrow.types.is_temporal(field.type):
            table.column(field.name).to_pylist()
    return table


def check_cells(rows: int, columns: int, data: bytes, source: str) -> None:
    """Refuse a table of far more cells than the bytes that it is packed in can hold, each cell counted as 8 bytes.

    Raises:
        DataError: there are more.
    """
    most = most_bytes(len(data)) // 8
    if rows * columns > most:
        remedy = f"Divide the file, or allow more with {VARIABLE}=BYTES in the environment."
        got = f"{rows:,} rows and {columns:,} columns"
        raise DataError(sentence(source, "data", f"at most {most:,} cells in {len(data):,} bytes", got, remedy))


def eager(frame: Any, where: str, name: str) -> Any:
    """Return a pandas, Polars or PyArrow frame as one of narwhals; names of several levels are joined by spaces.

    Raises:
        ArgumentError: `frame`, which errors call `name`, is no frame.
        MissingExtraError: narwhals is not installed.
    """
    narwhals = require("narwhals", extra="train", purpose="reading frames")
    names = getattr(frame, "columns", None)
    if getattr(names, "nlevels", 1) > 1:
        frame = frame.set_axis([" ".join(str(part) for part in name if str(part)) for name in frame.columns], axis=1)
    try:
        return narwhals.from_native(frame, eager_only=True)
    except TypeError as error:
        raise ArgumentError(sentence(where, name, "a data frame", type(frame).__name__)) from error


def to_table(columns: Mapping[str, Sequence[Any]], source: str) -> Table:
    """Return columns of Python values as a table; lines are rows from 1.

    Raises:
        DataError: there is no row or no column.
    """
    rows = len(next(iter(columns.values()), ()))
    if not rows:
        raise DataError(sentence(source, "data", "at least one example", "no rows"))
    return Table(list(columns), list(columns.values()), range(1, rows + 1), source)
