"""The order of the steps of a series: times must rise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from ..errors import DataError, sentence
from .reading import Reading
from .table import Table

__all__ = ["check_order"]


def check_order(table: Table, groups: Mapping[str, Sequence[int]], names: Sequence[str], reading: Reading) -> None:
    """Refuse times that do not rise within a series; numbers are numbers, all else is ISO 8601.

    Raises:
        DataError: file and line are named.
    """
    name, source, lines = names[0], table.source, table.lines
    cells = table.column(name)
    numbers = all(_is_float(cell) for cell in cells)
    times = [
        float(str(cell)) if numbers else _moment(cell, f"{source}:{line}")
        for cell, line in zip(cells, lines, strict=True)
    ]
    zoned = [not isinstance(time, float) and time.tzinfo is not None for time in times]
    if any(zoned) and not all(zoned):
        place = f"{source}:{lines[zoned.index(not zoned[0])]}"
        want = f"{'with' if zoned[0] else 'without'} a zone, as in line {lines[0]}"
        remedy = "Convert all times to one zone."
        raise DataError(sentence(place, f"column {name!r}", want, repr(cells[zoned.index(not zoned[0])]), remedy))
    for owner, rows in groups.items():
        for before, here in pairwise(rows):
            if not times[before] < times[here]:  # type: ignore[operator]
                want = f"after {cells[before]} of line {lines[before]}, in series {owner!r}"
                remedy = "Sort the rows of each series by time, and leave out those that come twice."
                raise DataError(
                    sentence(f"{source}:{lines[here]}", f"column {name!r}", want, repr(cells[here]), remedy)
                )


def _is_float(cell: Any) -> bool:
    try:
        return not math.isnan(float(str(cell)))
    except ValueError:
        return False


def _moment(cell: Any, place: str) -> datetime:
    try:
        return cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell).strip())
    except ValueError:
        want = "numbers, or times as 2016-07-01 05:00:00"
        raise DataError(sentence(place, "time", want, repr(cell)[:80])) from None
