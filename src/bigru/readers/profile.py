"""What a column of cells looks like: numbers, times, texts, labels, recordings, counters, or nothing at all."""

from __future__ import annotations

import itertools
import operator
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .audio.paths import looks_like_recordings
from .cells import Numerals, cell_text, is_empty, numerals
from .labels import is_list
from .labels import is_missing as is_blank
from .names import RECORDINGS
from .numbers import LARGEST
from .tags.spans import looks_like_spans
from .times import detect

__all__ = ["SEPARATORS", "Profile", "is_missing", "is_number", "profile"]

SAMPLE = 2000
"""Cells, evenly spread, that the kind of a column is recognised by."""

SHORT = 40
"""Longest label, in characters, that a guess believes in."""

MOST = 300
"""Most distinct labels that a guess believes in."""

MARK = 8
"""Letters from which a cell that is not blank is no mark of a missing value."""

SENTENCE = 0.3
"""Share of cells with several words that makes a column one of sentences."""

CERTAIN = 0.75
"""How surely a column must hold times to be taken for one."""

LETTER = re.compile(r"[^\W\d_]")
SEVERAL = re.compile(r"\S\s+\S|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{5}")
"""Two words, or five characters of a script that is written without spaces."""

DIGIT, WORD = re.compile(r"\d"), re.compile(r"[^\W\d_]{3,}")

NEARLY = 0.95
"""Share of cells that is nearly all of them."""

VOCABULARY = 30
"""Words that dates and the like are made of: days, months, zones."""

SEPARATORS = ("|", ";", ",")
"""What stands between several labels in a cell, the surest first."""

BRACKETED = re.compile(r"(<[^<>]{1,40}>)+")
"""Several labels in a cell, as Stack Overflow exports its tags."""

