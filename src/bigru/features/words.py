"""What units of several characters are in the channels that see one unit by itself; kept, as most come again soon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

__all__ = ["MOST", "FlatWords", "Made", "Words"]

MOST = 1 << 15
"""Units that are kept at most; then all of them are forgotten, and those that come next are kept."""


class Made(NamedTuple):
    """What N units are.

    Attributes:
        codes: the hash of each, uint64 [N].
        shapes: the hash of each one's shape, uint64 [N]; of no meaning where no channel sees shapes.
        ids: what each is in every channel that sees one unit by itself, int32 [N, C]; other columns mean nothing.
    """

    codes: np.ndarray
    shapes: np.ndarray
    ids: np.ndarray


class FlatWords(NamedTuple):
    """The units of many inputs in one row: codes uint64 [N], lengths [B].

    `values`, int32 [F, N], has the ids of their features, where there are any; `lexicon` those of what a lexicon says
    of them, int32 [N] by channel.
    Of units of several characters `made` says what each of the `distinct` ones is, and `inverse` [N] which one each
    is; of characters `inverse` holds their code points.
    """

    codes: np.ndarray
    lengths: np.ndarray
    inverse: np.ndarray
    distinct: Sequence[str] = ()
    made: Made | None = None
    values: np.ndarray | None = None
    lexicon: Mapping[str, np.ndarray] = MappingProxyType({})


class Words:
    """Keeps what was made of units. Threads may share it.

    Args:
        make: what makes it.
        columns: C.
    """

    def __init__(self, make: Callable[[Sequence[str]], Made], columns: int) -> None:
        self._make, self._columns = make, columns
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}
        self._kept = self._room()

    def of(self, units: Sequence[str]) -> Made:
        """Return what distinct units are."""
        # Both are replaced together only, so that what a thread has taken hold of stays one.
        places, kept = self._both
        found = [places.get(unit, -1) for unit in units]
        if min(found, default=0) < 0:
            if len(units) > MOST:
                return self._make(units)
            places, kept = self._keep(units)
            found = [places[unit] for unit in units]
        return Made(*(column.take(found, axis=0) for column in kept))

    @property
    def _both(self) -> tuple[dict[str, int], Made]:
        with self._lock:
            return self._places, self._kept

    def _room(self) -> Made:
        # Pages that nothing is written to take no memory.
        return Made(np.empty(MOST, np.uint64), np.empty(MOST, np.uint64), np.empty((MOST, self._columns), np.int32))

    def _keep(self, units: Sequence[str]) -> tuple[dict[str, int], Made]:
        with self._lock:
            fresh = [unit for unit in units if unit not in self._places]
            if len(self._places) + len(fresh) > MOST:
                self._places, self._kept, fresh = {}, self._room(), list(units)
            first = len(self._places)
            for column, made in zip(self._kept, self._make(fresh), strict=True):
                column[first : first + len(fresh)] = made
            self._places.update(zip(fresh, range(first, first + len(fresh)), strict=True))
            return self._places, self._kept
