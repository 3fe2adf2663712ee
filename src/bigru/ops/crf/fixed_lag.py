"""A linear-chain CRF decoded as its scores come: each tag is decided a fixed number of steps later, once and for all.

The tag of step t is that of the best path through the tags decided so far and the steps up to t + lag, so that what is
decided hangs together (a scheme's rules hold across decisions). Its confidence is the exact probability of that tag
given all the steps up to t + lag. A lag as long as the sequence gives the best path and the marginals of the whole.
Memory does not grow with the sequence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import ArgumentError, check_array, sentence
from .native import marginals, viterbi
from .weights import CrfWeights, check_scores

__all__ = ["FixedLag"]

WHERE = "FixedLag"

WINDOWS = 1 << 10
"""Windows whose marginals are computed at once."""


@dataclass
class _State:
    """Scores of the tags at the first waiting step: behind what was decided, and behind all that was read, [K] each."""

    decided: np.ndarray
    read: np.ndarray


class FixedLag:
    """The decoder of one sequence.

    Args:
        weights: of the chain, constrained where a scheme forbids.
        lag: steps that are waited for, at least 1 (with none, a tag could be decided that may not end a sequence).

    Raises:
        ArgumentError: the lag is no such number.
    """

    def __init__(self, weights: CrfWeights, lag: int) -> None:
        if isinstance(lag, bool) or not isinstance(lag, (int, np.integer)) or lag < 1:
            raise ArgumentError(sentence(WHERE, "lag", "a whole number, at least 1", repr(lag)))
        self._weights, self._lag = weights, lag
        self._open = np.zeros_like(weights.end)
        self._start = _State(weights.start, weights.start.astype(np.float64))
        self._waiting = np.zeros((0, len(weights.end)), np.float32)

    def push(self, emissions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the scores of further steps.

        Args:
            emissions: [N, K] float.

        Returns:
            The tags int64 [M] that are decided now, and the probability of each [M].

        Raises:
            ArgumentError: the shape does not fit, or a score is NaN or +inf.
        """
        fresh = check_array(WHERE, "emissions", emissions, ("N", len(self._open)))
        check_scores(WHERE, "emissions", fresh)
        waiting = np.concatenate([self._waiting, fresh.astype(np.float32)])
        count, size = len(waiting) - self._lag, self._lag + 1
        if count <= 0:
            self._waiting = waiting
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        tags, firsts = np.empty(count, np.int64), np.empty((count, len(self._open)))
        start = _State(self._start.decided, self._start.read)
        for n in range(count):
            weights = self._weights._replace(start=start.decided, end=self._open)
            tags[n] = viterbi(waiting[None, n : n + size], weights)[0][0, 0]
            firsts[n] = start.read
            start = self._behind(start, waiting[n], tags[n])
        shares = np.concatenate([self._shares(waiting, firsts, n) for n in range(0, count, WINDOWS)])
        self._waiting, self._start = waiting[count:], start
        return tags, shares[np.arange(count), tags]

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """Decide the steps that waited: nothing follows the last. Returns as `push`."""
        waiting, self._waiting = self._waiting[None], self._waiting[:0]
        tags = viterbi(waiting, self._weights._replace(start=self._start.decided))[0][0]
        shares = marginals(waiting, self._weights._replace(start=self._start.read.astype(np.float32)))[0]
        return tags, shares[np.arange(len(tags)), tags]

    def _behind(self, start: _State, emission: np.ndarray, tag: int) -> _State:
        """Return the scores one step later."""
        read = np.logaddexp.reduce((start.read + emission)[:, None] + self._weights.transitions, axis=0)
        return _State(self._weights.transitions[tag], read - read.max())

    def _shares(self, waiting: np.ndarray, firsts: np.ndarray, begin: int) -> np.ndarray:
        """Return the probabilities of the tags [M, K] of the windows from `begin` on, each at its first step."""
        firsts = firsts[begin : begin + WINDOWS]
        views = np.lib.stride_tricks.sliding_window_view(waiting[begin:], self._lag + 1, axis=0)
        emissions = np.array(views[: len(firsts)].transpose(0, 2, 1), np.float32, order="C")
        emissions[:, 0] += firsts
        weights = self._weights._replace(start=self._open, end=self._open)
        return marginals(emissions, weights)[:, 0]
