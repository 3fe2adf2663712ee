"""What becomes of a trained forecaster: how much of its network is kept beside the linear map, and its intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..bundle import Bundle
from ..runtime.forecaster import LEAST, Forecaster
from ..tasks import forecast
from ..tasks.forecast import Cut
from .forecast import ForecastPlan, judged

if TYPE_CHECKING:
    from .fit import Fitted

__all__ = ["Guarded", "calibrated", "guarded"]

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Shares of the network's part of the answer that are tried on dev."""

FEWEST_HORIZONS = 3
"""Horizons' worth of rows that dev must have for it to tell whether a network is better than a linear map."""

LEAST_GAIN = 0.1
"""Share of the error that a network must save on dev, over the horizons' worth of rows there: their windows share rows,
and so each horizon counts about once."""


class Guarded(NamedTuple):
    """A forecaster's weights after a look at dev.

    Attributes:
        weights: of the model.
        share: of the network's part of the answer that is kept, 0..1; the rest of the answer is the linear map's.
        gain: the share of the linear map's error, absolute or squared, whichever is less, that this saves on dev.
        horizons: horizons' worth of rows that dev has.
    """

    weights: dict[str, np.ndarray]
    share: float
    gain: float
    horizons: float

    def __str__(self) -> str:
        """Say what was decided; "" where all of the network is kept."""
        if self.share == 1:
            return ""
        if self.share:
            return (
                f"{100 * self.share:g} % of what the network adds to the linear map is kept: on dev its error is "
                f"{100 * self.gain:.1f} % below that of the map"
            )
        why = f"On dev the network's error is not clearly below that of the linear map ({100 * self.gain:.1f} %)"
        if self.horizons < FEWEST_HORIZONS:
            why = (
                f"Dev holds the rows of {self.horizons:.1f} horizons: too few to tell whether the network is better "
                "than the linear map"
            )
        return f"{why}. The model answers the map, with intervals; guard=false keeps what the network learnt."


def guarded(plan: ForecastPlan, fitted: Fitted) -> Guarded:
    """Return weights of which the network's part is kept as far as dev shows that it is better than the linear map.

    An answer is the map's and what the head adds to it: a head times a share is that share of the network, and a head
    of zeros the map, exactly.
    """
    cuts = plan.cuts["dev"]
    horizons = _horizons(cuts, plan.config.horizon)
    if not plan.guard:
        return Guarded(fitted.weights, 1.0, math.nan, horizons)
    chosen = judged(cuts)
    model = Forecaster(Bundle("forecast", plan.model, plan.config, fitted.weights))
    point, mapped = model.run(chosen).values[..., plan.config.point], model.linear(chosen)
    came = forecast.targets(plan.config, chosen).batch(np.arange(len(chosen)))[0].astype(np.float64)
    gains = {share: _gain(came, mapped, mapped + share * (point - mapped)) for share in SHARES}
    share = max(gains, key=lambda one: gains[one])
    gain = gains[share]
    if horizons < FEWEST_HORIZONS or gain < LEAST_GAIN / horizons:
        share = 0.0
    weights = {name: w * np.float32(share) if name.startswith("head.") else w for name, w in fitted.weights.items()}
    return Guarded(weights, share, gain, horizons)


def _horizons(cuts: Sequence[Cut], horizon: int) -> float:
    """Return how often the rows that are forecast hold a horizon, over all series."""
    windows: dict[int, int] = {}
    for cut in cuts:
        windows[id(cut.series)] = windows.get(id(cut.series), 0) + 1
    return sum((count + horizon - 1) / horizon for count in windows.values())


def _gain(came: np.ndarray, mapped: np.ndarray, ours: np.ndarray) -> float:
    """Return which share of the map's error is saved, of the absolute or the squared one, whichever is less."""
    found = []
    for power in (1, 2):
        least, own = (float((np.abs(came - values) ** power).mean()) for values in (mapped, ours))
        found.append(1 - own / least if least else 0.0)
    return min(found)


def calibrated(made: Bundle, cuts: Sequence[Cut]) -> Bundle:
    """Return a model with the half widths of its intervals measured on cuts that it did not learn from.

    Split conformal prediction (Papadopoulos et al. 2002), for each step and target by itself: of N errors, in units of
    how far their window wanders (`spread_of`), the one of rank ceil((N + 1) * level) is the half width.
    """
    config = made.config
    assert isinstance(config, forecast.Config)
    if not config.levels:
        return made
    chosen = judged(cuts)
    outcome = Forecaster(made).run(chosen)
    gold = forecast.targets(config, chosen).batch(np.arange(len(chosen)))[0]
    found = []
    for level in config.levels:
        low, high = forecast.bases(config, outcome.values, level)
        error = np.maximum(low - gold, gold - high) / np.maximum(outcome.spread, LEAST)[:, None]
        rank = min(math.ceil((len(error) + 1) * level), len(error)) - 1
        found.append(np.partition(error, rank, axis=0)[rank])
    radius = np.stack(found).astype(np.float32)
    return replace(made, weights={**made.weights, "interval.radius": radius})
