"""A checked batch of chains and the forward and backward recursions over it, in log space.

Rows are sorted by length, longest first, so that the sequences still running at step t are the first `active[t]`
rows: what lies past a length is never touched. All arithmetic is float64.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...errors import ArgumentError, check_array, check_lengths, sentence

__all__ = ["Chain", "CrfWeights", "chain", "check_weights", "log_sum", "walk_back", "walk_forward"]

_TINY = 1e-280
"""Sums of exponentials below this are computed again: a term lost to underflow (1e-308) might matter in them."""


class CrfWeights(NamedTuple):
    """Scores of a linear chain; `-inf` forbids.

    Attributes:
        transitions: [K, K], from tag i (row) to tag j (column).
        start: [K], of beginning with a tag.
        end: [K], of ending with a tag.
    """

    transitions: np.ndarray
    start: np.ndarray
    end: np.ndarray


class Chain(NamedTuple):
    """A batch of sequences, longest first, with its weights; all scores float64.

    Attributes:
        emissions: [T, B, K], T the greatest length.
        weights: the weights.
        lengths: [B] int64, descending.
        active: [T] int64, how many sequences have a step t.
        order: [B] int64, the place of each row in the caller's batch.
        steps: the caller's T.
    """

    emissions: np.ndarray
    weights: CrfWeights
    lengths: np.ndarray
    active: np.ndarray
    order: np.ndarray
    steps: int

    def unsort(self, values: np.ndarray) -> np.ndarray:
        """Put rows [B, ...] back into the caller's order."""
        restored = np.empty_like(values)
        restored[self.order] = values
        return restored

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Turn [T, B, ...] into the caller's [B, T, ...], zero past each length."""
        out = np.zeros((values.shape[1], self.steps, *values.shape[2:]), values.dtype)
        for t, n in enumerate(self.active):
            out[self.order[:n], t] = values[t, :n]
        return out


def _check_scores(where: str, name: str, scores: np.ndarray) -> None:
    """Refuse NaN and +inf; -inf is how a score forbids."""
    bad = np.isnan(scores) | (scores == np.inf)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ArgumentError(sentence(where, name, "finite or -inf", f"{scores[place]} at {list(place)}"))


def check_weights(where: str, weights: Any, letters: dict[str, int]) -> CrfWeights:
    """Return the weights as float64 arrays of one K.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    shapes: dict[str, tuple[str | int, ...]] = {"transitions": ("K", "K"), "start": ("K",), "end": ("K",)}
    arrays = {}
    for (name, shape), value in zip(shapes.items(), weights, strict=True):
        arrays[name] = check_array(where, name, value, shape, letters=letters).astype(np.float64, copy=False)
        _check_scores(where, name, arrays[name])
    return CrfWeights(**arrays)


def chain(where: str, emissions: Any, weights: CrfWeights, lengths: Any) -> Chain:
    """Check a batch and sort it by length.

    Args:
        where: the function that asks.
        emissions: [B, T, K] float; anything, NaN too, past a length.
        weights: the scores of the chain.
        lengths: [B] int, or None for T throughout.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score that is read is NaN or +inf.
    """
    letters: dict[str, int] = {}
    array = check_array(where, "emissions", emissions, ("B", "T", "K"), letters=letters)
    wide = check_weights(where, weights, letters)
    batch, time = array.shape[:2]
    counts = check_lengths(where, np.full(batch, time) if lengths is None else lengths, batch, time)
    _check_scores(where, "emissions", np.where((np.arange(time) < counts[:, None])[..., None], array, 0))
    order = np.argsort(-counts, kind="stable")
    longest = int(counts.max(initial=0))
    active = (counts[:, None] > np.arange(longest)).sum(axis=0)
    rows = np.ascontiguousarray(array[order, :longest].swapaxes(0, 1), dtype=np.float64)
    return Chain(rows, wide, counts[order], active, order, time)


def log_sum(scores: np.ndarray) -> np.ndarray:
    """log Σ exp over the last axis; -inf for a row of -inf."""
    peak = scores.max(axis=-1, keepdims=True)
    peak = np.where(peak == -np.inf, 0, peak)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(scores - peak).sum(axis=-1)) + peak[..., 0]


class _Transfer:
    """One step of a recursion: scores [n, K] -> log Σ_i exp(scores[:, i] + matrix[i, :]), as a matrix product.

    Both factors are shifted by their maxima before they are exponentiated. Where the sum that comes out is so small
    that a term may have been lost to underflow, that entry is computed again term by term: the result is exact for
    every input, and the product is what normally runs.
    """

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix
        peak = matrix.max(axis=0)
        self.shift = np.where(peak == -np.inf, 0, peak)
        self.factor = np.exp(matrix - self.shift)

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        peak = scores.max(axis=1, keepdims=True)
        peak = np.where(peak == -np.inf, 0, peak)
        total = np.exp(scores - peak) @ self.factor
        with np.errstate(divide="ignore"):
            result: np.ndarray = np.log(total) + peak + self.shift
        rows, columns = np.nonzero(total < _TINY)
        if rows.size:
            result[rows, columns] = log_sum(scores[rows] + self.matrix.T[columns])
        return result


def walk_forward(batch: Chain) -> np.ndarray:
    """Forward scores: log of the sum over all beginnings that end in tag k at step t, emission included (4).

    Returns:
        [T, B, K], -inf past each length.
    """
    scores = np.full(batch.emissions.shape, -np.inf)
    transfer = _Transfer(batch.weights.transitions)
    for t, n in enumerate(batch.active):
        arriving = transfer(scores[t - 1, :n]) if t else batch.weights.start
        scores[t, :n] = arriving + batch.emissions[t, :n]
    return scores


def walk_back(batch: Chain) -> np.ndarray:
    """Backward scores: log of the sum over all ways to go on from tag k at step t, its own emission excluded (6).

    Returns:
        [T, B, K], -inf past each length.
    """
    scores = np.full(batch.emissions.shape, -np.inf)
    transfer = _Transfer(batch.weights.transitions.T)
    going_on = 0
    for t in range(len(batch.active) - 1, -1, -1):
        if going_on:
            scores[t, :going_on] = transfer(batch.emissions[t + 1, :going_on] + scores[t + 1, :going_on])
        n = batch.active[t]
        scores[t, going_on:n] = batch.weights.end
        going_on = n
    return scores
