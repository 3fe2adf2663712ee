"""The words of a lexicon as a tree of their prefixes, in arrays that a look-up walks without any objects."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["DEEPEST", "Trie", "trie_of"]

DEEPEST = 64
"""Units of a word at most."""


class Trie(NamedTuple):
    """A tree of prefixes; node 0 is the root, and the nodes are in order of their depth, then of their parent.

    Attributes:
        symbols: the code by which each node is reached from its parent, uint64 [M].
        children: the children of node n are children[n] .. children[n + 1] - 1, their symbols ascending; int64 [M + 1].
        values: of the word that ends at a node, 0 where none does; int32 [M].
    """

    symbols: np.ndarray
    children: np.ndarray
    values: np.ndarray

    def unfinished(self, codes: np.ndarray) -> int:
        """Return how many units, from the first at which a word may lie that goes on behind the last unit, to the end.

        Args:
            codes: uint64 [T], the last units of an input that goes on.
        """
        for first in range(max(len(codes) - DEEPEST, 0), len(codes)):
            if self._goes_on(codes[first:]):
                return len(codes) - first
        return 0

    def _goes_on(self, codes: np.ndarray) -> bool:
        """Tell whether a longer word begins with these units."""
        node = 0
        for code in codes:
            low, high = self.children[node], self.children[node + 1]
            node = low + int(np.searchsorted(self.symbols[low:high], code))
            if node == high or self.symbols[node] != code:
                return False
        return bool(self.children[node] < self.children[node + 1])


def trie_of(codes: np.ndarray, lengths: np.ndarray, values: np.ndarray) -> Trie:
    """Return the tree of distinct words.

    Args:
        codes: uint64, the units of all words end to end.
        lengths: int64 [W], units of each word, within 1..DEEPEST.
        values: int32 [W], above 0.
    """
    first = np.cumsum(lengths) - lengths
    alive, parents = np.arange(len(lengths)), np.zeros(len(lengths), np.int64)
    symbols, counts, found = [np.zeros(1, np.uint64)], [], [np.zeros(1, np.int32)]
    above, total, depth = 1, 1, 0
    while len(alive):
        own = codes[first[alive] + depth]
        order = np.lexsort((own, parents))
        alive, parents, own = alive[order], parents[order], own[order]
        fresh = np.ones(len(alive), bool)
        fresh[1:] = (own[1:] != own[:-1]) | (parents[1:] != parents[:-1])
        nodes = total + np.cumsum(fresh) - 1
        counts.append(np.bincount(parents[fresh] - (total - above), minlength=above))
        symbols.append(own[fresh])
        depth += 1
        ends = lengths[alive] == depth
        level = np.zeros(len(symbols[-1]), np.int32)
        level[nodes[ends] - total] = values[alive[ends]]
        found.append(level)
        above, total = len(level), total + len(level)
        alive, parents = alive[~ends], nodes[~ends]
    counts.append(np.zeros(above, np.int64))
    children = np.concatenate([[1], 1 + np.cumsum(np.concatenate(counts))]).astype(np.int64)
    return Trie(np.concatenate(symbols), children, np.concatenate(found))
