"""Tables with time, of which the next rows are forecast: recognised here, read by `bigru.tables`."""

from __future__ import annotations

from ...errors import DataError, argument, sentence
from ..examples import Examples
from ..names import EXACT, IDS, LABELS, TEXTS, TIMES, fit
from ..profile import Profile
from ..table import Table
from .evidence import Proposal, Role, View, name_some, option

__all__ = ["advice", "build", "propose"]

CLASSES = 10
"""Different whole numbers that are taken for classes at most."""

PARTS = ("year", "month", "day", "hour", "年", "月", "日")
"""Names of columns that hold a part of a time each."""


def propose(view: View) -> Proposal | None:
    """Say what speaks for a table of which the next rows are to be forecast."""
    reading, forecasts = view.reading, view.reading.target.is_future
    times = view.find_all("time", () if reading.time == ("none",) else reading.time) or _times(view)
    if not times and reading.time != ("none",) and not forecasts:
        return None
    ids = view.find_all("id", reading.id) or _ids(view, times)
    taken = {one.place for one in (*times, *ids)}
    values = [one for one in view.of_kind("number") if one.place not in taken and not one.counter]
    if not values and not forecasts:
        return None
    names = [one.name for one in values]
    meaning = f"a table with time, of which {name_some(names, 3)} could be forecast"
    found = Proposal("timed", meaning, argument("reading.task", "forecast"))
    if times:
        found.add(2 + fit(times[0].name, TIMES) / 2, f"{times[0].name!r} holds times")
    found.add(1.5, f"numbers in {name_some(names, 3)}")
    named = [one for one in view.of_kind("text") if fit(one.name, TEXTS) >= EXACT and not one.repeats]
    if named and not forecasts:
        found.object("the table", "numbers by time", f"texts in {named[0].name!r}")
    if view.prose is not None:
        found.add(-6, f"{view.prose.name!r} holds sentences")
        found.object("the table", "numbers by time", f"texts in {view.prose.name!r}")
    known = () if forecasts else LABELS
    labels = [one for one in view.profiles if fit(one.name, known) >= EXACT and _are_classes(one)]
    if labels:
        task = argument("reading.task", "forecast")
        remedy = f"Name the column that tells series apart; {task} forecasts the numbers."
        found.object(argument("reading.id"), f"given, to learn the labels in {labels[0].name!r}", "nothing", remedy)
    found.columns = {"time": [one.name for one in times], "id": [one.name for one in ids], "values": names}
    found.roles = [Role(one.name, "time", one.describe()) for one in times]
    found.roles += [Role(one.name, "series", one.describe()) for one in ids]
    found.roles += [Role(one.name, "values", one.describe()) for one in values]
    return found


def _are_classes(one: Profile) -> bool:
    """Tell whether a column called like labels holds classes: words, or few whole numbers that are no measurements."""
    few = one.kind == "number" and one.whole and one.distinct <= CLASSES and one.name.casefold() != "y"
    return one.repeats and (one.kind == "text" or few)


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Refuse: such a table holds no labelled examples.

    Raises:
        DataError: always; it names the options that forecast the table.
    """
    name, want = argument("reading.task"), "forecast for a table with time"
    raise DataError(sentence(table.source, name, want, "none", advice(chosen)))


def _times(view: View) -> list[Profile]:
    named = [one for one in view.of_kind("time") if fit(one.name, TIMES) >= EXACT]
    if named:
        return [max(named, key=lambda one: fit(one.name, TIMES))]
    times = list(view.of_kind("time"))
    if times:
        return times[:1]
    parts = [one for one in view.of_kind("number") if one.name.strip().casefold() in PARTS and one.whole]
    if len(parts) > 1:
        return parts
    known = [one for one in view.of_kind("number") if fit(one.name, TIMES) >= EXACT and not one.repeats]
    return [max(known, key=lambda one: fit(one.name, TIMES))] if known else []


def _ids(view: View, times: list[Profile]) -> list[Profile]:
    """Return the columns that tell series apart, where times come more than once."""
    if not times or any(one.distinct == len(view.table) for one in times):
        return []
    free = [one for one in view.profiles if one.repeats and one.kind in ("text", "number") and one not in times]
    named = [one for one in free if fit(one.name, IDS) >= EXACT]
    if named:
        return [max(named, key=lambda one: fit(one.name, IDS))]
    return [one for one in free if _separates(view, times, one)][:1]


def _separates(view: View, times: list[Profile], one: Profile) -> bool:
    """Tell whether each time comes once for each value of a column that is no measurement."""
    if one.kind == "number" and not one.whole:
        return False
    columns = [view.table.columns[other.place] for other in (*times, one)]
    return len(set(zip(*columns, strict=True))) == len(view.table)


def advice(found: Proposal) -> str:
    """Return the options that forecast such a table."""
    given = [
        argument("reading.task", "forecast"),
        option("targets", *found.columns["values"][:3]),
        argument("horizon", 12),
        option("reading.time", *(found.columns["time"] or ["none"])),
        *([option("reading.id", *found.columns["id"])] if found.columns["id"] else []),
    ]
    return f"This looks like a forecast: {' '.join(given)}."
