"""What a column of cells looks like: numbers, times, texts, labels, recordings, counters, or nothing at all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .audio.paths import looks_like_recordings
from .cells import is_empty, numerals
from .labels import is_list, is_missing
from .names import RECORDINGS
from .spans import looks_like_spans
from .times import detect

__all__ = ["Profile", "profile"]

SAMPLE = 2000
"""Cells, evenly spread, that the kind of a column is told by."""

SHORT = 40
"""Longest label, in characters, that a guess believes in."""

MOST = 300
"""Most distinct labels that a guess believes in."""

SENTENCE = 0.3
"""Share of cells with several words that makes a column one of sentences."""

CERTAIN = 0.75
"""How surely a column must hold times to be taken for one."""

LETTER = re.compile(r"[^\W\d_]")
SEVERAL = re.compile(r"\S\s+\S|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{5}")
"""Two words, or five characters of a script that is written without spaces."""

LITERAL = re.compile(r"\s*\[.*\]\s*", re.DOTALL)


@dataclass(frozen=True)
class Profile:
    """What is known of a column.

    Attributes:
        name: the column.
        place: its place in the table, from 0.
        kind: "empty", "number", "time", "recording", "numbers" (lists), "texts" (lists), "spans", "object" or "text".
        filled: number of cells that hold something.
        distinct: number of different ones among them (of lists and objects: how many there are).
        whole: whether all its numbers are whole.
        counter: whether it counts the rows: 0, 1, 2, ... or 1, 2, 3, ...
        runs: how often the value changes from one row to the next.
        sentences: share of cells that hold several words.
        letters: share of cells that hold a letter.
        length, longest: characters of a cell, the mean and the most.
    """

    name: str
    place: int
    kind: str
    filled: int
    distinct: int
    whole: bool = False
    counter: bool = False
    runs: int = 0
    sentences: float = 0.0
    letters: float = 0.0
    length: float = 0.0
    longest: int = 0

    @property
    def repeats(self) -> bool:
        """Whether most values come more than once."""
        return self.distinct * 2 <= self.filled

    @property
    def constant(self) -> bool:
        """Whether it says nothing: one value in every row that has one."""
        return self.distinct == 1

    @property
    def is_prose(self) -> bool:
        """Whether it holds words that a text classifier could read: sentences, and not the same few again and again."""
        few = self.distinct <= max(20, self.filled // 50) and self.repeats
        return self.kind == "text" and self.letters > SENTENCE and self.sentences > SENTENCE and not few

    @property
    def is_label_like(self) -> bool:
        """Whether its values could be labels: two or more, short, and no measurements, times, counters or paths."""
        if self.kind == "number":
            return self.whole and not self.counter and 2 <= self.distinct <= MOST
        return self.kind == "text" and 2 <= self.distinct <= MOST and self.longest <= SHORT

    def describe(self) -> str:
        """Say in a few words what the column holds."""
        if self.kind == "empty":
            return "empty"
        if self.counter:
            return "counts the rows"
        if self.constant:
            return "the same in every row"
        if self.kind == "text" and (self.is_prose or not self.repeats):
            return f"texts, {self.length:.0f} characters on average"
        names = {
            "number": "numbers",
            "time": "times",
            "recording": "names of recordings",
            "numbers": "lists of numbers",
        }
        names |= {"texts": "lists of texts", "spans": "spans", "object": "objects"}
        kind = names.get(self.kind)
        if kind is not None and not (self.kind == "number" and self.whole and self.repeats):
            return kind
        return f"{self.distinct:,} different values"


def profile(name: str, place: int, cells: Sequence[Any]) -> Profile:
    """Look at the cells of a column; counts are of all of them, kinds of an even sample."""
    filled = [cell for cell in cells if not _is_blank(cell)]
    if not filled:
        return Profile(name, place, "empty", 0, 0)
    sample = filled[:: max(1, len(filled) // SAMPLE)]
    listed = next((cell for cell in sample if is_list(cell) or isinstance(cell, dict)), None)
    if listed is not None:
        return Profile(name, place, _kind_of_list(sample), len(filled), len(filled))
    facts: dict[str, Any] = {"distinct": len(set(map(_plain, filled))), "runs": _runs(cells)}
    texts = [cell if isinstance(cell, str) else str(cell) for cell in sample]
    kind = _kind(name, sample, texts)
    if kind == "number":
        facts["whole"] = all(_is_whole(cell) for cell in sample)
        facts["counter"] = len(filled) == len(cells) and _counts(cells)
    facts |= _facts_of_text(texts)
    return Profile(name, place, kind, len(filled), **facts)


def _facts_of_text(texts: Sequence[str]) -> dict[str, Any]:
    lengths = [len(text) for text in texts]
    return {
        "sentences": sum(SEVERAL.search(text) is not None for text in texts) / len(texts),
        "letters": sum(LETTER.search(text) is not None for text in texts) / len(texts),
        "length": sum(lengths) / len(lengths),
        "longest": max(lengths),
    }


def _kind_of_list(sample: Sequence[Any]) -> str:
    lists = [cell for cell in sample if is_list(cell) and len(cell)]
    if any(isinstance(cell, dict) for cell in sample):
        return "object"
    if not lists:
        return "texts"
    first = lists[0]
    if looks_like_spans(first):
        return "spans"
    inner = first[0] if is_list(first[0]) and len(first[0]) else first
    if any(isinstance(one, dict) for one in inner):
        return "object"
    return "texts" if isinstance(inner[0], str) else "numbers"


def _kind(name: str, sample: Sequence[Any], texts: Sequence[str]) -> str:
    told = [cell for cell in sample if not is_empty(cell)]
    if not told:
        return "empty"
    found = detect(told, name)
    if found is not None and found.kind != "number" and found.certainty >= CERTAIN:
        return "time"
    if numerals(told) is not None:
        return "number"
    return "recording" if looks_like_recordings(texts, _names_recordings(name)) is not None else "text"


def _names_recordings(name: str) -> bool:
    return name.strip().casefold() in RECORDINGS


def _is_blank(cell: Any) -> bool:
    """Tell whether a cell holds nothing at all; "none" and "-" may be labels."""
    return not isinstance(cell, dict) and is_missing(cell)


def _plain(cell: Any) -> Any:
    return cell.strip() if isinstance(cell, str) else cell


def _runs(cells: Sequence[Any]) -> int:
    return sum(before != here for before, here in itertools.pairwise(cells))


def _is_whole(cell: Any) -> bool:
    if is_empty(cell):
        return True
    try:
        return float(cell).is_integer()
    except (ValueError, TypeError, OverflowError):
        return False


def _counts(cells: Sequence[Any]) -> bool:
    written = [str(cell).strip() for cell in cells]
    first = written[0]
    return len(cells) > 2 and first in ("0", "1") and all(one == str(int(first) + n) for n, one in enumerate(written))
