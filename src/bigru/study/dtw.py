"""The nearest neighbour under dynamic time warping: what a series classifier is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence
from ..features.batching import pad
from ..features.series import SeriesFeatures

__all__ = ["NearestByDtw"]

CELLS = 1 << 16
"""Cells of the tables of costs that are filled at once."""

SPARE = 1e-5
"""Share by which a bound must be above a cost to be taken for it: the bound is rounded otherwise than the cost is."""


class NearestByDtw:
    """The label of the training series that is nearest under dependent dynamic time warping (Sakoe & Chiba 1978).

    A path runs from the first steps of both series to the last, along the line between these corners: at most `band`
    of the training series' length beside it. Its cost is the sum of squared differences, all dimensions together,
    scaled by the training series (`SeriesFeatures`). Most pairs are never walked through, or not to their end: what is
    surely further away than the nearest so far is left out (Rakthanmanon et al. 2012, doi:10.1145/2339530.2339576),
    which changes no answer.

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
        self._width = np.ceil(self.band * self.lengths).astype(np.int64)
        self._low, self._high = self._around()
        return self

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the label of the nearest training series for each of `inputs`; the first of those equally near."""
        queries = [self._check(x) for x in inputs]
        bounds = np.stack([self._bounds(x) for x in queries]) if queries else np.zeros((0, len(self.labels)))
        order = np.argsort(bounds, axis=1, kind="stable")
        # No series yet: one behind the last, which every other comes before.
        nearest, least = np.full(len(queries), len(self.labels)), np.full(len(queries), np.inf)
        first, size = 0, 1
        while first < len(self.labels):
            candidates = order[:, first : first + size]
            near = np.take_along_axis(bounds, candidates, axis=1) <= least[:, None] * (1 + SPARE)
            if not near.any():
                break
            asked, which = np.nonzero(near)[0], candidates[near]
            for query, n, cost in zip(asked, which, self._costs(queries, asked, which, least[asked]), strict=True):
                if (cost, n) < (least[query], nearest[query]):
                    least[query], nearest[query] = cost, n
            first, size = first + size, min(2 * size, 16)
        return [self.labels[n] for n in nearest]

    def distances(self, x: Any) -> np.ndarray:
        """Return the distances of one series [T, I], T > 0, from all training series, float64 [N]."""
        N = len(self.labels)
        return self._costs([self._check(x)], np.zeros(N, np.int64), np.arange(N), np.full(N, np.inf))

    def _check(self, x: Any) -> np.ndarray:
        x = self.features.features(x)
        if not len(x):
            raise ArgumentError(sentence("NearestByDtw", "x", "at least one step long", "an empty series"))
        return x

    def _around(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and the largest value within the band around each training step, two arrays [N, T, I]."""
        low, high = np.empty_like(self.series), np.empty_like(self.series)
        for n, (length, width) in enumerate(zip(self.lengths, self._width, strict=True)):
            own = self.series[n, :length]
            high[n, :length] = _most_around(own, int(width))
            low[n, :length] = -_most_around(-own, int(width))
        return low, high

    def _bounds(self, x: np.ndarray) -> np.ndarray:
        """Return what no cost of one series [T, I] falls below, float64 [N]."""
        size = max(1, CELLS // x.size)
        parts = [np.arange(n, min(n + size, len(self.labels))) for n in range(0, len(self.labels), size)]
        return np.concatenate([self._rows(x[None], np.full(len(part), len(x)), part).sum(axis=1) for part in parts])

    def _rows(self, x: np.ndarray, lengths: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return what a path adds at least in each row of the tables of some pairs, float64 [P, T].

        Within its band a row's step is at least as far from the training series as from all its values there together
        (LB_Keogh, Keogh & Ratanamahatana 2005); both ends of a path are known (LB_Kim).

        Args:
            x: [P or 1, T, I], padded.
            lengths: of x, int64 [P].
            which: training series, int64 [P].
        """
        slope = self._slopes(lengths, which)
        rows, steps = np.arange(len(which)), np.arange(x.shape[1])
        centre = np.minimum(np.rint(steps * slope[:, None]).astype(np.int64), self.lengths[which, None] - 1)
        above = x - self._high[which[:, None], centre]
        below = self._low[which[:, None], centre] - x
        found = np.square(np.maximum(np.maximum(above, below), 0)).sum(axis=2, dtype=np.float64)
        found[slope + 1 > self.band * self.lengths[which]] = 0
        last = lengths - 1
        for place, row in ((self.lengths[which] - 1, last), (0, np.zeros_like(last))):
            both = np.broadcast_to(x, (len(which), *x.shape[1:]))[rows, row] - self.series[which, place]
            found[rows, row] = np.square(both).sum(axis=1, dtype=np.float64)
        found[steps >= lengths[:, None]] = 0
        return found

    def _slopes(self, lengths: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return by how many training steps the line between the corners moves in a row, for each pair, [P]."""
        return np.asarray((self.lengths[which] - 1) / np.maximum(lengths - 1, 1))

    def _costs(
        self, queries: Sequence[np.ndarray], asked: np.ndarray, which: np.ndarray, most: np.ndarray
    ) -> np.ndarray:
        """Return the costs of pairs, float64 [P]; infinity may stand for one above what is asked at `most`.

        Args:
            queries: scaled series [T, I].
            asked, which: the pairs, indices of queries and of training series, int64 [P].
            most: float64 [P].
        """
        lengths = np.array([len(x) for x in queries])[asked]
        found = np.empty(len(asked))
        order = np.lexsort((self.lengths[which], lengths))
        first = 0
        while first < len(order):
            widest = 2 * self._width[which[order[first:]]].max(initial=0) + 3
            part = order[first : first + max(1, CELLS // int(widest))]
            x, T = pad([queries[n] for n in asked[part]])
            found[part] = self._walk(x, T, which[part], most[part] * (1 + SPARE))
            first += len(part)
        return found

    def _walk(self, x: np.ndarray, lengths: np.ndarray, which: np.ndarray, most: np.ndarray) -> np.ndarray:
        """Return the costs of pairs of x [P, T, I], padded, and training series.

        One row of the table of costs after the other, for all pairs at once. In a row
        D[j] = c[j] + min(m[j], D[j - 1]), with m the best of the row before; so D = S + min of (m[k] - S[k - 1]) over
        k <= j with S the running sum of c: two accumulations instead of a loop over j. A pair ends where its cost and
        what the rows after it add at least are above `most`.
        """
        found = np.full(len(which), np.inf)
        to_come = self._rows(x, lengths, which)[:, ::-1].cumsum(axis=1)[:, ::-1]
        to_come = np.pad(to_come[:, 1:], ((0, 0), (0, 1)))
        slope = self._slopes(lengths, which)
        width = np.ceil(np.maximum(self.band * self.lengths[which], slope + 1)).astype(np.int64)
        around = np.arange(-width.max(), width.max() + 1)
        centre = np.zeros(len(which), np.int64)
        best = np.where(around == 0, 0.0, np.inf) + np.zeros((len(which), 1))
        pairs = np.arange(len(which))
        for n in range(x.shape[1]):
            before, centre = centre, np.rint(n * slope).astype(np.int64)
            places = centre[:, None] + around
            ends = self.lengths[which, None]
            off = (np.abs(around) > width[:, None]) | (places < 0) | (places >= ends)
            steps = self.series[which[:, None], np.clip(places, 0, ends - 1)]
            cost = np.square(steps - x[pairs, n][:, None]).sum(axis=2, dtype=np.float64)
            if n:
                best = self._from_above(best, centre - before)
            best[off] = np.inf
            cost[off] = 0.0
            total = np.cumsum(cost, axis=1)
            best = total + np.minimum.accumulate(best - (total - cost), axis=1)
            best[off] = np.inf
            ended = lengths == n + 1
            last = self.lengths[which] - 1 - centre + len(around) // 2
            found[pairs[ended]] = best[ended, last[ended]]
            kept = ~ended & (best.min(axis=1) + to_come[pairs, n] <= most[pairs])
            if not kept.all():
                pairs, which, lengths, slope = pairs[kept], which[kept], lengths[kept], slope[kept]
                width, centre, best = width[kept], centre[kept], best[kept]
            if not len(pairs):
                break
        return found

    @staticmethod
    def _from_above(row: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Return the best of straight above and above to the left, for a band that moved by `moved` [N]."""
        padded = np.pad(row, ((0, 0), (1, int(moved.max()))), constant_values=np.inf)
        straight = np.arange(row.shape[1]) + moved[:, None] + 1
        left, above = (np.take_along_axis(padded, straight - one, axis=1) for one in (1, 0))
        return np.minimum(left, above)


def _most_around(values: np.ndarray, width: int) -> np.ndarray:
    """Return the largest of the values [T, I] at most `width` steps away from each."""
    most, size = np.pad(values, ((width, width), (0, 0)), constant_values=-np.inf), 1
    while 2 * size <= 2 * width + 1:
        most, size = np.maximum(most[:-size], most[size:]), 2 * size
    left = 2 * width + 1 - size
    return np.maximum(most[: len(values)], most[left : left + len(values)])
