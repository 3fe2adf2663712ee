"""The nearest neighbour under dynamic time warping, against the table of costs filled cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.study.dtw import NearestByDtw
from tolerances import FLOAT32


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


def test_a_series_walked_through_more_slowly_is_the_same() -> None:
    slow = np.repeat(np.arange(5.0), 3)
    nearest = NearestByDtw(1.0).fit([np.arange(5.0), np.arange(5.0)[::-1]], ["up", "down"])
    assert nearest.predict([slow, slow[::-1]]) == ["up", "down"]
    np.testing.assert_allclose(nearest.distances(slow)[0], 0, atol=1e-12)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^NearestByDtw: band must be within 0\.\.1, got 1\.5"):
        NearestByDtw(1.5)
    with pytest.raises(ArgumentError, match="inputs must be at least one step long"):
        NearestByDtw().fit([np.ones(2), np.ones(0)], "ab")
    with pytest.raises(ArgumentError, match="x must be at least one step long"):
        NearestByDtw().fit([np.ones(2)], "a").distances(np.ones((0, 1)))
