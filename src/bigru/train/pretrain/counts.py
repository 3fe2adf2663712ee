"""Counts of raw texts in bounded memory: which units stand near each other, and which stand in which text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ..data.cooccurrence import count_near
from .corpus import Block

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["CONTEXTS", "WINDOW", "count_neighbours", "count_texts"]

WINDOW = 8
"""Steps to each side that count as near."""

CONTEXTS = 20_000
"""Of the most frequent units it is counted what stands near them; 20,000 are a 97th of 100 words of reviews."""

MOST_PAIRS = 40_000_000
"""Pairs that are kept; beyond, those that came least are forgotten. They take 8 bytes each."""

MOST_TEXTS, MOST_KEPT = 50_000, 20_000_000
"""Texts, and units in them, whose own units are counted; of more texts, one in so many."""


def count_neighbours(blocks: Iterable[Block], size: int) -> tuple[sparse.csr_matrix, int]:
    """Count the frequent units within `WINDOW` steps of each unit, on both sides alike.

    Args:
        blocks: the texts.
        size: V, units of the vocabulary.

    Returns:
        float32 [V, min(V, CONTEXTS)]; and pairs that came so seldom that they were forgotten up to this count, 0 for
        none.
    """
    from scipy import sparse

    contexts = min(size, CONTEXTS)
    shape = (size + 1, contexts + 1)
    total = sparse.csr_matrix(shape, dtype=np.float32)
    steps = [step for step in range(-WINDOW, WINDOW + 1) if step]
    forgotten = 0
    for ids, texts in blocks:
        total = total + count_near(ids, np.where(ids <= contexts, ids, 0), texts, steps, shape)
        while total.nnz > MOST_PAIRS:
            forgotten += 1
            total.data[total.data <= forgotten] = 0
            total.eliminate_zeros()
    # The first row and column are those of all other units.
    return total[1:, 1:].tocsr(), forgotten


def count_texts(blocks: Iterable[Block], size: int, texts: int, units: int) -> sparse.csr_matrix:
    """Count the units of each text, as 1 + log(n), in evenly chosen texts.

    Args:
        blocks: the texts.
        size: V, units of the vocabulary.
        texts, units: how many there are.

    Returns:
        float32 [V, chosen texts].
    """
    from scipy import sparse

    every = max(1, -(-texts // MOST_TEXTS), -(-units // MOST_KEPT))
    shape = (size + 1, -(-texts // every))
    total = sparse.csr_matrix(shape, dtype=np.float32)
    for ids, numbers in blocks:
        here = numbers % every == 0
        ones = np.ones(int(here.sum()), np.float32)
        total = total + sparse.coo_matrix((ones, (ids[here], numbers[here] // every)), shape).tocsr()
    total.data = 1 + np.log(total.data)
    return total[1:].tocsr()
