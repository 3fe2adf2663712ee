"""Parquet, Arrow IPC (Feather) and ORC to a table, by PyArrow."""

from __future__ import annotations

import io
from typing import Any

from ...errors import DataError, require, sentence
from ..columnar import FAULTS, check_cells, check_table, parquet
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
    except FAULTS as error:
        raise DataError(sentence(source, "data", f"{kind} with values that Python has", str(error)[:80])) from error
    return Table(list(columns), list(columns.values()), range(1, frame.num_rows + 1), source)


def _arrow(data: bytes, source: str, kind: str) -> Any:
    for module in ("pyarrow.ipc", "pyarrow.orc"):
        require(module, extra="arrow", purpose=f"reading {kind}")
    pyarrow = require("pyarrow", extra="arrow", purpose=f"reading {kind}")
    stream = io.BytesIO(data)
    try:
        if kind == "ORC":
            file = pyarrow.orc.ORCFile(stream)
            check_cells(file.nrows, len(file.schema), data, source)
            return check_table(file.read())
        reader = pyarrow.ipc.open_file(stream)
        check_cells(_rows(reader), len(reader.schema), data, source)
        return check_table(reader.read_all())
    except (*FAULTS, pyarrow.ArrowException) as error:
        if isinstance(error, DataError):
            raise
        got = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(sentence(source, "data", f"{kind} data", got)) from error


def _rows(reader: Any) -> int:
    """Return the rows of a file of Arrow; its parts are checked one by one, for each may be damaged."""
    rows = 0
    for n in range(reader.num_record_batches):
        part = reader.get_batch(n)
        part.validate(full=True)
        rows += part.num_rows
    return rows
