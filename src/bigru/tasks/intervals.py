"""The ends of a forecaster's conformal intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .forecast import Config, Forecast

__all__ = ["interval_bases", "intervals"]


def intervals(config: Config, outcome: Forecast) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the conformal intervals in the scale of training: two arrays [levels, N, H, C].

    An interval is as wide as the errors on dev were, measured in units of how far the window read wanders; where the
    model answers the two quantiles of a level, it begins and ends at those (conformalised quantile regression,
    Romano et al. 2019, arXiv:1905.03222).
    """
    values, spread, radius = outcome
    lows, highs = [], []
    for k, level in enumerate(config.levels):
        low, high = interval_bases(config, values, level)
        wide = radius[k][None] * spread[:, None]
        lows.append(low - wide)
        highs.append(np.maximum(high + wide, low - wide))
    empty = np.zeros((0, *values.shape[:3]), np.float32)
    return (np.stack(lows), np.stack(highs)) if lows else (empty, empty)


def interval_bases(config: Config, values: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what the interval of a level is built around: the two quantiles, or twice the forecast."""
    ends = [round((1 - level) / 2, 6), round((1 + level) / 2, 6)]
    places = [k for end in ends for k, q in enumerate(config.quantiles) if round(q, 6) == end]
    low, high = places if len(places) == 2 else (config.point, config.point)
    return values[..., low], values[..., high]
