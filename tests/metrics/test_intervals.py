"""Bootstrap intervals against what the binomial distribution says, and both ways of drawing against each other."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.metrics import classification_report
from bigru.metrics.intervals import bootstrap, kinds
from effort import calls


def share(sums: np.ndarray) -> np.ndarray:
    return sums[:, :1] / sums[:, 1:]


def test_the_interval_of_a_share_is_the_binomials() -> None:
    low, high = bootstrap(np.array([[1, 1], [0, 1]]), np.array([320, 80]), share)
    spread = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    assert low[0] == pytest.approx(0.8 - spread, abs=0.006)
    assert high[0] == pytest.approx(0.8 + spread, abs=0.006)


def test_drawing_one_by_one_has_the_same_distribution() -> None:
    # Every example a kind of its own: the sum of a resample of 0..399 has a known spread.
    counts = np.arange(400)[:, None]
    low, high = bootstrap(counts, np.ones(400, int), lambda sums: sums / 400)
    spread = 1.96 * np.sqrt((400**2 - 1) / 12 / 400)
    assert low[0] == pytest.approx(199.5 - spread, abs=1.5)
    assert high[0] == pytest.approx(199.5 + spread, abs=1.5)


def test_the_same_seed_draws_the_same() -> None:
    counts, examples = np.array([[1, 1], [0, 1]]), np.array([30, 20])
    assert bootstrap(counts, examples, share, seed=3) == bootstrap(counts, examples, share, seed=3)
    assert bootstrap(counts, examples, share, seed=3) != bootstrap(counts, examples, share, seed=4)


def test_where_nothing_varies_the_interval_is_a_point() -> None:
    low, high = bootstrap(np.array([[1, 1]]), np.array([7]), share)
    assert (low[0], high[0]) == (1, 1)


def test_several_scores_at_once() -> None:
    low, high = bootstrap(
        np.array([[1, 1], [0, 1]]), np.array([3, 1]), lambda s: np.column_stack([share(s), -share(s)])
    )
    assert low.shape == high.shape == (2,)
    assert low[0] == -high[1]


def test_kinds_groups_equal_rows() -> None:
    rows, examples = kinds(np.array([[1, 2], [0, 2], [1, 2]]))
    assert dict(zip(map(tuple, rows.tolist()), examples.tolist(), strict=True)) == {(1, 2): 2, (0, 2): 1}


def test_a_thousand_resamples_look_at_each_example_once() -> None:
    random = np.random.default_rng(0)
    labels = [str(n) for n in range(10)]
    gold, predicted = (random.choice(labels, 25_000).tolist() for _ in range(2))
    assert calls(lambda: classification_report(gold, predicted, labels)) < 10 * len(gold)
