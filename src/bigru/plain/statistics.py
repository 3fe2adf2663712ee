"""A forest on simple statistics: what a classifier of series must beat to be worth its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from ..errors import ArgumentError, sentence

__all__ = ["POSITIONS", "Statistics"]

WHERE = "Statistics"

TREES = 500
"""Trees of the forest: it gains nothing from more, and half as many differ by a point between seeds."""

POSITIONS = 8
"""Evenly spread positions at which the values of a series are read, by linear interpolation."""

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


class Statistics:
    """A random forest (Breiman 2001, doi:10.1023/A:1010933404324) on statistics of each channel of a series.

    Of each channel: mean, deviation, minimum, quartiles, maximum, first and last value, slope, mean absolute
    difference of neighbours, and the values at `POSITIONS` positions; and of the series its length. A missing value
    (NaN) is interpolated between its neighbours, and the share of missing values is one more number of its channel.

    Args:
        seed: of the forest.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, inputs: Sequence[Any], labels: Sequence[str]) -> Statistics:
        """Fit the forest on series [T, I] (or [T], for one channel), of any lengths, and their labels.

        Raises:
            ArgumentError: there are none, or their widths differ.
        """
        if not len(inputs):
            raise ArgumentError(sentence(WHERE, "inputs", "at least one series", "none"))
        self.width = _series(inputs[0]).shape[1]
        self.model = RandomForestClassifier(TREES, random_state=self.seed).fit(self._rows(inputs), list(labels))
        return self

    def predict(self, inputs: Sequence[Any]) -> list[str]:
        """Return a label per series.

        Raises:
            ArgumentError: a series has another number of channels than those of training.
        """
        return [str(label) for label in self.model.predict(self._rows(inputs))] if len(inputs) else []

    def _rows(self, inputs: Sequence[Any]) -> np.ndarray:
        """Return the statistics of each series, float32 [N, 1 + 20 I]."""
        series = [_series(x) for x in inputs]
        for n, x in enumerate(series):
            if x.shape[1] != self.width:
                raise ArgumentError(sentence(WHERE, f"inputs[{n}]", f"[T, {self.width}]", f"shape {list(x.shape)}"))
        return np.stack([_statistics(x) for x in series]).astype(np.float32)


def _series(x: Any) -> np.ndarray:
    array = np.asarray(x, np.float64)
    return array[:, None] if array.ndim == 1 else array


def _statistics(x: np.ndarray) -> np.ndarray:
    """Return the statistics of one series [T, I]; those of a channel without any value are NaN."""
    missing = np.isnan(x)
    if missing.any():
        x = np.stack([_interpolate(column, gaps) for column, gaps in zip(x.T, missing.T, strict=True)], axis=1)
    length, width = x.shape
    if not length:
        return np.concatenate([[0.0], np.full(width * (len(QUANTILES) + POSITIONS + 7), np.nan)])
    at = np.linspace(0, length - 1, POSITIONS)
    low = at.astype(np.int64)
    high, share = np.minimum(low + 1, length - 1), (at - low)[:, None]
    clock = np.arange(length) - (length - 1) / 2
    rows = [
        x.mean(axis=0),
        x.std(axis=0),
        *np.quantile(x, QUANTILES, axis=0),
        x[0],
        x[-1],
        clock @ x / max(float(clock @ clock), 1.0),
        np.abs(np.diff(x, axis=0)).mean(axis=0) if length > 1 else np.zeros(width),
        missing.mean(axis=0),
        *(x[low] * (1 - share) + x[high] * share),
    ]
    return np.concatenate([[length], np.concatenate(rows)])


def _interpolate(column: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Return a channel with lines drawn over its gaps, and its first and last value before and behind them."""
    if gaps.all():
        return column
    places = np.arange(len(column))
    return np.interp(places, places[~gaps], column[~gaps])
