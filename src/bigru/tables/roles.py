"""What the columns of a table with time are for: the time, the names of series, numbers; what is not read, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from ..errors import DataError, argument, nearest, sentence
from ..readers.cells import Numerals, cell_text, is_empty
from ..readers.reading import Reading
from ..readers.table import Table
from ..readers.times import TimeFormat, combine, detect, find_parts, parse
from .columns import number_styles

__all__ = [
    "IDS",
    "TIMES",
    "Clock",
    "Values",
    "find_clock",
    "find_ids",
    "find_values",
    "is_counter",
    "suggest_ids",
    "tells_time",
]

TIMES = (
    *(
        "date",
        "time",
        "timestamp",
        "datetime",
        "ds",
        "dt",
        "datum",
        "day",
        "month",
        "year",
        "period",
        "quarter",
        "week",
    ),
    *("hour", "日期", "时间", "时刻", "年月", "年份", "月份"),
)
"""Names of time columns, the surest first; spaces, points, hyphens and underscores are not looked at."""

IDS = ("id", "unique_id", "series_id", "item_id", "series")
"""Names of id columns. They are looked for only where times come twice."""

PARTS = {"day": 31, "month": 12, "quarter": 4, "week": 53, "hour": 24, "月份": 12}
"""Parts of a date, which are no times by themselves while they are no greater than this."""

COUNTERS = re.compile(
    r"|unnamed:?\d*(?:level\d+)?|indexlevel\d+|index|obs|observation|sno|srno|no|nr|num|number|n|row|rows|rowid|rownames|"
    r"rownumber|rownum|rowno|#|序号|编号|行号",
    re.IGNORECASE,
)
"""Names of columns that count rows, without spaces, points, hyphens and underscores."""

UNNAMED = re.compile(r"|column\d+|unnamed:?\d*(?:level\d+)?|indexlevel\d+")
"""Names of columns without a name, as they are called here and as pandas writes them."""

ID_NAME = re.compile(r"(?:^|.*[\s_\-.])(?:id|uid|uuid|key|code)$|.*[a-z]ID$|.*Id$")

REPEATED = 0.3
"""Share of rows whose time is there already from which a table is thought to hold several series."""

LEAST_COUNTED = 3
"""Rows from which 1, 2, 3 is taken for a counter."""


@dataclass(frozen=True)
class Clock:
    """The times of a table.

    Attributes:
        columns: that hold the time; empty for rows one step apart.
        stamps: datetime64 or int64 [N].
        zone: of them, as of `readers.times.parse`.
        format: how they are written; None for rows.
    """

    columns: tuple[str, ...]
    stamps: np.ndarray
    zone: str
    format: TimeFormat | None = None


@dataclass(frozen=True)
class Values:
    """The columns of numbers.

    Attributes:
        names: in their order.
        how: how each writes its numbers.
        passed_over: columns that are not read, and why.
    """

    names: tuple[str, ...]
    how: Mapping[str, Numerals]
    passed_over: dict[str, str] = field(default_factory=dict)


def fold(name: str) -> str:
    """Return a name without case, spaces, points, hyphens and underscores."""
    return re.sub(r"[\s_.\-]+", "", name).casefold()


def find_clock(table: Table, reading: Reading) -> Clock:
    """Find the column, or the columns, of the time, and read it.

    Raises:
        DataError: no column holds times, several may, or a cell is no time. The message says what decides.
        ArgumentError: the time format is none.
    """
    if reading.time == ("none",):
        return Clock((), np.arange(len(table)), "")
    names = _named(table, reading.time) or _time_columns(table, reading)
    for name in names:
        if name not in table.names:
            want = "one of the columns " + ", ".join(table.names)
            raise DataError(sentence(table.source, "time column", want, repr(name), nearest(name, table.names)))
    if len(names) == 1:
        cells: Sequence[Any] = table.column(names[0])
    else:
        cells = combine({name: table.column(name) for name in names}, table.lines, table.source)
    found = detect(cells, names[0], reading.time_format)
    _check_part(table, names, cells, found)
    stamps, zone = parse(cells, table.lines, table.source, found)
    return Clock(tuple(names), stamps, zone, found)


def _named(table: Table, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that the user names; a name with a comma in it may be that of one column."""
    joined = ",".join(names)
    return (joined,) if names and joined in table.names else tuple(names)


