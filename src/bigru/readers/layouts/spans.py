"""Texts with spans: lists of `[start, end, label]` beside the text they belong to."""

from __future__ import annotations

from ...errors import argument
from ..examples import Examples
from ..names import TEXTS, fit
from ..profile import Profile
from ..table import Table
from ..tags.spans import tags_from_spans
from .evidence import Proposal, Role, View
from .rows import keep
from .texts import find_text_column

__all__ = ["build", "propose"]

SPANS = ("spans", "entities")


def propose(view: View) -> Proposal | None:
    """Say what speaks for texts with spans."""
    if view.reading.target.per_example:
        return None
    found = Proposal("spans")
    marks = _marks(view)
    text = view.find("text", view.reading.text) or find_text_column(view, found, marks)
    if marks is None or text is None or text.kind != "text":
        return None
    found.meaning = f"texts in {text.name!r} with spans in {marks.name!r}"
    found.options = argument("reading.task", "tag")
    found.add(6, f"{marks.name!r} holds spans")
    found.columns = {"text": text.name, "spans": marks.name}
    found.roles = [Role(text.name, "text", "its name" if fit(text.name, TEXTS) else text.describe())]
    found.roles.append(Role(marks.name, "spans", "lists of start, end and label"))
    return found


def _marks(view: View) -> Profile | None:
    named = view.find("label", view.reading.label)
    if named is not None:
        return named if named.kind == "spans" or named.name in SPANS else None
    certain = next((one for name in SPANS for one in view.profiles if one.name == name), None)
    return certain or next(view.of_kind("spans"), None)


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read the texts and a tag for each of their characters."""
    key, scheme = chosen.columns["spans"], view.reading.scheme or "BIO"
    kept = keep(table, chosen.columns["text"], key, table.column(key), view, many=True)
    result = kept.examples("text", "tag")
    result.inputs = [str(value) for value, _ in kept.inputs()]
    if kept.labelled:
        marks = [spans for spans, _ in kept.targets()]
        offsets, overlaps = view.reading.offsets, view.reading.overlaps
        read = tags_from_spans(
            table.source, result.inputs, marks, result.lines, scheme=scheme, offsets=offsets, overlaps=overlaps
        )
        result.targets, result.scheme = read.tags, scheme
        result.findings += read.findings
        table.inferred |= {"scheme": scheme} | read.inferred
    return result
