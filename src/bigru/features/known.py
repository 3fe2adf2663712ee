"""Which hashed strings and n-grams training has seen: a Bloom filter (Bloom 1970) beside the buckets.

A table of hashed rows has no row for what it never saw: without the filter an unknown n-gram reads the row of a known
one, as likely as that its bucket is taken. With few texts most n-grams of a new text are unknown, so this is most of
what such a model reads.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence

__all__ = ["MOST", "KnownStrings"]

WHERE = "TextFeatures"

FEWEST_BITS, MOST_BITS = 1 << 10, 1 << 23
"""Bounds of a filter's size; the largest takes a megabyte."""

PER_KEY = 10
"""Bits per hash, rounded up to a power of two: between 1 and 3 % of what is unknown passes."""

MOST = 1 << 19
"""Hashes that a filter holds at most: more would let too much of what is unknown pass."""

SHIFT = np.uint64(23)
"""Where the second of the two probes begins among a hash's bits; the bucket is drawn from the high ones."""


@dataclass(frozen=True)
class KnownStrings:
    """A set of hashes that never misses one of its own and rarely takes in a strange one.

    Attributes:
        bits: the filter, little-endian words of 64 bits; their number is a power of two.
    """

    bits: bytes

    def __post_init__(self) -> None:
        count = 8 * len(self.bits)
        if not FEWEST_BITS <= count <= MOST_BITS or count & (count - 1):
            want = f"a power of two within {FEWEST_BITS}..{MOST_BITS}"
            raise ArgumentError(sentence(WHERE, "bits of known", want, count))

    @classmethod
    def of(cls, hashes: np.ndarray) -> KnownStrings:
        """Return the filter of hashes, uint64 [N]; where they are too many, of the most frequent ones."""
        distinct, counts = np.unique(hashes, return_counts=True)
        least = 1
        while np.count_nonzero(counts >= least) > MOST:
            least += 1
        kept = distinct[counts >= least]
        count = min(max(1 << (PER_KEY * len(kept)).bit_length(), FEWEST_BITS), MOST_BITS)
        flags = np.zeros(count, bool)
        for probe in _probes(kept, count):
            flags[probe] = True
        return cls(np.packbits(flags, bitorder="little").tobytes())

    def extended(self, hashes: np.ndarray) -> KnownStrings:
        """Return the filter with further hashes, uint64 [N], the most frequent ones where they are too many.

        What was known stays known: the low bits of a hash choose its places, so that a filter twice as large is the
        filter twice over. As much of it is taken then as before, so that a little more of what is unknown passes than
        in a filter of the same hashes made at once.
        """
        flags = np.unpackbits(np.frombuffer(self.bits, np.uint8), bitorder="little").astype(bool)
        # The number of hashes that leave so many places empty, two places each (Swamidass & Baldi 2007).
        empty = max(1.0 - flags.mean(), 1.0 / len(flags))
        before = int(-np.log(empty) * len(flags) / 2)
        distinct, counts = np.unique(hashes[~self.has(hashes)], return_counts=True)
        kept = distinct[np.sort(np.argsort(-counts, kind="stable")[: max(MOST - before, 0)])]
        wanted = min(max(1 << (PER_KEY * (before + len(kept))).bit_length(), len(flags)), MOST_BITS)
        flags = np.tile(flags, wanted // len(flags))
        for probe in _probes(kept, wanted):
            flags[probe] = True
        return KnownStrings(np.packbits(flags, bitorder="little").tobytes())

    def has(self, hashes: np.ndarray) -> np.ndarray:
        """Tell which hashes, uint64 [N], are known, bool [N].

        This says what the compiled `bigru.features.channels.ngrams` looks up, which is tested against it.
        """
        first, second = (
            self.words[bit >> 6] >> (bit & 63).astype(np.uint64) for bit in _probes(hashes, 8 * len(self.bits))
        )
        return (first & second & np.uint64(1)).astype(bool)

    @cached_property
    def words(self) -> np.ndarray:
        """The filter as uint64 [bits / 64]."""
        return np.frombuffer(self.bits, "<u8").astype(np.uint64)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the words, which are made when they are needed."""
        return {"bits": self.bits}

    def to_json(self) -> str:
        """Return the filter as text, in base64."""
        return base64.b64encode(self.bits).decode("ascii")

    @classmethod
    def from_json(cls, text: Any) -> KnownStrings:
        """Return the filter of what `to_json` returned.

        Raises:
            ArgumentError: it is no text in base64, or of another size than a filter has.
        """
        if not isinstance(text, str):
            raise ArgumentError(sentence(WHERE, "known", "text in base64", type(text).__name__))
        try:
            bits = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ArgumentError(sentence(WHERE, "known", "text in base64", repr(text)[:40])) from None
        return cls(bits)


def _probes(hashes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the two bits of each hash among `count`."""
    mask = np.uint64(count - 1)
    return (hashes & mask).astype(np.int64), (hashes >> SHIFT & mask).astype(np.int64)
