"""Texts with a label: a row is a text, and one column holds its label or its labels."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from typing import Any

from ...config.targets import target_of
from ...errors import DataError, argument, sentence
from ..examples import Examples
from ..labels import SEPARATOR, LabelReader, is_list, is_missing
from ..names import COUNTS, EXACT, HEAD, IDS, LABELS, OUTCOMES, TEXTS, TITLES, fit, name_words
from ..profile import MOST, SEPARATORS, Profile
from ..reading import Reading
from ..table import Table
from .evidence import Proposal, Role, View, name_some, option, shorten
from .rows import keep, whole_labels

__all__ = ["build", "find_label_column", "find_text_column", "propose"]

CLOSE = 0.75
"""Points that one column must be ahead of the next to be chosen by its look."""

ENOUGH = 20
"""Rows from which it counts that labels come back."""

TITLE = 3.0
"""Points that the name of a title is worth less than that of a text."""

STARS = 20
"""Different numbers with a fraction (1.5, 4.5) that labels may be."""

LETTERED = 0.3
"""Share of cells that must hold letters, or several words, for a column to be one of words."""

SEVERAL = frozenset(
    ("labels", "tags", "classes", "topics", "genres", "categories", "intents", "emotions", "types", "keywords", "标签")
)
"""Words of names of columns whose cells hold several labels."""

SHOWN = 4
"""Columns that a question names at most."""

LISTS = ("numbers", "texts", "spans", "object")
"""Kinds of cells that are no texts."""


def propose(view: View) -> Proposal | None:
    """Say what speaks for texts with a label."""
    found = Proposal("texts", "texts with a label")
    text = view.find("text", view.reading.text) or find_text_column(view, found)
    if text is None or text.kind in LISTS or (view.reading.text is None and _is_category(view, text)):
        return None
    label = view.find("label", view.reading.label) or find_label_column(view, text, found)
    if label is None and view.required and len(view.profiles) > 1:
        found.object(argument("reading.label"), "named, as no column looks like labels", name_some(view.table.names))
    elif label is None and view.required:
        found.object(
            "the table",
            "labelled",
            f"the single column {shorten(text.name)!r}",
            f"Labels stand in a column of their own; name what separates columns with {argument('reading.separator')}.",
        )
    _weigh(view, found, text, label)
    found.columns = {"text": text.name, "label": None if label is None else label.name}
    found.options = option("reading.text", text.name)
    found.options += "" if label is None else " " + option("reading.label", label.name)
    found.roles = [Role(text.name, "text", _why(view.reading.text, text, TEXTS))]
    if label is not None:
        _ask_how_many(view, found, label)
        found.roles.append(Role(label.name, "label", _why(view.reading.label, label, LABELS)))
        found.meaning = f"texts in {shorten(text.name)!r} with labels in {shorten(label.name)!r}"
    return found


def _ask_how_many(view: View, found: Proposal, label: Profile) -> None:
    """Ask whether cells hold several labels: their parts come back in others, and the column's name is no plural."""
    doubtful = label.delimiter in (";", ",") and (label.is_label_like or label.kind == "number") and label.repeats
    plural = any(word in SEVERAL for word in name_words(label.name))
    if doubtful and not plural and view.required and view.reading.multi_label is None:
        want = f"given, as {label.delimiter!r} in {shorten(label.name)!r} may separate labels"
        found.ask(f"{argument('reading.multi_label', True)} or {argument('reading.multi_label', False)}", want)


def _why(named: str | None, one: Profile, known: Sequence[str]) -> str:
    if named is not None:
        return "named"
    return "its name" if fit(one.name, known) >= EXACT else one.describe()


def find_text_column(view: View, found: Proposal, *taken: Profile | None) -> Profile | None:
    """Return the column that is most like the texts by name and look, and note a doubt in `found`."""
    places = {one.place for one in taken if one is not None}
    decided = {*view.reading.labels, view.reading.label}
    free = [one for one in view.profiles if one.place not in places and one.name not in decided]
    ranked = sorted(((_text_points(one), one) for one in free if _may_be_text(one)), key=lambda pair: -pair[0])
    for points, other in ranked[1:]:
        if _are_alike(ranked[0], (points, other)):
            names = _in_order([ranked[0][1], other])
            found.ask(argument("reading.text"), f"named, as several columns may hold the texts: {names}")
            break
    return ranked[0][1] if ranked else None


def _in_order(columns: Sequence[Profile]) -> str:
    return name_some([one.name for one in sorted(columns[:SHOWN], key=lambda one: one.place)])


def _may_be_text(one: Profile) -> bool:
    return (one.kind == "text" and not one.listed and not one.delimiter) or (
        fit(one.name, TEXTS) >= EXACT and one.kind not in LISTS
    )


