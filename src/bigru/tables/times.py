"""The even step between times, what the calendar says of them, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, check_choice, sentence

__all__ = ["CALENDAR", "TimeStep", "calendar", "find_step", "format_times"]

CALENDAR = ("minute", "hour", "weekday", "day", "month")
"""What can be read off a time; each as the sine and the cosine of its place in its cycle."""

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}

PER_SECOND = {"microsecond": 10**6, "nanosecond": 10**9}
"""Units of steps that are no whole seconds, and how many of them are one."""

LARGEST = 2**40
"""The greatest size of a step: a horizon of such steps does not overflow."""

MONTHS = ("month end", "month")
UNITS = ("second", *MONTHS, "business day", "row", *PER_SECOND)

MONDAY = np.datetime64("1970-01-05", "D")
"""The first Monday of what is counted from 1970 on."""


@dataclass(frozen=True)
class TimeStep:
    """The distance from one row to the next.

    Attributes:
        unit: "second"; "microsecond" or "nanosecond" where it is no whole second; "month" (of the calendar, on one day
            of it), "month end" (on the last day); "business day" (Monday to Friday); "row" (numbers, or no times).
        size: how many of them.
    """

    unit: str
    size: int

    def __post_init__(self) -> None:
        check_choice("Step", "unit", self.unit, UNITS)
        if self.size < 1:
            raise ArgumentError(sentence("Step", "size", "at least 1", self.size))
        if self.size > LARGEST:
            raise ArgumentError(sentence("Step", "size", f"at most {LARGEST}", self.size))

    def __str__(self) -> str:
        unit, size = self.unit, self.size
        if unit in PER_SECOND:
            return f"{np.format_float_positional(size / PER_SECOND[unit])} seconds"
        if unit == "second":
            unit = next(name for name, s in reversed(SECONDS.items()) if self.size % s == 0)
            size = self.size // SECONDS[unit]
        last = ", on its last day" if unit == "month end" else ""
        if unit in MONTHS:
            unit, months = next((name, n) for name, n in (("year", 12), ("quarter", 3), ("month", 1)) if size % n == 0)
            size //= months
        return f"{size} {unit}{'s' if size > 1 else ''}{last}"

    @property
    def season(self) -> int:
        """Rows after which what was may come again: a day of hours, a week of days, a year of months; else 1."""
        if self.unit in MONTHS:
            return max(12 // self.size, 1)
        if self.unit == "row":
            return 1
        if self.unit == "business day":
            return max(round(5 / self.size), 1)
        size = self.size / PER_SECOND.get(self.unit, 1)
        if size < 1:
            # What comes back within seconds is not known of a clock.
            return 1
        cycle = next((c for c in (86400, 604800, 31557600) if size * 2 <= c), 0)
        return max(round(cycle / size), 1)

    def places(self, times: np.ndarray) -> np.ndarray:
        """Return times, as `readers.times.parse` gives them, as whole numbers of a unit: int64."""
        if self.unit in MONTHS:
            return times.astype("datetime64[M]").astype(np.int64)
        if self.unit == "business day":
            return np.asarray(np.busday_count(MONDAY, times.astype("datetime64[D]")), np.int64)
        if self.unit == "row":
            return times.astype(np.int64)
        return times.astype(f"datetime64[{CODES[self.unit]}]").astype(np.int64)

    def after(self, times: np.ndarray, count: int) -> np.ndarray:
        """Return the `count` times that follow the last of `times`."""
        steps = np.arange(1, count + 1) * self.size
        last = times[-1]
        if self.unit == "row":
            return np.asarray(last + steps)
        if self.unit in CODES:
            return np.asarray(last + steps.astype(f"timedelta64[{CODES[self.unit]}]"))
        day = last.astype("datetime64[D]")
        if self.unit == "business day":
            return np.asarray(np.busday_offset(day, steps, roll="forward").astype(times.dtype) + (last - day))
        months = last.astype("datetime64[M]") + steps
        ends = (months + 1).astype("datetime64[D]") - 1
        if self.unit == "month end":
            return np.asarray(ends.astype(times.dtype) + (last - day))
        # The 30th of a month without one is its last day.
        days = np.minimum(months.astype("datetime64[D]") + (_days_of_month(times).max() - 1), ends)
        return np.asarray(days.astype(times.dtype) + (last - day))

    def fits(self, times: np.ndarray) -> bool:
        """Tell whether every one of rising times lies where rows of a calendar step may lie."""
        if times.dtype.kind == "i" or self.unit not in (*MONTHS, "business day"):
            return False
        days = times.astype("datetime64[D]")
        clock = times - days
        if not (clock == clock[0]).all():
            return False
        if self.unit == "business day":
            return bool(np.is_busday(days).all())
        if len(times) > 1 and np.diff(self.places(times)).min() < 1:
            return False
        own = _days_of_month(times)
        if self.unit == "month end":
            return bool((own == _last_days(times)).all())
        return bool((own == np.minimum(own.max(), _last_days(times))).all())


CODES = {"second": "s", "microsecond": "us", "nanosecond": "ns"}
"""Units of NumPy."""


def _days_of_month(times: np.ndarray) -> np.ndarray:
    """Return the days of the month, from 1."""
    days, months = times.astype("datetime64[D]"), times.astype("datetime64[M]")
    return np.asarray((days - months.astype("datetime64[D]")).astype(np.int64) + 1)


def _last_days(times: np.ndarray) -> np.ndarray:
    """Return how many days the months of times have."""
    months = times.astype("datetime64[M]")
    return np.asarray(((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64))


def find_step(times: np.ndarray) -> TimeStep:
    """Return the step of rising times.

    It is whole months where every time has the same day (or the last one, where a month is shorter) or is the last day
    of a month; business days where days follow each other but for Saturdays and Sundays; else the most frequent
    distance (the smallest of several).
    """
    if times.dtype.kind == "i":
        return TimeStep("row", _usual(np.diff(times)))
    unit = np.datetime_data(times.dtype)[0]
    name = next((name for name, code in CODES.items() if code == unit), "second")
    distances = np.diff(times.astype(np.int64))
    per = PER_SECOND.get(name, 1)
    if len(distances) and distances.min() >= 28 * 86400 * per:
        for months in MONTHS:
            step = TimeStep(months, 1)
            if step.fits(times):
                return TimeStep(months, _usual(np.diff(step.places(times))))
    usual = _usual(distances)
    if usual % per == 0:
        usual, name = usual // per, "second"
    if name == "second" and usual == 86400 and _are_business_days(times):
        return TimeStep("business day", 1)
    return TimeStep(name, usual)


def _are_business_days(times: np.ndarray) -> bool:
    """Tell whether days leave out nothing but weekends, holidays apart."""
    step = TimeStep("business day", 1)
    if len(times) < 6 or not step.fits(times):
        return False
    span = times.astype("datetime64[D]")[[0, -1]]
    # A table of days with a gap over a single weekend is no evidence.
    weekends = int((span[1] - span[0]).astype(np.int64)) + 1 - int(np.busday_count(span[0], span[1] + 1))
    return weekends >= 2 and (np.diff(step.places(times)) == 1).mean() >= 0.5


def _usual(distances: np.ndarray) -> int:
    if not len(distances):
        return 1
    values, counts = np.unique(distances[distances > 0], return_counts=True)
    return int(values[counts.argmax()]) if len(values) else 1


def format_times(times: np.ndarray, zone: str = "") -> list[str]:
    """Return times as text, with a written zone: dates where none has a time of day."""
    if times.dtype.kind == "i":
        return [str(time) for time in times.tolist()]
    suffix = zone if zone[:1] in ("Z", "+", "-") else ""
    if (times == times.astype("datetime64[D]")).all():
        return [str(time) + suffix for time in times.astype("datetime64[D]")]
    texts = [str(time).replace("T", " ") for time in times]
    if np.datetime_data(times.dtype)[0] != "s" and all("." in text for text in texts):
        zeros = min(len(text) - len(text.rstrip("0")) for text in texts)
        texts = [text[: len(text) - zeros].rstrip(".") for text in texts]
    return [text + suffix for text in texts]


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
