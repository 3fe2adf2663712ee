"""Time zones: times of a clock on the wall to UTC and back, by the rules of the IANA data base."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from ...errors import ArgumentError, DataError, argument, nearest, sentence

__all__ = ["check_zone", "in_offset", "offset_minutes", "offset_text", "same_clock", "to_local", "to_utc"]

FIRST, LAST = np.datetime64("1800-01-01"), np.datetime64("2999-12-31")
"""The times that can be converted; zones have no rules for others."""

OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")


def check_zone(name: str) -> tzinfo:
    """Return a zone by its name.

    Raises:
        ArgumentError: there is none, or the system has no data of zones.
    """
    if name.upper() in ("UTC", "Z", "GMT"):
        return UTC
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, UnicodeError):
        known = zoneinfo.available_timezones()
    remedy = nearest(name, known) if known else "This system has no data of zones: pip install tzdata."
    want = "a time zone, as Europe/Berlin"
    raise ArgumentError(sentence("reading", argument("reading.zone"), want, repr(name)[:80], remedy))


def offset_minutes(zone: str) -> int | None:
    """Return how far a written zone is ahead of UTC, None for a name or for no zone."""
    if zone == "Z":
        return 0
    match = OFFSET.fullmatch(zone)
    return None if match is None else int(match[1] + "1") * (int(match[2]) * 60 + int(match[3] or 0))


def offset_text(minutes: int) -> str:
    """Return an offset as ISO 8601 writes it, Z for none."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}" if minutes else "Z"


def in_offset(times: np.ndarray, before: str, after: str) -> np.ndarray:
    """Return times of one written offset as the clock of another shows them."""
    moved = (offset_minutes(after) or 0) - (offset_minutes(before) or 0)
    return np.asarray(times + np.timedelta64(moved, "m"))


def to_utc(times: np.ndarray, zone: str, lines: Sequence[int], source: str) -> np.ndarray:
    """Return times of the clock on the wall of a zone as UTC.

    Of an hour that comes twice, where clocks are set back, the rows that come first are taken for the first.

    Args:
        times: datetime64 [N] of one series, in the order of its rows.
        zone: its name.
        lines: of the rows, for errors.
        source: the file.

    Raises:
        DataError: a time does not exist in the zone, where clocks are set forward.
        ArgumentError: there is no such zone.
    """
    where = check_zone(zone)
    days = times.astype("datetime64[D]")
    odd = np.flatnonzero((days < FIRST) | (days > LAST))
    if len(odd):
        got = str(times[odd[0]]).replace("T", " ")
        raise DataError(sentence(f"{source}:{lines[odd[0]]}", "time", f"within {FIRST} to {LAST} in a zone", got))
    days, inverse = np.unique(days, return_inverse=True)
    moments = days.astype("datetime64[s]").astype(datetime)
    starts = np.array([_offset(where, moment) for moment in moments], np.int64)
    ends = np.array([_offset(where, moment + timedelta(days=1)) for moment in moments], np.int64)
    offsets = starts[inverse]
    twice: np.datetime64 | None = None
    second = False
    for n in np.flatnonzero((starts != ends)[inverse]).tolist():
        moment = times[n].astype("datetime64[us]").item()
        first, last = _offset(where, moment), _offset(where, moment, 1)
        if first < last:
            want = f"one that exists in {zone}, where clocks are set forward then"
            example = argument("reading.zone", "UTC")
            remedy = f"Give the zone that the times are written in with {argument('reading.zone')}, as {example}."
            raise DataError(sentence(f"{source}:{lines[n]}", "time", want, str(times[n]).replace("T", " "), remedy))
        if first > last:
            near = twice is not None and abs(times[n] - twice) < np.timedelta64(1, "D")
            second = near and (second or bool(times[n] <= twice))
            twice = times[n]
        offsets[n] = last if second and first > last else first
    return np.asarray(times - offsets.astype("timedelta64[s]"))


def to_local(times: np.ndarray, zone: str) -> np.ndarray:
    """Return times of UTC as the clock on the wall of a zone shows them.

    Raises:
        ArgumentError: there is no such zone.
    """
    where = check_zone(zone)
    minutes = np.clip(times.astype("datetime64[m]"), FIRST, LAST)
    different, inverse = np.unique(minutes, return_inverse=True)
    moments = different.astype("datetime64[us]").astype(datetime)
    offsets = [moment.replace(tzinfo=UTC).astimezone(where).utcoffset() or timedelta() for moment in moments]
    seconds = np.array([offset.total_seconds() for offset in offsets], np.int64)
    return np.asarray(times + seconds[inverse].astype("timedelta64[s]"))


def _offset(zone: tzinfo, moment: datetime, fold: int = 0) -> int:
    return int((zone.utcoffset(moment.replace(tzinfo=zone, fold=fold)) or timedelta()).total_seconds())


def same_clock(stamps: np.ndarray) -> bool:
    """Tell whether all times have the same time of day."""
    clock = stamps - stamps.astype("datetime64[D]")
    return bool((clock == clock[0]).all()) if len(stamps) else True
