"""Tables with a token per row: which columns hold the token, its tag and the sentence it belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ...errors import argument
from ..examples import Examples
from ..names import EXACT, HEAD, SENTENCES, TAGS, TOKENS, fit
from ..profile import Profile
from ..table import Table
from ..tags.rows import from_token_rows
from .evidence import Proposal, Role, View, name_some, option

__all__ = ["build", "propose"]

IOB = re.compile(r"O|[BIESMLU][-_].+|.+[-_][BIESMLU]")
"""A tag that says where in a span it stands."""

SAMPLE = 2000
WORD = 15
"""Characters that a column of tokens has at most, on average."""


def propose(view: View) -> Proposal | None:
    """Say what speaks for a token per row."""
    reading = view.reading
    tag = view.find("label", reading.label) or _tag(view)
    token = view.find("text", reading.text) or _token(view, tag)
    ids = view.find_all("id", reading.id)
    sentence = ids[0] if ids else view.by_name(SENTENCES, token, tag, least=EXACT)
    if token is None or (tag is None and view.required):
        return None
    found = Proposal("tokens", f"a token per row, in {token.name!r}", option("reading.text", token.name))
    if tag is not None and _is_iob(view, tag):
        found.add(4, f"{tag.name!r} holds tags of spans")
    if sentence is not None and sentence.place not in (token.place, tag.place if tag else -1):
        found.add(3, f"{sentence.name!r} says where a sentence begins")
    found.add(fit(token.name, TOKENS) / 2, f"the name {token.name!r}")
    if token.sentences > 0.05 or token.length > WORD:
        found.add(-4, f"{token.name!r} holds several words a cell")
    if found.points < 3:
        return None
    if sentence is None and not _has_gaps(view.table.lines):
        want = "named, as neither a column nor blank lines say where a sentence ends"
        found.object(argument("reading.id"), want, name_some(view.table.names))
    found.columns = {
        "token": token.name, "tag": None if tag is None else tag.name,
        "sentence": None if sentence is None else sentence.name,
    }  # fmt: skip
    found.roles = [Role(token.name, "token", token.describe())]
    found.roles += [] if tag is None else [Role(tag.name, "tag", tag.describe())]
    found.roles += [] if sentence is None else [Role(sentence.name, "sentence", "its name" if not ids else "named")]
    return found


def _has_gaps(lines: Sequence[int]) -> bool:
    """Tell whether blank lines stand between rows."""
    return any(after - before > 1 for before, after in pairwise(lines))


def _is_iob(view: View, one: Profile) -> bool:
    if one.kind != "text":
        return False
    cells = [str(cell).strip() for cell in view.table.columns[one.place][:SAMPLE] if cell]
    return bool(cells) and "O" in cells and all(IOB.fullmatch(cell) for cell in set(cells))


def _tag(view: View) -> Profile | None:
    tagged = [one for one in view.profiles if _is_iob(view, one)]
    if tagged:
        return max(tagged, key=lambda one: fit(one.name, TAGS))
    return view.by_name(TAGS, least=EXACT)


def _token(view: View, tag: Profile | None) -> Profile | None:
    named = view.by_name(TOKENS, tag, least=HEAD)
    if named is not None:
        return named if named.kind in ("text", "number") else None
    texts = [one for one in view.of_kind("text") if tag is None or one.place != tag.place]
    return max(texts, key=lambda one: one.distinct, default=None)


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read the sentences."""
    columns = chosen.columns
    inside = Table(table.names, table.columns, table.lines, table.source)
    return from_token_rows(inside, columns["token"], columns["tag"], columns["sentence"], view.reading, view.required)
