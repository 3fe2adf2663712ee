"""Years, months, days, hours and offsets of cells of one shape, as moments. NumPy only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .patterns import AFTERNOON, MONTHS
from .shapes import Shape

__all__ = ["Moments", "moments", "order_of_days"]

PIVOT = 69
"""Two digits from here on are years of the 20th century, below it of the 21st, as POSIX has it."""


@dataclass
class Moments:
    """What N cells say.

    Attributes:
        seconds: int64 [N], since 1970, of the clock on the wall.
        nanoseconds: int64 [N], beyond them.
        digits: of the fraction of a second, 0 where none is written.
        offset: int64 [N], minutes ahead of UTC, or None where no zone is written.
        good: bool [N], whether such a day and time exist.
    """

    seconds: np.ndarray
    nanoseconds: np.ndarray
    digits: int
    offset: np.ndarray | None
    good: np.ndarray


class _Fields(NamedTuple):
    shape: Shape
    match: re.Match[str]

    def text(self, name: str) -> str:
        groups = self.match.groupdict()
        return groups.get(name) or groups.get(name + "2") or ""

    def number(self, name: str, default: int) -> np.ndarray:
        """Return a number of each cell; `default` where none is written."""
        groups = self.match.groupdict()
        for key in (name, name + "2"):
            if groups.get(key):
                return self.shape.number(self.match.span(key))
        return np.full(len(self.shape.rows), default, np.int64)

    def has(self, name: str) -> bool:
        return bool(self.text(name))


def order_of_days(shape: Shape, match: re.Match[str]) -> tuple[int, int] | None:
    """Return the greatest first and second number of dates in which either may be the day, else None."""
    if "a" not in match.re.groupindex:
        return None
    return int(shape.number(match.span("a")).max()), int(shape.number(match.span("b")).max())


def moments(shape: Shape, match: re.Match[str], day_first: bool = True) -> Moments:
    """Return what the cells of a shape say, by the pattern that its text matches."""
    fields = _Fields(shape, match)
    days, good = _days(fields, day_first)
    hours, good_hour = _hours(fields)
    minutes, seconds = fields.number("i", 0), fields.number("s", 0)
    good &= good_hour & (minutes < 60) & (seconds < 60)
    good &= (hours < 24) | ((hours == 24) & (minutes == 0) & (seconds == 0))
    fraction = fields.text("f")
    nanoseconds = fields.number("f", 0) * 10 ** (9 - len(fraction))
    offset, good_zone = _offset(fields)
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds
    return Moments(total, nanoseconds, len(fraction), offset, good & good_zone)


def _days(fields: _Fields, day_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return days since 1970, and which exist."""
    year = _years(fields)
    month, day = fields.number("m", 1), fields.number("d", 1)
    if fields.has("a"):
        day, month = fields.number("a", 1), fields.number("b", 1)
        day, month = (day, month) if day_first else (month, day)
    if fields.has("name"):
        month = np.full(len(year), MONTHS[fields.text("name").casefold()], np.int64)
    good = (year >= 1) & (year <= 9999)
    if fields.has("q"):
        quarter = fields.number("q", 1)
        good &= (quarter >= 1) & (quarter <= 4)
        month = quarter * 3 - 2
    good &= (month >= 1) & (month <= 12)
    first = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
    start, end = (place.astype("datetime64[D]").astype(np.int64) for place in (first, first + 1))
    good &= (day >= 1) & (day <= end - start)
    days = start + day - 1
    if fields.has("w"):
        return _weeks(fields, year, good)
    if fields.has("j"):
        place = fields.number("j", 1)
        leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
        return start + place - 1, good & (place >= 1) & (place <= 365 + leap)
    return days, good


def _years(fields: _Fields) -> np.ndarray:
    if fields.match.groupdict().get("y"):
        return fields.shape.number(fields.match.span("y"))
    short = fields.shape.number(fields.match.span("y2"))
    return short + np.where(short >= PIVOT, 1900, 2000)


def _weeks(fields: _Fields, year: np.ndarray, good: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the days of weeks of ISO 8601: the first holds the 4th of January, and weeks begin on Mondays."""
    week, day = fields.number("w", 1), fields.number("u", 1)
    fourth = ((year - 1970) * 12).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + 3
    monday = fourth - (fourth + 3) % 7
    next_fourth = ((year - 1969) * 12).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + 3
    weeks = (next_fourth - (next_fourth + 3) % 7 - monday) // 7
    good = good & (week >= 1) & (week <= weeks) & (day >= 1) & (day <= 7)
    return monday + (week - 1) * 7 + day - 1, good


def _hours(fields: _Fields) -> tuple[np.ndarray, np.ndarray]:
    """Return hours of 24, and which are hours of 12 where the half of the day is written."""
    hours, half = fields.number("h", 0), fields.text("ap").replace(".", "").casefold()
    good = np.ones(len(hours), bool)
    if not half:
        return hours, good
    if half in ("am", "pm"):
        good = (hours >= 1) & (hours <= 12)
    twelve = hours % 12 if half != "中午" else np.where(hours == 11, -1, hours % 12)
    early = twelve + (12 if half in AFTERNOON else 0)
    return np.where(hours > 12, hours, early), good


def _offset(fields: _Fields) -> tuple[np.ndarray | None, np.ndarray]:
    good = np.ones(len(fields.shape.rows), bool)
    if fields.has("sign"):
        hours, minutes = fields.number("zh", 0), fields.number("zm", 0)
        sign = -1 if fields.text("sign") == "-" else 1
        return sign * (hours * 60 + minutes), (hours <= 14) & (minutes < 60)
    return (np.zeros(len(good), np.int64), good) if fields.has("utc") else (None, good)
