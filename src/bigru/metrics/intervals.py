"""Bootstrap percentile intervals (Efron & Tibshirani 1993, chapter 13).

Examples are drawn again with replacement, as many as there are, and the score is computed again. A score is a function
of counts summed over examples (hits, misses, false alarms), so only the counts are drawn: examples with equal counts
form one kind, and a resample says how often each kind was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .score import Score, signature

__all__ = ["LEVEL", "RESAMPLES", "Said", "bootstrap", "bootstrap_scores", "kinds"]

Said = dict[str, object]
"""What the signature of a score says, key by key."""

RESAMPLES = 1000
"""Resamples of every interval."""

LEVEL = 0.95
"""Mass between the two ends of every interval."""

_BLOCK = 2**21
"""Most numbers held at once while resampling."""


def kinds(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group examples [N, S] with equal counts: the distinct rows [U, S], and how many examples are of each kind [U]."""
    return np.unique(counts, axis=0, return_counts=True)


def bootstrap(
    counts: np.ndarray,
    examples: np.ndarray,
    score: Callable[[np.ndarray], np.ndarray],
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the percentile interval of each score.

    Args:
        counts: [U, S], what an example of each kind adds to the sums that the scores are made of.
        examples: [U] int, how many examples are of each kind, N in all.
        score: turns sums [R, S] into scores [R, M].
        seed: seed of the draws.

    Returns:
        low [M], high [M], float64.
    """
    random = np.random.default_rng(seed)
    wide = counts.astype(np.float64)
    values = np.concatenate([score(drawn @ wide) for drawn in _draws(random, examples)])
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def _draws(random: np.random.Generator, examples: np.ndarray) -> Iterator[np.ndarray]:
    """Yield how often each kind is drawn, blocks of [R, U] float64, `RESAMPLES` rows in all."""
    N, U = int(examples.sum()), len(examples)
    block = max(1, _BLOCK // U)
    kind = np.repeat(np.arange(U), examples)
    for done in range(0, RESAMPLES, block):
        size = min(block, RESAMPLES - done)
        # The same distribution twice: a multinomial draw costs U, drawing one by one costs N but far less each.
        if U * 25 <= N:
            yield random.multinomial(N, examples / N, size).astype(np.float64)
        else:
            rows = [np.bincount(kind[random.integers(0, N, N)], minlength=U) for _ in range(size)]
            yield np.array(rows, np.float64)


def bootstrap_scores(
    counts: np.ndarray,
    examples: np.ndarray,
    score: Callable[[np.ndarray], np.ndarray],
    fields: dict[str, Said],
    seed: int,
) -> tuple[Score, ...]:
    """Compute scores with their intervals.

    Args:
        counts, examples, score, seed: as for `bootstrap`.
        fields: for each of the M scores, in order, its name and what its signature says beside the resampling.
    """
    sums = examples.astype(np.float64) @ counts
    values = score(sums[None])[0]
    low, high = bootstrap(counts, examples, score, seed)
    ends = zip(fields.items(), values.tolist(), low.tolist(), high.tolist(), strict=True)
    return tuple(
        Score(name, value, a, b, signature(name, **said, bootstrap=RESAMPLES, seed=seed))
        for (name, said), value, a, b in ends
    )
