"""The linear-chain CRF in NumPy: the specification, and what prediction runs on. Equations: `docs/math/crf.md`.

Shapes everywhere: emissions [B, T, K] float, lengths [B] int (None: T throughout), tags and paths [B, T] int. What
lies past a length is never read and is written as zero. Arithmetic and results are float64. A sequence of length 0
has one path, the empty one, of score 0. Forbidden tags and transitions have the score -inf; where no path at all is
allowed, partition and scores are -inf and probabilities 0.

Sources: Lafferty, McCallum & Pereira 2001 (the model); Rabiner 1989, section III (the recursions); Sutton & McCallum
2012, section 4 (marginals).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import ArgumentError, check_array, sentence
from .chain import Chain, CrfWeights, chain, check_weights, log_sum, walk_back, walk_forward

__all__ = [
    "CrfWeights",
    "constrain",
    "log_likelihood",
    "log_partition",
    "marginals",
    "nbest",
    "span_marginals",
    "viterbi",
]

PlacedTags = tuple[int, int, Sequence[int]]
"""(row in the batch, first position, the tags from there on)."""


def constrain(weights: CrfWeights, allowed: np.ndarray, start: np.ndarray, end: np.ndarray) -> CrfWeights:
    """Forbid transitions, first and last tags: -inf where a mask is false (17).

    Args:
        weights: the scores of the chain.
        allowed: [K, K] bool, from row to column, as `scheme.transition_mask` gives it.
        start: [K] bool.
        end: [K] bool.

    Raises:
        ArgumentError: a shape does not fit.
    """
    where = "crf.constrain"
    letters: dict[str, int] = {}
    wide = check_weights(where, weights, letters)
    masks = {"allowed": (allowed, 2), "start": (start, 1), "end": (end, 1)}
    for name, (mask, axes) in masks.items():
        want = (letters["K"],) * axes
        if np.shape(mask) != want or np.asarray(mask).dtype != bool:
            got = f"{np.asarray(mask).dtype} {list(np.shape(mask))}"
            raise ArgumentError(sentence(where, name, f"bool {list(want)}", got))
    return CrfWeights(*(np.where(mask, w, -np.inf) for w, (mask, _) in zip(wide, masks.values(), strict=True)))


def log_partition(emissions: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None) -> np.ndarray:
    """log Z: the log of the sum of exp(score) over all paths (3), by the forward recursion (4, 5).

    Returns:
        [B] float64.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    batch = chain("crf.log_partition", emissions, weights, lengths)
    return batch.unsort(_log_partition(batch, walk_forward(batch)))


def _log_partition(batch: Chain, forward: np.ndarray) -> np.ndarray:
    total = np.zeros(len(batch.lengths))
    some = np.flatnonzero(batch.lengths)
    total[some] = log_sum(forward[batch.lengths[some] - 1, some] + batch.weights.end)
    return total


def log_likelihood(
    emissions: np.ndarray, tags: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None
) -> np.ndarray:
    """log p(tags | emissions) of each sequence: the score of its path (1) less log Z (2).

    Returns:
        [B] float64; -inf for a path that the weights forbid.

    Raises:
        ArgumentError: a shape or dtype does not fit, a tag is outside 0..K-1, or a score is NaN or +inf.
    """
    where = "crf.log_likelihood"
    batch = chain(where, emissions, weights, lengths)
    gold = check_array(where, "tags", tags, np.shape(emissions)[:2], "int")[batch.order]
    real = np.arange(batch.steps) < batch.lengths[:, None]
    gold = np.where(real, gold, 0)[:, : len(batch.active)].T
    _check_tags(where, gold, len(weights.start))
    score = np.zeros(len(batch.lengths))
    for t, n in enumerate(batch.active):
        arriving = batch.weights.transitions[gold[t - 1, :n], gold[t, :n]] if t else batch.weights.start[gold[t, :n]]
        score[:n] += arriving + batch.emissions[t, np.arange(n), gold[t, :n]]
    some = np.flatnonzero(batch.lengths)
    score[some] += batch.weights.end[gold[batch.lengths[some] - 1, some]]
    partition = _log_partition(batch, walk_forward(batch))
    return batch.unsort(np.where(score == -np.inf, -np.inf, score - np.where(partition == -np.inf, 0, partition)))


