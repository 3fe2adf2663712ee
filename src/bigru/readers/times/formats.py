"""Which columns hold times, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import argument
from ..cells import EMPTY, cell_text
from .fields import moments, order_of_days
from .patterns import MONTHS, PATTERNS, Pattern, of_strptime
from .shapes import Shape, shapes

__all__ = ["EPOCHS", "TimeFormat", "detect", "hints_time", "time_texts"]

EPOCHS = {"s": 10, "ms": 13, "us": 16, "ns": 19}
"""Units of time since 1970, and their digits from 2001 to 2286."""

UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}

YEARS = (1500, 2200)
"""Whole numbers of four digits within these may be years."""

DATES = (1900, 2100)
"""Years of dates without separators; other numbers of six or eight digits are no dates."""

DIGITS = {
    6: "year and month without separators",
    8: "year, month and day without separators",
    12: "year to minute without separators",
    14: "year to second without separators",
}
"""Times written as so many digits."""

HEAD = 2000
"""Cells that are looked at before all of a long column are."""

NEAR = 0.1
"""How far a fraction of a year may be from a twelfth, in twelfths: years are written with two digits or more."""

SERIALS = (25569, 73050)
"""Days of Excel from 1970 to 2099."""

INTEGER = re.compile(r"[+-]?[0-9]+")
WHOLE_FLOAT = re.compile(r"([+-]?[0-9]+)\.0+")
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")

HINTS = re.compile(
    r"date|time|stamp|epoch|unix|month|year|quarter|week|period|day|hour|(?:^|[_\s])(?:ds|dt|ts|t)(?:$|[_\s])|datum|zeit|fecha|"
    r"日期|时间|时刻|年|月|季|時間|日時|날짜",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class TimeFormat:
    """How a column writes times.

    Attributes:
        kind: "text" for dates and times; "epoch" for numbers since 1970; "excel" for days since 1900; "decimal" for
            years with months as fractions; "number" for whole numbers that count rows, or years.
        name: in words.
        patterns: the ways to write that are accepted, of "text".
        unit: "s", "ms", "us" or "ns", of "epoch".
        day_first: whether the day comes before the month; None where nothing decides, which `parse` asks about.
        certainty: within 0..1, how surely the column holds times at all.
        question: what must be asked before the column can be read, as the remedy of an error; "" for nothing.
    """

    kind: str
    name: str
    patterns: tuple[Pattern, ...] = ()
    unit: str = ""
    day_first: bool | None = True
    certainty: float = 1.0
    question: str = ""

    def __str__(self) -> str:
        ambiguous = any("a" in pattern.regex.groupindex for pattern in self.patterns)
        decided = ambiguous and self.day_first is not None
        return self.name + (f", {'day' if self.day_first else 'month'} first" if decided else "")


def hints_time(name: str) -> bool:
    """Tell whether the name of a column speaks of time."""
    return HINTS.search(name.strip()) is not None


def time_texts(cells: Sequence[Any]) -> list[str]:
    """Return cells as texts; whole floats lose their point, empty cells are ""."""
    texts = [cell_text(cell) for cell in cells]
    if any("." in text for text in texts[:1]):
        # Columns of whole numbers with gaps reach us as floats.
        whole = [WHOLE_FLOAT.fullmatch(text) or ("" if text.casefold() in EMPTY else None) for text in texts]
        if None not in whole:
            texts = [match[1] if isinstance(match, re.Match) else "" for match in whole]
    return ["" if text.casefold() in EMPTY else text for text in texts]


def detect(cells: Sequence[Any], name: str = "", time_format: str | None = None) -> TimeFormat | None:
    """Return how a column writes times; None where fewer than half of its filled cells are times.

    Args:
        cells: texts or Python values.
        name: of the column; one that speaks of time makes numbers such as 201607 or 1467349200 times more surely.
        time_format: what the user says: a format of `strptime`, "day-first", "month-first", "excel" (days since
            1900), or "s", "ms", "us" or "ns" (since 1970).

    Raises:
        ArgumentError: `time_format` is none of these.
    """
    if time_format in EPOCHS:
        return TimeFormat("epoch", f"{UNITS[time_format]} since 1970", unit=time_format)
    if time_format == "excel":
        return TimeFormat("excel", "days since 1900 as Excel counts them")
    if time_format is not None and time_format not in ("day-first", "month-first"):
        pattern = of_strptime(time_format)
        return TimeFormat("text", pattern.name, (pattern,))
    if len(cells) > HEAD:
        # The first cells rule out most columns.
        first = [text for text in time_texts(cells[:HEAD]) if text]
        found = _detect(first, name, time_format)
        if first and (found is None or found.kind == "number"):
            return found
    return _detect([text for text in time_texts(cells) if text], name, time_format)


def _detect(texts: Sequence[str], name: str, order: str | None) -> TimeFormat | None:
    if not texts:
        return None
    if all(map(NUMBER.fullmatch, texts)):
        found = _of_numbers(texts, hints_time(name))
        if found is not None:
            return found
    return _of_texts(texts, order)


def _of_numbers(texts: Sequence[str], hint: bool) -> TimeFormat | None:
    """Return what whole numbers, or numbers since 1970, mean."""
    if not all(map(INTEGER.fullmatch, texts)):
        whole = {len(text.split(".")[0]) for text in texts}
        if whole == {10}:
            return TimeFormat("epoch", "seconds since 1970", unit="s", certainty=0.9 if hint else 0.6)
        return TimeFormat("decimal", "years and twelfths of years") if hint and _are_twelfths(texts) else None
    lengths = set(map(len, texts))
    if len(lengths) == 1 and lengths <= set(DIGITS):
        pattern = _date_digits(texts, min(lengths))
        if pattern is not None:
            sure = (0.9, 0.4) if lengths == {6} else (0.95, 0.8)
            return TimeFormat("text", pattern.name, (pattern,), certainty=sure[not hint])
    unit = next((unit for unit, digits in EPOCHS.items() if lengths == {digits} and texts[0][0].isascii()), None)
    if unit is not None and min(texts)[0] not in "+-":
        return TimeFormat("epoch", f"{UNITS[unit]} since 1970", unit=unit, certainty=0.9 if hint else 0.6)
    years = lengths == {4} and all(YEARS[0] <= int(text) <= YEARS[1] for text in texts)
    if years:
        return TimeFormat("number", "years", certainty=0.9 if hint else 0.4)
    if max(lengths) > 18:
        return None
    serial = hint and all(SERIALS[0] <= int(text) <= SERIALS[1] for text in texts)
    excel = f" (days of Excel are read with {argument('reading.time_format', 'excel')})" if serial else ""
    name = f"whole numbers{excel}"
    return TimeFormat("number", name, certainty=0.5 if hint else 0.1)


def _are_twelfths(texts: Sequence[str]) -> bool:
    """Tell whether numbers are years with months as fractions, as 1949.0833, each the beginning of one."""
    values = np.array([float(text) for text in texts])
    if values.min() < YEARS[0] or values.max() > YEARS[1]:
        return False
    return bool((np.abs(values * 12 - np.rint(values * 12)) < NEAR).all())


def _date_digits(texts: Sequence[str], width: int) -> Pattern | None:
    """Return the pattern of dates and times without separators where the cells are such, within `DATES`."""
    parts = "".join(f"(?P<{part}>[0-9]{{2}})" for part in "mdhis"[: width // 2 - 2])
    pattern = Pattern(DIGITS[width], "(?P<y>[0-9]{4})" + parts)
    (shape,) = shapes(texts) or []
    match = pattern.regex.fullmatch(shape.text)
    if match is None:
        return None
    years = shape.number(match.span("y"))
    good = moments(shape, match).good & (years >= DATES[0]) & (years <= DATES[1])
    # A single day that does not exist is a fault to be refused by its line, not a reason to take all for numbers.
    enough = good.all() if width == 6 else good.mean() >= 0.9
    return pattern if enough else None


def _of_texts(texts: Sequence[str], order: str | None) -> TimeFormat | None:
    found = shapes(texts[:1000])
    if found is None or not found or _best_match(found)[1] * 2 < sum(len(shape.rows) for shape in found):
        return None
    found = shapes(texts) or []
    name, count = _best_match(found)
    share = count / len(texts)
    if share < 0.5:
        return None
    patterns = tuple(pattern for pattern in PATTERNS if pattern.name == name)
    day_first, question = _order(found, patterns, order), ""
    if day_first is None:
        ways = " or ".join(argument("reading.time_format", way) for way in ("day-first", "month-first"))
        question = f"Say which comes first with {ways}."
    elif "short year" in name:
        question = _short_years(found, patterns, order)
    return TimeFormat("text", name, patterns, day_first=day_first, certainty=share, question=question)


def _best_match(found: Sequence[Shape]) -> tuple[str, int]:
    """Return the way to write that most cells follow, and their number."""
    counts: dict[str, int] = {}
    for shape in found:
        names = {pattern.name for pattern in PATTERNS if pattern.regex.fullmatch(shape.text)}
        for name in names:
            counts[name] = counts.get(name, 0) + len(shape.rows)
    order = [pattern.name for pattern in PATTERNS]
    return max(counts.items(), key=lambda one: (one[1], -order.index(one[0])), default=("", 0))


def _matches(found: Sequence[Shape], patterns: Sequence[Pattern]) -> list[tuple[Shape, re.Match[str]]]:
    pairs = [(shape, next(filter(None, (p.regex.fullmatch(shape.text) for p in patterns)), None)) for shape in found]
    return [(shape, match) for shape, match in pairs if match is not None]


def _order(found: Sequence[Shape], patterns: Sequence[Pattern], order: str | None) -> bool | None:
    """Return whether the day comes before the month; None where nothing decides."""
    pairs = _matches(found, patterns)
    greatest = [pair for pair in (order_of_days(shape, match) for shape, match in pairs) if pair is not None]
    if not greatest:
        return True
    if order is not None:
        return order == "day-first"
    first, second = (max(column) for column in zip(*greatest, strict=True))
    if second > 12:
        return first > 12
    # Dates with points begin with the day wherever they are written so.
    points = all(match["sep"] == "." for _, match in pairs)
    return True if first > 12 or points else None


def _short_years(found: Sequence[Shape], patterns: Sequence[Pattern], order: str | None) -> str:
    """Return the question that years of two digits leave open, "" for none."""
    pairs = _matches(found, patterns)
    years = np.concatenate([shape.number(match.span("y2")) for shape, match in pairs])
    if "a" in pairs[0][1].re.groupindex:
        first = np.concatenate([shape.number(match.span("a")) for shape, match in pairs])
        second = np.concatenate([shape.number(match.span("b")) for shape, match in pairs])
        points = all(match["sep"] == "." for _, match in pairs)
        clear = order is not None or years.max() > 31 or second.max() > 12 or points
        if clear and not (first.max() > 31):
            return ""
        ways = " or ".join(argument("reading.time_format", way) for way in ("%d/%m/%y", "%y/%m/%d"))
        return f"Say how it is written with {argument('reading.time_format')}, as {ways}."
    rows = np.concatenate([shape.rows for shape, _ in pairs])
    months = np.concatenate([np.full(len(s.rows), MONTHS[m["name"].casefold()]) for s, m in pairs])[np.argsort(rows)]
    years = years[np.argsort(rows)]
    changes = (np.diff(months) != 0) | (np.diff(years) != 0)
    named = (np.diff(months) != 0).sum()
    if years.max() > 31 or (named and named * 2 >= changes.sum()):
        return ""
    name, example = argument("reading.time_format"), argument("reading.time_format", "%b-%y")
    return f"It may be a day or a year: say so with {name}, as {example}, or write the year in full."
