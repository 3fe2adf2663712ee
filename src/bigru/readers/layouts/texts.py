"""Texts with a label: a row is a text, and one column holds its label or its labels."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Any

from ...errors import DataError, sentence
from ..examples import Examples
from ..labels import SEPARATOR, LabelReader, is_list, is_missing
from ..names import COUNTS, EXACT, HEAD, IDS, LABELS, TEXTS, fit, words_of
from ..profile import LITERAL, MOST, Profile
from ..table import Table
from .evidence import Proposal, Role, View, listed
from .rows import keep, whole_labels

__all__ = ["build", "label_of", "propose", "text_of"]

CLOSE = 0.75
"""Points that one column must be ahead of the next to be chosen by its look."""

ENOUGH = 20
"""Rows from which it counts that labels come back."""

LISTS = ("numbers", "texts", "spans", "object")
"""Kinds of cells that are no texts."""

WRITTEN = 2000
"""Cells that are looked at for lists written as text."""


def propose(view: View) -> Proposal | None:
    """Say what speaks for texts with a label."""
    found = Proposal("texts", "texts with a label")
    text = view.find("text", view.reading.text) or text_of(view, found)
    if text is None or text.kind in LISTS:
        return None
    label = view.find("label", view.reading.label) or label_of(view, text, found)
    if label is None and view.required and len(view.profiles) > 1:
        found.object("--label", "named, as no column looks like labels", listed(view.table.names))
    elif label is None and view.required:
        found.object(
            "the table", "labelled", f"the single column {text.name!r}", "Labels stand in a column of their own."
        )
    _weigh(view, found, text, label)
    found.columns = {"text": text.name, "label": None if label is None else label.name}
    found.options = f"--text {text.name}" + ("" if label is None else f" --label {label.name}")
    found.roles = [Role(text.name, "text", _why(view.reading.text, text, TEXTS))]
    if label is not None:
        found.roles.append(Role(label.name, "label", _why(view.reading.label, label, LABELS)))
        found.meaning = f"texts in {text.name!r} with labels in {label.name!r}"
    return found


def _why(named: str | None, one: Profile, known: Sequence[str]) -> str:
    if named is not None:
        return "named"
    return "its name" if fit(one.name, known) >= EXACT else one.describe()


def text_of(view: View, found: Proposal, *taken: Profile | None) -> Profile | None:
    """Return the column that is most like the texts by name and look, and note a doubt in `found`."""
    places = {one.place for one in taken if one is not None}
    ranked = []
    for one in view.profiles:
        name = fit(one.name, TEXTS)
        possible = one.kind == "text" or (name >= EXACT and one.kind not in LISTS)
        if (
            possible
            and one.place not in places
            and one.name not in view.reading.labels
            and one.name != view.reading.label
        ):
            look = 2 * one.sentences + min(one.length / 40, 2.0) + (0.0 if one.repeats else 0.5)
            ranked.append((name + look, one))
    ranked.sort(key=lambda pair: -pair[0])
    if len(ranked) > 1:
        (first, best), (second, other) = ranked[:2]
        unnamed = fit(best.name, TEXTS) < HEAD and fit(other.name, TEXTS) < HEAD
        if unnamed and other.is_prose and first - second < CLOSE:
            found.question = f"the texts may be in {best.name!r} or in {other.name!r}: name the column with --text"
    return ranked[0][1] if ranked else None


def label_of(view: View, text: Profile | None, found: Proposal) -> Profile | None:
    """Return the column that is most like labels by name and look, and note a doubt in `found`."""
    others = [one for one in view.profiles if text is None or one.place != text.place]
    if not view.required:
        named = [one for one in others if fit(one.name, LABELS) >= EXACT and one.kind != "empty"]
        return max(named, key=lambda one: fit(one.name, LABELS), default=None)
    if len(others) == 1 and others[0].kind in ("text", "number") and len(view.table) < ENOUGH:
        return others[0]
    ranked = sorted(
        ((points, one) for one in others if (points := _label_points(one, len(view.table))) is not None),
        key=lambda pair: -pair[0],
    )
    if not ranked or ranked[0][0] < 0:
        return None
    (first, best), (second, other) = ranked[0], ranked[1] if len(ranked) > 1 else (-math.inf, ranked[0][1])
    if first - second < CLOSE and fit(best.name, LABELS) < EXACT:
        found.question = f"the labels may be in {best.name!r} or in {other.name!r}: name the column with --label"
    return best


def _label_points(one: Profile, rows: int) -> float | None:
    """Return how much a column looks like labels, None for not at all."""
    name = fit(one.name, LABELS)
    if name >= EXACT and one.kind not in ("recording", "spans", "object", "numbers"):
        return name + (2 if one.filled else -3)
    if not one.is_label_like or one.kind in ("time", "recording"):
        return None
    points = name + 1.5 * (1 - math.log(one.distinct) / math.log(MOST + 1))
    points += 1.0 if one.repeats else -2.0
    points -= 1.5 if COUNTS & set(words_of(one.name)) else 0.0
    points -= 1.5 if fit(one.name, IDS) >= EXACT else 0.0
    return points - (1.0 if one.filled * 2 < rows else 0.0)


def _weigh(view: View, found: Proposal, text: Profile, label: Profile | None) -> None:
    if view.reading.text is not None:
        found.add(4, f"{text.name!r} is named as the text")
    elif text.is_prose:
        found.add(3, f"{text.name!r} holds sentences")
    found.add(fit(text.name, TEXTS) / 2, f"the name {text.name!r}")
    sure = fit(text.name, TEXTS) >= EXACT and len(view.table) < ENOUGH
    if view.reading.text is None and not sure and text.kind in ("number", "time") and not text.letters:
        got = f"the column {text.name!r} without any letter"
        found.object("the text", "words", got, "Name its column with --text if it is meant.")
    if label is None:
        return
    found.add(fit(label.name, LABELS) / 2 if view.reading.label is None else 4, f"the name {label.name!r}")
    if view.reading.label is not None or not view.required:
        return
    if label.filled >= ENOUGH and not label.repeats and label.kind in ("text", "number"):
        what = f"{label.distinct:,} different values in {label.filled:,} rows"
        got, remedy = f"{label.name!r} with {what}", "Name its column with --label if it is meant."
        found.object("the label", "a column whose values come back", got, remedy)
    elif label.kind == "number" and not label.whole:
        got, remedy = f"{label.name!r} with measurements", "Name its column with --label if it is meant."
        found.object("the label", "a column of few different values", got, remedy)


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read the texts and, where they are wanted or all there, the labels."""
    reading, key = view.reading, chosen.columns["label"]
    cells = None if key is None else _listed(table.column(key))
    many = _is_many(cells, reading.multi_label, table, key)
    if cells is not None and not many:
        cells = [one[0] if is_list(one) and len(one) == 1 else one for one in cells]
        cells = whole_labels(cells, table, str(key))
    kept = keep(table, chosen.columns["text"], key, cells, view, many=many)
    result = kept.examples("text", "classify")
    result.multi_label = many
    result.inputs = [_text(value, place) for value, place in kept.inputs()]
    if kept.labelled:
        labels = LabelReader(table.source)
        read = labels.many if many else labels.one
        result.targets = [read(value, line) for value, line in kept.targets()]
        result.findings += labels.findings()
    return result


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise DataError(sentence(place, "text", "text", repr(value)[:80]))
    return value


def _listed(cells: Sequence[Any]) -> Sequence[Any]:
    """Return cells that all hold a list written as text ("['a', 'b']") as lists, others as they are."""
    filled = [cell for cell in cells if not is_missing(cell)]
    sample = filled[:WRITTEN]
    if not sample or not all(isinstance(cell, str) and LITERAL.fullmatch(cell) for cell in sample):
        return cells
    lists = []
    for cell in cells:
        try:
            value = [] if is_missing(cell) else ast.literal_eval(cell.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError, AttributeError):
            return cells
        if not isinstance(value, list) or not all(isinstance(one, (str, int, float, bool)) for one in value):
            return cells
        lists.append(value)
    return lists


def _is_many(cells: Sequence[Any] | None, asked: bool | None, table: Table, key: str | None) -> bool:
    """Tell whether examples have any number of labels: a list of other than one, or several parted by `|`."""
    if asked is not None or cells is None:
        return bool(asked)
    lists = [cell for cell in cells if is_list(cell)]
    if lists:
        if all(len(cell) == 1 for cell in lists):
            table.inferred["labels"] = "one each, as every list holds one"
            return False
        return True
    return any(isinstance(cell, str) and SEPARATOR in cell for cell in cells)
