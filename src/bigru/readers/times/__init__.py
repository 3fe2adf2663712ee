"""Times as people write them, read the same way for forecasts and for series: `detect`, then `parse`. NumPy only."""

from .formats import TimeFormat, detect, hints_time
from .order import ordering_keys
from .parsing import parse
from .parts import combine, find_parts
from .zones import check_zone, in_offset, offset_minutes, same_clock, to_local, to_utc

__all__ = [
    "TimeFormat",
    "check_zone",
    "combine",
    "detect",
    "find_parts",
    "hints_time",
    "in_offset",
    "offset_minutes",
    "ordering_keys",
    "parse",
    "same_clock",
    "to_local",
    "to_utc",
]