RARER = 3
"""How often values that stand together in cells come at least, on average."""

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
        coded: whether its cells hold digits and the same few words, as dates, tickets and addresses do.
        listed: whether its cells hold lists written as text ("['a', 'b']").
        delimiter: what stands between several values in a cell that come back in others: "|", ";", ",", "<>" or "".
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
    coded: bool = False
    listed: bool = False
    delimiter: str = ""

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
        words = self.letters > SENTENCE and self.sentences > SENTENCE
        written = not self.listed and not self.delimiter and not self.coded
        return self.kind == "text" and words and not few and written

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
    picked = cells[:: max(1, len(cells) // SAMPLE)]
    listed = any(is_list(cell) or isinstance(cell, dict) for cell in picked)
    counts = None if listed else _count_cells(cells)
    if counts is None:
        filled = [cell for cell in cells if not is_missing(cell)]
        kind = _kind_of_list(filled[:: max(1, len(filled) // SAMPLE)]) if filled else "empty"
        return Profile(name, place, kind, len(filled), len(filled))
    empty = [cell for cell in counts if _may_be_missing(cell) and is_missing(cell)]
    filled_cells = len(cells) - sum(counts[cell] for cell in empty)
    if not filled_cells:
        return Profile(name, place, "empty", 0, 0)
    sample = [cell for cell in picked if not is_missing(cell)] or [cell for cell in counts if not is_missing(cell)][
        :SAMPLE
    ]
    distinct = len(counts) - len(empty)
    if distinct <= MOST:
        distinct = len({_plain(cell) for cell in counts} - {_plain(cell) for cell in empty})
    facts: dict[str, Any] = {
        "distinct": distinct,
        "runs": sum(map(operator.ne, cells, itertools.islice(cells, 1, None))),
    }
    texts = [cell if isinstance(cell, str) else str(cell) for cell in sample]
    kind = _kind(name, sample, texts)
    if kind == "number":
        facts["whole"] = all(_is_whole(cell) for cell in sample)
        facts["counter"] = filled_cells == len(cells) == distinct and _counts(cells)
    facts |= _facts_of_text(texts)
    return Profile(name, place, kind, filled_cells, **facts)


def _may_be_missing(cell: Any) -> bool:
    """Tell quickly whether a cell is worth looking at: a long one, or a plain number, is no mark of a missing value."""
    if not isinstance(cell, str):
        return True
    return (len(cell) < MARK and not cell[:1].isdecimal()) or cell.isspace()


def _count_cells(cells: Sequence[Any]) -> Counter[Any] | None:
    """Return how often each cell comes, None where some are lists or objects."""
    try:
        return Counter(cells)
    except TypeError:
        return None


def _facts_of_text(texts: Sequence[str]) -> dict[str, Any]:
    lengths = [len(text) for text in texts]
    return {
        "sentences": sum(SEVERAL.search(text) is not None for text in texts) / len(texts),
        "letters": sum(LETTER.search(text) is not None for text in texts) / len(texts),
        "length": sum(lengths) / len(lengths),
        "longest": max(lengths),
        "listed": all(LITERAL.fullmatch(text) is not None for text in texts),
        "delimiter": _separator(texts),
        "coded": _is_coded(texts),
    }


def _is_coded(texts: Sequence[str]) -> bool:
    """Tell whether cells consist of numbers and the same few words; sentences with a number in them do not."""
    if sum(DIGIT.search(text) is not None for text in texts) < NEARLY * len(texts):
        return False
    parts = [part for text in texts for part in text.split()]
    if sum(DIGIT.search(part) is not None for part in parts) * 4 < len(parts):
        return False
    return len({word for text in texts for word in WORD.findall(text)}) <= max(VOCABULARY, len(texts) // 20)


def _separator(texts: Sequence[str]) -> str:
    """Return what stands between several values in a cell, "" where cells hold one each."""
    if all(BRACKETED.fullmatch(text) is not None for text in texts):
        return "<>"
    for sign in SEPARATORS:
        several = sum(sign in text for text in texts)
        alone = {text.strip() for text in texts if sign not in text}
        known = all(part.strip() in alone for text in texts if sign in text for part in text.split(sign))
        if not several or (several < SENTENCE * len(texts) and sign != "|" and not known):
            continue
        parts = [part.strip() for text in texts for part in text.split(sign)]
        different = set(parts)
        come_back = len(different) * RARER <= len(parts) and len(different) < len(set(texts))
        if max(map(len, different)) <= SHORT and come_back:
            return sign
    return ""


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
    present = [cell for cell in sample if not is_missing(cell)]
    if not present:
        return "empty"
    found = detect(present, name)
    if found is not None and found.kind != "number" and found.certainty >= CERTAIN:
        return "time"
    if numerals(present) is not None:
        return "number"
    return "recording" if looks_like_recordings(texts, _names_recordings(name)) is not None else "text"


def _names_recordings(name: str) -> bool:
    return name.strip().casefold() in RECORDINGS


def is_missing(cell: Any) -> bool:
    """Tell whether a cell says that there is no value."""
    if isinstance(cell, dict) or is_list(cell):
        return False
    return is_blank(cell) or (isinstance(cell, str) and is_empty(cell))


def is_number(cell: Any) -> bool:
    """Tell whether a cell holds a number, whatever its decimal sign; an empty one does not."""
    if isinstance(cell, bool) or is_missing(cell):
        return False
    if not isinstance(cell, str):
        return isinstance(cell, (int, float, np.number)) and abs(float(cell)) <= LARGEST
    values = [Numerals(sign).number(cell_text(cell)) for sign in (".", ",")]
    return any(value is not None and abs(value) <= LARGEST for value in values)


def _plain(cell: Any) -> Any:
    return cell.strip() if isinstance(cell, str) else cell


def _is_whole(cell: Any) -> bool:
    if is_empty(cell):
        return True
    try:
        return float(cell).is_integer()
    except (ValueError, TypeError, OverflowError):
        return False


def _counts(cells: Sequence[Any]) -> bool:
    first = str(cells[0]).strip()
    if len(cells) < 3 or first not in ("0", "1") or str(cells[-1]).strip() != str(int(first) + len(cells) - 1):
        return False
    return all(str(cell).strip() == str(number) for number, cell in enumerate(cells, int(first)))