def _text_points(one: Profile) -> float:
    """Return how much a column looks like texts: by its name, its sentences, its length."""
    name = max(fit(one.name, TEXTS), fit(one.name, TITLES) - TITLE)
    if one.kind == "empty":
        return name - 2.0
    if fit(one.name, LABELS) >= EXACT > name:
        name -= 1.5
    return name + 2 * one.sentences + min(one.length / 40, 2.0) + (0.0 if one.repeats else 0.5)


def _are_alike(first: tuple[float, Profile], second: tuple[float, Profile]) -> bool:
    """Tell whether two columns of sentences could both be the texts, so that a person must say which are."""
    (points, best), (less, other) = first, second
    if not other.is_prose or best.name.strip().casefold() == "text" or fit(other.name, LABELS) >= EXACT:
        return False
    if _stem(best.name) == _stem(other.name):
        return True
    known, rival = fit(best.name, TEXTS) >= EXACT, fit(other.name, TEXTS) >= EXACT
    if known and rival:
        return points - less < CLOSE
    titled = fit(other.name, TITLES) >= EXACT > fit(best.name, TITLES) and best.length > other.length
    return not known and not titled


def _stem(name: str) -> tuple[str, ...]:
    """Return the words of a name without a number or a single letter at its end, by which columns are counted."""
    words = name_words(name)
    return words[:-1] if len(words) > 1 and (words[-1].isdecimal() or len(words[-1]) == 1) else words


def find_label_column(view: View, text: Profile | None, found: Proposal) -> Profile | None:
    """Return the column that is most like labels by name and look, and note a doubt in `found`."""
    others = [one for one in view.profiles if text is None or one.place != text.place]
    if not view.required:
        named = [one for one in others if fit(one.name, LABELS) >= EXACT and one.kind != "empty"]
        return max(named, key=lambda one: fit(one.name, LABELS), default=None)
    filled = [one for one in others if one.kind != "empty"]
    if len(filled) == 1 and filled[0].kind in ("text", "number") and len(view.table) < ENOUGH:
        return filled[0]
    ranked = sorted(
        ((points, one) for one in others if (points := _label_points(one, len(view.table))) is not None),
        key=lambda pair: -pair[0],
    )
    if not ranked or ranked[0][0] < 0:
        return None
    best = ranked[0][1]
    if fit(best.name, LABELS) >= EXACT:
        return _find_label_names(view, best, [one for _, one in ranked[1:]])
    rivals = [one for points, one in ranked[1:] if ranked[0][0] - points < CLOSE]
    if rivals:
        names = _in_order([best, *rivals])
        found.ask(argument("reading.label"), f"named, as several columns may hold the labels: {names}")
    elif _is_count(best) and len(filled) > 1:
        found.ask(
            argument("reading.label"),
            f"named, as {shorten(best.name)!r} has not the name of labels and no other column has their look",
        )
    return best


def _label_points(one: Profile, rows: int) -> float | None:
    """Return how much a column looks like labels, None for not at all."""
    name = max(fit(one.name, LABELS), min(HEAD, fit(one.name, OUTCOMES)))
    if name >= EXACT and one.kind not in ("recording", "spans", "object", "numbers", "empty"):
        return name + (2 if one.distinct > 1 or rows == 1 else -1)
    if one.listed or one.delimiter == "<>" or (one.delimiter and not (one.is_label_like and one.repeats)):
        return name + 1.5
    if not one.is_label_like or one.kind in ("time", "recording"):
        return None
    points = name + 1.5 * (1 - math.log(one.distinct) / math.log(MOST + 1))
    points += 1.0 if one.repeats else -2.0
    points -= 1.5 if _is_count(one) else 0.0
    points -= 1.5 if fit(one.name, IDS) >= EXACT else 0.0
    return points - (1.0 if one.filled * 2 < rows else 0.0)


def _is_count(one: Profile) -> bool:
    """Tell whether the name is one of counts, people, places: hardly ever what is meant by labels."""
    return fit(one.name, LABELS) == 0 and bool(COUNTS & set(name_words(one.name)))


def _find_label_names(view: View, best: Profile, others: Sequence[Profile]) -> Profile:
    """Return the column that spells out labels that are numbers (label_text beside label), else the labels' own."""
    if best.kind != "number":
        return best
    cells = view.table.columns[best.place]
    for one in others:
        if fit(one.name, LABELS) < HEAD or one.kind != "text" or one.distinct != best.distinct:
            continue
        if len(set(zip(cells, view.table.columns[one.place], strict=True))) == best.distinct:
            view.table.inferred["labels"] = f"those of {one.name!r}, which names the numbers of {best.name!r}"
            return one
    return best


