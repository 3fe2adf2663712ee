"""Series with a row each: the steps lie side by side in columns, and one column holds the label."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..examples import Examples
from ..labels import LabelReader
from ..names import EXACT, IDS, LABELS, fit
from ..numbers import summarise, values_of
from ..profile import Profile
from ..table import Table
from .evidence import Proposal, Role, View, listed
from .rows import keep, whole_labels

__all__ = ["build", "propose"]

MANY = 8
"""Columns of numbers from which they look like the steps of series."""

NUMBERED = re.compile(r"(\D*)(\d+)(\D*)")


def propose(view: View) -> Proposal | None:
    """Say what speaks for a series per row."""
    reading = view.reading
    asked = reading.layout == "wide"
    if view.prose is not None and not asked:
        return None
    label = view.find("label", reading.label) or _label(view)
    taken = [one for one in view.profiles if one is not label and _is_id(one)]
    values = [one for one in view.of_kind("number") if one is not label and one not in taken]
    if len(values) < 2:
        return None
    found = Proposal("wide", f"series of {len(values)} steps, one a row", "--layout wide")
    found.columns = {"values": [one.name for one in values], "label": None if label is None else label.name}
    if len(values) >= MANY:
        found.add(3, f"{len(values)} columns of numbers")
    numbered = not view.table.named or _are_numbered([one.name for one in values])
    if numbered:
        found.add(2.5, "their names are numbers in a row" if view.table.named else "the columns have no names")
    elif not asked:
        got = f"columns of numbers with names of their own: {listed(found.columns['values'], 4)}"
        remedy = (
            "If they are steps of a series a row: --layout wide; if rows are steps: --id-column, or --task forecast."
        )
        found.object("the table", "texts, or series", got, remedy)
    others = [one for one in view.profiles if one is not label and one not in taken and one.kind in ("time", "text")]
    if others and not asked:
        found.add(-2, f"{others[0].name!r} is no number")
    if label is not None:
        found.add(1.5, f"{label.name!r} is a label")
    elif view.required:
        found.object("--label", "named, as no column looks like the label of the series", listed(view.table.names))
    found.roles = [] if label is None else [Role(label.name, "label", "named" if reading.label else label.describe())]
    found.roles += [Role(one.name, "values", "a step") for one in values]
    return found


def _is_id(one: Profile) -> bool:
    unique = one.distinct == one.filled and (one.whole or one.kind == "text")
    return one.counter or (unique and fit(one.name, IDS) > 0)


def _are_numbered(names: Sequence[str]) -> bool:
    """Tell whether names differ by a number alone, which rises by one: x1, x2, x3."""
    parts = [NUMBERED.fullmatch(name.strip()) for name in names]
    if not all(parts):
        return False
    stems = {(part[1], part[3]) for part in parts if part}
    numbers = [int(part[2]) for part in parts if part]
    return len(stems) == 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _label(view: View) -> Profile | None:
    """Return the column of labels: by name, else the first or the last of few different values among measurements."""
    named = [one for one in view.profiles if fit(one.name, LABELS) >= EXACT and one.kind in ("number", "text")]
    if named:
        return max(named, key=lambda one: fit(one.name, LABELS))
    texts = [one for one in view.of_kind("text") if one.is_label_like and not _is_id(one)]
    if len(texts) == 1:
        return texts[0]
    ends = [
        one
        for one in (view.profiles[0], view.profiles[-1])
        if one.kind == "number" and one.is_label_like and one.repeats
    ]
    others = [one for one in view.of_kind("number") if one not in ends]
    measured = sum(not one.whole for one in others) * 2 > len(others)
    return ends[0] if len(ends) == 1 and measured else None


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read the series; cells that are empty to the end of a row are padding, those before are missing values."""
    columns, key = chosen.columns, chosen.columns["label"]
    cells = None if key is None else whole_labels(table.column(key), table, key)
    kept = keep(table, columns["values"][0], key, cells, view, kind="series")
    result = kept.examples("series", "classify")
    values = values_of(table, columns["values"], view.reading.decimal)[list(kept.places)]
    ends = values.shape[1] - np.argmax(~np.isnan(values[:, ::-1]), axis=1)
    result.inputs = [row[:end, None] for row, end in zip(values, ends.tolist(), strict=True)]
    table.inferred |= summarise(result.inputs)
    if ends.min() < values.shape[1]:
        table.inferred["ends"] = f"{(ends < values.shape[1]).sum()} rows end in empty cells, read as shorter series"
    if kept.labelled:
        labels = LabelReader(table.source)
        result.targets = [labels.one(value, line) for value, line in kept.targets()]
        result.findings += labels.findings()
    return result
