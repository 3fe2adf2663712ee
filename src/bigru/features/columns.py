"""Features of tokens as numbers: the values of further columns of a table of tokens, and what channels see of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence
from ..readers.opening.encoding import SURROGATE
from ..readers.token_features import divide

__all__ = [
    "FEATURE_LOOKS",
    "FEATURE_WIDTHS",
    "Column",
    "column_of",
    "columns_from_json",
    "context_columns",
    "feature_channels",
    "least_count",
    "read",
    "usual_size",
    "value_ids",
]

WHERE = "TextFeatures"

MOST_NUMBERS = 1000
"""Different numbers of a feature, at most: each value is a class of its own, and more of them are measurements."""

FEATURE_LOOKS = {
    "": (),
    "_before2": (-2,),
    "_before": (-1,),
    "_after": (1,),
    "_after2": (2,),
    "_bigram_before": (-1, 0),
    "_bigram": (0, 1),
    "_trigram_before": (-2, -1, 0),
    "_trigram": (-1, 0, 1),
    "_trigram_after": (0, 1, 2),
}
"""The channels of one column by what follows "feature1" in their names: whose values they join, () for its own."""

FEATURE_WIDTHS = {"": 16}
"""Their usual widths, where these are not `NEAR`: what neighbours have is meant for the linear part, as for words."""

NEAR = 4

BUCKETS = 1 << 15
"""Buckets of a channel that joins values, at most; training counts how many there are."""

CHANNEL = re.compile(r"feature([1-9][0-9]?)(|_\w+)")

NUMBER = re.compile(r"[+-]?[0-9]*[.,]?[0-9]+(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Column:
    """A feature of tokens.

    Attributes:
        name: of the column.
        values: the known values; value number n has id n + 1, and id 0 is an unknown value.
    """

    name: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.values)) < len(self.values):
            twice = Counter(self.values).most_common(1)[0][0]
            raise ArgumentError(sentence(WHERE, f"values of {self.name!r}", "distinct", f"{twice!r} twice"))

    def extended(self, values: Sequence[str], min_count: int) -> Column:
        """Return the column with further values behind its own; errors as of `learn`."""
        found = Column.learn(self.name, values, min_count)
        return Column(self.name, (*self.values, *(value for value in found.values if value not in self.ids)))

    @classmethod
    def learn(cls, name: str, values: Sequence[str], min_count: int) -> Column:
        """Return the column of values that occur at least so often.

        Raises:
            ArgumentError: they are too many different numbers.
        """
        counts = Counter(values)
        numbers = sum(NUMBER.fullmatch(value) is not None for value in counts)
        if numbers > MOST_NUMBERS:
            want = f"of at most {MOST_NUMBERS:,} different numbers, each a class of its own"
            remedy = "Put the numbers into ranges, or leave the column out."
            raise ArgumentError(sentence(WHERE, f"feature {name!r}", want, f"{numbers:,}", remedy))
        kept = [value for value, n in counts.items() if n >= min_count and not SURROGATE.search(value)]
        return cls(name, tuple(sorted(kept, key=lambda value: (-counts[value], value))))

    def to_json(self) -> dict[str, Any]:
        """Return name and values."""
        return {"name": self.name, "values": list(self.values)}

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of every known value."""
        return {value: n for n, value in enumerate(self.values, 1)}


def columns_from_json(given: Any) -> tuple[Column, ...]:
    """Return the columns of a list of what `Column.to_json` returned.

    Raises:
        ArgumentError: it is none.
    """
    if not isinstance(given, list):
        raise ArgumentError(sentence(WHERE, "columns", "a list", type(given).__name__))
    return tuple(map(_from_json, given))


def _from_json(entry: Any) -> Column:
    if not isinstance(entry, dict) or set(entry) != {"name", "values"}:
        raise ArgumentError(sentence(WHERE, "column", "an object with name, values", repr(entry)[:80]))
    name, values = entry["name"], entry["values"]
    if not isinstance(name, str) or not name:
        raise ArgumentError(sentence(WHERE, "name of a column", "a string", repr(name)[:80]))
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ArgumentError(sentence(WHERE, f"values of {name!r}", "a list of strings", repr(values)[:80]))
    return Column(name, tuple(values))


def least_count(units: int) -> int:
    """Return how often a unit or value must occur to be known, where there are so many units to learn from."""
    return 2 if units >= 10_000 else 1


def read(names: Sequence[str], inputs: Sequence[Any]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the words of each input, and of every feature the values of all inputs end to end.

    Args:
        names: of the F features.
        inputs: lists of tokens in the notation of `readers.token_features`.

    Raises:
        ArgumentError: an input is no such list.
    """
    divided = []
    for n, x in enumerate(inputs):
        if not isinstance(x, Sequence) or not all(isinstance(token, str) for token in x):
            raise ArgumentError(sentence(WHERE, f"inputs[{n}]", "a list of tokens", repr(x)[:80]))
        divided.append(divide(x, names, WHERE, f"inputs[{n}]"))
    words = [[parts[0] for parts in rows] for rows in divided]
    return words, [[parts[at] for parts in chain.from_iterable(divided)] for at in range(1, 1 + len(names))]


def value_ids(columns: Sequence[Column], values: Sequence[Sequence[str]]) -> np.ndarray:
    """Return the ids of the values of each column, int32 [F, N]."""
    rows = [[column.ids.get(value, 0) for value in row] for column, row in zip(columns, values, strict=True)]
    return np.array(rows, np.int32)


@lru_cache(1024)
def column_of(name: str) -> int | None:
    """Return the number, from 0, of the column that a channel sees; None for a channel that sees units."""
    found = CHANNEL.fullmatch(name)
    return None if found is None or found[2] not in FEATURE_LOOKS else int(found[1]) - 1


@lru_cache(1024)
def context_columns(name: str) -> tuple[int, ...]:
    """Return whose values a channel of a column joins, () for its own value."""
    found = CHANNEL.fullmatch(name)
    return () if found is None else FEATURE_LOOKS.get(found[2], ())


def usual_size(name: str) -> tuple[int, int]:
    """Return the usual size and width of a channel of a column; the size of its own value follows the values."""
    ending = name.partition("_")[1] + name.partition("_")[2]
    return BUCKETS if ending else 1, FEATURE_WIDTHS.get(ending, NEAR)


def feature_channels(count: int, endings: Sequence[str]) -> list[str]:
    """Return the names of channels for so many columns."""
    return [f"feature{n}{ending}" for n in range(1, count + 1) for ending in endings]
