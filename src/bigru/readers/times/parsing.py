"""Columns of times to `datetime64`, or to whole numbers, with their zone; what is no time is refused by its line."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import DataError, argument, sentence
from .fields import moments
from .formats import SERIALS, TimeFormat, detect, time_texts
from .shapes import LONGEST, shapes
from .zones import offset_text

__all__ = ["parse"]

STAMP = "datetime64[s]"

MS_PER_DAY = 86_400_000
"""Milliseconds of a day, to which days of Excel are rounded."""

EXCEL_FIRST = int(np.datetime64("1899-12-30", "D").astype(np.int64))

YEAR_MONTH = re.compile(r"[0-9]{1,2}-[0-9]{1,2}")

NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def parse(
    cells: Sequence[Any], lines: Sequence[int], source: str, format: TimeFormat | None = None, name: str = "time"
) -> tuple[np.ndarray, str]:
    """Return the times of a column and their zone.

    Times are read as the clock on the wall shows them, and an offset that all rows share is kept as text. Offsets that
    differ are converted to UTC, unless the clock shows the same time of day in every row: such days keep their dates.

    Args:
        cells: texts or Python values.
        lines: the line of each, for errors.
        source: the file, for errors.
        format: how they are written; None detects it.
        name: what errors call the column.

    Returns:
        datetime64 [N] of seconds, microseconds or nanoseconds, whichever holds every fraction; or int64 [N] of whole
        numbers. And the zone: "Z", an offset as "+01:00", "local" for dates with offsets that differ, "" for none.

    Raises:
        DataError: a cell is no time, or has an offset where another has none; or nothing says how the column is to be
            read, and the options that decide are named.
    """
    found = format or detect(cells)
    texts = time_texts(cells)
    if found is None or found.kind == "text":
        return _of_text(texts, cells, lines, source, found, name)
    if found.kind == "number":
        return _whole_numbers(texts, cells, lines, source, name), ""
    values = [_number(text) for text in texts]
    bad = next((n for n, value in enumerate(values) if not math.isfinite(value)), None)
    if bad is not None:
        raise DataError(sentence(f"{source}:{lines[bad]}", name, found.name, repr(cells[bad])[:80]))
    if found.kind == "decimal":
        return (np.rint(np.array(values) * 12).astype(np.int64) - 1970 * 12).astype("datetime64[M]").astype(STAMP), ""
    if found.kind == "excel":
        return _excel(np.array(values), cells, lines, source, name), ""
    return _epoch(texts, cells, lines, source, found, name), "Z"


def _number(text: str) -> float:
    try:
        return float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan


def _whole_numbers(
    texts: Sequence[str], cells: Sequence[Any], lines: Sequence[int], source: str, name: str
) -> np.ndarray:
    try:
        if all(text.isascii() and "_" not in text for text in texts):
            return np.array(list(map(int, texts)), np.int64)
    except (ValueError, OverflowError):
        pass
    for n, text in enumerate(texts):
        digits = text[1:] if text[:1] in ("+", "-") else text
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            want = "a whole number, as in the other rows"
            raise DataError(sentence(f"{source}:{lines[n]}", name, want, repr(cells[n])[:80]))
    return np.array(list(map(int, texts)), np.int64)


def _excel(values: np.ndarray, cells: Sequence[Any], lines: Sequence[int], source: str, name: str) -> np.ndarray:
    """Return days since 1900 as Excel counts them, which takes that year for a leap year, rounded to milliseconds."""
    bad = np.flatnonzero((values < 61) | (values > 2_958_465))
    if len(bad):
        want = "a day from 61 (1900-03-01) to 2958465 (9999-12-31)"
        raise DataError(sentence(f"{source}:{lines[bad[0]]}", name, want, repr(cells[bad[0]])[:80]))
    thousandths = np.rint(values * MS_PER_DAY).astype(np.int64) + EXCEL_FIRST * MS_PER_DAY
    whole = (thousandths % 1000 == 0).all()
    unit = "datetime64[s]" if whole else "datetime64[us]"
    return np.asarray(thousandths.astype("datetime64[ms]").astype(unit))


def _epoch(
    texts: Sequence[str], cells: Sequence[Any], lines: Sequence[int], source: str, found: TimeFormat, name: str
) -> np.ndarray:
    """Return times since 1970; digits behind a point are kept up to nanoseconds."""
    scale = NANOSECONDS[found.unit]
    whole, parts = np.empty(len(texts), np.int64), np.zeros(len(texts), np.int64)
    for n, text in enumerate(texts):
        number, _, fraction = text.partition(".")
        plain = number.lstrip("+-").isdecimal() and (fraction.isdecimal() or not fraction)
        if not plain or abs(int(number)) * scale >= 253_402_300_800 * 10**9:
            raise DataError(sentence(f"{source}:{lines[n]}", name, found.name, repr(cells[n])[:80]))
        rest = int(number) * scale + int((fraction + "0" * 9)[:9]) * scale // 10**9
        whole[n], parts[n] = divmod(rest, 10**9)
    return _assemble(whole, parts, lines, source, name)


def _of_text(
    texts: Sequence[str],
    cells: Sequence[Any],
    lines: Sequence[int],
    source: str,
    found: TimeFormat | None,
    name: str,
) -> tuple[np.ndarray, str]:
    want = "a date or time as 2016-07-01 05:00:00"
    if found is None:
        n = _first_stranger(texts)
        raise DataError(sentence(f"{source}:{lines[n]}", name, want, repr(cells[n])[:80], _remedy(texts[n])))
    if found.question:
        raise DataError(sentence(f"{source}:{lines[0]}", name, "of one meaning", repr(cells[0])[:80], found.question))
    seconds, parts = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    offsets, zoned = np.zeros(len(texts), np.int64), np.zeros(len(texts), bool)
    state = np.zeros(len(texts), np.int8)
    for shape in shapes([text if len(text) <= LONGEST else "x" for text in texts]) or []:
        match = next(filter(None, (pattern.regex.fullmatch(shape.text) for pattern in found.patterns)), None)
        if match is None:
            continue
        read = moments(shape, match, found.day_first is not False)
        seconds[shape.rows], parts[shape.rows] = read.seconds, read.nanoseconds
        state[shape.rows] = 1 + read.good
        if read.offset is not None:
            offsets[shape.rows], zoned[shape.rows] = read.offset, True
    bad = np.flatnonzero(state < 2)
    if len(bad):
        n = int(bad[0])
        if state[n]:
            raise DataError(sentence(f"{source}:{lines[n]}", name, "a day and an hour that exist", repr(cells[n])[:80]))
        want = want if found.patterns and found.name == "ISO 8601" else f"written as in the other rows ({found.name})"
        raise DataError(sentence(f"{source}:{lines[n]}", name, want, repr(cells[n])[:80], _remedy_of_format()))
    return _in_one_zone(seconds, parts, offsets, zoned, cells, lines, source, name)


def _remedy(text: str) -> str:
    """Return what says how a cell is written that is no time by itself."""
    if YEAR_MONTH.fullmatch(text):
        return _remedy_of_format("%y-%m")
    if SERIALS[0] <= (_number(text) if text else 0) <= SERIALS[1]:
        return f"Days as Excel counts them are read with {argument('reading.time_format', 'excel')}."
    if math.isfinite(_number(text)):
        apart, format = argument("reading.time", "none"), argument("reading.time_format")
        return f"Take the rows as one step apart with {apart}, or say how times are written with {format}."
    return _remedy_of_format()


def _remedy_of_format(example: str = "%d.%m.%Y %H:%M") -> str:
    name = argument("reading.time_format")
    return f"Say how times are written with {name}, as {argument('reading.time_format', example)}."


def _first_stranger(texts: Sequence[str]) -> int:
    """Return the first cell that is no time by itself, or else the first of all."""
    return next((n for n, text in enumerate(texts[:1000]) if detect([text]) is None), 0)


def _in_one_zone(
    seconds: np.ndarray,
    parts: np.ndarray,
    offsets: np.ndarray,
    zoned: np.ndarray,
    cells: Sequence[Any],
    lines: Sequence[int],
    source: str,
    name: str,
) -> tuple[np.ndarray, str]:
    """Return times of one zone, and that zone."""
    if not zoned.any():
        return _assemble(seconds, parts, lines, source, name), ""
    if not zoned.all():
        n = int(np.flatnonzero(zoned != zoned[0])[0])
        want = f"{'with' if zoned[0] else 'without'} an offset from UTC, as in line {lines[0]}"
        remedy = "Write the offset in every row, or in none."
        raise DataError(sentence(f"{source}:{lines[n]}", name, want, repr(cells[n])[:80], remedy))
    if (offsets == offsets[0]).all():
        return _assemble(seconds, parts, lines, source, name), offset_text(int(offsets[0]))
    clock = seconds % 86400
    if (clock == clock[0]).all():
        return _assemble(seconds, parts, lines, source, name), "local"
    return _assemble(seconds - offsets * 60, parts, lines, source, name), "Z"


def _assemble(seconds: np.ndarray, nanoseconds: np.ndarray, lines: Sequence[int], source: str, name: str) -> np.ndarray:
    """Return moments in the largest unit that holds every fraction."""
    if not nanoseconds.any():
        return seconds.astype("datetime64[s]")
    if not (nanoseconds % 1000).any():
        return (seconds * 10**6 + nanoseconds // 1000).astype("datetime64[us]")
    bad = np.flatnonzero(np.abs(seconds) > 9_200_000_000)
    if len(bad):
        moment = str(seconds[bad[0]].astype("datetime64[s]"))
        raise DataError(sentence(f"{source}:{lines[bad[0]]}", name, "within 1678 to 2261 beside nanoseconds", moment))
    return (seconds * 10**9 + nanoseconds).astype("datetime64[ns]")
