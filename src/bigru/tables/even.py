"""Series made even: times that rise, a row for every step, a number in every cell; or refused with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import DataError, argument, sentence
from ..readers.cells import cell_text
from ..readers.reading import FILLS
from ..readers.table import Table
from .roles import Clock, suggest_ids
from .series import Series
from .times import TimeStep, format_times

__all__ = ["check_order", "even_out", "fill_gaps", "most_rows"]


def check_order(table: Table, times: Clock, owner: Sequence[str], series: Series, zone: str) -> None:
    """Refuse times of a series that do not rise.

    Raises:
        DataError: with the first line, and how to sort the rows or to tell series apart.
    """
    steps = np.diff(series.times.astype(np.int64))
    bad = np.flatnonzero(steps <= 0)
    if not len(bad):
        return
    n = int(bad[0]) + 1
    before, here = format_times(series.times[n - 1 : n + 1], zone)
    want = f"after {before} of line {series.lines[n - 1]}{of_series(series)}"
    place = f"{table.source}:{series.lines[n]}"
    ordered = np.sort(series.times)
    double = ordered[1:] == ordered[:-1]
    if steps[n - 1] == 0 or double.sum() * 2 >= len(double):
        got = "the same time again" if steps[n - 1] == 0 else here
        raise DataError(sentence(place, "time", want, got, _remedy_of_doubles(table, times, owner, series, n)))
    if not zone and double.any() and _clocks_change(series.times[n]):
        raise DataError(sentence(place, "time", want, here, _remedy_of_summer()))
    if (steps < 0).all() and len(steps) > 1:
        raise DataError(sentence(place, "time", want, here, "The newest row comes first: turn the rows round."))
    odd = f" {len(bad)} of {len(series):,} are earlier than the row before." if len(bad) > 1 else ""
    raise DataError(sentence(place, "time", want, here, f"Sort the rows by time.{odd}"))


def _remedy_of_doubles(table: Table, times: Clock, owner: Sequence[str], series: Series, n: int) -> str:
    if owner:
        return "Leave out the second row."
    names = suggest_ids(table, times)
    column = argument("reading.id", *names)
    remedy = f"Leave out the second row or name the column that tells several series apart with {column}."
    return f"{remedy} {_remedy_of_summer()}" if not names and _clocks_change(series.times[n]) else remedy


def _remedy_of_summer() -> str:
    example = argument("reading.zone", "Europe/Berlin")
    return f"If clocks were changed then, name the zone of the times with {argument('reading.zone')}, as {example}."


def _clocks_change(time: np.generic) -> bool:
    """Tell whether clocks may be set forward or back at a time: on a Sunday before four."""
    if time.dtype.kind != "M":
        return False
    day = time.astype("datetime64[D]")
    return int(day.astype(np.int64) + 3) % 7 == 6 and bool(time - day < np.timedelta64(4, "h"))


def of_series(series: Series) -> str:
    """Return ` of series 'name'`, or nothing where there is only one."""
    return f" of series {series.id!r}" if series.id else ""


def most_rows(rows: int, columns: int) -> int:
    """Return how many rows a table may have whose missing rows are filled, all its series together."""
    return max(rows, min(MOST_ADDED * max(rows, 1000), MOST_CELLS // max(columns, 1)))


def even_out(
    source: str, series: Series, step: TimeStep, fill: str | None, times: Clock, room: tuple[int, int]
) -> Series:
    """Return a series with a row for every step; those that are added are empty, of line 0.

    Args:
        source: the table, for errors.
        series: the rows that there are, in the order of time.
        step: from one row to the next.
        fill: whether missing rows may be added: not where it is None.
        times: how the times were read.
        room: rows that the series before it have, and those that all may have together (`most_rows`).

    Raises:
        DataError: rows are missing that are not to be filled, lie between the steps, or are too many.
    """
    if not _on_calendar(step, series.times):
        _refuse_day(source, series, step)
    places = step.places(series.times)
    distances = np.diff(places)
    odd = np.flatnonzero(distances != step.size)
    if not len(odd):
        return series
    _check_gap(source, series, step, int(odd[0]), fill, times)
    for n in odd[distances[odd] % step.size != 0][:1]:
        _check_gap(source, series, step, int(n), None, times)
    places = (places - places[0]) // step.size
    count = int(places[-1]) + 1
    if count > MOST_ADDED * max(len(series), 1000):
        want = f"rows every {step}, not fewer than one in {MOST_ADDED}"
        raise DataError(sentence(source, f"times{of_series(series)}", want, f"{len(series):,} of {count:,}"))
    used, most = room
    if used + count > most:
        want = f"at most {most:,} in all series together, one every {step}"
        got = f"{used + count:,}" + (f" with those{of_series(series)}" if series.id else "")
        remedy = "Resample to longer steps, or leave out series or columns."
        raise DataError(sentence(source, "rows with those that are filled in", want, got, remedy))
    values = np.full((count, series.values.shape[1]), np.nan)
    lines = np.zeros(count, np.int64)
    values[places], lines[places] = series.values, series.lines
    stamps = np.concatenate([series.times[:1], step.after(series.times[:1], count - 1)])
    stamps[places] = series.times
    return Series(series.id, stamps, values, lines)


MOST_ADDED = 100
"""Rows that may be added for each that is there: one damaged date must not cost the memory of a century of seconds."""

MOST_CELLS = 1 << 27
"""Numbers that a table may have at most after missing rows were added: a gibibyte."""


def _on_calendar(step: TimeStep, times: np.ndarray) -> bool:
    return step.unit not in ("month", "month end", "business day") or step.fits(times)


def _refuse_day(source: str, series: Series, step: TimeStep) -> None:
    """Refuse the first time that lies on another day than those of a step of the calendar."""
    n = next(n for n in range(1, len(series) + 1) if not step.fits(series.times[:n]))
    got = format_times(series.times[n - 1 : n])[0]
    want = f"of the step {step}{of_series(series)}, as in the longest series"
    raise DataError(sentence(f"{source}:{series.lines[n - 1]}", "time", want, got, "Resample to even steps."))


def _check_gap(source: str, series: Series, step: TimeStep, n: int, fill: str | None, times: Clock) -> None:
    """Refuse a distance of other than one step after row `n`, unless it is to be filled."""
    places = step.places(series.times[n : n + 2])
    distance = int(places[1] - places[0])
    even = distance % step.size == 0
    if even and fill is not None:
        return
    before, here = format_times(series.times[n : n + 2])
    want = f"{step} after {before} of line {series.lines[n]}{of_series(series)}"
    remedy = _remedy_of_gap(series, step, n, distance // step.size - 1) if even else _remedy_of_uneven(series, step)
    raise DataError(sentence(f"{source}:{series.lines[n + 1]}", "time", want, here, remedy))


def _fills() -> str:
    """Return the two ways to fill rows and cells, as a caller asks for them."""
    return " or ".join(argument("reading.fill", way) for way in FILLS)


def _remedy_of_gap(series: Series, step: TimeStep, n: int, missing: int) -> str:
    rows = f"{missing} row{'s are' if missing > 1 else ' is'} missing"
    remedy = f"{rows}: add them, or fill with {_fills()}."
    if step.unit == "business day":
        apart = argument("reading.time", "none")
        return f"{remedy} Holidays are missing rows, too; {apart} takes the rows as one step apart."
    seconds = step.unit == "second" and missing * step.size <= 7200 and step.size <= 3600
    after = series.times[n] + np.timedelta64(step.size, "s") if seconds else series.times[n]
    return f"{remedy} {_remedy_of_summer()}" if seconds and _clocks_change(after) else remedy


def _remedy_of_uneven(series: Series, step: TimeStep) -> str:
    months = series.times.astype("datetime64[M]").astype(np.int64) if series.times.dtype.kind == "M" else np.zeros(1)
    if len(months) > 2 and len(set(np.diff(months).tolist())) == 1 and np.diff(months)[0] > 0:
        return "Every month has one row, on different days: write the months alone, as 2016-07."
    return "Resample to even steps."


def fill_gaps(
    table: Table, series: Series, rows: np.ndarray, columns: Sequence[str], fill: str | None, future: np.ndarray
) -> Series:
    """Return a series with a number in every cell, but for the rows after the last target.

    Args:
        table: the cells, for errors.
        series: of even steps.
        rows: which rows of the table those of the series are that have a line.
        columns: names of its values.
        fill: how to fill, None to refuse.
        future: bool per column, which are known in the future.

    Raises:
        DataError: a cell is empty that is not to be filled, or cannot be.
    """
    values, drawn = series.values.copy(), np.zeros(len(series), bool)
    ends = np.full(len(columns), len(values))
    if future.any() and not future.all():
        ends[~future] = _end(values[:, ~future])
    for c, name in enumerate(columns):
        column, empty = values[: ends[c], c], np.isnan(values[: ends[c], c])
        if empty.all():
            of = of_series(series)
            raise DataError(sentence(table.source, f"column {name!r}{of}", "numbers", "none: all its cells are empty"))
        if not empty.any():
            continue
        if fill is None or (fill == "forward" and empty[0]):
            _refuse_empty(table, series, rows, name, int(np.flatnonzero(empty)[0]), fill)
        known = np.flatnonzero(~empty)
        drawn[: ends[c]] |= empty & (np.arange(len(column)) < known[-1])
        before = np.maximum.accumulate(np.where(empty, 0, np.arange(len(column))))
        column[:] = column[before] if fill == "forward" else np.interp(np.arange(len(column)), known, column[known])
    return replace(series, values=values, drawn=drawn if fill == "linear" else None)


def _refuse_empty(table: Table, series: Series, rows: np.ndarray, name: str, n: int, fill: str | None) -> None:
    """Refuse an empty cell, by what stands in it."""
    remedy = f"Fill it in, or have all filled with {_fills()}."
    if fill is not None:
        remedy = "There is nothing before it to fill it with. Leave out the rows before the first number."
    line, got = series.lines[n] or "missing row", "an empty cell"
    if series.lines[n]:
        text = cell_text(table.column(name)[int(rows[int((series.lines[:n] > 0).sum())])])
        got = f"{text!r}, which stands for none" if text else got
    raise DataError(sentence(f"{table.source}:{line}", f"{name}{of_series(series)}", "a number", got, remedy))


def _end(values: np.ndarray) -> int:
    """Return the number of rows up to the last that has a number."""
    found = np.flatnonzero(~np.isnan(values).all(axis=1))
    return int(found[-1]) + 1 if len(found) else len(values)
