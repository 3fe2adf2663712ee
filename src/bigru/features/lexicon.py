"""The words of a lexicon as channels: what is known of the words that lie at a unit, as integers.

`bigru.ops.lexicon.reference` defines which words count. A channel has one number for the category of a word, how long
the word is and, in the channel `lexicon`, what the unit is in it; 0 stands for no word.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence
from ..ops.lexicon.reference import SLOTS
from ..ops.lexicon.trie import DEEPEST, Trie
from ..readers.lexicon import MOST_WORDS, Entries
from .columns import FEATURE_LOOKS

__all__ = [
    "MOST_KINDS",
    "Lexicon",
    "Lookup",
    "kinds_of",
    "lexicon_channels",
    "lexicon_ids",
    "lexicon_looks",
    "lexicon_size",
    "usual_lexicon",
]

WHERE = "TextFeatures"

MOST_KINDS = 1000
"""Different categories, or sets of them, at most."""

WRONG = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]"  # what no word and no category holds
    r"|\n[\n\t]|\t\n"  # an empty one
    r"|[^\S\t\n][\t\n]|[\t\n][^\S\t\n]"  # spaces around one
)
"""What a saved lexicon does not hold, with a line's end before it."""

MOST_BYTES = 1 << 27
"""Bytes of a saved lexicon, unpacked, at most."""

SIZES = 4
"""Sizes of words that channels distinguish: 2, 3, 4, and more units."""

PREFIX = "lexicon_"

WIDTHS = {"": 16, "begin": 16, "end": 16}
"""Usual widths, where these are not `NARROW` (a slot) or `NEAR` (joined values, meant for the linear part)."""

NARROW, NEAR = 8, 4

BUCKETS = 1 << 15
"""Buckets of a channel that joins values, at most; training counts how many there are."""


@dataclass(frozen=True)
class Lexicon:
    """Words, each with one category or more.

    Attributes:
        words: ascending and distinct.
        categories: of each word, ascending and distinct.
    """

    words: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not self.words or len(self.words) > MOST_WORDS:
            raise ArgumentError(sentence(WHERE, "lexicon", f"of 1 to {MOST_WORDS:,} words", f"{len(self.words):,}"))
        if len(self.kinds) > MOST_KINDS:
            want = f"of at most {MOST_KINDS:,} different categories"
            remedy = "Is the category a number? Leave it out, or put the numbers into ranges."
            raise ArgumentError(sentence(WHERE, "lexicon", want, f"{len(self.kinds):,}", remedy))

    @classmethod
    def of(cls, entries: Entries) -> Lexicon:
        """Return the lexicon of words with a category each; a word that comes with several has all of them."""
        found: dict[str, set[str]] = {}
        for word, category in entries:
            found.setdefault(word, set()).add(category)
        return cls._sorted(found)

    @classmethod
    def _sorted(cls, found: Mapping[str, set[str]]) -> Lexicon:
        shared: dict[frozenset[str], tuple[str, ...]] = {}
        words = tuple(sorted(found))
        kinds = (shared.setdefault(frozenset(found[word]), tuple(sorted(found[word]))) for word in words)
        return cls(words, tuple(kinds))

    def merge(self, units: Callable[[Sequence[str]], Sequence[Sequence[str]]]) -> Lexicon:
        """Return the lexicon with one word of those that a model reads as the same units; it has the categories of all.

        Args:
            units: from words to the units of each, as the model reads them.

        Raises:
            ArgumentError: a word has no units, or more than `DEEPEST`.
        """
        first: dict[tuple[str, ...], str] = {}
        found: dict[str, set[str]] = {}
        for word, own, categories in zip(self.words, units(self.words), self.categories, strict=True):
            if not 0 < len(own) <= DEEPEST:
                got = f"{word!r}, which has {len(own)}"
                raise ArgumentError(sentence(WHERE, "lexicon", f"of words of 1 to {DEEPEST} units", got))
            found.setdefault(first.setdefault(tuple(own), word), set()).update(categories)
        return self if len(found) == len(self.words) else self._sorted(found)

    @cached_property
    def kinds(self) -> tuple[tuple[str, ...], ...]:
        """The different sets of categories that words have, ascending; number n has the value n + 1."""
        return tuple(sorted(set(self.categories)))

    @cached_property
    def values(self) -> np.ndarray:
        """The value of each word, int32 [W]."""
        number = {kind: n for n, kind in enumerate(self.kinds, 1)}
        return np.fromiter(map(number.__getitem__, self.categories), np.int32, len(self.words))

    def describe(self) -> str:
        """Return how many words and categories there are."""
        names = {name for kind in self.kinds for name in kind}
        return f"{len(self.words):,} words of {len(names)} categor{'y' if len(names) == 1 else 'ies'}"

    def to_bytes(self) -> bytes:
        """Return the lexicon as a file that `--lexicon` reads: a word, TAB and a category a line, gzipped."""
        return self._packed

    @cached_property
    def _packed(self) -> bytes:
        rows = (f"{word}\t{name}\n" for word, kind in zip(self.words, self.categories, strict=True) for name in kind)
        return gzip.compress("".join(rows).encode("utf-8"), 9, mtime=0)

    @classmethod
    def from_bytes(cls, packed: bytes) -> Lexicon:
        """Return the lexicon of what `to_bytes` returned.

        Raises:
            ArgumentError: it is damaged, larger than `MOST_BYTES`, not in order, or a line is no word and category.
        """
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
                content = file.read(MOST_BYTES + 1)
            text = content.decode("utf-8")
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise ArgumentError(sentence(WHERE, "lexicon", "UTF-8 text in whole gzip", error)) from None
        if len(content) > MOST_BYTES:
            raise ArgumentError(sentence(WHERE, "lexicon", f"at most {MOST_BYTES:,} bytes, unpacked", "more"))
        lines = text.split("\n")
        parts = [line.partition("\t") for line in lines[:-1]]
        words, names = tuple(part[0] for part in parts), [part[2] for part in parts]
        kinds = {name: (name,) for name in set(names)}
        if lines[-1] or not parts or WRONG.search(f"\n{text}") or any(not name or "\t" in name for name in kinds):
            raise ArgumentError(sentence(WHERE, "lexicon", "of a word, TAB and a category a line", "another line"))
        # A TAB comes before every character of a word, so that lines are in the order of their words.
        if lines[:-1] != sorted(set(lines[:-1])):
            raise ArgumentError(sentence(WHERE, "lexicon", "of distinct lines in order", "others"))
        if len(set(words)) < len(words):
            return cls.of(list(zip(words, names, strict=True)))
        return cls(words, tuple(map(kinds.__getitem__, names)))

    def __reduce__(self) -> Any:
        """Pickle the packed words: those of a large lexicon are megabytes."""
        return Lexicon.from_bytes, (self.to_bytes(),)


