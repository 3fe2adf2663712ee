"""The compiled CRF for NumPy arrays: a thin face on `native/include/bigru.h`. Equations: `docs/math/crf.md`.

Shapes everywhere: emissions [B, T, K] float, lengths [B] int (None: T throughout). What lies past a length is never
read and is written as zero. Scores are read as float32. `threads` is the most that a call uses, 0 for
`BIGRU_THREADS` or else all processors that the process may use; results are the same bits for any number, and a
sequence's are the same in any batch. What the answers mean is said in `reference.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from ...errors import ArgumentError, check_array, check_lengths, sentence
from ..library import native as _native
from .weights import CrfWeights, check_scores, check_weights

__all__ = ["PlacedTags", "backward", "forward", "marginals", "nbest", "span_marginals", "viterbi"]

PlacedTags = tuple[int, int, Sequence[int]]
"""(row in the batch, first position, the tags from there on)."""

Batch = tuple[np.ndarray, np.ndarray, CrfWeights, int]

forward = _native.crf_forward
"""The loss: (emissions, lengths, scores, threads, tags, losses, keep), float32 and int64 arrays as the header names
them. Writes losses, [B] or [B, T] to have them divided among the steps; returns what `backward` wants if `keep` is
set, else None. ValueError for what does not fit."""

backward = _native.crf_backward
"""Its gradients: (emissions, lengths, scores, threads, tags, kept, d_losses, d_emissions, d_transitions, d_start,
d_end). Writes the last four, each None where not wanted."""


def _check_arguments(where: str, emissions: Any, weights: CrfWeights, lengths: Any, threads: int) -> Batch:
    """Return the arguments of a call as the kernels take them.

    Raises:
        ArgumentError: a shape or dtype does not fit, a length leaves 0..T, or a weight is NaN or +inf.
    """
    letters: dict[str, int] = {}
    array = check_array(where, "emissions", emissions, ("B", "T", "K"), letters=letters)
    given = check_weights(where, weights, letters)
    batch, time = array.shape[:2]
    counts = check_lengths(where, np.full(batch, time) if lengths is None else lengths, batch, time)
    narrow = (np.ascontiguousarray(a, np.float32) for a in (array, *given))
    return next(narrow), np.ascontiguousarray(counts), CrfWeights(*narrow), threads


def _refuse_special(where: str, batch: Batch, results: np.ndarray) -> None:
    """Refuse a NaN or +inf among the emissions that were read: it has come out in the sequence's result [B]."""
    if not (results < np.inf).all():
        emissions, counts = batch[:2]
        real = np.arange(emissions.shape[1]) < counts[:, None]
        check_scores(where, "emissions", np.where(real[..., None], emissions, 0))


def viterbi(
    emissions: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None, *, threads: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The best path of each sequence and its score (12, 13); of equal paths the one with the smaller last tags.

    Returns:
        paths [B, T] int64, scores [B] float64, -inf where no path is allowed.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    where = "crf.viterbi"
    batch = _check_arguments(where, emissions, weights, lengths, threads)
    paths, scores = np.empty(batch[0].shape[:2], np.int64), np.empty(len(batch[0]))
    _native.crf_viterbi(*batch, paths, scores)
    _refuse_special(where, batch, scores)
    return paths, scores


def nbest(
    emissions: np.ndarray, weights: CrfWeights, n: int, lengths: np.ndarray | None = None, *, threads: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The n best distinct paths of each sequence, best first, and their scores (14).

    Returns:
        paths [B, n, T] int64, scores [B, n] float64; zeros and -inf where a sequence has fewer.

    Raises:
        ArgumentError: n < 1, a shape or dtype does not fit, or a score is NaN or +inf.
    """
    where = "crf.nbest"
    if n < 1:
        raise ArgumentError(sentence(where, "n", "at least 1", n))
    batch = _check_arguments(where, emissions, weights, lengths, threads)
    B, T = batch[0].shape[:2]
    paths, scores = np.empty((B, n, T), np.int64), np.empty((B, n))
    _native.crf_nbest(*batch, paths, scores)
    _refuse_special(where, batch, scores)
    return paths, scores


def marginals(
    emissions: np.ndarray, weights: CrfWeights, lengths: np.ndarray | None = None, *, threads: int = 0
) -> np.ndarray:
    """p(tag at t is k | emissions) by forward-backward (7).

    Returns:
        [B, T, K] float32.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    where = "crf.marginals"
    batch = _check_arguments(where, emissions, weights, lengths, threads)
    shares, log_z = np.empty(batch[0].shape, np.float32), np.empty(len(batch[0]))
    _native.crf_marginals(*batch, shares, log_z)
    _refuse_special(where, batch, log_z)
    return shares


def span_marginals(
    emissions: np.ndarray,
    weights: CrfWeights,
    spans: Sequence[PlacedTags],
    lengths: np.ndarray | None = None,
    continues: np.ndarray | None = None,
    *,
    threads: int = 0,
) -> np.ndarray:
    """The probability that a stretch bears exactly the given tags (15) and, with `continues`, is whole (16).

    Only the sequences with stretches are looked at.

    Args:
        emissions: [B, T, K].
        weights: the scores of the chain.
        spans: S stretches, each (row, start, tags).
        lengths: [B].
        continues: [K, K] bool, as `scheme.continuation_mask` gives it, or None.
        threads: the most that are used.

    Returns:
        [S] float64.

    Raises:
        ArgumentError: a shape or dtype does not fit, a stretch is empty or leaves its sequence, or a score is NaN
            or +inf.
    """
    where = "crf.span_marginals"
    batch = _check_arguments(where, emissions, weights, lengths, threads)
    K = batch[0].shape[2]
    joins = None if continues is None else np.ascontiguousarray(continues, bool).view(np.uint8)
    if joins is not None and joins.shape != (K, K):
        raise ArgumentError(sentence(where, "continues", f"bool {[K, K]}", list(joins.shape)))
    for row, start, tags in spans:
        length = int(batch[1][row]) if 0 <= row < len(batch[1]) else 0
        if not (len(tags) and start >= 0 and start + len(tags) <= length):
            got = f"row {row}, positions {start}..{start + len(tags)}"
            raise ArgumentError(sentence(where, "span", "non-empty and within its sequence", got))
    placed = np.array([(row, start, len(tags)) for row, start, tags in spans], np.int64).reshape(-1, 3)
    flat = np.fromiter(chain.from_iterable(tags for _, _, tags in spans), np.int64)
    if flat.size and (flat.min() < 0 or flat.max() >= K):
        raise ArgumentError(
            sentence(where, "tags", f"within 0..{K - 1}", int(flat.min() if flat.min() < 0 else flat.max()))
        )
    result = np.empty(len(placed))
    rows, starts, sizes = (np.ascontiguousarray(column) for column in placed.T)
    _native.crf_span_marginals(*batch, rows, starts, sizes, flat, joins, result)
    if not (result < np.inf).all():
        _refuse_special(where, batch, np.full(1, np.nan))
    return result