def _time_columns(table: Table, reading: Reading) -> tuple[str, ...]:
    """Return the columns of the time: of a known name, of parts of a date, or the only one of dates."""
    folded = {fold(name): name for name in reversed(table.names)}
    known = [folded[name] for name in TIMES if name in folded]
    found = {name: detect(table.column(name), name, _order(reading)) for name in table.names}
    dates = [name for name in known if _is_date(found[name])]
    parts = find_parts(dict(zip(table.names, table.columns, strict=True)))
    if parts and (not dates or (parts[0] == dates[0] and _repeats(table.column(dates[0])))):
        return parts
    if dates:
        return (dates[0],)
    others = [name for name, one in found.items() if _is_date(one) and one is not None and one.certainty >= 0.9]
    if len(others) == 1:
        return (others[0],)
    if len(others) > 1:
        want = f"named, as the columns {', '.join(others)} all hold times"
        remedy = f"Name one of them with {argument('reading.time')}."
        raise DataError(sentence(table.source, "time column", want, "nothing", remedy))
    numbers = [name for name in known if found[name] is not None and not _is_part(table, name)]
    words = [name for name in known if found[name] is None and not all(map(_numeric, table.column(name)[:100]))]
    others = [name for name in known if not _is_part(table, name) and not all(map(is_empty, table.column(name)))]
    if numbers or words or others:
        return ((numbers or words or others)[0],)
    want = f"named, as none of the columns {', '.join(table.names)} is called date or time"
    apart = f"{argument('reading.time', 'none')} takes the rows as one step apart"
    remedy = f"Name it with {argument('reading.time')}; {apart}."
    part = next((name for name in known if _is_part(table, name)), None)
    if part is not None:
        want = f"named, as column {part!r} is but a part of a date"
        remedy = f"Name all its parts, as {argument('reading.time', 'year', 'month')}; {apart}."
    raise DataError(sentence(table.source, "time column", want, "nothing", remedy))


def _order(reading: Reading) -> str | None:
    return reading.time_format if reading.time_format in ("day-first", "month-first") else None


def _is_date(found: TimeFormat | None) -> bool:
    return found is not None and found.kind in ("text", "epoch", "decimal") and found.certainty >= 0.5


def _numeric(cell: Any) -> bool:
    return Numerals().number(cell_text(cell)) is not None


def _repeats(cells: Sequence[Any]) -> bool:
    return len(set(map(cell_text, cells))) < len(cells)


def _is_part(table: Table, name: str) -> bool:
    """Tell whether a column of a known name holds a part of a date alone, as months from 1 to 12."""
    most = PARTS.get(fold(name))
    read = [Numerals().number(cell_text(cell)) for cell in table.column(name)[:1000]]
    return most is not None and all(value is not None and not (value < 0 or value > most) for value in read)


def _check_part(table: Table, names: Sequence[str], cells: Sequence[Any], found: TimeFormat | None) -> None:
    """Refuse a part of a date that repeats, rather than advise to sort its rows."""
    if len(names) != 1 or found is None or found.kind != "number" or not _is_part(table, names[0]):
        return
    if len(set(map(cell_text, cells))) == len(cells):
        return
    others = find_parts(dict(zip(table.names, table.columns, strict=True)))
    remedy = f"Name all its columns, as {argument('reading.time', *(others or ('year', names[0])))}."
    raise DataError(sentence(table.source, f"column {names[0]!r}", "a whole time", "a part of one", remedy))


