"""Features of an input that comes piece by piece: the same rows as of the whole input, as soon as they are certain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ..errors import ArgumentError, sentence
from ..readers.token_features import divide
from .fbank import FilterBank
from .resample import Resampler

__all__ = ["AudioPieces", "Pieces", "SeriesPieces", "TextPieces"]

WHERE = "stream"


class Pieces(Protocol):
    """Turns what is pushed into rows of features [T, C] or [T, I]; a chunk that is refused changes nothing."""

    def push(self, chunk: Any) -> np.ndarray:
        """Return the rows that a further chunk makes certain."""

    def finish(self) -> np.ndarray:
        """Return the rows that waited for more."""


class SeriesPieces:
    """Steps of a series, each of which is scaled by itself.

    Args:
        features: a `SeriesFeatures`.
    """

    def __init__(self, features: Any) -> None:
        self._features = features

    def push(self, chunk: Any) -> np.ndarray:
        """Return a chunk [T, D] scaled, float32 [T, I]; where D is 1 it may be [T], else one step may be [D].

        Raises:
            ArgumentError: another width, not numeric, or not finite.
        """
        steps, width = np.asarray(chunk), len(self._features.mean)
        if not steps.size and steps.ndim < 2:
            return self.finish()
        rows: np.ndarray = self._features.features(steps[None] if steps.ndim == 1 and width > 1 else steps, "chunk")
        return rows

    def finish(self) -> np.ndarray:
        """Return nothing: no step waits for another."""
        return np.zeros((0, self._features.values), np.float32)


class TextPieces:
    """Characters or tokens, each of which may be read together with its neighbours.

    A unit is held back while a channel looks at the one behind it, or while a word of the lexicon that lies at it may
    go on. (Where letters are folded to lower case, a Greek sigma becomes final by what stands further behind; it alone
    may differ from the whole text.)

    Args:
        features: a `TextFeatures`.
        before, after: how many units a channel looks back, words of the lexicon included, and ahead, without them.

    Raises:
        ArgumentError: units are words or subwords: the next chunk could lengthen the last one.
    """

    def __init__(self, features: Any, before: int, after: int) -> None:
        if features.unit not in ("char", "token"):
            remedy = "What a word is shows only when it has ended: push tokens to a model that reads tokens."
            raise ArgumentError(sentence(WHERE, "unit of the model", "char or token", features.unit, remedy))
        self._features, self._before, self._after = features, before, after
        self._kept: list[str] = []
        self._done = 0

    def push(self, chunk: str | Sequence[str]) -> np.ndarray:
        """Return the ids int32 [T, C] that a further text, or further tokens, make certain.

        Raises:
            ArgumentError: the chunk is no text for a model of characters, or no list of tokens for one of tokens.
        """
        text = isinstance(chunk, str)
        if text and self._features.unit == "token":
            remedy = "A text may end within a token."
            raise ArgumentError(sentence(WHERE, "chunk", "a list of tokens", f"the text {chunk[:40]!r}", remedy))
        if not text and not (isinstance(chunk, Sequence) and all(isinstance(unit, str) for unit in chunk)):
            want = "a text" if self._features.unit == "char" else "a list of tokens"
            raise ArgumentError(sentence(WHERE, "chunk", want, repr(chunk)[:60]))
        if self._features.columns:
            divide(chunk, [column.name for column in self._features.columns], WHERE, "chunk")
        units = [*self._kept, *chunk]
        lookup = self._features.lookup
        unfinished = 0 if lookup is None else lookup.unfinished(self._features.words(units))
        return self._take(units, self._after + unfinished)

    def finish(self) -> np.ndarray:
        """Return the ids of the units held back, with nothing behind the last."""
        return self._take(self._kept, 0)

    def _take(self, units: list[str], held: int) -> np.ndarray:
        rows: np.ndarray = self._features.features(units)
        ready = max(len(units) - held, self._done)
        fresh = rows[self._done : ready]
        first = max(ready - self._before, 0)
        self._kept, self._done = units[first:], ready - first
        return fresh


class AudioPieces:
    """Samples of a recording, which become frames.

    Args:
        bank: makes frames of samples.
        rate: hertz that it takes.
        read: from a chunk, what errors call it and the rate that samples have by themselves, to float32 [N] within
            -1..1 and their rate.
        scaled: scales each frame by itself.
    """

    def __init__(
        self,
        bank: FilterBank,
        rate: int,
        read: Callable[[Any, str, int], tuple[np.ndarray, int]],
        scaled: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        self._bank, self._rate, self._read, self._scaled = bank, rate, read, scaled
        self._own: int | None = None
        self._resampler: Resampler | None = None

    def push(self, chunk: Any) -> np.ndarray:
        """Return the frames float32 [T, I] that further samples make certain.

        Args:
            chunk: samples [N] at the model's rate, floats within -1..1 or signed integers, or a pair (samples, rate),
                whose rate is that of every chunk.

        Raises:
            ArgumentError: it is not that, a sample is not finite, or the rate has changed.
        """
        if not isinstance(chunk, (tuple, np.ndarray)):
            want = "samples [N], or a pair (samples [N], rate)"
            raise ArgumentError(sentence(WHERE, "chunk", want, type(chunk).__name__))
        samples, rate = self._read(chunk, "chunk", self._rate)
        if self._own is None:
            self._own = rate
            self._resampler = None if rate == self._rate else Resampler(rate, self._rate)
        if rate != self._own:
            raise ArgumentError(sentence(WHERE, "rate of a chunk", f"that of the first ({self._own})", rate))
        return self._frames(samples if self._resampler is None else self._resampler.push(samples))

    def finish(self) -> np.ndarray:
        """Return the frames that waited for more."""
        left = [] if self._resampler is None else [self._frames(self._resampler.finish())]
        return np.concatenate([*left, self._scaled(self._bank.finish())])

    def _frames(self, samples: np.ndarray) -> np.ndarray:
        return self._scaled(self._bank.push(samples))
