"""What becomes of a trained forecaster: how much of its network is kept beside the linear map, and its intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from ..bundle import Bundle
from ..plain.ridge import ENOUGH_HORIZONS, horizons_within
from ..runtime.forecaster import LEAST, Forecaster
from ..tasks import forecast
from ..tasks.forecast import Cut
from .forecast import ForecastPlan, select_cuts

if TYPE_CHECKING:
    from .loop.fit import Fitted

__all__ = ["BlendedForecaster", "blend_with_linear", "calibrate_intervals"]

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Shares of the network in the answer that are tried on dev; the rest is the linear map's."""

FEWEST_HORIZONS = 2
"""Horizons' worth of rows that dev must have for it to tell whether a network is better than a linear map. Each beyond
the first lets the network have a quarter of the answer: what little evidence there is may be chance."""

LEAST_GAIN = 0.5
"""Share of the error that a network must save on dev, over the horizons' worth of rows there: their windows share rows,
and so each horizon counts about once."""


class BlendedForecaster(NamedTuple):
    """A forecaster's weights after a look at dev.

    Attributes:
        weights: of network and linear map.
        share: of the network in the answer, 0..1; the rest is the map's.
        gain: the share of the map's error, absolute or squared, whichever is less, that the answer saves on dev; of
            the best that was tried where the share is 0.
        horizons: horizons' worth of rows that dev has.
        earlier: float32 [M, H, C], the map's errors in training rows (`Ridge.within`), which measure the intervals with
            those on dev where that is short; None where it is not.
    """

    weights: dict[str, np.ndarray]
    share: float
    gain: float
    horizons: float
    earlier: np.ndarray | None = None

    def __str__(self) -> str:
        """Say what the answer is made of, and why."""
        better = f"on dev its error is {100 * self.gain:.1f} % below that of the linear map"
        if self.share == 1:
            return f"The model answers the network: {better}."
        if self.share:
            share = f"{100 * self.share:g} % network and {100 * (1 - self.share):g} % linear map"
            return f"The model answers {share}: {better}."
        why = f"On dev the network's error is not clearly below that of the linear map ({100 * self.gain:.1f} %)"
        if self.horizons < FEWEST_HORIZONS:
            why = (
                f"Dev holds the rows of {self.horizons:.1f} horizons: too few to tell whether the network is better "
                "than the linear map"
            )
        return f"{why}. The model answers the map, with intervals; guard=false keeps what the network learnt."


def blend_with_linear(plan: ForecastPlan, fitted: Fitted) -> BlendedForecaster:
    """Put network and linear map together, in the shares that are best on dev.

    Both answer in the same units, so a mean of both is a share of the head's outputs and a share of the map's. Without
    a guard the answer is the network's.
    """
    cuts = plan.cuts["dev"]
    horizons = horizons_within(cuts, plan.model)
    chosen = select_cuts(cuts)
    whole = _mix_weights(plan, fitted, 1.0)
    model = Forecaster(Bundle("forecast", plan.model, plan.config, whole))
    point, mapped = model.run(chosen).values[..., plan.config.point], model.linear(chosen)
    came = forecast.targets(plan.config, chosen).batch(np.arange(len(chosen)))[0].astype(np.float64)
    shares = SHARES if plan.guard else (1.0,)
    gains = {share: _gain(came, mapped, mapped + share * (point - mapped)) for share in shares}
    share = max(gains, key=lambda one: gains[one])
    gain = gains[share]
    if plan.guard:
        clear = horizons >= FEWEST_HORIZONS and gain >= LEAST_GAIN / horizons
        share = min(share, math.floor(horizons - 1) / 4) if clear else 0.0
        gain = gains[share] if share else gain
    # Quantiles that a network answers have errors of another kind: how far what comes lies beyond them.
    alone = horizons >= ENOUGH_HORIZONS or (bool(plan.config.quantiles) and share > 0)
    earlier = None if alone else plan.ridge.within
    return BlendedForecaster(_mix_weights(plan, fitted, share), share, gain, horizons, earlier)


def _mix_weights(plan: ForecastPlan, fitted: Fitted, share: float) -> dict[str, np.ndarray]:
    """Return the weights of a model of which the network answers a share, and the linear map the rest."""
    own = {n: w * np.float32(share) if n.startswith("head.") else w for n, w in fitted.weights.items()}
    return own | plan.ridge.weights | {"linear.share": np.array([1 - share], np.float32)}


def _gain(came: np.ndarray, mapped: np.ndarray, ours: np.ndarray) -> float:
    """Return which share of the map's error is saved, of the absolute or the squared one, whichever is less."""
    found = []
    for power in (1, 2):
        least, own = (float((np.abs(came - values) ** power).mean()) for values in (mapped, ours))
        found.append(1 - own / least if least else 0.0)
    return min(found)


def calibrate_intervals(made: Bundle, cuts: Sequence[Cut], earlier: np.ndarray | None = None) -> Bundle:
    """Return a model with the half widths of its intervals measured on cuts that it did not learn from.

    Split conformal prediction (Papadopoulos et al. 2002), for each step and target by itself: of N errors, in units of
    how far their window wanders (`window_spread`), the one of rank ceil((N + 1) * level) is the half width. A dev part
    of a few horizons holds a few independent errors, whatever its number of windows: errors of earlier rows, each
    forecast from the rows before it, then count as well.

    Args:
        made: the model.
        cuts: that it did not learn from.
        earlier: [M, H, C], errors of earlier rows (`Guarded.earlier`).
    """
    config = cast("forecast.Config", made.config)
    if not config.levels:
        return made
    chosen = select_cuts(cuts)
    outcome = Forecaster(made).run(chosen)
    gold = forecast.targets(config, chosen).batch(np.arange(len(chosen)))[0]
    found = []
    for level in config.levels:
        low, high = forecast.interval_bases(config, outcome.values, level)
        error = np.maximum(low - gold, gold - high) / np.maximum(outcome.spread, LEAST)[:, None]
        error = error if earlier is None else np.concatenate([error, earlier])
        rank = min(math.ceil((len(error) + 1) * level), len(error)) - 1
        found.append(np.partition(error, rank, axis=0)[rank])
    radius = np.stack(found).astype(np.float32)
    return replace(made, weights={**made.weights, "interval.radius": radius})
