"""Parquet, Arrow IPC (Feather) and ORC to a table, by PyArrow."""

from __future__ import annotations

import io
from typing import Any

from ...errors import DataError, MissingExtraError, sentence
from ..columnar import parquet
from ..reading import Reading
from ..table import Table

__all__ = ["MAGIC", "parse"]

MAGIC = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"ORC": "ORC"}
"""First bytes of the formats."""


def parse(data: bytes, source: str, reading: Reading | None = None) -> Table:
    """Read the bytes of a columnar file; lines of the result are rows from 1.

    Raises:
        DataError: the bytes are no such file, or damaged.
        MissingExtraError: pyarrow is not installed.
    """
    kind = next((name for magic, name in MAGIC.items() if data.startswith(magic)), None)
    frame = parquet(data, source) if kind == "Parquet" else _arrow(data, source, kind or "Arrow")
    try:
        columns = frame.to_pydict()
    except (ValueError, OverflowError, OSError) as error:
        raise DataError(sentence(source, "data", f"{kind} with values that Python has", str(error)[:80])) from error
    return Table(list(columns), list(columns.values()), range(1, frame.num_rows + 1), source)


def _arrow(data: bytes, source: str, kind: str) -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.orc
    except ImportError as error:
        raise MissingExtraError("pyarrow", "arrow", f"reading {kind}") from error
    stream = io.BytesIO(data)
    try:
        return pyarrow.orc.read_table(stream) if kind == "ORC" else pyarrow.ipc.open_file(stream).read_all()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(sentence(source, "data", f"{kind} data", str(error).splitlines()[0][:80])) from error
