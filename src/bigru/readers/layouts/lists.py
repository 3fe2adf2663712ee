"""Lists in cells: sequences of tokens, or of numbers, with a label each or one for every element."""

from __future__ import annotations

from typing import Any

from ...errors import DataError, argument, sentence
from ..examples import Examples
from ..labels import LabelReader, is_list
from ..names import EXACT, LABELS, fit
from ..numbers import check_widths, summarise, to_series
from ..profile import Profile
from ..table import Table
from ..tags.settle import settle_scheme, settle_tokens
from .evidence import Proposal, Role, View, name_some
from .rows import keep

__all__ = ["TAGS", "build", "propose"]

VALUES = ("values", "series", "x")
TOKENS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "pos_tags", "upos", "labels", "ner", "ner_labels", "bio", "iob")
SPANS = ("spans", "entities")


def propose(view: View) -> Proposal | None:
    """Say what speaks for sequences in cells."""
    reading = view.reading
    one = _input(view)
    if one is None:
        return None
    kind = "tokens" if one.kind == "texts" else "series"
    found = Proposal("lists", f"{kind} in {one.name!r}", argument("reading.text", one.name))
    found.add(4, f"{one.name!r} holds lists")
    target = view.find("label", reading.label) or _target(view, one)
    if target is None and view.required:
        known = _names(view)
        want = f"named, as none of the keys {name_some(view.table.names)} is one of {', '.join(known)}"
        found.object(argument("reading.label"), want, "nothing")
    listed_labels = target is not None and any(is_list(cell) for cell in view.table.columns[target.place])
    per = "unit" if reading.target.per_step or (reading.task is None and listed_labels) else "example"
    found.columns = {"input": one.name, "label": None if target is None else target.name, "kind": kind, "per": per}
    found.roles = [Role(one.name, kind, one.describe())]
    if target is not None:
        found.roles.append(
            Role(target.name, "tags" if per == "unit" else "label", "its name" if reading.label is None else "named")
        )
    return found


def _input(view: View) -> Profile | None:
    named = view.find("text", view.reading.text)
    if named is not None:
        return named if named.kind in ("texts", "numbers") else None
    for known in (*VALUES, *TOKENS):
        one = next((one for one in view.profiles if one.name == known and one.kind in ("texts", "numbers")), None)
        if one is not None:
            return one
    taken = {view.reading.label, *SPANS, *TAGS, *LABELS}
    numbers = [one for one in view.of_kind("numbers") if one.name not in taken]
    return numbers[0] if len(numbers) == 1 else None


def _names(view: View) -> tuple[str, ...]:
    """Return the names that a column of labels may have: where tags are wanted, of tags alone."""
    return TAGS if view.reading.target.per_step else ("label", *TAGS)


def _target(view: View, one: Profile) -> Profile | None:
    by_name = next((p for name in _names(view) for p in view.profiles if p.name == name and p.place != one.place), None)
    if by_name is not None or view.reading.target.per_step:
        return by_name
    others = [p for p in view.profiles if p.place != one.place and fit(p.name, LABELS) >= EXACT]
    return max(others, key=lambda p: fit(p.name, LABELS), default=None)


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read the sequences and, where they are wanted or all there, their labels."""
    columns, reading = chosen.columns, view.reading
    kind, key, per = columns["kind"], columns["label"], columns["per"]
    cells = None if key is None else table.column(key)
    many = (
        per == "example"
        and cells is not None
        and (bool(reading.multi_label) if reading.multi_label is not None else any(is_list(cell) for cell in cells))
    )
    kept = keep(table, columns["input"], key, cells, view, many=many, kind=kind)
    result = kept.examples(kind, "tag" if per == "unit" else "classify")
    result.multi_label = many
    read = _tokens if kind == "tokens" else to_series
    result.inputs = [read(value, place) for value, place in kept.inputs()]
    if kind == "series":
        check_widths(result)
        table.inferred |= summarise(result.inputs)
    if kept.labelled:
        labels = LabelReader(table.source)
        if per == "unit":
            result.targets = _unit_labels(result, list(kept.targets()), str(key), labels)
            if kind == "tokens":
                settle_scheme(result, reading.scheme)
        else:
            one = labels.many if many else labels.one
            result.targets = [one(value, line) for value, line in kept.targets()]
        result.findings += labels.findings()
    if kind == "tokens":
        settle_tokens(result)
    return result


def _tokens(value: Any, place: str) -> list[str]:
    tokens: list[Any] = list(value) if is_list(value) else [None]
    if not all(isinstance(token, str) and token for token in tokens):
        raise DataError(sentence(place, "tokens", "a list of non-empty strings", repr(value)[:80]))
    return tokens


def _unit_labels(result: Examples, cells: list[tuple[Any, int]], key: str, labels: LabelReader) -> list[list[str]]:
    targets = []
    for (value, line), x in zip(cells, result.inputs, strict=True):
        if not is_list(value) or len(value) != len(x):
            got = f"{len(value)} of them" if is_list(value) else repr(value)[:80]
            want = f"a list of {len(x)} labels, one per step or token"
            raise DataError(sentence(f"{result.source}:{line}", key, want, got))
        targets.append([labels.one(label, line) for label in value])
    return targets