def find_ids(table: Table, reading: Reading, stamps: np.ndarray, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns that together tell series apart: those named, else one of a known name where times repeat.

    Raises:
        DataError: a named column is absent.
    """
    given = _named(table, reading.id)
    for name in given:
        if name not in table.names:
            want = "one of the columns " + ", ".join(table.names)
            raise DataError(sentence(table.source, "id column", want, repr(name), nearest(name, table.names)))
    if given or len(np.unique(stamps)) == len(stamps):
        return given
    folded = {name.strip().casefold(): name for name in reversed(table.names) if name not in (wanted or ())}
    return next(((folded[name],) for name in IDS if name in folded), ())


def suggest_ids(table: Table, clock: Clock) -> tuple[str, ...]:
    """Return the one or two columns that make every time come once only in a series, () where none do.

    Where few times repeat these are faults, or hours when clocks are set back, rather than several series.
    """
    if len(np.unique(clock.stamps)) > (1 - REPEATED) * len(clock.stamps):
        return ()
    fine = [
        name
        for name, cells in zip(table.names, table.columns, strict=True)
        if name not in clock.columns and len(set(map(cell_text, cells))) * 2 <= len(cells)
    ][:12]
    times = clock.stamps.tolist()
    for count in (1, 2):
        for names in combinations(fine, count):
            keys = zip(times, *([cell_text(cell) for cell in table.column(name)] for name in names), strict=True)
            if len(set(keys)) == len(times):
                return names
    return ()


def find_values(
    table: Table, reading: Reading, clock: Clock, owner: Sequence[str], wanted: Sequence[str] | None
) -> Values:
    """Return the columns of numbers: those wanted, else all that hold some, but for counters, ids, constants, and what
    the time says as well.

    Raises:
        DataError: there is none, or a wanted one is absent.
    """
    taken = (*clock.columns, *owner)
    if wanted is not None:
        return Values(tuple(wanted), number_styles(table, wanted, reading), _unread_columns(table, {*taken, *wanted}))
    rest = [name for name in table.names if name not in taken]
    how = number_styles(table, rest, reading)
    passed: dict[str, str] = {}
    for name in rest:
        why = _reason(name, table.column(name), how.get(name), clock.stamps)
        if why:
            passed[name] = why
    names = tuple(name for name in rest if name not in passed)
    if not names:
        why = ", ".join(f"{name or 'without a name'} ({passed[name]})" for name in rest)
        remedy = f"Name what to forecast with {argument('targets')}." if how else ""
        raise DataError(sentence(table.source, "columns", "at least one of numbers", why or "none", remedy))
    return Values(names, how, passed)


def _reason(name: str, cells: Sequence[Any], how: Numerals | None, stamps: np.ndarray) -> str:
    """Return why a column is not forecast unless it is named, "" where it is."""
    if how is None:
        return "empty" if all(map(is_empty, cells)) else "words"
    if is_counter(name, cells):
        return "counts rows"
    if UNNAMED.fullmatch(fold(name)):
        return "no name"
    if tells_time(cells, how, stamps):
        return "says what the time says"
    if ID_NAME.match(name) and _are_whole(cells):
        return "an id"
    first = cell_text(cells[0])
    return "the same in every row" if len(cells) > 2 and all(cell_text(cell) == first for cell in cells) else ""


def _unread_columns(table: Table, read: set[str]) -> dict[str, str]:
    return {name: "" for name in table.names if name not in read}


def is_counter(name: str, cells: Sequence[Any]) -> bool:
    """Tell whether a column counts the rows: 0, 1, 2, ... or 1, 2, 3, ..., perhaps again in each series; or whole
    numbers one apart under a name that says so, or under none."""
    if not _are_whole(cells) or len(cells) < LEAST_COUNTED:
        return False
    if UNNAMED.fullmatch(fold(name)):
        # Rows that were left out or moved since they were counted leave gaps.
        return True
    values = np.array([float(cell_text(cell)) for cell in cells])
    steps = np.diff(values)
    named = COUNTERS.fullmatch(fold(name)) is not None
    if values[0] in (0, 1) or named:
        # Interleaved series count side by side: each number comes as often as there are series.
        fresh = (steps == 1) | (values[1:] == values[0]) | (named & (steps == 0))
        # A column of 0 and 1 counts nothing.
        counts = np.ptp(values) >= 2 and ((steps == 1).mean() >= 0.5 or named)
        return bool(fresh.all() and counts)
    return False


def tells_time(cells: Sequence[Any], how: Numerals, stamps: np.ndarray) -> bool:
    """Tell whether a column of numbers is a part of the time of its rows, or the time in another way of counting."""
    if stamps.dtype.kind != "M" or len(cells) < LEAST_COUNTED:
        return False
    # The first rows rule out most columns.
    for rows in (slice(0, 100), slice(None)):
        read = [how.number(cell_text(cell)) for cell in cells[rows]]
        values = np.array([np.nan if value is None else value for value in read])
        parts = _time_parts(stamps[rows])
        if np.isnan(values).any() or not any((np.abs(values - part) <= near).all() for part, near in parts):
            return False
    return bool((values != values[0]).any())


def _time_parts(stamps: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the ways to count times, and how far a column may be from each."""
    seconds = stamps.astype("datetime64[us]").astype(np.int64) / 1e6
    days, months, years = (stamps.astype(f"datetime64[{unit}]") for unit in "DMY")
    year, month = years.astype(np.int64) + 1970, months.astype(np.int64) % 12 + 1
    in_year = (days - years.astype("datetime64[D]")).astype(np.int64) + 1
    weekday = (days.astype(np.int64) + 3) % 7
    whole = (year, month, (month - 1) // 3 + 1, (days - months.astype("datetime64[D]")).astype(np.int64) + 1, in_year)
    clock = seconds % 86400
    for part in (*whole, weekday, weekday + 1, (weekday + 1) % 7, clock // 3600, clock // 3600 + 1, clock % 3600 // 60):
        yield part, 0.0
    yield year + (in_year - 1) / 365.25, 0.09
    for power in (0, 3, 6, 9):
        yield seconds * 10**power, 1e-6 * 10**power


def _are_whole(cells: Sequence[Any]) -> bool:
    texts = (cell_text(cell).removesuffix(".0") for cell in cells)
    return all(text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 16 for text in texts)
