"""Greedy decoding of CTC while the frames are still coming."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .labelling import BLANK

__all__ = ["EmittedSymbol", "StreamingGreedy"]


class EmittedSymbol(NamedTuple):
    """A symbol that has ended.

    Attributes:
        symbol: 1..K-1.
        start, end: its first frame, and the one after its last.
        confidence: its greatest probability among them.
    """

    symbol: int
    start: int
    end: int
    confidence: float


class StreamingGreedy:
    """What the likeliest symbols of the frames spell, each symbol as soon as its run of frames has ended.

    The symbols are those of `greedy` over the whole. Start and end are those of the run, where `greedy` tells the
    likeliest alignment, which takes the last frame. Of the frames so far nothing is kept but the present run.
    """

    def __init__(self) -> None:
        self._read, self._run = 0, EmittedSymbol(BLANK, 0, 0, 0.0)

    def push(self, logits: np.ndarray) -> list[EmittedSymbol]:
        """Take further frames, logits [N, K], and return the symbols that have ended."""
        ended = []
        shares = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf), dtype=np.float64)
        likeliest = logits.argmax(axis=1).tolist() if len(logits) else []
        for n, symbol in enumerate(likeliest, self._read):
            if symbol != self._run.symbol:
                ended += self.finish()
                self._run = EmittedSymbol(symbol, n, n, 0.0)
            own = 1.0 / float(shares[n - self._read].sum())
            self._run = self._run._replace(end=n + 1, confidence=max(own, self._run.confidence))
        self._read += len(likeliest)
        return ended

    def finish(self) -> list[EmittedSymbol]:
        """Return the symbol that no frame has ended, if there is one."""
        run, self._run = self._run, EmittedSymbol(BLANK, self._read, self._read, 0.0)
        return [] if run.symbol == BLANK else [run]
