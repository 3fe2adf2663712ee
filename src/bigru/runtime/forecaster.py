"""Forecasts from a saved model: table in, answers out, without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..errors import ArgumentError, DataError, sentence
from ..metrics.forecasting import Baseline
from ..metrics.score import Report
from ..readers.reading import Reading
from ..readers.table import Table
from ..tables.columns import table_of_file
from ..tables.times import format_times
from ..tables.timetable import Series, TimeTable, from_table
from ..tables.windows import Windows
from ..tasks import forecast
from ..tasks.forecast import Cut, Forecast
from .engine import build_network
from .network.forecast import ForecastNetwork

__all__ = ["Forecaster", "list_cuts", "spread_lag", "window_spread"]

SIZE = 64
"""Windows per batch."""

LEAST = 1e-3
"""Least spread of a window, in units of the training's deviation: a flat window is not thought to be certain."""


class Forecaster:
    """A forecaster that answers. It holds no state between calls and may be shared by threads.

    Args:
        bundle: the saved model.
        precision: "fp32", "bf16" or "int8", as of `bigru.runtime.predictor.Predictor`.

    Attributes:
        bundle: the saved model.
        task: "forecast".
        labels: the columns that are forecast.
        metrics: what was measured when the model was made.
        precision: as given.
    """

    def __init__(self, bundle: Bundle, precision: str = "fp32") -> None:
        config: Any = bundle.config
        if bundle.model.head != forecast.HEAD:
            raise ArgumentError(sentence("Forecaster", "model", "one for forecast", f"one for {bundle.task}"))
        self.bundle, self.task, self.metrics = bundle, bundle.task, bundle.metrics
        self.config: forecast.Config = config
        self.labels, self.precision = config.labels, precision
        self._network: ForecastNetwork = build_network(bundle, precision)
        self._radius = forecast.prepare(config, bundle.weights)

    def read(self, path: str | os.PathLike[str], reading: Reading | None = None) -> TimeTable:
        """Read a file of the columns that the model was trained on; arguments and errors as of `read_timetable`."""
        reading = reading or Reading()
        return self.table(table_of_file(os.fspath(path), reading), reading)

    def table(self, found: Table, reading: Reading | None = None) -> TimeTable:
        """Make a table with time of cells, of the columns, step and zone that the model was trained on."""
        features = self.config.features
        options: Any = {"columns": features.columns, "ahead": features.known, "like": (features.step, features.zone)}
        table = from_table(found, reading, **options)
        features.check(table)
        return table

    def run(self, cuts: Sequence[Cut], batch_size: int = SIZE) -> Forecast:
        """Return what the network says of each cut, in the scale of training."""
        found = self.run_windows(forecast.featurise(self.config, cuts), batch_size)
        return forecast.keep_constants(self.config, cuts, found)

    def linear(self, cuts: Sequence[Cut], batch_size: int = SIZE) -> np.ndarray:
        """Return what the model's linear map alone says of each cut, float32 [N, H, C] in the scale of training.

        Raises:
            ArgumentError: the model has none, as those made before it was there.
        """
        if self._network.model.linear == "none":
            raise ArgumentError(sentence("Forecaster", "model", "one with a linear map", "one without"))
        windows = forecast.featurise(self.config, cuts)
        parts = [np.arange(n, min(n + batch_size, len(windows))) for n in range(0, len(windows), batch_size)]
        values = np.concatenate([self._network.linear(windows.batch(part)[0]) for part in parts])
        spread = np.ones((len(windows), values.shape[2]), np.float32)
        found = Forecast(values[..., None], spread, self._radius)
        return forecast.keep_constants(self.config, cuts, found).values[..., 0]

    def run_windows(self, windows: Windows, batch_size: int = SIZE) -> Forecast:
        """Return what is decided of each window of `featurise`."""
        model, season = self._network.model, self.config.features.season
        values = np.empty((len(windows), model.horizon, model.targets, model.heads), np.float32)
        spread = np.empty((len(windows), model.targets), np.float32)
        for start in range(0, len(windows), batch_size):
            part = np.arange(start, min(start + batch_size, len(windows)))
            inputs = windows.batch(part)[0]
            values[part] = self._network(inputs)
            spread[part] = window_spread(inputs[:, : model.lookback, : model.targets], season)
        return forecast.decide(self.config, values, None, self._radius)._replace(spread=spread)

    def predict(self, table: TimeTable) -> list[dict[str, Any]]:
        """Forecast what follows the last value of each series; see `bigru.tasks.forecast.answer`.

        A series that is shorter than the look-back is answered by its last value, without intervals, and a "note" says
        so; a table of nothing but such series is refused. A "note" also says where the rows read lie far outside
        training.

        Raises:
            DataError: a table too short, of other columns, or without what is known of the future.
        """
        self.config.features.check(table)
        cuts = [Cut(series, self._end(series)) for series in table.series]
        lookback = self.config.lookback
        whole = [cut for cut in cuts if cut.origin >= lookback]
        for series, origin in cuts:
            if not origin or not whole:
                name = "rows" + (f" of series {series.id!r}" if series.id else "")
                want = f"at least {lookback}, the look-back of the model"
                raise DataError(sentence(table.source, name, want, origin, "Give more rows of the past."))
        found = self._answers(whole)
        notes = [forecast.describe_outliers(self.config, [cut]) for cut in whole]
        answers = iter([a | ({"note": far} if far else {}) for a, far in zip(found, notes, strict=True)])
        note = f"fewer than the {lookback} rows that the model reads: the last value, repeated"
        return [
            next(answers) if cut.origin >= lookback else forecast.repeat_last(self.config, cut, note) for cut in cuts
        ]

    def predict_iter(self, cuts: Sequence[Cut], batch_size: int = SIZE) -> Iterator[dict[str, Any]]:
        """Yield the answer to each cut."""
        for start in range(0, len(cuts), batch_size):
            yield from self._answers(list(cuts[start : start + batch_size]))

    def _answers(self, cuts: Sequence[Cut]) -> list[dict[str, Any]]:
        outcome = self.run(cuts)
        return forecast.answer(self.config, outcome, outcome.values, cuts)

    def evaluate(self, table: TimeTable, stride: int = 1, unseen: bool = True) -> Report:
        """Forecast from every `stride`th row of a table whose future it holds, and score; see `cuts`."""
        return self.score(self.cuts(table, stride, unseen))

    def score(self, cuts: Sequence[Cut]) -> Report:
        """Score the forecasts from some cuts, beside the rules and, where the model has one, its linear map alone."""
        gold = forecast.targets(self.config, cuts)
        mapped = [Baseline("ridge", self.linear(cuts))] if self._network.model.linear != "none" else []
        return forecast.score(self.config, gold.batch(np.arange(len(gold)))[0], self.run(cuts), cuts, mapped)

    def cuts(self, table: TimeTable, stride: int = 1, unseen: bool = True) -> list[Cut]:
        """Return the cuts of a rolling-origin evaluation: every `stride`th row that has its past and its future.

        Args:
            table: with the columns of the model.
            stride: rows from one origin to the next.
            unseen: whether, where the table has such, only rows are forecast that came after all that the training saw.

        Raises:
            DataError: there is not one.
        """
        self.config.features.check(table)
        first = {series.id: self._first_unseen(series) if unseen else 0 for series in table.series}
        if not any(first[series.id] + self.config.horizon <= len(series) for series in table.series):
            first = dict.fromkeys(first, 0)
        found = [
            cut
            for series in table.series
            for cut in list_cuts(self.config, series, max(first[series.id], 0), self._end(series), stride)
        ]
        if not found:
            need = self.config.lookback + self.config.horizon
            want = f"at least {need} rows, {self.config.lookback} to read and {self.config.horizon} to forecast"
            raise DataError(sentence(table.source, "table", want, max(map(len, table.series))))
        return found

    def backtest(self, table: TimeTable, stride: int | None = None) -> list[dict[str, Any]]:
        """Return the scores of each origin of a rolling-origin evaluation, a horizon apart if not said otherwise."""
        cuts = self.cuts(table, stride or self.config.horizon)
        rows = []
        for cut in cuts:
            report = self.score([cut])
            time = format_times(cut.series.times[cut.origin : cut.origin + 1], self.config.features.zone)[0]
            own = {"series": cut.series.id} if cut.series.id else {}
            rows.append({**own, "origin": time} | {s.name: s.value for s in report.scores})
        return rows

    def _end(self, series: Series) -> int:
        """Return the number of rows up to the last that has a target."""
        filled = np.flatnonzero(~np.isnan(series.values[:, : len(self.labels)]).all(axis=1))
        return int(filled[-1]) + 1 if len(filled) else 0

    def _first_unseen(self, series: Series) -> int:
        seen = self.config.seen
        if not seen:
            return 0
        last = np.datetime64(seen) if series.times.dtype.kind == "M" else int(seen)
        return int(np.searchsorted(series.times, last, side="right"))


def list_cuts(config: forecast.Config, series: Series, first: int, end: int, stride: int = 1) -> list[Cut]:
    """Return every `stride`th cut whose forecast lies in rows `first` to `end`, with a whole past before it.

    None lies within a gap that was filled by a line: its past would hold something of its future.
    """
    origins = range(max(first, config.lookback), end - config.horizon + 1, stride)
    return [Cut(series, origin) for origin in origins if series.known_at(origin)]


def spread_lag(lookback: int, season: int) -> int:
    """Return how many rows lie between those whose difference is the spread of a window; 0 of a single row."""
    half = lookback // 2
    return half // season * season or half


def window_spread(past: np.ndarray, season: int) -> np.ndarray:
    """Return how far each window [B, L, C] wanders, [B, C]: what the width of an interval follows.

    It is the mean difference of rows half a window apart, in whole seasons where a half holds one, so that what comes
    back every season counts for nothing.
    """
    apart = spread_lag(past.shape[1], season)
    if not apart:
        return np.ones((len(past), past.shape[2]), np.float32)
    moved = np.abs(past[:, apart:] - past[:, :-apart]).mean(axis=1)
    return np.maximum(moved, LEAST).astype(np.float32)