def _weigh(view: View, found: Proposal, text: Profile, label: Profile | None) -> None:
    named = view.reading.text is not None
    if named:
        found.add(4, f"{text.name!r} is named as the text")
    elif text.is_prose:
        found.add(3, f"{text.name!r} holds sentences")
    found.add(max(fit(text.name, TEXTS), fit(text.name, TITLES)) / 2, f"the name {text.name!r}")
    if not named:
        _doubt_text(view, found, text)
    if label is None:
        return
    found.add(fit(label.name, LABELS) / 2 if view.reading.label is None else 4, f"the name {label.name!r}")
    if view.reading.label is None and view.required:
        _doubt_label(view, found, label)


def _doubt_text(view: View, found: Proposal, text: Profile) -> None:
    """Rule out columns that hold no words of people, and count what else the table may be."""
    audio = next(view.of_kind("recording"), None)
    if audio is not None:
        found.add(-4, f"{audio.name!r} names recordings")
    if fit(text.name, TEXTS) >= EXACT and len(view.table) < ENOUGH:
        return
    remedy = f"Name its column with {argument('reading.text')} if it is meant."
    if text.letters < LETTERED:
        found.object("the text", "words", f"the column {shorten(text.name)!r} without letters", remedy)


def _is_category(view: View, text: Profile) -> bool:
    """Tell whether a column holds the same few words again and again, and is not known as one of texts."""
    if fit(text.name, TEXTS) >= EXACT:
        return False
    if view.table.named and fit(text.name, LABELS) >= EXACT and text.repeats:
        return True
    alone = not view.required and len([one for one in view.of_kind("text") if not one.constant]) < 2
    return text.kind == "text" and text.repeats and text.sentences < LETTERED and not alone


def _doubt_label(view: View, found: Proposal, label: Profile) -> None:
    remedy = f"Name its column with {argument('reading.label')} if it is meant."
    several = label.listed or label.delimiter
    if label.filled >= ENOUGH and not label.repeats and label.kind in ("text", "number") and not several:
        got = f"{shorten(label.name)!r} with {label.distinct:,} different values in {label.filled:,} rows"
        found.object("the label", "a column whose values come back", got, remedy)
    elif label.kind == "number" and not label.whole and not several and not (label.repeats and label.distinct <= STARS):
        found.object(
            "the label", "a column of few different values", f"{shorten(label.name)!r} with measurements", remedy
        )


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read the texts and, where they are wanted or all there, the labels."""
    reading, key = view.reading, chosen.columns["label"]
    cells = None if key is None else _lists(table.column(key), view.profiles[table.names.index(key)], reading)
    many = _is_many(cells, reading.multi_label, table, key)
    if cells is not None and not many:
        if not _are_texts(cells):
            cells = [one[0] if is_list(one) and len(one) == 1 else one for one in cells]
        cells = whole_labels(cells, table, str(key))
    kept = keep(table, chosen.columns["text"], key, cells, view, many=many)
    task = reading.task if reading.task is not None and target_of(reading.task).per_example else "classify"
    result = kept.examples("text", task)
    result.multi_label = many
    texts = kept.table.column(chosen.columns["text"])
    if _are_texts(texts):
        result.inputs = [texts[n] for n in kept.places]
    else:
        result.inputs = [_text(value, place) for value, place in kept.inputs()]
    if kept.labelled:
        labels = LabelReader(table.source)
        read = labels.many if many else labels.one
        result.targets = [read(value, line) for value, line in kept.targets()]
        result.findings += labels.findings()
    return result


def _are_texts(cells: Sequence[Any]) -> bool:
    return set(map(type, cells)) <= {str}


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise DataError(sentence(place, "text", "text", repr(value)[:80]))
    return value


def _lists(cells: Sequence[Any], label: Profile, reading: Reading) -> Sequence[Any]:
    """Return cells that hold several labels, written as a list or with a separator, as lists; others as they are."""
    if reading.multi_label is False or any(is_list(cell) for cell in cells):
        return cells
    if label.listed and all(isinstance(cell, str) for cell in cells):
        return _literals(cells)
    if label.delimiter == "<>":
        return [[part for part in re.split("[<>]", str(cell)) if part] for cell in cells]
    delimiter = label.delimiter
    if reading.multi_label and not delimiter:
        delimiter = next((sign for sign in SEPARATORS if any(sign in str(cell) for cell in cells)), "")
    if delimiter in ("", "|"):
        return cells
    return [[] if is_missing(cell) else [part.strip() for part in str(cell).split(delimiter)] for cell in cells]


def _literals(cells: Sequence[str]) -> Sequence[Any]:
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
    """Tell whether examples have any number of labels: a list of other than one, or several separated by `|`."""
    if asked is not None or cells is None:
        return bool(asked)
    if _are_texts(cells):
        return any(SEPARATOR in cell for cell in set(cells))
    lists = [cell for cell in cells if is_list(cell)]
    if lists:
        if all(len(cell) == 1 for cell in lists):
            table.inferred["labels"] = "one each, as every list holds one"
            return False
        return True
    return any(isinstance(cell, str) and SEPARATOR in cell for cell in cells)
