"""The nearest neighbour under dynamic time warping: what a series classifier is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data.batching import pad
from ..data.series import SeriesFeatures
from ..errors import ArgumentError, sentence

__all__ = ["NearestByDtw"]


class NearestByDtw:
    """The label of the training series that is nearest under dependent dynamic time warping (Sakoe & Chiba 1978).

    A path runs from the first steps of both series to the last, along the line between these corners: at most `band`
    of the training series' length beside it. Its cost is the sum of squared differences, all dimensions together,
    scaled by the training series (`SeriesFeatures`).

    Args:
        band: share of the length, within 0..1; 1 leaves the path free.
    """

    def __init__(self, band: float = 0.1) -> None:
        if not 0.0 <= band <= 1.0:
            raise ArgumentError(sentence("NearestByDtw", "band", "within 0..1", band))
        self.band = band

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any]) -> NearestByDtw:
        """Keep training series [T, I], none of them empty, and their labels."""
        self.features = SeriesFeatures.fit(inputs)
        self.series, self.lengths = pad(self.features.features_many(inputs))
        self.labels = list(labels)
        if not self.lengths.all():
            raise ArgumentError(sentence("NearestByDtw", "inputs", "at least one step long", "an empty series"))
        return self

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the label of the nearest training series for each of `inputs`."""
        return [self.labels[int(self.distances(x).argmin())] for x in inputs]

    def distances(self, x: Any) -> np.ndarray:
        """Return the distances of one series [T, I], T > 0, from all training series, float64 [N].

        One row of the table of costs after the other, for all training series at once. In a row
        D[j] = c[j] + min(m[j], D[j - 1]), with m the best of the row before; so D = S + min of (m[k] - S[k - 1]) over
        k <= j with S the running sum of c: two accumulations instead of a loop over j.
        """
        x = self.features.features(x)
        if not len(x):
            raise ArgumentError(sentence("NearestByDtw", "x", "at least one step long", "an empty series"))
        slope = (self.lengths - 1) / max(len(x) - 1, 1)
        width = np.ceil(np.maximum(self.band * self.lengths, slope + 1)).astype(np.int64)
        around = np.arange(-width.max(), width.max() + 1)
        beside = np.abs(around) > width[:, None]
        centre = np.zeros(len(slope), np.int64)
        best = np.where(around == 0, 0.0, np.inf) + np.zeros((len(slope), 1))
        for n, step in enumerate(x):
            before, centre = centre, np.rint(n * slope).astype(np.int64)
            places = centre[:, None] + around
            off = beside | (places < 0) | (places >= self.lengths[:, None])
            steps = np.take_along_axis(self.series, np.clip(places, 0, self.series.shape[1] - 1)[:, :, None], axis=1)
            cost = np.square(steps - step).sum(axis=2, dtype=np.float64)
            if n:
                best = self._from_above(best, centre - before)
            best[off] = np.inf
            cost[off] = 0.0
            total = np.cumsum(cost, axis=1)
            best = total + np.minimum.accumulate(best - (total - cost), axis=1)
            best[off] = np.inf
        return np.asarray(best[np.arange(len(best)), self.lengths - 1 - centre + width.max()])

    @staticmethod
    def _from_above(row: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Return the best of straight above and above to the left, for a band that moved by `moved` [N]."""
        padded = np.pad(row, ((0, 0), (1, int(moved.max()))), constant_values=np.inf)
        straight = np.arange(row.shape[1]) + moved[:, None] + 1
        left, above = (np.take_along_axis(padded, straight - one, axis=1) for one in (1, 0))
        return np.minimum(left, above)
