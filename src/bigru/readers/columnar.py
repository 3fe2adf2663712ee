"""Parquet files and data frames, opened by the libraries that know them; those are imported where they are needed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ArgumentError, DataError, MissingExtraError, sentence
from .table import Table

__all__ = ["eager", "parquet", "to_table"]


def parquet(data: bytes, source: str) -> Any:
    """Return the bytes of a Parquet file as a table of PyArrow.

    Raises:
        DataError: the bytes are no Parquet.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "train", "reading Parquet") from error
    try:
        return pyarrow.parquet.read_table(io.BytesIO(data))
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(sentence(source, "data", "a Parquet table", str(error).splitlines()[0])) from error


def eager(frame: Any, where: str, name: str) -> Any:
    """Return a pandas, Polars or PyArrow frame as one of narwhals.

    Raises:
        ArgumentError: `frame`, which errors call `name`, is no frame.
        MissingExtraError: narwhals is not installed.
    """
    try:
        import narwhals
    except ImportError as error:
        raise MissingExtraError("narwhals", "train", "reading frames") from error
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
