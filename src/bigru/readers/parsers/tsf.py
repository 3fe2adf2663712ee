"""The `.tsf` of the Monash forecasting archive (Godahewa et al. 2021, arXiv:2105.06643) to a long table."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator
from typing import Any

from ...errors import DataError, nearest, sentence
from ..reading import Reading
from ..table import Table

__all__ = ["parse", "sniff"]

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
MONTHS = {"month": 1, "quarter": 3, "year": 12}

WORDS = {
    **{"secondly": (1, "second"), "minutely": (1, "minute"), "hourly": (1, "hour"), "half_hourly": (30, "minute")},
    **{"daily": (1, "day"), "weekly": (1, "week"), "monthly": (1, "month"), "quarterly": (1, "quarter")},
    **{"yearly": (1, "year"), "half_yearly": (6, "month")},
}
"""Frequencies of the archive; others are a number and a unit, as 10_minutes."""

START = ("%Y-%m-%d %H-%M-%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")

MOST_ROWS = 50_000_000

SHOWN = 40


def sniff(name: str, text: str) -> bool:
    """Tell whether a text is of this format: its header has @frequency or @horizon and @data."""
    head = text[: 1 << 16].lower()
    return bool(re.search(r"^@(frequency|horizon|missing)\b", head, re.M)) and bool(re.search(r"^@data\b", head, re.M))


def parse(text: str, source: str, reading: Reading | None = None) -> Table:
    """Read series, one a line, as a table with a row for each value.

    Args:
        text: the content of the file.
        source: the file as the user named it; lines of the table are those of the series.
        reading: not looked at; the header says all.

    Returns:
        A column for each attribute but the start, then `time` (ISO 8601; the number of the step from 1 where there is
        no start) and `value` (None where the file has `?`).

    Raises:
        DataError: a header without @data, a row with other numbers of attributes, a start that is no time, a frequency
            that is none, or a value that is no number; the line is named.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    attributes, facts, begin = _header(lines, source)
    start_at = next((n for n, (_, kind) in enumerate(attributes) if kind == "date"), None)
    step = _step(facts.get("frequency", ""), source) if start_at is not None else None
    names = [name for n, (name, _) in enumerate(attributes) if n != start_at]
    _check_names([*names, "time", "value"], source)
    columns: list[list[Any]] = [[] for _ in range(len(names) + 2)]
    numbers: list[int] = []
    for number, line in enumerate(lines[begin:], begin + 1):
        if not line.strip() or line.startswith("#"):
            continue
        place = f"{source}:{number}"
        cells, values = _row(line, len(attributes), start_at, place)
        if len(numbers) + len(values) > MOST_ROWS:
            raise DataError(sentence(place, "data", f"at most {MOST_ROWS:,} values", "more"))
        start = _time(cells.pop(start_at), place) if start_at is not None else None
        for column, cell in zip(columns, cells, strict=False):
            column.extend([cell] * len(values))
        columns[-2].extend(_times(start, step, len(values), place))
        columns[-1].extend(values)
        numbers.extend([number] * len(values))
    if not numbers:
        raise DataError(sentence(source, "data", "at least one series", "none after @data"))
    inferred = {key: value for key, value in facts.items() if key in ("frequency", "horizon") and value}
    return Table([*names, "time", "value"], list(columns), numbers, source, True, inferred)


def _header(lines: list[str], source: str) -> tuple[list[tuple[str, str]], dict[str, str], int]:
    """Return the attributes with their types, the other declarations, and how many lines come before the data."""
    attributes: list[tuple[str, str]] = []
    facts: dict[str, str] = {}
    for n, line in enumerate(lines):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        key = words[0].lower()
        if key == "@data":
            return attributes, facts, n + 1
        if not key.startswith("@"):
            raise DataError(
                sentence(f"{source}:{n + 1}", "row", "a @name or a # remark before @data", repr(line[:SHOWN]))
            )
        if key == "@attribute":
            if len(words) != 3 or words[2].lower() not in ("string", "numeric", "date"):
                want = "followed by a name and string, numeric or date"
                raise DataError(sentence(f"{source}:{n + 1}", "@attribute", want, repr(line[:SHOWN])))
            attributes.append((words[1], words[2].lower()))
        else:
            facts[key[1:]] = " ".join(words[1:])
    raise DataError(sentence(source, "@data", "there, before the series", "no such line"))


def _check_names(names: list[str], source: str) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        want = "declared once, and not as time or value"
        raise DataError(sentence(source, "@attribute", want, repr(twice)[:SHOWN]))


def _row(line: str, count: int, start_at: int | None, place: str) -> tuple[list[str], list[str | None]]:
    """Return the attributes of a series and its values."""
    cells = line.strip().split(":")
    extra = len(cells) - count - 1
    if extra > 0 and start_at is not None:
        # A start may be written with colons of its own.
        cells[start_at : start_at + extra + 1] = [":".join(cells[start_at : start_at + extra + 1])]
    if len(cells) != count + 1:
        want = f"{count} attributes and the values, separated by colons"
        raise DataError(sentence(place, "row", want, f"{len(cells)} parts"))
    values: list[str | None] = []
    for cell in cells.pop().split(","):
        value = cell.strip()
        if value.lower() in ("?", "nan", ""):
            values.append(None)
            continue
        if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", value):
            raise DataError(sentence(place, "value", "a number or ?", repr(value)[:SHOWN]))
        values.append(value)
    return cells, values


def _step(frequency: str, source: str) -> tuple[int, str]:
    """Return count and unit of a frequency."""
    if frequency.lower() in WORDS:
        return WORDS[frequency.lower()]
    match = re.fullmatch(r"(\d{1,6})_([a-z]+?)s?", frequency.lower())
    if match is None or match[2] not in {**SECONDS, **MONTHS} or int(match[1]) == 0:
        want = "one of " + ", ".join(WORDS) + ", or as 10_minutes"
        raise DataError(sentence(source, "@frequency", want, repr(frequency)[:SHOWN], nearest(frequency, WORDS)))
    return int(match[1]), match[2]


def _time(cell: str, place: str) -> datetime.datetime:
    for form in START:
        try:
            return datetime.datetime.strptime(cell.strip(), form)
        except ValueError:
            continue
    raise DataError(sentence(place, "start", "a time as 2001-12-31 00-00-00", repr(cell)[:SHOWN]))


def _times(start: datetime.datetime | None, step: tuple[int, str] | None, count: int, place: str) -> Iterator[str]:
    """Yield the times of a series; of months, the last day where a month lacks that of the start."""
    if start is None or step is None:
        yield from map(str, range(1, count + 1))
        return
    number, unit = step
    try:
        for n in range(count):
            if unit in SECONDS:
                time = start + datetime.timedelta(seconds=n * number * SECONDS[unit])
            else:
                months = start.year * 12 + start.month - 1 + n * number * MONTHS[unit]
                year, month = divmod(months, 12)
                day = min(start.day, calendar.monthrange(year, month + 1)[1])
                time = start.replace(year=year, month=month + 1, day=day)
            yield time.isoformat(" ")
    except (OverflowError, ValueError):
        want = "a series that ends before the year 10000"
        raise DataError(sentence(place, "time", want, f"{count} steps from {start.isoformat(' ')}")) from None
