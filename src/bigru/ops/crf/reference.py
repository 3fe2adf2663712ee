"""The linear-chain CRF in NumPy, one sequence at a time and as the equations read: the specification.

Shapes everywhere: emissions [B, T, K] float, lengths [B] int (None: T throughout), tags and paths [B, T] int. What
lies past a length is never read and is written as zero. Arithmetic and results are float64. A sequence of length 0
has one path, the empty one, of score 0. Forbidden tags and transitions have the score -inf; where no path at all is
allowed, partition and scores are -inf and probabilities 0. Equations: `docs/math/crf.md`.

Sources: Lafferty, McCallum & Pereira 2001 (the model); Rabiner 1989, section III (the recursions); Sutton & McCallum
2012, section 4 (marginals).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError, check_array, check_lengths, sentence
from .weights import CrfWeights, check_scores, check_weights

__all__ = ["log_likelihood", "log_partition", "marginals", "nbest", "span_marginals", "step_losses", "viterbi"]

PlacedTags = tuple[int, int, Sequence[int]]
"""(row in the batch, first position, the tags from there on)."""


def _check_arguments(
    where: str, emissions: Any, weights: CrfWeights, lengths: Any
) -> tuple[list[np.ndarray], CrfWeights, int]:
    """Return the real steps [n, K] of each sequence and the weights in float64, and T.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score that is read is NaN or +inf.
    """
    letters: dict[str, int] = {}
    array = check_array(where, "emissions", emissions, ("B", "T", "K"), letters=letters)
    wide = CrfWeights(*(w.astype(np.float64) for w in check_weights(where, weights, letters)))
    batch, time = array.shape[:2]
    counts = check_lengths(where, np.full(batch, time) if lengths is None else lengths, batch, time)
    check_scores(where, "emissions", np.where((np.arange(time) < counts[:, None])[..., None], array, 0))
    return [row[:n].astype(np.float64) for row, n in zip(array, counts, strict=True)], wide, time


def _log_sum(scores: np.ndarray, axis: int) -> np.ndarray:
    return np.logaddexp.reduce(scores, axis=axis)


def _forward(emissions: np.ndarray, weights: CrfWeights) -> np.ndarray:
    """Log of the sum over all beginnings that end in tag k at step t, emission included (4), [n, K]."""
    scores = np.empty(emissions.shape)
    for t, e in enumerate(emissions):
        scores[t] = e + (_log_sum(scores[t - 1][:, None] + weights.transitions, 0) if t else weights.start)
    return scores


def _backward(emissions: np.ndarray, weights: CrfWeights) -> np.ndarray:
    """Log of the sum over all ways to go on from tag k at step t, its own emission excluded (6), [n, K]."""
    scores = np.empty(emissions.shape)
    scores[-1:] = weights.end
    for t in range(len(emissions) - 2, -1, -1):
        scores[t] = _log_sum(weights.transitions + emissions[t + 1] + scores[t + 1], 1)
    return scores


def _partition(emissions: np.ndarray, weights: CrfWeights) -> float:
    return float(_log_sum(_forward(emissions, weights)[-1] + weights.end, 0)) if len(emissions) else 0.0


def _share(score: Any, partition: Any) -> Any:
    """exp(score) over the sum of all paths, given as its log; 0 where no path is allowed."""
    return np.exp(score - np.where(partition == -np.inf, 0, partition))


def log_partition(emissions: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None) -> np.ndarray:
    """log Z: the log of the sum of exp(score) over all paths (3), by the forward recursion (4, 5).

    Returns:
        [B] float64.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    rows, wide, _ = _check_arguments("crf.log_partition", emissions, weights, lengths)
    return np.array([_partition(row, wide) for row in rows])


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
    rows, wide, _ = _check_arguments(where, emissions, weights, lengths)
    gold = check_array(where, "tags", tags, np.shape(emissions)[:2], "int")
    result = np.zeros(len(rows))
    for b, row in enumerate(rows):
        path = gold[b, : len(row)]
        _check_tags(where, path, len(wide.start))
        score = _path_score(row, wide, path)
        result[b] = -np.inf if score == -np.inf else score - _partition(row, wide)
    return result


def step_losses(
    emissions: np.ndarray, tags: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None
) -> np.ndarray:
    """-log p(y_t | y_1 .. y_t-1, x) of every step (18); rows sum to minus the log-likelihood.

    Returns:
        [B, T] float64, +inf where a tag may not follow, zero past each length.

    Raises:
        ArgumentError: as `log_likelihood`.
    """
    where = "crf.step_losses"
    rows, wide, time = _check_arguments(where, emissions, weights, lengths)
    gold = check_array(where, "tags", tags, np.shape(emissions)[:2], "int")
    result = np.zeros((len(rows), time))
    for b, row in enumerate(rows):
        path, steps = gold[b, : len(row)], np.arange(len(row))
        _check_tags(where, path, len(wide.start))
        if not len(row):
            continue
        backward = _backward(row, wide)
        onward = row[steps, path] + backward[steps, path]
        before = np.r_[_partition(row, wide), backward[steps[:-1], path[:-1]]]
        scores = np.r_[wide.start[path[0]], wide.transitions[path[:-1], path[1:]]] + onward
        result[b, : len(row)] = np.where(scores == -np.inf, np.inf, before - np.where(scores == -np.inf, 0, scores))
    return result


