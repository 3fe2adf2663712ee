"""A forecaster with the face of scikit-learn."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .. import bundle as saved
from ..errors import ArgumentError, sentence, spell_arguments
from ..metrics import Report
from ..readers.reading import Reading
from ..readers.table import Table
from ..runtime.forecaster import Forecaster
from ..tables.columns import table_of_frame
from ..tables.timetable import TimeTable
from ..train.forecast import find_roles
from ..train.pipeline.forecasts import Roles, read_table, train_table
from ..train.pipeline.request import Request
from .fitted import fitted_bundle, resolve_seed, restore

__all__ = ["BiGRUForecaster"]

ROLES = ("past", "known", "calendar")


class BiGRUForecaster(BaseEstimator):
    """Forecasts the next rows of a table: segments of the past through a GRU, the whole horizon at once.

    None stands for the default (`bigru.train.forecast`).

    Args:
        horizon: rows to forecast (H).
        lookback: rows to read (L); None takes four seasons, at least the horizon.
        segment: rows per segment (w).
        targets: columns to forecast; None takes all that have no other role.
        past, known: columns that are read only, and those of them that are known in the future.
        calendar: what is derived from the time, as ("hour", "weekday").
        time_column, id_column: the column, or the columns, that hold the time, and that tell series apart; None looks
            for a known name.
        time_format: how times are written: a format of `strptime`, "day-first", "month-first", "excel", or "s", "ms",
            "us" or "ns" since 1970; None follows the column.
        zone: the time zone of times that are written without offset, as "Europe/Berlin".
        fill: "forward" or "linear" fills missing rows and cells; None refuses them.
        season: rows after which what was may come again; None follows the step.
        split: shares, or numbers, of the rows to learn from, to choose the epoch by, and to leave alone.
        joint: whether targets are read together.
        normalise: "last", "revin" or "none".
        quantiles: what is answered beside the median, as (0.1, 0.5, 0.9).
        levels: shares of the conformal intervals.
        loss: "mae", "mse" or "huber"; with quantiles "pinball".
        windows: windows drawn for an epoch.
        guard: whether a model that does not clearly beat the last value on dev answers that; None means it does.
        hidden, layers, direction, dropout: of the encoder.
        epochs, batch_size, learning_rate, ema_decay, patience, max_seconds, precision: of the training.
        random_state: seed of weights, order and dropout.
        verbose: 0 for silence, 1 for progress on stderr.

    Attributes:
        history_: per epoch its figures.
        best_score_: the skill on dev of the weights kept, 1 - loss / loss of repeating the last value.
        table_: the table that was learnt from.
        bundle_: the model as it is saved.
    """

    TASK = "forecast"

    def __init__(
        self,
        *,
        horizon: int = 24,
        lookback: int | None = None,
        segment: int | None = None,
        targets: Sequence[str] | None = None,
        past: Sequence[str] = (),
        known: Sequence[str] = (),
        calendar: Sequence[str] = (),
        time_column: str | Sequence[str] | None = None,
        id_column: str | Sequence[str] | None = None,
        time_format: str | None = None,
        zone: str | None = None,
        fill: str | None = None,
        season: int | None = None,
        split: Sequence[float] | None = (0.8, 0.2, 0.0),
        joint: bool | None = None,
        normalise: str | None = None,
        quantiles: Sequence[float] | None = None,
        levels: Sequence[float] | None = None,
        loss: str | None = None,
        windows: int | None = None,
        guard: bool | None = None,
        hidden: int | None = None,
        layers: int | None = None,
        direction: str | None = None,
        dropout: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        ema_decay: float | None = None,
        patience: int | None = None,
        max_seconds: float | None = None,
        precision: str | None = None,
        random_state: Any = 0,
        verbose: int = 0,
    ) -> None:
        self.horizon = horizon
        self.lookback = lookback
        self.segment = segment
        self.targets = targets
        self.past = past
        self.known = known
        self.calendar = calendar
        self.time_column = time_column
        self.id_column = id_column
        self.time_format = time_format
        self.zone = zone
        self.fill = fill
        self.season = season
        self.split = split
        self.joint = joint
        self.normalise = normalise
        self.quantiles = quantiles
        self.levels = levels
        self.loss = loss
        self.windows = windows
        self.guard = guard
        self.hidden = hidden
        self.layers = layers
        self.direction = direction
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.ema_decay = ema_decay
        self.patience = patience
        self.max_seconds = max_seconds
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    @spell_arguments("python")
    def fit(self, X: Any, y: None = None) -> BiGRUForecaster:
        """Train on a table whose rows are in the order of time.

        Args:
            X: a pandas, Polars or PyArrow frame with a time column, a frame or series of pandas with times in its
                index, a `TimeTable`, or an array [N] or [N, C] of rows one step apart.
            y: not used: what is forecast is in X.

        Raises:
            ArgumentError: X is none of these, or a parameter does not fit.
            DataError: too few rows, or rows that cannot be used as they are.
        """
        table, roles = self._table(X)
        options = {name: value for name, value in self.get_params(deep=False).items() if name not in NOT_SETTINGS}
        options["seed"] = resolve_seed(self.random_state)
        options["horizon"] = self.horizon
        request = Request(settings=options, score=False, progress="auto" if self.verbose else "silent")
        trained = train_table(table, roles, request)
        facts = trained.metrics["training"]
        if not facts["network_share"]:
            warnings.warn(f"fit: {trained.remarks[0]}", stacklevel=2)
        self.bundle_, self.table_ = trained.bundle, table
        self.history_, self.best_score_ = trained.history, facts["best_score"]
        return self

    def predict(self, X: Any = None) -> np.ndarray:
        """Return what follows the last row of X, or of what was learnt from: [H, C], or [S, H, C] for S series."""
        answers = self.answer(X)
        rows = np.stack([np.stack(list(answer["forecast"].values()), axis=1) for answer in answers])
        return rows[0] if "series" not in answers[0] else rows

    def predict_interval(self, X: Any = None, level: float = 0.9) -> np.ndarray:
        """Return the ends of an interval that was asked for in `levels`: [H, C, 2], or [S, H, C, 2].

        They are NaN for a series that is shorter than the look-back.
        """
        answers, levels = self.answer(X), [f"{one:g}" for one in fitted_bundle(self).config.levels]
        if f"{level:g}" not in levels:
            want = "one of " + ", ".join(levels) + ", the levels of the model"
            raise ArgumentError(sentence("predict_interval", "level", want, level))
        shape = (len(answers[0]["time"]), len(answers[0]["forecast"]), 2)
        rows = np.full((len(answers), *shape), np.nan)
        for n, answer in enumerate(answers):
            if "intervals" in answer:
                rows[n] = np.stack(list(answer["intervals"][f"{level:g}"].values()), axis=1)
        return rows[0] if "series" not in answers[0] else rows

    def answer(self, X: Any = None) -> list[dict[str, Any]]:
        """Return per series what `bigru predict` prints: times, forecast, quantiles, intervals."""
        made = fitted_bundle(self)
        if X is None and not hasattr(self, "table_"):
            raise ArgumentError(sentence("predict", "X", "a table, for a model that was loaded", None))
        return Forecaster(made).predict(self.table_ if X is None else self._table(X)[0])

    def evaluate(self, X: Any, stride: int = 1) -> Report:
        """Score every `stride`th origin of X, beside the naive rules; origins that training saw are left out."""
        return Forecaster(fitted_bundle(self)).evaluate(self._table(X)[0], stride)

    def score(self, X: Any, y: None = None) -> float:
        """Return the skill on X: 1 - MSE / MSE of repeating the last value. Above 0 it is better than that."""
        report = self.evaluate(X)
        return 1.0 - report["mse"] / report["naive_mse"]

    def save(self, path: str | os.PathLike[str], force: bool = False) -> None:
        """Write the model to a folder that `bigru.load` and the command line read."""
        saved.save(fitted_bundle(self), path, force)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BiGRUForecaster:
        """Read a saved model, ready to predict. (Its parameters are the defaults: they are not part of a model.)"""
        return restore(cls(), saved.load(path))

    def _table(self, X: Any) -> tuple[TimeTable, Roles]:
        """Return a table and the roles of its columns, those of the model if there is one."""
        roles: Roles = find_roles(self.targets, {role: getattr(self, role) for role in ROLES})
        if hasattr(self, "bundle_"):
            features = self.bundle_.config.features
            roles = {role: getattr(features, role) for role in roles}
        data = X if isinstance(X, TimeTable | np.ndarray | list) else table_of_frame(X)
        if hasattr(self, "bundle_") and isinstance(data, Table):
            return Forecaster(self.bundle_).table(data, self._reading()), roles
        return read_table(data, roles, self._reading(), "fit")

    def _reading(self) -> Reading:
        def names(given: str | Sequence[str] | None) -> tuple[str, ...]:
            return (given,) if isinstance(given, str) else tuple(given or ())

        time, id = names(self.time_column), names(self.id_column)
        return Reading(time=time, id=id, time_format=self.time_format, zone=self.zone, fill=self.fill)


READING = ("time_column", "id_column", "time_format", "zone", "fill")

NOT_SETTINGS = ("horizon", "targets", *ROLES, *READING, "random_state", "verbose")
"""Parameters that are not settings of the plan."""