def kinds_of(lexicon: Lexicon | None) -> int:
    """Return how many sets of categories the words of a lexicon have, 0 without one."""
    return 0 if lexicon is None else len(lexicon.kinds)


class Lookup:
    """Finds the words of a lexicon in units.

    Args:
        trie: its words.
        longest: units of a word at most.
        codes_of: from units to their codes, uint64.
    """

    def __init__(self, trie: Trie, longest: int, codes_of: Callable[[Sequence[str]], np.ndarray]) -> None:
        self._trie, self.longest, self._codes_of = trie, longest, codes_of

    def at(self, codes: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        """Return what the lexicon says of units, int32 [N] by the channels of `lexicon_ids`.

        Args:
            codes: uint64 [N], the inputs end to end.
            lengths: int64 [B], units of each.
        """
        # Imported here so that a missing kernel library is reported by `bigru.ops`, which says what to do.
        from ..ops.lexicon.native import matches

        return lexicon_ids(matches(self._trie, codes, lengths))

    def of(self, units: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the same of the units of one input, without features."""
        return self.at(self._codes_of(units), np.array([len(units)], np.int64))

    def unfinished(self, units: Sequence[str]) -> int:
        """Return at how many units, the last ones of an input that goes on, a word may lie that goes on as well."""
        return self._trie.unfinished(self._codes_of(units[-self.longest :]))


def lexicon_channels() -> list[str]:
    """Return the names of all channels of a lexicon."""
    return [PREFIX + slot for slot in SLOTS] + [f"lexicon{ending}" for ending in FEATURE_LOOKS]


_SLOTS = {PREFIX + slot: n for n, slot in enumerate(SLOTS)}
_LOOKS = {f"lexicon{ending}": steps for ending, steps in FEATURE_LOOKS.items()}


def lexicon_looks(name: str) -> tuple[int, ...]:
    """Return whose words a channel of a lexicon joins, () for those at the unit itself and for other channels."""
    return _LOOKS.get(name, ())


def lexicon_size(name: str, kinds: int) -> int | None:
    """Return how many numbers besides 0 a channel has for so many kinds of words; None for one with buckets."""
    if name == "lexicon":
        return kinds * (1 + 3 * SIZES)
    if name not in _SLOTS:
        return None
    return kinds if name == "lexicon_single" else kinds * SIZES


def usual_lexicon(name: str) -> tuple[int, int]:
    """Return the usual size and width of a channel; the size of one without buckets follows the lexicon."""
    if lexicon_looks(name):
        return BUCKETS, NEAR
    return 1, WIDTHS.get(name.removeprefix("lexicon").removeprefix("_"), NARROW)


def lexicon_ids(found: np.ndarray) -> dict[str, np.ndarray]:
    """Return the number of every unit in each channel that joins nothing, int32 [N] by name.

    With the value v of a word, number v of K kinds, and its size s, 0 .. SIZES - 1 for 2, 3, 4 and more units:
    `lexicon_single` has v, the other slots (v - 1) SIZES + s + 1. `lexicon` is about the longest word at the unit, and
    of several of these of that which begins last: (v - 1) (1 + 3 SIZES) + r + 1, where r is 0 for a word of this unit
    alone, else 1 + s, 1 + SIZES + s or 1 + 2 SIZES + s where the unit is its beginning, middle or end.

    Args:
        found: int32 [N, len(SLOTS), 3], of `bigru.ops.lexicon`.
    """
    value, before, after = (found[:, :, n] for n in range(3))
    units = before + after + 1
    size = np.clip(units - 2, 0, SIZES - 1)
    ids = {name: np.where(value[:, n] > 0, (value[:, n] - 1) * SIZES + size[:, n] + 1, 0) for name, n in _SLOTS.items()}
    ids["lexicon_single"] = value[:, _SLOTS["lexicon_single"]]
    order = [_SLOTS[PREFIX + slot] for slot in ("begin", "middle", "end", "single")]
    longest = np.where(value[:, order] > 0, units[:, order], 0).argmax(axis=1)
    rows = np.arange(len(found))
    place = np.array(order)[longest]
    own, role = value[rows, place], np.where(longest < 3, 1 + longest * SIZES + size[rows, place], 0)
    ids["lexicon"] = np.where(own > 0, (own - 1) * (1 + 3 * SIZES) + role + 1, 0)
    return {name: numbers.astype(np.int32) for name, numbers in ids.items()}
