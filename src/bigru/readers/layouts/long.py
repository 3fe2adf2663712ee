"""Series with a row per step: a column tells the series apart, one orders the steps, the numbers are the values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import DataError, argument, sentence
from ..examples import Examples
from ..findings import Finding
from ..labels import LabelReader, is_missing
from ..names import EXACT, HEAD, IDS, LABELS, OUTCOMES, TIMES, fit
from ..numbers import summarise, values_of
from ..profile import Profile
from ..reading import Reading
from ..table import Table
from ..times import combine, ordering_keys
from .evidence import Proposal, Role, View, name_some, option
from .rows import whole_labels

__all__ = ["build", "propose"]

LEAST = 5
"""Rows of a series, on average, from which numbers that rise throughout are times."""

NAMED_LABELS = tuple(name for name in LABELS if name != "y")
"""Names of label columns; y is a coordinate."""


def propose(view: View) -> Proposal | None:
    """Say what speaks for a row per step."""
    reading = view.reading
    ids = view.find_all("id", reading.id)
    times = view.find_all("time", () if reading.time == ("none",) else reading.time)
    id = ids[0] if ids else _id(view)
    if id is None:
        return _without_id(times)
    found = Proposal(
        "long", f"series by {id.name!r}, a row per step", option("reading.id", *(reading.id or (id.name,)))
    )
    if not times:
        times = [one for one in [_time(view, id)] if one is not None]
    given = view.find("label", reading.label)
    taken = {id.place, *(one.place for one in (*ids, *times))}
    free = [one for one in view.profiles if one.place not in taken]
    label = given or _label(view, free, id)
    values = [one for one in free if one.kind in ("number", "empty") and not one.counter and one is not label]
    values = [one for one in values if one.kind == "number" or not one.filled]
    values = view.as_before(values)
    numbers = [one for one in values if one.kind == "number"]
    _weigh(view, found, id, times, label, bool(ids))
    if not numbers:
        found.object("columns", "at least one of numbers", name_some(view.table.names))
    if label is None and view.required:
        want = f"named, as none of the columns {name_some(view.table.names)} is one of {', '.join(LABELS[:4])}, ..."
        remedy = "" if ids else f"To forecast the numbers: {argument('reading.task', 'forecast')}."
        found.object(argument("reading.label"), want, "nothing", remedy)
    found.columns = {
        "id": [one.name for one in ids] or [id.name], "time": [one.name for one in times],
        "label": None if label is None else label.name, "values": [one.name for one in values],
    }  # fmt: skip
    found.roles = [Role(name, "series", "named" if ids else "its values come back") for name in found.columns["id"]]
    found.roles += [Role(one.name, "time", "named" if reading.time else "its name") for one in times]
    found.roles += [] if label is None else [Role(label.name, "label", "named" if given else label.describe())]
    found.roles += [Role(one.name, "values", one.describe()) for one in values]
    return found


def _without_id(times: Sequence[Profile]) -> Proposal | None:
    if not times:
        return None
    found = Proposal("long")
    remedy = "Name the column that tells series apart."
    found.object(argument("reading.id"), f"given with {argument('reading.time')}", "nothing", remedy)
    return found


def _id(view: View) -> Profile | None:
    """Return the column that tells series apart: known by its name, and most of its values come more than once."""
    possible = [
        one
        for one in view.profiles
        if fit(one.name, IDS) >= HEAD
        and one.repeats
        and one.kind in ("number", "text")
        and (one.distinct > 1 or len(view.table) < 5)
    ]
    return max(possible, key=lambda one: fit(one.name, IDS), default=None)


def _time(view: View, id: Profile) -> Profile | None:
    known = [one for one in view.profiles if one.place != id.place and fit(one.name, TIMES) >= EXACT]
    known = [one for one in known if one.kind in ("number", "time", "text")]
    if known:
        return max(known, key=lambda one: fit(one.name, TIMES))
    times = next(view.of_kind("time"), None)
    return times or next(
        (one for one in view.of_kind("number") if one.place != id.place and _rises(view, one, id)), None
    )


def _rises(view: View, one: Profile, id: Profile) -> bool:
    """Tell whether whole numbers rise from row to row in every series, as no measurement does by chance."""
    if not one.whole or one.filled < len(view.table) or one.filled < LEAST * id.distinct:
        return False
    last: dict[Any, float] = {}
    for owner, cell in zip(view.table.columns[id.place], view.table.columns[one.place], strict=True):
        value = float(cell)
        if value <= last.get(owner, -math.inf):
            return False
        last[owner] = value
    return True


def _label(view: View, free: Sequence[Profile], id: Profile) -> Profile | None:
    known = [one for one in free if _name(one) >= HEAD and one.kind != "empty" and (one.whole or one.kind == "text")]
    if known:
        return max(known, key=_name)
    others = [one for one in free if one.kind == "text" and not one.is_prose]
    return others[0] if len(others) == 1 and view.required else None


def _name(one: Profile) -> float:
    """Return how well a name is one of labels; those of outcomes are less sure."""
    return max(fit(one.name, NAMED_LABELS), min(HEAD, fit(one.name, OUTCOMES) if one.is_label_like else 0.0))


def _weigh(
    view: View, found: Proposal, id: Profile, times: Sequence[Profile], label: Profile | None, named: bool
) -> None:
    if named:
        found.add(5, f"{id.name!r} is named as what tells series apart")
    else:
        found.add(fit(id.name, IDS) / 2 + 1, f"{id.name!r} has values that come back")
        if view.prose is not None or view.reading.text is not None:
            found.object("the values", "numbers", f"texts in {(view.prose or id).name!r}")
        if not times and label is None and not view.required:
            found.object("the table", "series with a time or a label for their steps", name_some(view.table.names))
    if times:
        found.add(2, f"{times[0].name!r} orders the steps")
    if label is not None:
        found.add(2, f"{label.name!r} is a label")


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read series in the order of their first rows.

    One label in all rows of every series belongs to the series; labels that change belong to the steps.

    Raises:
        DataError: a row has no id or no time; times of a series do not rise; a value is no number; labels change
            within a series that must have one; a step has no label. File and line are named.
    """
    columns, source, lines = chosen.columns, table.source, table.lines
    groups = _groups(table, columns["id"])
    if columns["time"]:
        _check_order(table, groups, columns["time"], view.reading)
    values = values_of(table, columns["values"], view.reading.decimal)
    result = Examples([values[rows] for rows in groups.values()], None, "series", [], source, rows=[*groups.values()])
    result.lines = [lines[rows[0]] for rows in groups.values()]
    table.inferred |= summarise(result.inputs)
    if columns["label"] is not None:
        cells = whole_labels(table.column(columns["label"]), table, columns["label"])
        _read_labels(result, cells, lines, groups, view)
    return result


