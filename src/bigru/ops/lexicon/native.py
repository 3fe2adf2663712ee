"""The compiled look-up of a lexicon: a thin face on `native/include/bigru.h`."""

from __future__ import annotations

import numpy as np

from ..library import native as _native
from .reference import SLOTS
from .trie import Trie

__all__ = ["matches"]


def matches(trie: Trie, codes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return what `reference.matches` does, int32 [N, len(SLOTS), 3]; codes are uint64 [N], lengths int64 [B].

    Raises:
        ValueError: a dtype or shape does not fit, or the arrays are no tree; said by name.
    """
    found = np.empty((len(codes), len(SLOTS), 3), np.int32)
    _native.lexicon_matches(codes, lengths, *trie, found)
    return found
