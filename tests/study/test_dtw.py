"""The nearest neighbour under dynamic time warping, against the table of costs filled cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.study.dtw import NearestByDtw
from tolerances import FLOAT32, FLOAT64_STEP, near


def table(x: np.ndarray, y: np.ndarray, band: float) -> float:
    slope = (len(y) - 1) / max(len(x) - 1, 1)
    width = np.ceil(max(band * len(y), slope + 1))
    costs = np.full((len(x) + 1, len(y) + 1), np.inf)
    costs[0, 0] = 0
    for i in range(len(x)):
        for j in range(len(y)):
            if abs(j - np.rint(i * slope)) <= width:
                least = min(costs[i, j], costs[i, j + 1], costs[i + 1, j])
                costs[i + 1, j + 1] = np.square(x[i] - y[j]).sum() + least
    return float(costs[-1, -1])


@pytest.mark.parametrize("band", [0.0, 0.1, 0.5, 1.0])
def test_distances_are_those_of_the_table(band: float) -> None:
    random = np.random.default_rng(0)
    series = [random.normal(size=(t, 2)) for t in (1, 2, 7, 30, 13)]
    nearest = NearestByDtw(band).fit(series, "abcde")
    scaled = nearest.features.features_many(series)
    for t in (1, 2, 5, 40):
        x = random.normal(size=(t, 2))
        want = [table(nearest.features.features(x), y, band) for y in scaled]
        np.testing.assert_allclose(nearest.distances(x), want, **FLOAT32)
    assert nearest.predict(series) == list("abcde")


@pytest.mark.slow
@pytest.mark.parametrize("band", [0.0, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("dims", [1, 3])
def test_what_is_left_out_changes_no_answer(band: float, dims: int) -> None:
    random = np.random.default_rng(1)

    def some(count: int) -> list[np.ndarray]:
        lengths = [1, 2, *random.integers(1, 40, count - 2)]
        # Of very different size, as where bounds leave out most; and walks, of which they leave out few.
        return [random.normal(size=(t, dims)).cumsum(axis=0) * 10.0 ** random.integers(-1, 2) for t in lengths]

    series, asked = some(40), some(30)
    nearest = NearestByDtw(band).fit([*series, series[7]], range(41))
    scaled = nearest.features.features_many([*series, series[7]])
    for x, label in zip([*asked, series[7]], nearest.predict([*asked, series[7]]), strict=True):
        costs = [table(nearest.features.features(x), y, band) for y in scaled]
        assert costs[label] == near(min(costs), FLOAT32)
    assert nearest.predict([series[7]]) == [7]


@pytest.mark.parametrize("band", [0.0, 0.1, 1.0])
def test_no_bound_is_above_its_cost(band: float) -> None:
    random = np.random.default_rng(2)
    series = [random.normal(size=(t, 2)) for t in random.integers(1, 50, 60)]
    nearest = NearestByDtw(band).fit(series, range(60))
    for t in (1, 2, 3, 20, 70):
        x = random.normal(size=(t, 2))
        scaled = nearest.features.features(x)
        bounds = nearest._bounds(scaled)
        assert (bounds <= nearest.distances(x) * (1 + 1e-6)).all()
    between = nearest._rows(scaled[None], np.full(60, 70), np.arange(60))[:, 1:-1]
    assert between.any() == (band > 0)


def test_a_series_walked_through_more_slowly_is_the_same() -> None:
    slow = np.repeat(np.arange(5.0), 3)
    nearest = NearestByDtw(1.0).fit([np.arange(5.0), np.arange(5.0)[::-1]], ["up", "down"])
    assert nearest.predict([slow, slow[::-1]]) == ["up", "down"]
    np.testing.assert_allclose(nearest.distances(slow)[0], 0, **FLOAT64_STEP)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^NearestByDtw: band must be within 0\.\.1, got 1\.5"):
        NearestByDtw(1.5)
    with pytest.raises(ArgumentError, match="inputs must be at least one step long"):
        NearestByDtw().fit([np.ones(2), np.ones(0)], "ab")
    with pytest.raises(ArgumentError, match="x must be at least one step long"):
        NearestByDtw().fit([np.ones(2)], "a").distances(np.ones((0, 1)))
