"""Series of `.ts` files with time stamps, `(time,value)` for each step, to values alone where the steps are even."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Sequence

from ...errors import DataError, sentence

__all__ = ["split_stamps"]

PAIR = re.compile(r"\(\s*([^(),]+?)\s*,\s*([^(),]*?)\s*\)\s*,?\s*")

TOLERANCE = 1e-6
"""Share of a step by which two steps of decimal times may differ."""


def split_stamps(row: str, place: str) -> list[str]:
    """Return the parts of a row, its dimensions without their time stamps.

    Args:
        row: dimensions of pairs `(time,value)`, then a class, separated by colons.
        place: file and line, for errors.

    Raises:
        DataError: time stamps of a dimension are not one step apart, or are no times.
    """
    cells: list[str] = []
    rest = row.strip()
    if not rest.startswith("("):
        raise DataError(sentence(place, "dimension", "pairs (time,value) separated by commas", repr(rest[:40])))
    while rest.startswith("("):
        times, values = [], []
        while (match := PAIR.match(rest)) is not None:
            times.append(match[1])
            values.append(match[2] or "?")
            rest = rest[match.end() :]
        if rest and not rest.startswith(":"):
            want = "pairs (time,value) separated by commas"
            raise DataError(sentence(place, "dimension", want, repr(rest[:40])))
        _check_even(times, place)
        cells.append(",".join(values))
        if not rest:
            return cells
        rest = rest[1:].lstrip()
    return [*cells, *rest.split(":")]


def _check_even(times: Sequence[str], place: str) -> None:
    numbers = [_number(time, place) for time in times]
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    for n, step in enumerate(steps, 2):
        if step <= 0 or abs(step - steps[0]) > TOLERANCE * steps[0]:
            remedy = "Put the values on a grid of equal steps before."
            want = "one step apart, since steps are read one by one"
            raise DataError(sentence(place, "time stamps", want, f"{times[n - 2]} and {times[n - 1]}", remedy))


def _number(time: str, place: str) -> float:
    try:
        return float(time)
    except ValueError:
        pass
    try:
        moment = datetime.datetime.fromisoformat(time).replace(tzinfo=None)
    except ValueError:
        raise DataError(sentence(place, "time stamp", "a number or a time", repr(time)[:40])) from None
    return (moment - datetime.datetime(1970, 1, 1)).total_seconds()
