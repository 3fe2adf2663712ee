"""Forecasts that no network makes: of what never changes, and of a series that is too short to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tables.times import format_times

if TYPE_CHECKING:
    from .forecast import Config, Cut, Forecast

__all__ = ["keep_constants", "repeat_last"]


def keep_constants(config: Config, inputs: Sequence[Cut], outcome: Forecast) -> Forecast:
    """Return an outcome in which a target that never changed, in training nor in the rows read, keeps its value.

    Its intervals have no width.
    """
    count, L = len(config.labels), config.lookback
    values, spread = outcome.values, outcome.spread
    for n, (series, origin) in enumerate(inputs):
        scale = config.features.scale(series)
        if not any(scale.constant):
            continue
        window = series.values[origin - L : origin, :count]
        still = np.array(scale.constant) & (window == np.array(scale.mean[:count])).all(axis=0)
        values[n][:, still] = 0.0
        spread[n, still] = 0.0
    return outcome._replace(values=values, spread=spread)


def repeat_last(config: Config, cut: Cut, note: str) -> dict[str, Any]:
    """Return an answer of the last value of each target, for a series that is too short to be read, and why."""
    series, origin = cut
    answer: dict[str, Any] = {"series": series.id} if series.id else {}
    answer["time"] = format_times(
        config.features.step.after(series.times[:origin], config.horizon), config.features.zone
    )
    last = series.values[origin - 1, : len(config.labels)].tolist()
    answer["forecast"] = {name: [value] * config.horizon for name, value in zip(config.labels, last, strict=True)}
    return answer | {"note": note}
