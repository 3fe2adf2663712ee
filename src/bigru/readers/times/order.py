"""What orders the steps of a series: numbers or times, as values that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import DataError, sentence
from ..cells import is_empty, numerals, parse_numbers
from ..reading import Reading
from .formats import detect
from .parsing import parse
from .zones import check_zone, same_clock, to_utc

__all__ = ["ordering_keys"]


def ordering_keys(
    cells: Sequence[Any], lines: Sequence[int], source: str, name: str, reading: Reading | None = None
) -> np.ndarray:
    """Return what the cells of a time column are ordered by: float64 or int64 of numbers, datetime64 of times.

    Times in the zone of `reading.zone` become UTC, row by row: of an hour that comes twice, the rows that come first
    are taken for the first.

    Args:
        cells: texts or Python values.
        lines: the line of each.
        source: the file.
        name: of the column.
        reading: its `time_format`, `zone` and `decimal` are used.

    Raises:
        DataError: a cell is empty, or neither a number nor a time; or nothing says how the times are written.
        ArgumentError: the format or the zone is none that exists.
    """
    reading = reading or Reading()
    what = f"column {name!r}"
    bare = next((n for n, cell in enumerate(cells) if is_empty(cell)), None)
    if bare is not None:
        want = "a number or a time in every row"
        raise DataError(sentence(f"{source}:{lines[bare]}", what, want, repr(cells[bare])[:80]))
    found = detect(cells, name, reading.time_format)
    if found is None or (found.kind == "number" and reading.time_format is None):
        how = numerals(cells, reading.decimal)
        if how is not None:
            return parse_numbers(cells, lines, source, what, how)
    times, zone = parse(cells, lines, source, found, what)
    if reading.zone is None or times.dtype.kind == "i":
        return times
    check_zone(reading.zone)
    return times if zone or same_clock(times) else to_utc(times, reading.zone, lines, source)
