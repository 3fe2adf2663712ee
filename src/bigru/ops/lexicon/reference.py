"""Which words of a lexicon lie at a unit, and what the unit is in them, by definition.

A unit is the beginning (B) of a word, its middle (M), its end (E), or the word itself (S). SoftLexicon (Ma et al., ACL
2020) keeps the set of all words for each of the four; here a set is cut to the longest words, which say most: of those
that begin or end at a unit the two longest, of those around it the longest. So a unit has a fixed number of words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["SLOTS", "matches"]

SLOTS = ("begin", "begin_next", "middle", "end", "end_next", "single")
"""What is kept of the words at a unit, in order: the longest word that begins here and the next, the longest that the
unit is inside of (of several the first), the longest that ends here and the next, the word of this unit alone."""


def matches(words: Mapping[tuple[int, ...], int], codes: Sequence[int], lengths: Sequence[int]) -> np.ndarray:
    """Return the words at every unit, int32 [N, len(SLOTS), 3].

    Each is the word's value, the number of its units before this one, and after it; zeros where there is none.

    Args:
        words: the value, above 0, of each word, a sequence of codes.
        codes: [N] of the units, the inputs end to end. No word lies across two inputs.
        lengths: [B] units of each input.
    """
    found = np.zeros((len(codes), len(SLOTS), 3), np.int32)
    start = 0
    for length in lengths:
        for t in range(length):
            for before, after, value in _at(words, tuple(codes[start : start + length]), t):
                slot = _slot(before, after, found[start + t])
                if not found[start + t, slot, 0]:
                    found[start + t, slot] = value, before, after
        start += length
    return found


def _at(words: Mapping[tuple[int, ...], int], codes: tuple[int, ...], t: int) -> list[tuple[int, int, int]]:
    """Return (units before, units after, value) of the words at unit t, long ones first, then by their beginning."""
    found = [
        (t - first, first + len(word) - 1 - t, value)
        for word, value in words.items()
        for first in range(max(t - len(word) + 1, 0), t + 1)
        if codes[first : first + len(word)] == word
    ]
    return sorted(found, key=lambda one: (-one[0] - one[1], -one[0]))


def _slot(before: int, after: int, taken: np.ndarray) -> int:
    if not before and not after:
        return SLOTS.index("single")
    if before and after:
        return SLOTS.index("middle")
    first = SLOTS.index("end" if before else "begin")
    return first + 1 if taken[first, 0] else first
