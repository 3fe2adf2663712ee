"""Columns of times: read, their zone, and the even step between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError, check_choice, sentence

__all__ = ["CALENDAR", "Step", "calendar", "parse", "shown", "step_of"]

CALENDAR = ("minute", "hour", "weekday", "day", "month")
"""What can be told of a time; each as the sine and the cosine of its place in its cycle."""

ZONE = re.compile(r"(?<=\d)\s*(Z|UTC|[+-]\d{2}:?\d{2})$")

ISO = re.compile(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d*)?)?)?)?")
"""A date, a month, or a date and a time of day; fractions of a second are refused with the row."""

COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


@dataclass(frozen=True)
class Step:
    """The distance from one row to the next.

    Attributes:
        unit: "second", "month" (of the calendar) or "row" (numbers, or no times at all).
        size: how many of them.
    """

    unit: str
    size: int

    def __post_init__(self) -> None:
        check_choice("Step", "unit", self.unit, ("second", "month", "row"))
        if self.size < 1:
            raise ArgumentError(sentence("Step", "size", "at least 1", self.size))

    def __str__(self) -> str:
        unit, size = self.unit, self.size
        if unit == "second":
            unit = next(name for name, s in reversed(SECONDS.items()) if self.size % s == 0)
            size = self.size // SECONDS[unit]
        return f"{size} {unit}{'s' if size > 1 else ''}"

    @property
    def season(self) -> int:
        """Rows after which what was may come again: a day of hours, a week of days, a year of months; else 1."""
        if self.unit == "month":
            return max(12 // self.size, 1)
        if self.unit == "row":
            return 1
        cycle = next((c for c in (86400, 604800, 31557600) if self.size * 2 <= c), 0)
        return max(round(cycle / self.size), 1)

    def places(self, times: np.ndarray) -> np.ndarray:
        """Return times, as `parse` gives them, as whole numbers of a unit: int64."""
        if self.unit == "month":
            return times.astype("datetime64[M]").astype(np.int64)
        return times.astype(np.int64)

    def after(self, times: np.ndarray, count: int) -> np.ndarray:
        """Return the `count` times that follow the last of `times`."""
        steps = np.arange(1, count + 1) * self.size
        last = times[-1]
        if self.unit != "month":
            return np.asarray(last + steps.astype("timedelta64[s]" if self.unit == "second" else np.int64))
        within = last - last.astype("datetime64[M]").astype("datetime64[s]")
        return np.asarray((last.astype("datetime64[M]") + steps).astype("datetime64[s]") + within)


def parse(cells: Sequence[str], lines: Sequence[int], source: str) -> tuple[np.ndarray, str]:
    """Return the times of a column and their zone.

    Times are ISO 8601 in a wide sense (`2016-07-01 05:00`, `2016/7/1`, `20160701`, `2016-07`), read as the clock on
    the wall shows them: a zone is kept as text, and all rows must have the same. Whole numbers count rows, or years.

    Args:
        cells: the text of each row.
        lines: the line of each row.
        source: the file, for errors.

    Returns:
        datetime64[s] [N], or int64 [N] for numbers; the zone, "" where none is written.

    Raises:
        DataError: a cell is no time, or has another zone than the first.
    """
    if all(cell.strip().lstrip("-").isdigit() and len(cell.strip()) < 8 for cell in cells):
        return np.array([int(cell) for cell in cells], np.int64), ""
    zone, found = None, np.empty(len(cells), "datetime64[s]")
    for n, (cell, line) in enumerate(zip(cells, lines, strict=True)):
        text = cell.strip()
        mark = ZONE.search(text)
        own = mark[1].replace("UTC", "Z") if mark else ""
        zone = own if zone is None else zone
        if own != zone:
            want = f"in the zone of line {lines[0]} ({zone or 'none'})"
            raise DataError(
                sentence(f"{source}:{line}", "time", want, repr(cell), "Convert all times to one zone, as UTC.")
            )
        found[n] = _moment(text[: mark.start()] if mark else text, f"{source}:{line}")
    return found, zone or ""


def _moment(text: str, where: str) -> np.datetime64:
    match = ISO.fullmatch(text) or COMPACT.fullmatch(text)
    if match is None:
        raise DataError(sentence(where, "time", "a date or time as 2016-07-01 05:00:00", repr(text)))
    year, month, day, hour, minute, second = [part or "" for part in (*match.groups(), None, None, None)[:6]]
    date = f"{year}-{int(month):02d}-{int(day or 1):02d}"
    try:
        return np.datetime64(f"{date}T{int(hour or 0):02d}:{minute or '00'}:{second or '00'}", "s")
    except ValueError:
        raise DataError(sentence(where, "time", "a day and an hour that exist", repr(text))) from None


def step_of(times: np.ndarray) -> Step:
    """Return the step of rising times: whole months where every time has the same day and hour, else the most frequent
    distance (the smallest of several)."""
    if times.dtype.kind == "i":
        return Step("row", _usual(np.diff(times)))
    seconds = np.diff(times.astype(np.int64))
    months = times.astype("datetime64[M]")
    within = times - months.astype("datetime64[s]")
    if len(seconds) and (within == within[0]).all() and seconds.min() >= 28 * 86400:
        return Step("month", _usual(np.diff(months.astype(np.int64))))
    return Step("second", _usual(seconds))


def _usual(distances: np.ndarray) -> int:
    if not len(distances):
        return 1
    values, counts = np.unique(distances[distances > 0], return_counts=True)
    return int(values[counts.argmax()]) if len(values) else 1


def shown(times: np.ndarray, zone: str = "") -> list[str]:
    """Return times as text: dates where none has a time of day."""
    if times.dtype.kind == "i":
        return [str(time) for time in times.tolist()]
    if (times == times.astype("datetime64[D]")).all():
        return [str(time) + zone for time in times.astype("datetime64[D]")]
    return [str(time).replace("T", " ") + zone for time in times]


def calendar(times: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Return what the calendar says of times: float64 [N, 2 * len(names)], a sine and a cosine per name.

    Raises:
        ArgumentError: the times are numbers, which have no calendar.
    """
    if names and times.dtype.kind == "i":
        raise ArgumentError(sentence("calendar", "times", "dates", "numbers", "Leave the calendar out."))
    columns: list[Any] = []
    for name in names:
        angle = 2 * np.pi * _cycle(times, name)
        columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(times), 0))


def _cycle(times: np.ndarray, name: str) -> np.ndarray:
    """Return where in its cycle each time is, within 0..1."""
    seconds = times.astype("datetime64[s]").astype(np.int64)
    if name == "minute":
        return np.asarray(seconds % 3600 / 3600)
    if name == "hour":
        return np.asarray(seconds % 86400 / 86400)
    if name == "weekday":
        return np.asarray((seconds // 86400 + 3) % 7 / 7)
    months = times.astype("datetime64[M]")
    if name == "month":
        return np.asarray(months.astype(np.int64) % 12 / 12)
    return np.asarray((times.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) / 31)
