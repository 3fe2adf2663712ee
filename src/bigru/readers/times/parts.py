"""Times that lie in several columns: year, month, day and hour, or a date and a time of day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import DataError, argument, sentence
from .formats import detect, time_texts
from .patterns import MONTHS

__all__ = ["combine", "find_parts"]

ROLES = {
    "year": ("year", "yr", "yyyy", "years", "jahr", "año", "année", "年", "年份"),
    "quarter": ("quarter", "qtr", "quartal", "季度", "季"),
    "month": ("month", "mon", "mo", "mm", "mnth", "monat", "mes", "mois", "月", "月份"),
    "week": ("week", "wk", "isoweek", "weekofyear", "kw", "kalenderwoche", "semaine", "周", "週"),
    "day": ("day", "dd", "mday", "dayofmonth", "tag", "jour", "día", "日", "日子"),
    "hour": ("hour", "hr", "hours", "hh", "stunde", "heure", "hora", "时", "小时", "時"),
    "minute": ("minute", "min", "minutes", "分", "分钟"),
    "second": ("second", "sec", "seconds", "秒"),
    "date": ("date", "datum", "fecha", "日期"),
    "time": ("time", "zeit", "uhrzeit", "clock", "timeofday", "时间", "時間", "时刻"),
}
"""Names of columns that hold a part of a time, without case, spaces and underscores."""

ORDER = tuple(ROLES)
BOUNDS = {
    "quarter": (1, 4),
    "week": (1, 53),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 24),
    "minute": (0, 59),
    "second": (0, 59),
}
CLOCK = re.compile(
    r"T?\d{1,2}(?::\d{2}){1,2}(?:[.,]\d{1,9})?(?:\s*[AaPp]\.?[Mm]\.?)?(?:\s*(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
)
COARSE = ("month", "quarter", "week")
"""What a year needs beside it, the most telling first."""

SAMPLE = 1000


def find_parts(columns: Mapping[str, Sequence[Any]]) -> tuple[str, ...]:
    """Return the columns of a table that together hold its time, by their names and values; () for none.

    They are a year with month, quarter or week (and day, hour, minute, second), or a date with a time of day or
    an hour.
    """
    roles: dict[str, str] = {}
    for name, cells in columns.items():
        role = _role(name)
        if role is not None and role not in roles and _fits(role, cells):
            roles[role] = name
    fine = tuple(roles[role] for role in ("hour", "minute", "second") if role in roles)
    if "hour" not in roles:
        fine = ()
    coarse = next((["year", role] for role in COARSE if "year" in roles and role in roles), [])
    if coarse:
        days = ["day"] if "month" in roles and "day" in roles else []
        clock = () if not days else ((roles["time"],) if "time" in roles and not fine else fine)
        return (*(roles[role] for role in coarse + days), *clock)
    if "date" in roles and ("time" in roles or fine):
        return (roles["date"], roles["time"]) if "time" in roles else (roles["date"], *fine)
    return ()


def combine(columns: Mapping[str, Sequence[Any]], lines: Sequence[int], source: str) -> list[str]:
    """Return the times of several columns as one text each, for `detect` and `parse`.

    Args:
        columns: the cells by name, in the order that the user or `find_parts` gives.
        lines: the line of each row, for errors.
        source: the file, for errors.

    Raises:
        DataError: the columns are not year, month, ... by their names, nor a date and a time of day; or a cell of
            theirs is not what it must be.
    """
    names = list(columns)
    texts = {name: time_texts(cells) for name, cells in columns.items()}
    roles = {_role(name): name for name in names}
    if "year" in roles and len(roles) == len(names) and None not in roles and set(roles) & set(COARSE):
        return _of_numbers({str(role): texts[name] for role, name in roles.items()}, roles, lines, source)
    first, *rest = names
    if len(rest) == 1 and all(CLOCK.fullmatch(text) for text in texts[rest[0]][:SAMPLE]):
        return [f"{date} {clock.removeprefix('T')}" for date, clock in zip(texts[first], texts[rest[0]], strict=True)]
    own = {role: name for role, name in ((_role(name), name) for name in rest) if role in BOUNDS}
    if rest and len(own) == len(rest) and next(iter(own)) == "hour":
        clocks = _clocks({str(role): texts[name] for role, name in own.items()}, own, lines, source)
        return [f"{date.split(' ')[0]} {clock}" for date, clock in zip(texts[first], clocks, strict=True)]
    want = "year, month, day, hour, ... by their names, or a date and a time of day"
    raise DataError(sentence(source, f"the columns of {argument('reading.time')}", want, ", ".join(names)))


def _role(name: str) -> str | None:
    folded = re.sub(r"[\s_.\-()]+", "", name).casefold()
    return next((role for role, names in ROLES.items() if folded in names), None)


def _fits(role: str, cells: Sequence[Any]) -> bool:
    """Tell whether the first cells of a column hold what its name says."""
    texts = [text for text in time_texts(cells[:SAMPLE]) if text]
    if not texts:
        return False
    if role == "date":
        found = detect(texts, "date")
        dates = found is not None and found.kind == "text" and found.certainty > 0.9
        return dates and not any(":" in text for text in texts)
    if role == "time":
        return all(CLOCK.fullmatch(text) for text in texts)
    if role == "month" and all(text.casefold().rstrip(".") in MONTHS for text in texts):
        return True
    low, high = BOUNDS.get(role, (1000, 9999))
    return all(text.isascii() and text.isdecimal() and low <= int(text) <= high for text in texts)


def _of_numbers(
    parts: Mapping[str, Sequence[str]], names: Mapping[Any, str], lines: Sequence[int], source: str
) -> list[str]:
    """Return years, months or quarters, and what is finer, as ISO 8601 writes them."""
    years = _check_part(parts["year"], "year", names["year"], lines, source)
    if "week" in parts and "month" not in parts:
        weeks = _check_part(parts["week"], "week", names["week"], lines, source)
        return [f"{year}-W{int(week):02d}" for year, week in zip(years, weeks, strict=True)]
    if "quarter" in parts and "month" not in parts:
        quarters = _check_part(parts["quarter"], "quarter", names["quarter"], lines, source)
        months = [str(3 * int(quarter) - 2) for quarter in quarters]
    else:
        months = _check_part(parts["month"], "month", names["month"], lines, source)
    texts = [f"{year}-{int(month):02d}" for year, month in zip(years, months, strict=True)]
    if "day" in parts:
        days = _check_part(parts["day"], "day", names["day"], lines, source)
        texts = [f"{text}-{int(day):02d}" for text, day in zip(texts, days, strict=True)]
    if "time" in parts:
        return [f"{text} {clock}" for text, clock in zip(texts, parts["time"], strict=True)]
    if "hour" in parts:
        clocks = _clocks(parts, names, lines, source)
        texts = [f"{text} {clock}" for text, clock in zip(texts, clocks, strict=True)]
    return texts


def _clocks(
    parts: Mapping[str, Sequence[str]], names: Mapping[Any, str], lines: Sequence[int], source: str
) -> list[str]:
    clocks = [f"{int(hour):02d}" for hour in _check_part(parts["hour"], "hour", names["hour"], lines, source)]
    for role in ("minute", "second"):
        own = _check_part(parts[role], role, names[role], lines, source) if role in parts else ["0"] * len(clocks)
        clocks = [f"{clock}:{int(part):02d}" for clock, part in zip(clocks, own, strict=True)]
    return clocks


def _check_part(texts: Sequence[str], role: str, name: str, lines: Sequence[int], source: str) -> list[str]:
    """Return the numbers of one part; months may be names.

    Raises:
        DataError: a cell is no such number.
    """
    found = []
    low, high = BOUNDS.get(role, (1, 9999))
    for text, line in zip(texts, lines, strict=True):
        own = str(MONTHS.get(text.casefold().rstrip("."), text)) if role == "month" else text
        if not (own.isascii() and own.isdecimal() and low <= int(own) <= high):
            raise DataError(sentence(f"{source}:{line}", f"{role} (column {name!r})", f"{low} to {high}", repr(text)))
        found.append(own.zfill(4) if role == "year" else own)
    return found
