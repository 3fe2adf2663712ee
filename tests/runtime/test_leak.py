"""The law of forecasting: what comes after the cut changes nothing, not by one bit, however the past is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bigru.bundle import Bundle
from bigru.config import EncoderConfig
from bigru.runtime.forecaster import Forecaster
from bigru.runtime.network import forecast as network
from bigru.tables.timetable import Series, TimeTable
from bigru.tasks import forecast
from bigru.tasks.forecast import Cut
from tables import forecaster, hourly

ROWS = 80
CUTS = (12, 13, 40, 73)

MODELS: dict[str, dict[str, Any]] = {
    "both ways": {},
    "forward": {"encoder": EncoderConfig(hidden=6, direction="forward")},
    "two layers": {"encoder": EncoderConfig(hidden=6, direction="both", layers=2, merge="gated", layer_norm=True)},
    "joint": {"joint": True, "linear": "all"},
    "linear": {"linear": "shared"},
    "revin": {"normalise": "revin", "quantiles": (0.05, 0.5, 0.95), "levels": (0.9,), "linear": "own"},
    "none": {"normalise": "none", "levels": (0.5, 0.9)},
}

ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    "targets": {"targets": ("a", "b", "c")},
    "covariates": {"targets": ("a",), "past": ("b",), "known": ("c",), "calendar": ("hour", "weekday")},
}


def changed(series: Series, origin: int, known: int) -> Series:
    """Return the series with every value from the cut on replaced, but for its last `known` columns."""
    values = series.values.copy()
    own = values.shape[1] - known
    values[origin:, :own] = np.random.default_rng(1).normal(50, 20, values[origin:, :own].shape)
    return replace(series, values=values)


def leaks(made: Bundle, table: TimeTable) -> list[int]:
    """Return the cuts at which the forecast depends on what comes after them."""
    model, known = Forecaster(made), len(made.config.features.known)
    found = []
    for origin in CUTS:
        answers = []
        for series in (table.series[0], changed(table.series[0], origin, known)):
            outcome = model.run([Cut(series, origin)])
            cut = [Cut(series, origin)]
            answers.append((outcome, forecast.answer(model.config, outcome, outcome.values, cut)))
        (first, said), (second, said_then) = answers
        same = first.values.tobytes() == second.values.tobytes() and first.spread.tobytes() == second.spread.tobytes()
        if not same or said != said_then or not np.isfinite(first.values).all():
            found.append(origin)
    return found


@pytest.mark.parametrize("roles", ROLES)
@pytest.mark.parametrize("kind", MODELS)
def test_what_comes_after_the_cut_changes_nothing(kind: str, roles: str) -> None:
    table = hourly(ROWS, ("a", "b", "c"))
    assert leaks(forecaster(table, ROLES[roles], **MODELS[kind]), table) == []


@pytest.mark.parametrize("kind", MODELS)
def test_nor_does_it_change_what_is_predicted_from_a_shorter_table(kind: str) -> None:
    table = hourly(ROWS, ("a", "b", "c"))
    made = forecaster(table, ROLES["targets"], **MODELS[kind])
    whole = Forecaster(made).run([Cut(table.series[0], 40)])
    short = Forecaster(made).run([Cut(table.series[0].part(slice(0, 40)), 40)])
    assert whole.values.tobytes() == short.values.tobytes()


def test_the_known_future_is_read() -> None:
    table = hourly(ROWS, ("a", "b", "c"))
    made = forecaster(table, ROLES["covariates"])
    series = table.series[0]
    other = replace(series, values=series.values.copy())
    other.values[40:47, 2] += 1
    values = [Forecaster(made).run([Cut(one, 40)]).values for one in (series, other)]
    assert not np.array_equal(*values)


def _shifted(plain: Callable) -> Callable:
    """Plant a leak: windows begin one row too late, so that the first row to be forecast is read."""

    def featurise(config: Any, inputs: Any) -> Any:
        found = plain(config, inputs)
        found.starts = found.starts + 1
        return found

    return featurise


@pytest.mark.parametrize("roles", ROLES)
def test_a_planted_leak_of_one_row_is_seen(monkeypatch: pytest.MonkeyPatch, roles: str) -> None:
    monkeypatch.setattr(forecast, "featurise", _shifted(forecast.featurise))
    table = hourly(ROWS, ("a", "b", "c"))
    assert leaks(forecaster(table, ROLES[roles]), table) == list(CUTS)


def test_a_planted_leak_through_the_scale_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    table = hourly(ROWS, ("a", "b", "c"))
    made = forecaster(table, ROLES["targets"])
    plain = type(made.config.features).matrix

    def matrix(self: Any, series: Series, ahead: int = 0) -> np.ndarray:
        return plain(self, series, ahead) / np.float32(series.values.std())

    monkeypatch.setattr(type(made.config.features), "matrix", matrix)
    assert leaks(made, table) == list(CUTS)


def test_what_must_not_be_read_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """With known covariates a window reaches into the future; a model that reads a target there answers NaN."""
    table = hourly(ROWS, ("a", "b", "c"))
    made = forecaster(table, ROLES["covariates"])
    plain = network.ForecastNetwork.__call__

    def call(self: Any, inputs: np.ndarray, lengths: Any = None) -> np.ndarray:
        assert np.isnan(inputs[:, 12:, :2]).all()
        return plain(self, np.concatenate([inputs[:, 1:13], inputs[:, 12:]], axis=1), lengths)

    monkeypatch.setattr(network.ForecastNetwork, "__call__", call)
    assert leaks(made, table) == list(CUTS)