def _check_tags(where: str, tags: np.ndarray, count: int) -> None:
    if tags.size and (tags.min() < 0 or tags.max() >= count):
        bad = int(tags.min() if tags.min() < 0 else tags.max())
        raise ArgumentError(sentence(where, "tags", f"within 0..{count - 1}", bad))


def viterbi(
    emissions: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The best path of each sequence and its score (12, 13); of equal paths the one with the smaller last tags.

    Returns:
        paths [B, T] int64, scores [B] float64. Where no path is allowed the score is -inf and the path means nothing.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    batch = chain("crf.viterbi", emissions, weights, lengths)
    transitions, start, end = batch.weights
    best = np.empty(batch.emissions.shape)
    for t, n in enumerate(batch.active):
        arriving = (best[t - 1, :n, :, None] + transitions).max(axis=1) if t else start
        best[t, :n] = arriving + batch.emissions[t, :n]
    # Only the best scores are kept: the way back costs one row of `transitions` a step, argmax over all pairs K.
    paths = np.zeros(best.shape[:2], np.int64)
    scores = np.zeros(len(batch.lengths))
    going_on = 0
    for t in range(len(batch.active) - 1, -1, -1):
        if going_on:
            onward = transitions.T[paths[t + 1, :going_on]]
            paths[t, :going_on] = (best[t, :going_on] + onward).argmax(axis=1)
        n = batch.active[t]
        last = best[t, going_on:n] + end
        paths[t, going_on:n], scores[going_on:n] = last.argmax(axis=1), last.max(axis=1)
        going_on = n
    return batch.spread(paths), batch.unsort(scores)


def nbest(
    emissions: np.ndarray, weights: CrfWeights, n: int, lengths: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The n best distinct paths of each sequence, best first, and their scores (14).

    Returns:
        paths [B, n, T] int64, scores [B, n] float64. A sequence with fewer than n allowed paths has scores of -inf at
        the end, and the paths there are zero. The first path is Viterbi's.

    Raises:
        ArgumentError: n < 1, a shape or dtype does not fit, or a score is NaN or +inf.
    """
    where = "crf.nbest"
    if n < 1:
        raise ArgumentError(sentence(where, "n", "at least 1", n))
    batch = chain(where, emissions, weights, lengths)
    transitions, start, end = batch.weights
    T, B, K = batch.emissions.shape
    best = np.full((B, K, n), -np.inf)  # the n best beginnings that end in each tag
    came = np.zeros((T, B, K, n), np.int64)  # from which (tag, rank), as tag * n + rank
    paths = np.zeros((B, n, T), np.int64)
    scores = np.full((B, n), -np.inf)
    scores[batch.lengths == 0, 0] = 0
    for t, rows in enumerate(batch.active):
        if t:
            best[:rows], came[t, :rows] = _merge(best[:rows], transitions)
        else:
            best[:rows, :, 0] = start
        best[:rows] += batch.emissions[t, :rows, :, None]
        done = slice(batch.active[t + 1] if t + 1 < T else 0, rows)
        scores[done], place = (merged[:, 0] for merged in _merge(best[done], end[:, None]))
        for s in range(t, -1, -1):
            paths[done, :, s] = place // n
            place = np.take_along_axis(came[s, done].reshape(-1, K * n), place, axis=1)
    paths[scores == -np.inf] = 0
    whole = np.zeros((B, n, batch.steps), np.int64)
    whole[:, :, :T] = paths
    return batch.unsort(whole), batch.unsort(scores)


def _merge(best: np.ndarray, onward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Merge the K descending lists of n scores into the n greatest for every tag that follows.

    Args:
        best: [B, K, n], descending along n.
        onward: [K, J], what going from tag k to tag j adds.

    Returns:
        scores [B, J, n], descending, and where each came from, tag * n + rank; of equals the smaller tag, then rank.
    """
    B, _, n = best.shape
    heads = best[:, None, :, 0] + onward.T
    rank = np.zeros(heads.shape, np.int64)
    scores = np.empty((B, onward.shape[1], n))
    came = np.empty(scores.shape, np.int64)
    b, j = np.ogrid[:B, : onward.shape[1]]
    for r in range(n):
        tag = heads.argmax(axis=2)
        taken = rank[b, j, tag]
        scores[..., r], came[..., r] = heads[b, j, tag], tag * n + taken
        following = np.minimum(taken + 1, n - 1)
        heads[b, j, tag] = np.where(taken + 1 < n, best[b, tag, following] + onward[tag, j], -np.inf)
        rank[b, j, tag] = following
    return scores, came


def marginals(emissions: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None) -> np.ndarray:
    """p(tag at t is k | emissions), exactly, by forward-backward (7).

    Returns:
        [B, T, K] float64; each step within a length sums to 1.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    batch = chain("crf.marginals", emissions, weights, lengths)
    through = walk_forward(batch) + walk_back(batch)
    total = log_sum(through)[..., None]
    return batch.spread(np.exp(through - np.where(total == -np.inf, 0, total)))


def span_marginals(
    emissions: np.ndarray,
    weights: CrfWeights,
    spans: Sequence[PlacedTags],
    lengths: np.ndarray | None = None,
    continues: np.ndarray | None = None,
) -> np.ndarray:
    """The probability that a stretch of a sequence bears exactly the given tags, summed over all else (15).

    With `continues` the stretch must also be whole (16): the tag after it does not continue it, and it does not
    continue the tag before. This is the confidence of an entity.

    Args:
        emissions: [B, T, K].
        weights: the scores of the chain.
        spans: S stretches, each (row, start, tags).
        lengths: [B].
        continues: [K, K] bool, as `scheme.continuation_mask` gives it, or None.

    Returns:
        [S] float64.

    Raises:
        ArgumentError: a shape or dtype does not fit, a stretch is empty or leaves its sequence, or a score is NaN
            or +inf.
    """
    where = "crf.span_marginals"
    batch = chain(where, emissions, weights, lengths)
    K = len(weights.start)
    joins = np.zeros((K, K), bool) if continues is None else np.asarray(continues, bool)
    if joins.shape != (K, K):
        raise ArgumentError(sentence(where, "continues", f"bool {[K, K]}", list(joins.shape)))
    if not len(spans):
        return np.zeros(0)
    place = np.empty_like(batch.order)
    place[batch.order] = np.arange(len(batch.order))
    rows, starts, sizes, flat = _flatten(where, batch, place, spans)
    forward, backward = walk_forward(batch), walk_back(batch)
    offsets = np.cumsum(sizes) - sizes
    first, last = flat[offsets], flat[offsets + sizes - 1]

    before = forward[starts - 1, rows] + np.where(joins, -np.inf, batch.weights.transitions).T[first]
    arriving = np.where(starts == 0, batch.weights.start[first], log_sum(before))
    inner = np.r_[0, batch.weights.transitions[flat[:-1], flat[1:]]]
    inner[offsets] = arriving
    steps = np.arange(len(flat)) - np.repeat(offsets - starts, sizes)
    inner += batch.emissions[steps, np.repeat(rows, sizes), flat]
    ends = starts + sizes
    at_end = ends == batch.lengths[rows]
    next_step = np.where(at_end, 0, ends)
    after = batch.emissions[next_step, rows] + backward[next_step, rows]
    after += np.where(joins, -np.inf, batch.weights.transitions)[last]
    leaving = np.where(at_end, batch.weights.end[last], log_sum(after))
    partition = _log_partition(batch, forward)[rows]
    log_p = np.add.reduceat(inner, offsets) + leaving - np.where(partition == -np.inf, 0, partition)
    return np.minimum(np.exp(log_p), 1)


def _flatten(
    where: str, batch: Chain, place: np.ndarray, spans: Sequence[PlacedTags]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, starts and sizes [S] and all tags end to end, checked."""
    for row, start, tags in spans:
        length = int(batch.lengths[place[row]]) if 0 <= row < len(place) else 0
        if not (len(tags) and start >= 0 and start + len(tags) <= length):
            got = f"row {row}, positions {start}..{start + len(tags)}"
            raise ArgumentError(sentence(where, "span", "non-empty and within its sequence", got))
    flat = np.concatenate([np.asarray(tags, np.int64) for _, _, tags in spans])
    _check_tags(where, flat, batch.emissions.shape[2])
    rows, starts, sizes = np.array([(place[row], start, len(tags)) for row, start, tags in spans], np.int64).T
    return rows, starts, sizes, flat
