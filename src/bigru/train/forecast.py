"""How a table becomes a forecaster: its recipe, its parts in time, and the intervals that dev measures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..bundle.configuration import check_size
from ..config import EncoderConfig, ForecastModelConfig, TrainConfig, replace_fields, to_dict
from ..errors import ArgumentError, DataError, argument, nearest, sentence
from ..features.table import TableFeatures
from ..plain.ridge import Ridge, fit_ridge
from ..runtime.forecaster import list_cuts
from ..tables.times import format_times
from ..tables.timetable import Series, TimeTable
from ..tables.windows import Windows
from ..tasks import forecast
from ..tasks.forecast import Cut
from .loop.checks import check_shape, refuse_ensemble

__all__ = [
    "OPTIONS",
    "SPLIT",
    "ForecastPlan",
    "find_roles",
    "is_constant",
    "plan_forecast",
    "select_cuts",
    "to_data",
]

WHERE = "train"

ENCODER = EncoderConfig(
    hidden=256, direction="forward", dropout=0.5, input_dropout=0.0, embedding_dropout=0.0, ngram_dropout=0.0
)
TRAINING = TrainConfig(
    epochs=10, batch_size=64, learning_rate=1e-3, weight_decay=0.0, warmup_fraction=0.05, ema_decay=0.99, patience=5
)

SPLIT = (0.7, 0.1, 0.2)
"""Shares of the rows to learn from, to choose the epoch by and to score, in the order of time."""

WINDOWS = 4096
"""Windows drawn for an epoch: neighbours say almost the same, so that more cost more than they teach."""

LEAST_STEPS, MOST_EPOCHS = 1000, 60
"""Where windows are few, more epochs make up for it: until there are so many steps, or epochs."""

JUDGED = 1000
"""Windows of dev that choose the epoch and measure the intervals: evenly spread over all there are."""

ROLES = ("past", "known", "calendar")
SHAPE = ("lookback", "segment", "joint", "normalise", "quantiles", "levels")
OWN = (*ROLES, *SHAPE, "loss", "season", "windows", "split", "guard")
OPTIONS = (*OWN, *to_dict(ENCODER), *(name for name in to_dict(TRAINING) if name != "augment"))
"""Every setting of a forecaster."""


@dataclass(frozen=True)
class ForecastPlan:
    """What `fit` needs to know to train a forecaster, and what it is scored on.

    Attributes:
        config, model, training: the three configurations.
        ridge: the linear map beside the network.
        cuts: by part, "train", "dev" and "test", where forecasts begin; a part may be empty but for train and dev.
        windows: windows drawn for an epoch.
        guard: whether of a network that is not clearly better than the linear map the map alone is kept.
    """

    config: forecast.Config
    model: ForecastModelConfig
    training: TrainConfig
    ridge: Ridge
    cuts: dict[str, list[Cut]]
    windows: int
    guard: bool

    @property
    def network(self) -> ForecastModelConfig:
        """The shape that is trained: the linear map joins it afterwards (`bigru.train.forecast_blend`)."""
        return replace(self.model, linear="none")


def find_roles(targets: Sequence[str] | None, options: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the columns of a table by role; targets None stands for all columns that have no other."""
    found = {role: tuple(options.get(role) or ()) for role in ROLES}
    return {"targets": tuple(targets or ()), **found}


def plan_forecast(
    table: TimeTable, roles: Mapping[str, tuple[str, ...]], horizon: int, options: Mapping[str, Any] | None = None
) -> ForecastPlan:
    """Decide everything about a forecaster.

    Args:
        table: its columns are the targets, the past and the known covariates, in this order.
        roles: as of `find_roles`.
        horizon: rows to forecast.
        options: of `OPTIONS`; None as a value stands for the default.

    Raises:
        ArgumentError: an option is unknown, or its value does not fit.
        DataError: the table is too short, or a column of it does not change.
    """
    chosen = {name: value for name, value in (options or {}).items() if value is not None}
    for name in chosen:
        if name not in OPTIONS:
            want = "one of " + ", ".join(OPTIONS)
            raise ArgumentError(sentence(WHERE, "option", want, repr(name), nearest(name, OPTIONS)))
    refuse_ensemble(forecast, chosen.get("ensemble", 1))
    if horizon < 1:
        raise ArgumentError(sentence(WHERE, argument("horizon"), "at least 1", horizon))
    bounds = [_bounds(len(series), chosen.get("split") or SPLIT) for series in table.series]
    season = chosen.get("season") or table.step.season
    lookback, segment = _lengths(horizon, season, max(train for train, _, _ in bounds), chosen)
    _check_rows(table, bounds, lookback, horizon)
    features = TableFeatures.fit(table, [train for train, _, _ in bounds], season, **roles)
    quantiles = tuple(float(q) for q in chosen.get("quantiles") or ())
    levels = tuple(float(p) for p in chosen.get("levels", (0.9,)))
    loss = chosen.get("loss") or ("pinball" if quantiles else "mae")
    ends = [series.times[dev - 1 : dev] for series, (_, dev, _) in zip(table.series, bounds, strict=True) if dev]
    seen = format_times(max(ends, key=lambda time: time[0]))[0]
    config = forecast.Config(features, lookback, horizon, quantiles, levels, loss, seen)
    model = ForecastModelConfig(
        lookback=lookback,
        horizon=horizon,
        segment=segment,
        targets=len(roles["targets"]),
        past=len(roles["past"]),
        known=features.known_width,
        joint=bool(chosen.get("joint", False)),
        normalise=chosen.get("normalise", "last"),
        linear="shared",
        quantiles=quantiles,
        levels=levels,
        encoder=replace_fields(ENCODER, chosen),
    )
    check_size(model)
    cuts = _cuts(config, table, bounds)
    if not cuts["train"] or not cuts["dev"]:
        empty = "learn from" if not cuts["train"] else "choose the epoch by"
        want = f"enough for one look-back ({lookback}) and one horizon ({horizon}) to {empty}"
        raise DataError(sentence(table.source, "rows", want, _counts(bounds), "Shorten the horizon or the look-back."))
    windows = min(int(chosen.get("windows", WINDOWS)), len(cuts["train"]))
    ridge = fit_ridge(config, model, cuts["train"], select_cuts(cuts["dev"]), chosen.get("normalise"))
    check_size(ridge.shape)
    training, guard = _training(chosen, windows), bool(chosen.get("guard", True))
    check_shape(config, model, training)
    return ForecastPlan(config, ridge.shape, training, ridge, cuts, windows, guard)