def _path_score(emissions: np.ndarray, weights: CrfWeights, path: np.ndarray) -> float:
    if not len(path):
        return 0.0
    moves = weights.transitions[path[:-1], path[1:]].sum()
    return float(weights.start[path[0]] + emissions[np.arange(len(path)), path].sum() + moves + weights.end[path[-1]])


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
    paths, scores = _best("crf.viterbi", emissions, weights, 1, lengths)
    return paths[:, 0], scores[:, 0]


def nbest(
    emissions: np.ndarray, weights: CrfWeights, n: int, lengths: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The n best distinct paths of each sequence, best first, and their scores (14).

    Returns:
        paths [B, n, T] int64, scores [B, n] float64. A sequence with fewer than n allowed paths has scores of -inf at
        the end, and the paths there are zero.

    Raises:
        ArgumentError: n < 1, a shape or dtype does not fit, or a score is NaN or +inf.
    """
    where = "crf.nbest"
    if n < 1:
        raise ArgumentError(sentence(where, "n", "at least 1", n))
    return _best(where, emissions, weights, n, lengths)


def _best(where: str, emissions: Any, weights: CrfWeights, n: int, lengths: Any) -> tuple[np.ndarray, np.ndarray]:
    rows, wide, time = _check_arguments(where, emissions, weights, lengths)
    paths, scores = np.zeros((len(rows), n, time), np.int64), np.full((len(rows), n), -np.inf)
    for b, row in enumerate(rows):
        if not len(row):
            scores[b, 0] = 0
            continue
        best = np.full((len(wide.start), n), -np.inf)  # the n best beginnings that end in each tag
        best[:, 0] = wide.start + row[0]
        came = []  # from which (tag, rank), as tag * n + rank, [K, n] per step
        for e in row[1:]:
            best, origin = _greatest(best, wide.transitions)
            best += e[:, None]
            came.append(origin)
        last, place = _greatest(best, wide.end[:, None])
        scores[b], here = last[0], place[0]
        for t in range(len(row) - 1, -1, -1):
            paths[b, :, t] = here // n
            here = came[t - 1].ravel()[here] if t else here
    paths[scores == -np.inf] = 0
    return paths, scores


def _greatest(best: np.ndarray, onward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The n greatest of best[k, r] + onward[k, j] over all k and r, for every j.

    Returns:
        scores [J, n], descending, and where each came from, k * n + r; of equals the smaller tag, then rank.
    """
    n = best.shape[1]
    candidates = (best[:, :, None] + onward[:, None]).reshape(-1, onward.shape[1]).T
    order = np.argsort(-candidates, axis=1, kind="stable")[:, :n]
    return np.take_along_axis(candidates, order, axis=1), order


def marginals(emissions: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None) -> np.ndarray:
    """p(tag at t is k | emissions), exactly, by forward-backward (7).

    Returns:
        [B, T, K] float64; each step within a length sums to 1.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    rows, wide, time = _check_arguments("crf.marginals", emissions, weights, lengths)
    shares = np.zeros((len(rows), time, len(wide.start)))
    for b, row in enumerate(rows):
        through = _forward(row, wide) + _backward(row, wide)
        shares[b, : len(row)] = _share(through, _log_sum(through, 1)[:, None])
    return shares


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
    rows, wide, _ = _check_arguments(where, emissions, weights, lengths)
    K = len(wide.start)
    joins = np.zeros((K, K), bool) if continues is None else np.asarray(continues, bool)
    if joins.shape != (K, K):
        raise ArgumentError(sentence(where, "continues", f"bool {[K, K]}", list(joins.shape)))
    apart = np.where(joins, -np.inf, wide.transitions)
    result = np.zeros(len(spans))
    for s, (b, start, tags) in enumerate(spans):
        row = rows[b] if 0 <= b < len(rows) else np.zeros((0, K))
        if not (len(tags) and start >= 0 and start + len(tags) <= len(row)):
            got = f"row {b}, positions {start}..{start + len(tags)}"
            raise ArgumentError(sentence(where, "span", "non-empty and within its sequence", got))
        path, end = np.asarray(tags, np.int64), start + len(tags)
        _check_tags(where, path, K)
        forward, backward = _forward(row, wide), _backward(row, wide)
        arriving = _log_sum(forward[start - 1] + apart[:, path[0]], 0) if start else wide.start[path[0]]
        leaving = wide.end[path[-1]]
        if end < len(row):
            leaving = _log_sum(apart[path[-1]] + row[end] + backward[end], 0)
        inner = row[np.arange(start, end), path].sum() + wide.transitions[path[:-1], path[1:]].sum()
        result[s] = min(_share(arriving + inner + leaving, _partition(row, wide)), 1)
    return result
