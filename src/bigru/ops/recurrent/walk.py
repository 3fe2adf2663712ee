"""The order in which a walk visits the real steps of a padded batch.

A forward walk goes t = 0 .. len-1, a backward walk t = len-1 .. 0; neither ever touches what lies
past a row's length. `steps` says so in the plainest way, for the references; `Packing` lays the
same steps out contiguously, for the engines that must be fast. Both serve all three cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from ...errors import check_array, check_lengths
from ...layout import weight_shapes

__all__ = ["Packing", "Weights", "check_walk", "steps"]

Weights = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""weight_ih [G*H, I], weight_hh [G*H, H], bias_ih [G*H], bias_hh [G*H] of one walk."""


def steps(lengths: np.ndarray, time: int, reverse: bool) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (t, rows) in the order of the walk: the step, and the rows of the batch that have it.

    A row joins a reverse walk at its own last step, so its first state there is its initial one.
    """
    for t in reversed(range(time)) if reverse else range(time):
        rows = np.flatnonzero(lengths > t)
        if rows.size:
            yield t, rows


def check_walk(
    cell: str,
    x: np.ndarray,
    weights: Sequence[np.ndarray],
    states: Sequence[np.ndarray | None],
    lengths: np.ndarray | None,
) -> tuple[np.ndarray, Weights, list[np.ndarray], np.ndarray]:
    """Check the arguments of one walk and fill in what was left out.

    Args:
        cell: "gru", "rnn" or "lstm".
        x: [B, T, I] float.
        weights: as `Weights`.
        states: initial states [B, H], None for zeros.
        lengths: [B] int, None for T everywhere.

    Returns:
        x, weights, a private copy of every state, lengths [B] int64.

    Raises:
        ArgumentError: a dtype or shape does not fit, or a length lies outside 0..T.
    """
    where = f"{cell}.forward"
    letters: dict[str, int] = {}
    x = check_array(where, "x", x, ("B", "T", "I"), letters=letters)
    weight_hh = check_array(where, "weight_hh", weights[1], ("G*H", "H"))
    hidden = weight_hh.shape[1]
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    shapes = weight_shapes(cell, letters["I"], hidden)
    checked = [check_array(where, *named) for named in zip(names, weights, shapes, strict=True)]
    batch, time = letters["B"], letters["T"]
    initial = [
        np.zeros((batch, hidden), x.dtype)
        if s is None
        else check_array(where, "h0", s, (batch, hidden)).astype(x.dtype)
        for s in states
    ]
    full = np.full(batch, time, np.int64) if lengths is None else check_lengths(where, lengths, batch, time)
    return x, (checked[0], checked[1], checked[2], checked[3]), initial, full


class Packing:
    """Where each real step of a padded batch lies when the batch is packed step by step.

    Rows are ranked by length, longest first. Packed step s holds, one after the other, the s-th
    step of the walk for the first `counts[s]` ranks; N is the sum of all lengths. An engine keeps
    states in an array of B + N entries per walk: the initial states by rank, then one entry per
    packed step, so that finished rows simply stop taking part.

    Attributes:
        batch, time: B and T of the padded batch.
        order: [B] row of the batch at each rank.
        counts: [S] ranks still alive at step s, S being the longest length.
        starts: [S] first packed entry of step s.
        total: N.
        dense: whether all lengths are equal, so that step s follows on step s-1 entry by entry.
        previous: [N] entry in B + N of the state that packed entry i starts from.
        last: [B] entry in B + N of each rank's final state (its initial one for length 0).
    """

    def __init__(self, lengths: np.ndarray, time: int) -> None:
        self.batch, self.time = len(lengths), time
        self.order = np.argsort(-lengths, kind="stable")
        self._lengths = lengths[self.order]
        longest = int(self._lengths[0]) if self.batch else 0
        self._steps, self._ranks = np.nonzero(self._lengths > np.arange(longest)[:, None])
        self.counts = np.bincount(self._steps, minlength=longest)
        self.starts = np.cumsum(self.counts) - self.counts
        self.total = len(self._steps)
        self.dense = self.total == self.batch * longest

    @cached_property
    def previous(self) -> np.ndarray:
        before = np.concatenate([np.zeros(1, np.int64), self.batch + self.starts])
        return before[self._steps] + self._ranks

    @cached_property
    def last(self) -> np.ndarray:
        ends = np.concatenate([np.zeros(1, np.int64), self.batch + self.starts])
        return ends[self._lengths] + np.arange(self.batch)

    def source(self, walk: str) -> np.ndarray:
        """Return [N] the entry of the flattened [B * T] batch that each packed entry stands for."""
        t = self._steps if walk == "forward" else self._lengths[self._ranks] - 1 - self._steps
        return self.order[self._ranks] * self.time + t

    def spans(self) -> list[tuple[int, int, int]]:
        """Return (before, start, end) of each step in B + N: its states are start..end, those it
        starts from begin at `before`."""
        starts = [self.batch + int(s) for s in self.starts]
        befores = [0, *starts[:-1]]
        return [(b, s, s + int(n)) for b, s, n in zip(befores, starts, self.counts, strict=False)]
