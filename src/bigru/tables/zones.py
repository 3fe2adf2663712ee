"""The zone of a table: by the option of the user, and as a model has it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import ArgumentError, argument, refusal
from ..readers.table import Table
from ..readers.times import check_zone, in_offset, offset_minutes, same_clock, to_local, to_utc
from .roles import Clock

__all__ = ["align", "localise"]


def localise(table: Table, times: Clock, groups: Mapping[str, np.ndarray], zone: str | None) -> tuple[np.ndarray, str]:
    """Return the times of a table in the zone of the user, and the zone.

    Days, and what is longer, keep the clock on the wall, in the zone of that name. Hours and what is shorter are
    converted to UTC, where none is missing and none comes twice.

    Raises:
        ArgumentError: there is no such zone, or times are whole numbers.
        DataError: a time does not exist in the zone.
    """
    stamps = times.stamps
    if zone is None:
        return stamps, times.zone
    check_zone(zone)
    if stamps.dtype.kind == "i":
        name, context = argument("reading.zone"), "where times are whole numbers"
        raise ArgumentError(refusal("reading", name, context, repr(zone)))
    if times.zone == "local" or (not times.zone and same_clock(stamps)):
        return stamps, zone
    if times.zone:
        utc = in_offset(stamps, times.zone, "Z")
        local = to_local(utc, zone)
        return (local, zone) if same_clock(local) else (utc, "Z")
    moved = stamps.copy()
    for rows in groups.values():
        moved[rows] = to_utc(stamps[rows], zone, [table.lines[n] for n in rows], table.source)
    return moved, "Z"


def align(stamps: np.ndarray, zone: str, wanted: str) -> tuple[np.ndarray, str]:
    """Return times, and their zone, in the zone that a model was trained in, where both are known; else as they are."""
    if zone == wanted or offset_minutes(zone) is None:
        return stamps, zone
    if wanted == "local" and same_clock(stamps):
        return stamps, wanted
    if offset_minutes(wanted) is not None:
        return in_offset(stamps, zone, wanted), wanted
    return stamps, zone