def to_data(plan: ForecastPlan) -> tuple[tuple[Windows, Windows], tuple[Windows, Windows]]:
    """Return features and targets to learn from, and to choose the epoch by."""
    train, dev = plan.cuts["train"], select_cuts(plan.cuts["dev"])
    features = forecast.featurise(plan.config, train)
    features.drawn = plan.windows
    return (features, forecast.targets(plan.config, train)), (
        forecast.featurise(plan.config, dev),
        forecast.targets(plan.config, dev),
    )


def select_cuts(cuts: Sequence[Cut]) -> list[Cut]:
    """Return at most `JUDGED` of the cuts, evenly spread."""
    if len(cuts) <= JUDGED:
        return list(cuts)
    return [cuts[n] for n in np.linspace(0, len(cuts) - 1, JUDGED).astype(int)]


def _bounds(rows: int, split: Sequence[float]) -> tuple[int, int, int]:
    """Return where the rows to learn from, to choose by and to score end."""
    parts = [float(part) for part in split]
    if len(parts) != 3 or min(parts[:2]) <= 0 or parts[2] < 0:
        want = "three numbers, of which the first two are above 0: shares, or numbers of rows"
        raise ArgumentError(sentence(WHERE, "split", want, list(split)))
    whole = max(parts) > 1
    if not whole and sum(parts) > 1 + 1e-9:
        raise ArgumentError(sentence(WHERE, "split", "at most 1 in all", list(split)))
    ends = np.cumsum(parts) if whole else np.cumsum(parts) * rows + 1e-6
    return (int(min(ends[0], rows)), int(min(ends[1], rows)), int(min(ends[2], rows)))


def _lengths(horizon: int, season: int, rows: int, chosen: Mapping[str, Any]) -> tuple[int, int]:
    """Return look-back and segment: four seasons, or as many rows as the horizon has; segments of two seasons."""
    given = chosen.get("lookback")
    lookback = given or max(4 * season, horizon, 12)
    segment = chosen.get("segment")
    if segment is None:
        usual = 2 * season if 4 <= season <= 24 else 12
        segment = usual if given is None else math.gcd(usual, lookback)
    if given is None:
        # A short table must still hold some windows.
        lookback = min(lookback, max((rows - horizon) // 2, segment))
        lookback = max(lookback // segment, 1) * segment
    return int(lookback), int(segment)


def _check_rows(table: TimeTable, bounds: Sequence[tuple[int, int, int]], lookback: int, horizon: int) -> None:
    """Refuse a table of which no series has a look-back and a horizon to learn from."""
    most = max(train for train, _, _ in bounds)
    if most < lookback + horizon:
        want = f"at least {lookback + horizon} to learn from, {lookback} to read and {horizon} to forecast"
        remedy = f"Shorten {argument('horizon')} or {argument('lookback')}, or give more rows."
        raise DataError(sentence(table.source, "rows", want, f"{most} of {max(map(len, table.series))}", remedy))


def _training(chosen: Mapping[str, Any], windows: int) -> TrainConfig:
    """Return how to train on so many windows an epoch; cooling down ends what is more than enough."""
    training: TrainConfig = replace_fields(TRAINING, chosen)
    if "epochs" in chosen:
        return training
    enough = math.ceil(LEAST_STEPS / math.ceil(windows / training.batch_size))
    epochs = max(training.epochs, min(MOST_EPOCHS, enough))
    patience = training.patience if "patience" in chosen else max(training.patience, epochs // 4)
    return replace(training, epochs=epochs, patience=patience)


def _cuts(config: forecast.Config, table: TimeTable, bounds: Sequence[tuple[int, int, int]]) -> dict[str, list[Cut]]:
    cuts: dict[str, list[Cut]] = {"train": [], "dev": [], "test": []}
    for series, (train, dev, test) in zip(table.series, bounds, strict=True):
        if is_constant(config, series):
            continue
        for name, first, end in (("train", 0, train), ("dev", train, dev), ("test", dev, test)):
            cuts[name] += list_cuts(config, series, first, end)
    return cuts


def is_constant(config: forecast.Config, series: Series) -> bool:
    """Tell whether no target of a series ever changed: it answers its values and teaches nothing."""
    constant = config.features.scale(series).constant
    return bool(constant) and all(constant)


def _counts(bounds: Sequence[tuple[int, int, int]]) -> str:
    train, dev, _ = max(bounds)
    return f"{train} to learn from and {dev - train} to choose by"
