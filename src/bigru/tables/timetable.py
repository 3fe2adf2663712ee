"""Tables with a time column: read, divided into series, and made sure to have a row for every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..readers.cells import cell_text
from ..readers.reading import Reading
from ..readers.table import Table
from . import times as clock
from .columns import numbers, table_of_file
from .even import check_order, even_out, fill_gaps, most_rows
from .roles import Clock, Values, find_clock, find_ids, find_values
from .series import Series
from .times import TimeStep
from .zones import align, localise

__all__ = ["Series", "TimeTable", "from_table", "read_timetable"]


@dataclass
class TimeTable:
    """A table with time.

    Attributes:
        series: the series, in the order of their first rows.
        columns: names of the columns of their values.
        step: from one row to the next, the same for all.
        zone: of all times, as written; "" for none.
        source: the file as the user named it.
        inferred: what was inferred from the data, in words, for printing.
    """

    series: list[Series]
    columns: tuple[str, ...]
    step: TimeStep
    zone: str
    source: str
    inferred: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self.series))


def read_timetable(
    path: str | Path,
    reading: Reading | None = None,
    *,
    columns: Sequence[str] | None = None,
    ahead: Sequence[str] = (),
    like: tuple[TimeStep, str] | None = None,
) -> TimeTable:
    """Read a table from CSV, TSV, JSONL or Parquet.

    Args:
        path: a file, gzipped or not.
        reading: what the user decides: time, time_format, zone, fill, id, decimal, format, encoding, ...
        columns: names of the columns wanted; None takes all that hold numbers and are no counters, ids or constants.
        ahead: those of them that are known in the future: at the end of a series only they may have cells.
        like: step and zone of the table that a model was trained on, which this one follows where it can.

    Raises:
        DataError: the file cannot be used as it is; the message names file and line, and what to do.
        ArgumentError: a part of the reading is none that exists.
    """
    reading = reading or Reading()
    options: Any = {"columns": columns, "ahead": ahead, "like": like}
    return from_table(table_of_file(path, reading), reading, **options)


def from_table(
    found: Table,
    reading: Reading | None = None,
    *,
    columns: Sequence[str] | None = None,
    ahead: Sequence[str] = (),
    like: tuple[TimeStep, str] | None = None,
) -> TimeTable:
    """Make a table with time of a table of cells; arguments and errors as of `read_timetable`."""
    reading = reading or Reading()
    times = find_clock(found, reading)
    owner = find_ids(found, reading, times.stamps, columns)
    values = find_values(found, reading, times, owner, columns)
    table = np.stack([numbers(found, name, values.how) for name in values.names], axis=1)
    groups = group_rows(found, owner)
    stamps, zone = localise(found, times, groups, reading.zone)
    if like is not None:
        stamps, zone = align(stamps, zone, like[1])
    lines = np.array(found.lines, np.int64)
    bare = [Series(key, stamps[rows], table[rows], lines[rows]) for key, rows in groups.items()]
    for series in bare:
        check_order(found, times, owner, series, zone)
    step = _step(bare, like)
    future = np.array([name in set(ahead) for name in values.names])
    whole: list[Series] = []
    most = most_rows(len(found), len(values.names))
    for series, rows in zip(bare, groups.values(), strict=True):
        spread = even_out(found.source, series, step, reading.fill, times, (sum(map(len, whole)), most))
        whole.append(fill_gaps(found, spread, rows, values.names, reading.fill, future))
    inferred = found.inferred | describe(times, owner, values, step, zone, len(whole))
    return TimeTable(whole, values.names, step, zone, found.source, inferred)


def group_rows(found: Table, owner: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the rows of each series by its name; the names of several columns are joined.

    Raises:
        DataError: a cell of an id is empty.
    """
    if not owner:
        return {"": np.arange(len(found))}
    rows: dict[str, list[int]] = {}
    for n, cells in enumerate(zip(*(found.column(name) for name in owner), strict=True)):
        key = " / ".join(map(cell_text, cells))
        rows.setdefault(key, []).append(n)
    return {key: np.array(places) for key, places in rows.items()}


def _step(series: Sequence[Series], like: tuple[TimeStep, str] | None) -> TimeStep:
    """Return the step of the longest series, or that of a model where the times lie on its calendar as well."""
    longest = max(series, key=len).times
    own = clock.find_step(longest)
    if like is None or own == like[0] or not like[0].fits(longest):
        return own
    alike = own.unit in clock.MONTHS and own.size == like[0].size
    return like[0] if alike or (str(own) == "1 day" and like[0].unit == "business day") else own


def describe(
    times: Clock, owner: Sequence[str], values: Values, step: TimeStep, zone: str, count: int
) -> dict[str, str]:
    """Say what was inferred about a table: its time, series, numbers, and what is not read."""
    inferred = {"time column": ", ".join(times.columns) or "none"}
    if times.format is not None and times.format.name != "ISO 8601":
        inferred["times"] = str(times.format)
    inferred["step"] = str(step)
    if owner:
        inferred["series"] = f"{count}, by {' / '.join(owner)}"
    if zone:
        inferred["zone"] = {"Z": "UTC", "local": "the clock on the wall, of offsets that differ"}.get(zone, zone)
    odd = {name: str(values.how[name]) for name in values.names if name in values.how and str(values.how[name])}
    if odd:
        alike = len(set(odd.values())) == 1
        inferred["numbers"] = next(iter(odd.values())) + (
            f" ({', '.join(odd)})" if len(odd) < len(values.names) else ""
        )
        if not alike:
            inferred["numbers"] = ", ".join(f"{name} {how}" for name, how in odd.items())
    left = [
        f"{name or 'a column without a name'}{f' ({why})' if why else ''}" for name, why in values.passed_over.items()
    ]
    return inferred | ({"not read": ", ".join(left)} if left else {})
