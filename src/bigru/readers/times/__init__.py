"""Times as people write them, read the same way for forecasts and for series: `detect`, then `parse`. NumPy only."""

from .formats import TimeFormat, detect, hints_time
from .order import order_of
from .parsing import parse
from .parts import combine, find_parts
from .zones import check_zone, in_offset, local_of, minutes_of, same_clock, utc_of

__all__ = [
    "TimeFormat",
    "check_zone",
    "combine",
    "detect",
    "find_parts",
    "hints_time",
    "in_offset",
    "local_of",
    "minutes_of",
    "order_of",
    "parse",
    "same_clock",
    "utc_of",
]
