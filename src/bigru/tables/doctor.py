"""The doctor of tables with time: what training would refuse, and what is worth knowing, each with file and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError
from ..readers.cells import cell_text, is_empty
from ..readers.findings import Finding
from ..readers.reading import Reading
from ..readers.table import Table
from .even import of_series
from .roles import Clock, Values, find_clock, find_ids, find_values, suggest_ids
from .series import Series
from .times import TimeStep, find_step, format_times
from .timetable import describe, group_rows
from .zones import localise

__all__ = ["HARMFUL", "examine_table"]

HARMFUL = frozenset(("unreadable", "unsorted", "repeated time", "missing rows", "uneven times", "missing values"))
"""Kinds of findings that training refuses as the table is."""

PLACEHOLDERS = (-9999.0, -999.0, -99.0, 9999.0, 99999.0, -200.0)
"""Numbers that stand for missing values in many published tables."""

NAMED = 8
"""Series and columns that are named before they are only counted."""


LEARNT = 0.7
"""Share of the rows that a forecast learns from; the others choose the epoch and test."""

SEASONS, SHORTEST = range(4, 25), 12
"""Seasons of which a look-back is at least two, and the rows of one for other seasons."""


def examine_table(table: Table, reading: Reading | None = None) -> tuple[list[Finding], dict[str, Any]]:
    """Examine a table with time; nothing that is wrong with it is an error here.

    Kinds of findings:

    - "unreadable": times, ids or numbers that cannot be read, with what to do; what depends on them is left out;
    - "unsorted", "repeated time", "missing rows", "uneven times": rows that are not one step after the one before;
    - "missing values": empty cells; "placeholder": a number such as -999 that seems to stand for a missing value;
    - "constant column", "constant series", "short series" (a single row);
    - "empty column", "counter", "id", "time again": columns of numbers that are not forecast, and why.

    Args:
        table: columns of cells.
        reading: what the user decides: time, id, zone, decimal, ...

    Returns:
        The findings, in the order of lines. And a summary of plain JSON values: "file", "rows", "kind" ("table with
        time"), "inferred" (in words), "columns" ({name: role}), "step", "zone", "series" ({"count", "shortest",
        "longest"}), "first" and "last" time, "missing" (cells by column), "findings" (number by kind), "next" (the
        command to type).
    """
    reading = reading or Reading()
    findings = list(table.findings)
    clock, found = _try(table, lambda: find_clock(table, reading))
    findings += found
    times = clock if clock is not None else Clock((), np.arange(len(table)), "")
    owner, found = _try(table, lambda: find_ids(table, reading, times.stamps, None))
    ids = owner or ()
    findings += found
    values, found = _try(table, lambda: find_values(table, reading, times, ids, None))
    findings += found
    groups = group_rows(table, ids)
    zoned, found = _try(table, lambda: localise(table, times, groups, reading.zone))
    findings += found
    stamps, zone = zoned if zoned is not None else (times.stamps, times.zone)
    lines = np.array(table.lines, np.int64)
    series = [Series(key, stamps[rows], np.zeros((len(rows), 0)), lines[rows]) for key, rows in groups.items()]
    step = _step(series)
    if clock is not None:
        findings += _of_times(table, times, ids, series, step)
    names = values.names if values is not None else ()
    if values is not None:
        findings += [*_of_columns(table, values), *_of_cells(table, values, groups)]
    findings = sorted(set(findings))
    summary = _summary(table, clock, ids, values, step, zone, series)
    summary["missing"] = {name: count for name in names if (count := sum(map(is_empty, table.column(name))))}
    summary["findings"] = dict(Counter(finding.kind for finding in findings))
    summary["next"] = _next(table.source, names, summary["findings"], step, max(map(len, series)), reading)
    return findings, summary


def _try(table: Table, read: Any) -> tuple[Any, list[Finding]]:
    """Return what a reader returns, or None and why it cannot."""
    try:
        return read(), []
    except (DataError, ArgumentError) as error:
        where, _, message = str(error).partition(": ")
        _, _, line = where.rpartition(":")
        number = int(line) if line.isascii() and line.isdecimal() else 0
        return None, [Finding(table.source, number, "unreadable", message)]


def _step(series: Sequence[Series]) -> TimeStep:
    """Return the step of the longest series, its rows sorted and each time taken once."""
    times = np.unique(max(series, key=len).times)
    return find_step(times)


def _of_times(
    table: Table, clock: Clock, owner: Sequence[str], series: Sequence[Series], step: TimeStep
) -> Iterator[Finding]:
    """Yield what is wrong with the order and the distances of the rows."""
    short = [one for one in series if len(one) == 1 < len(series)]
    if short:
        some = ", ".join(one.id for one in short[:NAMED]) + (", ..." if len(short) > NAMED else "")
        message = f"of {len(short)} of {len(series)} series there is a single row, which is their answer: {some}"
        yield Finding(table.source, int(short[0].lines[0]), "short series", message)
    names = () if owner else suggest_ids(table, clock)
    for one in series:
        order = np.argsort(one.times, kind="stable")
        same = np.flatnonzero(np.diff(one.times[order].astype(np.int64)) == 0)
        if len(same):
            yield _repeated(table, one, np.sort(order[same + 1]), names)
        if names:
            # The rows of several series have no order and no step together.
            continue
        distances = np.diff(one.times.astype(np.int64))
        back = np.flatnonzero(distances < 0)
        if len(back):
            yield _unsorted(table, one, back)
        yield from _gaps(table, one, step)


def _unsorted(table: Table, one: Series, back: np.ndarray) -> Finding:
    message = f"{_count(back, 'row')}{of_series(one)} earlier than the row before, here first. Sort the rows by time."
    if len(back) == len(one) - 1 > 1:
        message = f"the newest row{of_series(one)} comes first. Turn the rows round."
    return Finding(table.source, int(one.lines[int(back[0]) + 1]), "unsorted", message)


def _count(found: Sequence[Any] | np.ndarray, what: str) -> str:
    return f"{len(found):,} {what}{'s' if len(found) != 1 else ''}"


def _repeated(table: Table, one: Series, rows: np.ndarray, names: Sequence[str]) -> Finding:
    remedy = f"Name what tells series apart: --id-column {','.join(names)}." if names else "Leave out the second rows."
    when = format_times(one.times[rows[:1]])[0]
    message = f"{_count(rows, 'row')}{of_series(one)} of a time that there is already, {when} here first. {remedy}"
    return Finding(table.source, int(one.lines[rows[0]]), "repeated time", message)


def _gaps(table: Table, one: Series, step: TimeStep) -> Iterator[Finding]:
    times, firsts = np.unique(one.times, return_index=True)
    places = step.places(times)
    distances = np.diff(places)
    odd = np.flatnonzero(distances % step.size != 0)
    if len(odd):
        n = int(odd[0])
        before, here = format_times(times[n : n + 2])
        message = f"{_count(odd, 'row')}{of_series(one)} no whole steps of {step} after the row before: {here} is"
        message += f" after {before}, here first. Resample to even steps."
        yield Finding(table.source, int(one.lines[firsts[n + 1]]), "uneven times", message)
    wide = np.flatnonzero((distances % step.size == 0) & (distances > step.size))
    if len(wide):
        n = int(wide[0])
        missing = int((distances[wide] // step.size - 1).sum())
        longest = int((distances[wide] // step.size - 1).max())
        message = f"{missing:,} missing{of_series(one)} in {_count(wide, 'gap')}, at most {longest:,} together; "
        message += (
            f"first after {format_times(times[n : n + 1])[0]}. Add them, or fill with --fill forward or --fill linear."
        )
        yield Finding(table.source, int(one.lines[firsts[n + 1]]), "missing rows", message)


REASONS = {
    "empty": ("empty column", "has not one value"),
    "counts rows": ("counter", "counts rows and is not forecast"),
    "no name": ("column without a name", "is not forecast"),
    "an id": ("id", "is an id and is not forecast"),
    "says what the time says": ("time again", "says what the time says and is not forecast"),
    "the same in every row": ("constant column", "is the same in every row and is not forecast"),
}


def _of_columns(table: Table, values: Values) -> Iterator[Finding]:
    for name, why in values.passed_over.items():
        if why in REASONS:
            kind, message = REASONS[why]
            yield Finding(table.source, 0, kind, f"column {name!r} {message}")


def _of_cells(table: Table, values: Values, groups: Mapping[str, np.ndarray]) -> Iterator[Finding]:
    """Yield what is odd about the numbers: missing, no numbers at all, placeholders, constant series."""
    for name in values.names:
        cells, how = table.column(name), values.how[name]
        read = [how.number(cell_text(cell)) for cell in cells]
        bad = [n for n, value in enumerate(read) if value is None]
        if bad:
            message = (
                f"{_count(bad, 'cell')} of column {name!r} without a number, {str(cells[bad[0]])[:40]!r} here first"
            )
            yield Finding(table.source, table.lines[bad[0]], "unreadable", message)
        numbers = np.array([np.nan if value is None else value for value in read])
        empty = np.flatnonzero(np.isnan(numbers))
        if len(empty) > len(bad):
            n = int(next(n for n in empty if read[n] is not None))
            message = f"{len(empty) - len(bad)} of {len(cells):,} cells of column {name!r} are empty, here first. "
            message += "Fill them in, or have them filled with --fill forward or --fill linear."
            yield Finding(table.source, table.lines[n], "missing values", message)
        yield from _placeholders(table, name, numbers)
        if len(groups) > 1:
            still = [key for key, rows in groups.items() if len(rows) > 1 and len(np.unique(numbers[rows])) == 1]
            if still:
                more = f" and {len(still) - NAMED} more" if len(still) > NAMED else ""
                message = f"column {name!r} never changes in series {', '.join(still[:NAMED])}{more}"
                yield Finding(table.source, 0, "constant series", message)


def _placeholders(table: Table, name: str, numbers: np.ndarray) -> Iterator[Finding]:
    filled = numbers[~np.isnan(numbers)]
    for value in PLACEHOLDERS:
        rows = np.flatnonzero(numbers == value)
        rest = filled[filled != value]
        # It stands for nothing where it lies far outside of everything else.
        if len(rows) > 1 and len(rest) and (value < 2 * rest.min() - rest.max() or value > 2 * rest.max() - rest.min()):
            message = f"{value:g} stands in {len(rows)} cells of column {name!r}, far from all others: empty the cells "
            message += "if it means that there is no value"
            yield Finding(table.source, table.lines[int(rows[0])], "placeholder", message)


def _summary(
    table: Table,
    clock: Clock | None,
    owner: Sequence[str],
    values: Values | None,
    step: TimeStep,
    zone: str,
    series: Sequence[Series],
) -> dict[str, Any]:
    roles = dict.fromkeys(table.names, "not read")
    inferred = dict(table.inferred)
    if values is not None:
        roles |= {name: f"not read ({why})" for name, why in values.passed_over.items() if why}
        roles |= dict.fromkeys(values.names, "number")
        own = clock if clock is not None else Clock((), np.arange(len(table)), "")
        inferred |= describe(own, owner, values, step, zone, len(series))
    roles |= dict.fromkeys(owner, "tells series apart")
    roles |= dict.fromkeys(clock.columns if clock is not None else (), "time")
    lengths = [len(one) for one in series]
    first, last = format_times(
        np.array([min(one.times.min() for one in series), max(one.times.max() for one in series)]), zone
    )
    return {
        "file": table.source,
        "rows": len(table),
        "kind": "table with time",
        "inferred": inferred,
        "columns": roles,
        "step": str(step) if clock is not None else None,
        "zone": zone,
        "series": {"count": len(series), "shortest": min(lengths), "longest": max(lengths)},
        "first": first if clock is not None else None,
        "last": last if clock is not None else None,
    }


def _next(
    source: str, names: Sequence[str], kinds: Mapping[str, int], step: TimeStep, rows: int, reading: Reading
) -> str:
    """Return the command to type next; the horizon is a season where the table holds many, else a tenth of its rows."""
    horizon = max(min(step.season, rows // 10), 1) if step.season > 1 else max(rows // 20, 1)
    target = f" --target {_quoted(names[0])}" if len(names) > 1 else ""
    fill = " --fill linear" if kinds.get("missing rows") or kinds.get("missing values") else ""
    options: dict[str, str | None] = {"--time-column": ",".join(reading.time), "--id-column": ",".join(reading.id)}
    options |= {"--time-format": reading.time_format, "--zone": reading.zone, "--decimal": reading.decimal}
    given = "".join(f" {option} {_quoted(value)}" for option, value in options.items() if value)
    size = f"--horizon {horizon}{_short_lookback(step.season, rows, horizon)}"
    return f"bigru train {_quoted(source)} --task forecast{target} {size}{given}{fill} --out model"


def _short_lookback(season: int, rows: int, horizon: int) -> str:
    """Return the option for a look-back that fits a short table, "" where the usual one does."""
    learnt = int(rows * LEARNT)
    usual = 2 * season if season in SEASONS else SHORTEST
    return "" if learnt >= usual + horizon else f" --lookback {max((learnt - horizon) // 2, 1)}"


def _quoted(text: str) -> str:
    safe = all(c.isalnum() or c in "_-./,:" for c in text) and text
    return text if safe else "'" + text.replace("'", "'\\''") + "'"
