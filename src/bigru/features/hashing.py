"""One fixed integer hash for n-grams and strings: the same numbers on every platform and version.

Saved models hold embeddings by bucket, so these functions are part of the model format: they may
never change. All arithmetic is modulo 2^64 on NumPy's uint64. The bit mixer is the 64-bit finaliser
of MurmurHash3 (A. Appleby, public domain); a range of buckets is drawn from the high bits by
multiplication (Lemire, "Fast random integer generation in an interval", 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["END", "START", "buckets", "combine", "hash_strings", "mix", "unit_codes"]

START = 0x110000
"""Stands for the unit before the first one; code points end just below it."""

END = 0x110001
"""Stands for the unit after the last one."""

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
BASE = np.uint64(0x100000001B3)


def mix(codes: np.ndarray) -> np.ndarray:
    """Scramble uint64 values one to one, so that every input bit moves every output bit."""
    h = codes.astype(np.uint64)
    for factor in (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)):
        h ^= h >> np.uint64(33)
        h *= factor
    h ^= h >> np.uint64(33)
    return h


def combine(*parts: np.ndarray) -> np.ndarray:
    """Hash n-grams: `parts` are the codes of their units in order, uint64 [N] each; order matters.

    This says what the compiled `bigru.features.channels.ngrams` computes, which is tested against it.
    """
    h = np.full(len(parts[0]), len(parts), np.uint64)
    for part in parts:
        h = mix(h * GOLDEN + part.astype(np.uint64))
    return h


def hash_strings(strings: Sequence[str]) -> np.ndarray:
    """Hash strings by their code points; returns uint64 [N].

    The sum over i of (c_i + 1) * BASE^i, mixed together with the length.
    """
    lengths = np.fromiter(map(len, strings), np.int64, len(strings))
    codes = np.frombuffer("".join(strings).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    sums = np.zeros(len(strings), np.uint64)
    if len(codes):
        starts = np.cumsum(lengths) - lengths
        powers = np.cumprod(np.full(lengths.max(), BASE, np.uint64))
        terms = (codes + np.uint64(1)) * powers[np.arange(len(codes)) - np.repeat(starts, lengths)]
        filled = lengths > 0
        sums[filled] = np.add.reduceat(terms, starts[filled])
    return mix(sums + lengths.astype(np.uint64) * GOLDEN)


def unit_codes(units: Sequence[str], unit: str) -> np.ndarray:
    """Return the codes of units, uint64 [N]: characters ("char") stand for themselves, others for their hash."""
    if unit != "char":
        return hash_strings(units)
    return np.frombuffer("".join(units).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)


def buckets(hashes: np.ndarray, size: int) -> np.ndarray:
    """Spread hashes evenly over 1 .. size-1, as int32. Bucket 0 is never given: it is padding's own."""
    high = hashes >> np.uint64(32)
    return ((high * np.uint64(size - 1)) >> np.uint64(32)).astype(np.int32) + np.int32(1)
