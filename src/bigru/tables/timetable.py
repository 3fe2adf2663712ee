"""Tables with a time column: read, divided into series, and made sure to have a row for every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..errors import DataError, check_choice, nearest, sentence
from . import times as clock
from .columns import Columns, columns_of_file, numeric, numeric_names
from .times import Step

__all__ = ["FILLS", "IDS", "TIMES", "Series", "TimeTable", "from_columns", "read_timetable"]

FILLS = ("forward", "linear")
"""How missing rows and cells are filled, where that is asked for: the last value before, or a line between both."""

TIMES = (
    *("date", "time", "timestamp", "datetime", "ds", "day", "month", "year", "period", "hour"),
    *("日期", "时间", "时刻", "年月", "年份", "月份"),
)
"""Names of time columns, the surest first."""

IDS = ("id", "unique_id", "series_id", "item_id", "series")
"""Names of id columns. They are looked for only where times come twice."""


@dataclass(frozen=True)
class Series:
    """The rows of one series, in time, none missing.

    Attributes:
        id: its name, "" where there is only one.
        times: datetime64[s] or int64 [N].
        values: float64 [N, columns]; NaN where a cell is empty, which only rows after the last target may be.
        lines: int64 [N], the line of each row, 0 for rows that were filled in.
        drawn: bool [N], which rows hold a value on a line to a later one: who forecasts from there would know that.
    """

    id: str
    times: np.ndarray
    values: np.ndarray
    lines: np.ndarray
    drawn: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.times)

    def known_at(self, origin: int) -> bool:
        """Tell whether nothing before a row was made from what comes after."""
        return self.drawn is None or not self.drawn[origin - 1]

    def part(self, rows: slice) -> Series:
        """Return some of the rows."""
        drawn = None if self.drawn is None else self.drawn[rows]
        return replace(self, times=self.times[rows], values=self.values[rows], lines=self.lines[rows], drawn=drawn)


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
    step: Step
    zone: str
    source: str
    inferred: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self.series))


def read_timetable(
    path: str | Path,
    *,
    columns: Sequence[str] | None = None,
    ahead: Sequence[str] = (),
    time: str | None = None,
    id: str | None = None,
    fill: str | None = None,
    format: str | None = None,
    encoding: str | None = None,
) -> TimeTable:
    """Read a table from CSV, TSV, JSONL or Parquet.

    Args:
        path: a file, gzipped or not.
        columns: names of the columns wanted; None takes all that hold numbers.
        ahead: those of them that are known in the future: at the end of a series only they may have cells.
        time: name of the time column; "none" for rows one step apart; None looks for a known name.
        id: name of the column that tells series apart; None looks for a known name where times come twice.
        fill: one of `FILLS`, or None to refuse missing rows and cells.
        format, encoding: overrule what the file says.

    Raises:
        DataError: the file cannot be used as it is; the message names file and line, and what to do.
        ArgumentError: `fill` is none that exists.
    """
    found = columns_of_file(path, format, encoding)
    table = from_columns(found, columns=columns, ahead=ahead, time=time, id=id, fill=fill)
    table.inferred = found.inferred | table.inferred
    return table


def from_columns(
    found: Columns,
    *,
    columns: Sequence[str] | None = None,
    ahead: Sequence[str] = (),
    time: str | None = None,
    id: str | None = None,
    fill: str | None = None,
) -> TimeTable:
    """Make a table of columns of cells; arguments and errors as of `read_timetable`."""
    if fill is not None:
        check_choice("forecast", "--fill", fill, FILLS)
    name = _time_column(found, time)
    stamps, zone = (
        (np.arange(len(found.lines)), "") if name is None else clock.parse(found.cells[name], found.lines, found.source)
    )
    owner = _id_column(found, id, stamps, columns)
    taken = {name, owner}
    wanted = tuple(columns) if columns is not None else numeric_names(found, taken)
    values = np.stack([numeric(found, column) for column in wanted], axis=1)
    groups = _groups(found, owner)
    lines = np.array(found.lines, np.int64)
    bare = [Series(key, stamps[rows], values[rows], lines[rows]) for key, rows in groups.items()]
    for series in bare:
        _check_order(found.source, series, zone, named=owner is not None)
    step = clock.step_of(max(bare, key=len).times)
    future = np.array([column in set(ahead) for column in wanted])
    whole = [_whole(found.source, series, step, wanted, fill, future) for series in bare]
    left = [n for n in found.cells if n not in {*wanted, *taken}]
    inferred = {"time column": name or "none", "step": str(step)}
    inferred |= {"series": f"{len(whole)}, by {owner}"} if owner is not None else {}
    inferred |= {"zone": zone} if zone else {}
    inferred |= {"not read": ", ".join(left)} if left else {}
    return TimeTable(whole, wanted, step, zone, found.source, inferred)


def _time_column(found: Columns, wanted: str | None) -> str | None:
    names = list(found.cells)
    if wanted == "none":
        return None
    if wanted is not None:
        if wanted not in names:
            want = "one of the columns " + ", ".join(names)
            raise DataError(sentence(found.source, "time column", want, repr(wanted), nearest(wanted, names)))
        return wanted
    folded = {name.strip().casefold(): name for name in reversed(names)}
    known = next((folded[name] for name in TIMES if name in folded), None)
    if known is None:
        want = f"named, as none of the columns {', '.join(names)} is called date or time"
        remedy = "Name it with --time-column; --time-column none takes the rows as one step apart."
        raise DataError(sentence(found.source, "time column", want, "nothing", remedy))
    return known


def _id_column(found: Columns, wanted: str | None, stamps: np.ndarray, columns: Sequence[str] | None) -> str | None:
    names = list(found.cells)
    if wanted is not None:
        if wanted not in names:
            want = "one of the columns " + ", ".join(names)
            raise DataError(sentence(found.source, "id column", want, repr(wanted), nearest(wanted, names)))
        return wanted
    if len(np.unique(stamps)) == len(stamps):
        return None
    folded = {name.strip().casefold(): name for name in reversed(names) if name not in (columns or ())}
    return next((folded[name] for name in IDS if name in folded), None)


def _groups(found: Columns, owner: str | None) -> dict[str, np.ndarray]:
    """Return the rows of each series."""
    if owner is None:
        return {"": np.arange(len(found.lines))}
    rows: dict[str, list[int]] = {}
    for n, cell in enumerate(found.cells[owner]):
        rows.setdefault(cell.strip(), []).append(n)
    return {key: np.array(places) for key, places in rows.items()}


def _check_order(source: str, series: Series, zone: str, named: bool) -> None:
    steps = np.diff(series.times.astype(np.int64))
    bad = np.flatnonzero(steps <= 0)
    if not len(bad):
        return
    n = int(bad[0]) + 1
    before, here = clock.shown(series.times[n - 1 : n + 1], zone)
    of = f" of series {series.id!r}" if series.id else ""
    want = f"after {before} of line {series.lines[n - 1]}{of}"
    if steps[n - 1] == 0:
        name = "" if named else " or name the column that tells several series apart with --id-column"
        remedy = f"Leave out the second row{name}."
        raise DataError(sentence(f"{source}:{series.lines[n]}", "time", want, "the same time again", remedy))
    raise DataError(sentence(f"{source}:{series.lines[n]}", "time", want, here, "Sort the rows by time."))


def _whole(
    source: str, series: Series, step: Step, columns: tuple[str, ...], fill: str | None, future: np.ndarray
) -> Series:
    """Return a series with a row for every step and a number in every cell, but for the end."""
    places = step.places(series.times)
    distances = np.diff(places)
    odd = np.flatnonzero(distances != step.size)
    if len(odd):
        _check_gap(source, series, step, int(odd[0]), fill)
        for n in odd[distances[odd] % step.size != 0][:1]:
            _check_gap(source, series, step, int(n), None)
        series = _spread(series, step, (places - places[0]) // step.size)
    return _filled(source, series, columns, fill, future)


def _check_gap(source: str, series: Series, step: Step, n: int, fill: str | None) -> None:
    """Refuse a distance of other than one step after row `n`, unless it is to be filled."""
    places = step.places(series.times[n : n + 2])
    distance = int(places[1] - places[0])
    even = distance % step.size == 0
    if even and fill is not None:
        return
    before, here = clock.shown(series.times[n : n + 2])
    of = f" of series {series.id!r}" if series.id else ""
    want = f"{step} after {before} of line {series.lines[n]}{of}"
    missing = distance // step.size - 1
    rows = f"{missing} row{'s are' if missing > 1 else ' is'} missing"
    remedy = f"{rows}: add them, or fill with --fill forward or --fill linear." if even else "Resample to even steps."
    raise DataError(sentence(f"{source}:{series.lines[n + 1]}", "time", want, here, remedy))


def _spread(series: Series, step: Step, places: np.ndarray) -> Series:
    """Return a series with empty rows where some were missing."""
    count = int(places[-1]) + 1
    values = np.full((count, series.values.shape[1]), np.nan)
    lines = np.zeros(count, np.int64)
    values[places], lines[places] = series.values, series.lines
    times = np.concatenate([series.times[:1], step.after(series.times[:1], count - 1)])
    return Series(series.id, times, values, lines)


def _filled(source: str, series: Series, columns: tuple[str, ...], fill: str | None, future: np.ndarray) -> Series:
    values, drawn = series.values.copy(), np.zeros(len(series), bool)
    ends = np.full(len(columns), len(values))
    if future.any() and not future.all():
        ends[~future] = _end(values[:, ~future])
    for c, name in enumerate(columns):
        column, empty = values[: ends[c], c], np.isnan(values[: ends[c], c])
        of = f" of series {series.id!r}" if series.id else ""
        if empty.all():
            raise DataError(sentence(source, f"column {name!r}{of}", "numbers", "none: all its cells are empty"))
        if not empty.any():
            continue
        n = int(np.flatnonzero(empty)[0])
        if fill is None or (fill == "forward" and empty[0]):
            remedy = "Fill it in, or have all filled with --fill forward or --fill linear."
            if fill is not None:
                remedy = "There is nothing before it to fill it with. Leave out the rows before the first number."
            line = series.lines[n] or "missing row"
            raise DataError(sentence(f"{source}:{line}", f"{name}{of}", "a number", "an empty cell", remedy))
        known = np.flatnonzero(~empty)
        drawn[: ends[c]] |= empty & (np.arange(len(column)) < known[-1])
        before = np.maximum.accumulate(np.where(empty, 0, np.arange(len(column))))
        column[:] = column[before] if fill == "forward" else np.interp(np.arange(len(column)), known, column[known])
    return replace(series, values=values, drawn=drawn if fill == "linear" else None)


def _end(values: np.ndarray) -> int:
    """Return the number of rows up to the last that has a number."""
    rows = np.flatnonzero(~np.isnan(values).all(axis=1))
    return int(rows[-1]) + 1 if len(rows) else len(values)
