"""Series with a row each: the steps lie side by side in columns, and one column holds the label."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import argument
from ..examples import Examples
from ..labels import LabelReader
from ..names import EXACT, IDS, LABELS, fit
from ..numbers import summarise, values_of
from ..profile import Profile, is_missing
from ..table import Table
from .evidence import Proposal, Role, View, name_some, option
from .rows import keep, whole_labels

__all__ = ["build", "propose"]

MANY = 8
"""Columns of numbers from which they look like the steps of series."""

FEW = 20
"""Rows below which labels need not come back."""

SAMPLE = 500
"""Rows by which the scales of columns are compared."""

JUMP = 0.7
"""How far the spreads of neighbouring steps lie apart, as a natural logarithm, in the middle: more is no series."""

FOLLOWS = 0.4
"""Correlation of neighbours from which values follow from each other."""

RARER = 3
"""How many times fewer values labels have than whole-numbered steps."""

NUMBERED = re.compile(r"(\D*)(\d+)(\D*)")


def propose(view: View) -> Proposal | None:
    """Say what speaks for a series per row."""
    reading = view.reading
    asked = reading.layout == "wide"
    if view.prose is not None and not asked:
        return None
    ids = [one for one in view.profiles if _is_id(one) and one.name != reading.label]
    label = view.find("label", reading.label) or _label(view, ids)
    values = [one for one in view.of_kind("number") if one is not label and one not in ids]
    if len(values) < 2:
        return None
    values = view.as_before(values, whole=False)
    found = Proposal("wide", f"series of {len(values)} steps, one a row", argument("reading.layout", "wide"))
    found.columns = {"values": [one.name for one in values], "label": None if label is None else label.name}
    if not asked:
        _weigh(view, found, values)
        others = [one for one in view.of_kind("time", "text") if one is not label and one not in ids]
        if others:
            found.add(-2, f"{others[0].name!r} is no number")
    if label is not None:
        found.add(1.5, f"{label.name!r} is a label")
    elif view.required:
        remedy = "Series without labels, a row each, are not read; a forecast is learnt from a row per step."
        names = name_some(view.table.names)
        found.object(argument("reading.label"), "named, as no column looks like the label of the series", names, remedy)
    found.roles = [] if label is None else [Role(label.name, "label", "named" if reading.label else label.describe())]
    found.roles += [Role(one.name, "values", "a step") for one in values]
    return found


def _weigh(view: View, found: Proposal, values: Sequence[Profile]) -> None:
    """Count what speaks for steps: many columns, names that count, one scale."""
    names = [one.name for one in values]
    numbered = not view.table.named or _are_numbered(names)
    if len(values) >= MANY:
        found.add(3, f"{len(values)} columns of numbers")
    if numbered:
        found.add(2.5, "their names are numbers in a row" if view.table.named else "the columns have no names")
    rows = _sample(view, values) if numbered and len(values) >= MANY else None
    if rows is not None and _has_one_scale(rows) and not _runs_down(rows):
        return
    what = "columns of numbers with names of their own"
    if numbered:
        what = (
            "few columns of numbers"
            if rows is None
            else "numbers of different scales, or that follow from the row above"
        )
    id = option("reading.id", next((one.name for one in view.profiles if _comes_in_blocks(one)), "COLUMN"))
    wide, time = argument("reading.layout", "wide"), argument("reading.task", "forecast")
    want = f"known to be series ({wide}), or steps of series ({id}) or of time ({time})"
    remedy = "Tables of features without any order are not learnt here."
    found.object("each row", want, f"{what}: {name_some(names, 4)}", remedy)


def _comes_in_blocks(one: Profile) -> bool:
    """Tell whether each value comes in one block of rows, as what tells series apart does."""
    return one.kind in ("number", "text") and 1 < one.distinct == one.runs + 1 and one.distinct * RARER <= one.filled


def _sample(view: View, values: Sequence[Profile]) -> np.ndarray:
    """Return the first rows as float64 [steps, rows], NaN where a cell is no number."""
    return np.array([[_value(cell) for cell in view.table.columns[one.place][:SAMPLE]] for one in values])


def _has_one_scale(rows: np.ndarray) -> bool:
    """Tell whether neighbouring columns spread alike, as steps of a series do and measurements of many kinds do not."""
    if rows.shape[1] < 3:
        return True
    known = ~np.isnan(rows)
    counts = np.maximum(known.sum(1), 1)
    means = np.where(known, rows, 0).sum(1) / counts
    spread = np.sqrt((np.where(known, rows - means[:, None], 0) ** 2).sum(1) / counts)
    spread = spread[spread > 0]
    return len(spread) < 2 or float(np.median(np.abs(np.diff(np.log(spread))))) < JUMP


def _runs_down(rows: np.ndarray) -> bool:
    """Tell whether values follow from the row above rather than from the column before: rows are steps then."""
    if rows.shape[1] < MANY:
        return False
    return _follows(rows) > max(FOLLOWS, _follows(rows.T))


def _follows(lines: np.ndarray) -> float:
    """Return how well a value follows from the one before it on its line: the median correlation of neighbours."""
    found = []
    for line in lines:
        filled = line[~np.isnan(line)]
        centred = filled - filled.mean() if len(filled) else filled
        power = float((centred**2).sum())
        if len(filled) > 2 and power > 0:
            found.append(float((centred[1:] * centred[:-1]).sum()) / power)
    return float(np.median(found)) if found else 0.0


def _value(cell: Any) -> float:
    try:
        return math.nan if is_missing(cell) else float(cell)
    except (ValueError, TypeError, OverflowError):
        return math.nan


def _is_id(one: Profile) -> bool:
    if one.counter:
        return True
    unique = one.distinct == one.filled and (one.whole or one.kind == "text")
    return unique and max(fit(one.name, IDS), float(one.kind == "text")) > 0


def _are_numbered(names: Sequence[str]) -> bool:
    """Tell whether names differ by a number alone, which rises by one: x1, x2, x3."""
    parts = [NUMBERED.fullmatch(name.strip()) for name in names]
    if not all(parts):
        return False
    stems = {(part[1], part[3]) for part in parts if part}
    numbers = [int(part[2]) for part in parts if part and len(part[2]) < 10]
    return len(stems) == 1 and numbers == list(range(numbers[0], numbers[0] + len(names)))


def _label(view: View, ids: Sequence[Profile]) -> Profile | None:
    """Return the column of labels: by name, the only text, the only one whose name is no number, or at an end."""
    free = [one for one in view.profiles if one not in ids and one.kind in ("number", "text")]
    named = [one for one in free if fit(one.name, LABELS) >= EXACT]
    if named:
        return max(named, key=lambda one: fit(one.name, LABELS))
    texts = [one for one in free if one.kind == "text" and one.is_label_like]
    if texts:
        return texts[0] if len(texts) == 1 else None
    whole = [one for one in free if one.is_label_like and (one.repeats or len(view.table) < FEW)]
    if view.table.named:
        apart = [one for one in whole if _are_numbered([other.name for other in free if other is not one])]
        if len(apart) == 1 and len(free) > MANY:
            return apart[0]
    ends = [one for one in whole if one in (free[0], free[-1]) and _stands_out(one, free)]
    return ends[0] if len(ends) == 1 else None


def _stands_out(one: Profile, free: Sequence[Profile]) -> bool:
    """Tell whether a column of few whole numbers stands among measurements, or among far more different numbers."""
    others = [other for other in free if other is not one]
    measured = sum(not other.whole for other in others) * 2 > len(others)
    middle = sorted(other.distinct for other in others)[len(others) // 2] if others else 0
    return measured or one.distinct * RARER <= middle


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