def _check_order(table: Table, groups: Mapping[str, list[int]], names: Sequence[str], reading: Reading) -> None:
    """Refuse times that do not rise within a series."""
    lines, source = table.lines, table.source
    cells: Sequence[Any] = table.column(names[0])
    if len(names) > 1:
        cells = combine({name: table.column(name) for name in names}, lines, source)
    times = ordering_keys(cells, lines, source, names[0], reading)
    for owner, rows in groups.items():
        wrong = np.flatnonzero(times[rows[1:]] <= times[rows[:-1]])
        if len(wrong):
            before, here = rows[wrong[0]], rows[wrong[0] + 1]
            want = f"after {cells[before]} of line {lines[before]}, in series {owner!r}"
            remedy = "Sort the rows of each series by time, and leave out those that come twice."
            raise DataError(
                sentence(f"{source}:{lines[here]}", f"column {names[0]!r}", want, repr(cells[here]), remedy)
            )


def _groups(table: Table, ids: Sequence[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for n, owner in enumerate(zip(*(table.column(name) for name in ids), strict=True)):
        for name, one in zip(ids, owner, strict=True):
            if is_missing(one):
                place = f"{table.source}:{table.lines[n]}"
                raise DataError(sentence(place, f"column {name!r}", "filled in every row", repr(one)))
        groups.setdefault("/".join(str(one).strip() for one in owner), []).append(n)
    return groups


def _read_labels(
    result: Examples, cells: Sequence[Any], lines: Sequence[int], groups: Mapping[str, list[int]], view: View
) -> None:
    labels, source = LabelReader(result.source), result.source
    read = [None if is_missing(cell) else labels.one(cell, line) for cell, line in zip(cells, lines, strict=True)]
    varied = any(len({read[n] for n in rows} - {None}) > 1 for rows in groups.values())
    if varied and view.reading.target.per_example and not view.required:
        # Labels of steps are not what the model that is to answer can be asked about.
        return
    result.task = view.reading.task or ("tag" if varied else "classify")
    per_step = result.target.per_step
    bare = [n for rows in groups.values() for n in rows if read[n] is None]
    if not per_step:
        filled = {n for rows in groups.values() if any(read[m] is not None for m in rows) for n in rows}
        bare = [n for n in bare if n not in filled]
    if bare and view.required:
        per = "every step" if per_step else "every series"
        raise DataError(sentence(f"{source}:{lines[bare[0]]}", "label", f"given for {per}", repr(cells[bare[0]])))
    if bare:
        message = f"{len(bare)} rows have no label, so that none is read"
        result.findings.append(Finding(source, lines[bare[0]], "labels missing", message))
        return
    result.targets = []
    for owner, rows in groups.items():
        if per_step:
            result.targets.append([read[n] for n in rows])
            continue
        first = next(n for n in rows if read[n] is not None)
        other = next((n for n in rows if read[n] not in (None, read[first])), None)
        if other is not None:
            want = f"{read[first]!r}, as in line {lines[first]} of series {owner!r}"
            remedy = "Labels of steps are learnt with the task tag."
            raise DataError(sentence(f"{source}:{lines[other]}", "label", want, repr(cells[other]), remedy))
        result.targets.append(read[first])
    if per_step:
        result.token_lines = [np.array([lines[n] for n in rows]) for rows in groups.values()]
    result.findings += labels.findings()
