"""Texts with several columns of 0 and 1, each a label that a text has or has not."""

from __future__ import annotations

from typing import Any

from ...errors import DataError, argument, sentence
from ..examples import Examples
from ..names import COUNTS, EXACT, LABELS, TEXTS, TITLES, fit, name_words
from ..profile import Profile
from ..table import Table
from .evidence import Proposal, Role, View, name_some, option, shorten
from .rows import keep
from .texts import find_text_column

__all__ = ["build", "propose"]

TRUTH = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def propose(view: View) -> Proposal | None:
    """Say what speaks for several columns of 0 and 1."""
    named = view.find_all("labels", view.reading.labels)
    if view.reading.label is not None or (not named and not view.required):
        return None
    found = Proposal("indicators")
    flags = named or _flags(view)
    text = view.find("text", view.reading.text) or find_text_column(view, found, *flags)
    if text is None or len(flags) < 2 or text.kind != "text":
        return None
    names = [one.name for one in flags]
    found.meaning = f"texts in {shorten(text.name)!r} with a label for each of the columns {name_some(names)}"
    found.options = option("reading.text", text.name) + " " + option("reading.labels", *names)
    found.add(4 if named else 2.5 if len(flags) == 2 else 3.5, f"columns of 0 and 1: {name_some(names)}")
    found.add(max(fit(text.name, TEXTS), fit(text.name, TITLES)) / 2, f"the name {text.name!r}")
    if text.is_prose or view.reading.text:
        found.add(3, f"{text.name!r} holds sentences")
    if not named and any(fit(one.name, LABELS) >= EXACT for one in view.profiles if one.kind != "empty"):
        found.add(-4, "there is a column with the name of a label")
    if not named:
        _doubt(view, found, text, flags)
    found.columns = {"text": text.name, "labels": names}
    found.roles = [Role(text.name, "text", "named" if view.reading.text else text.describe())]
    found.roles += [Role(name, "label", "named" if named else "0 or 1") for name in names]
    return found


def _doubt(view: View, found: Proposal, text: Profile, flags: list[Profile]) -> None:
    """Note what else the columns of 0 and 1 may be."""
    labels = [one for one in view.profiles if one.is_label_like and one.repeats and one not in (*flags, text)]
    rivals = [one.name for one in labels if not COUNTS & set(name_words(one.name))]
    apart = flags[-1].place - flags[0].place >= len(flags)
    if apart or (len(flags) == 2 and rivals):
        names = name_some([one.name for one in flags] + rivals, 6)
        either = f"{argument('reading.label')} or {argument('reading.labels')}"
        found.ask(either, f"named, as one or several columns may hold the labels: {names}")


def _flags(view: View) -> list[Profile]:
    """Return the columns of 0 and 1; one that is 0 everywhere counts where it stands beside another."""
    found = [one for one in view.profiles if _is_flag(view, one)]
    sure = {one.place for one in found if one.distinct == 2}
    for one in found:
        if one.place not in sure and sure & {one.place - 1, one.place + 1}:
            sure.add(one.place)
    return [one for one in found if one.place in sure]


def _is_flag(view: View, one: Profile) -> bool:
    if one.kind not in ("number", "text") or one.distinct > 2 or not one.filled:
        return False
    values = {_truth(cell) for cell in set(view.table.columns[one.place])}
    return None not in values and values != {True}


def _truth(cell: Any) -> bool | None:
    return TRUTH.get(str(cell).strip().lower())


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read the texts and the labels that each has; where every text has just one, they are classes.

    Raises:
        DataError: a cell is neither 0 nor 1.
    """
    names = chosen.columns["labels"]
    kept = keep(table, chosen.columns["text"], None, None, view)
    rows = []
    for n in kept.places:
        row = []
        for name in names:
            value = _truth(table.column(name)[n])
            if value is None:
                place = f"{table.source}:{table.lines[n]}"
                raise DataError(sentence(place, f"column {name!r}", "0 or 1", repr(table.column(name)[n])[:80]))
            row += [name] if value else []
        rows.append(row)
    single = view.reading.multi_label is not True and all(len(row) == 1 for row in rows)
    result = kept.examples("text", "classify")
    result.inputs = [str(value) for value, _ in kept.inputs()]
    result.multi_label = not single
    result.targets = [row[0] for row in rows] if single else rows
    if single:
        table.inferred["labels"] = "one each, as every row has a single 1"
    return result
