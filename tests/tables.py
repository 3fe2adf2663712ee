"""Small tables with time, and forecasters of drawn weights on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bigru.bundle import Bundle
from bigru.config import EncoderConfig, ForecastModelConfig
from bigru.features.table import TableFeatures
from bigru.tables.times import TimeStep
from bigru.tables.timetable import Series, TimeTable
from bigru.tasks import forecast
from drawn import drawn_weights

__all__ = ["forecaster", "hourly", "write"]


def hourly(rows: int, columns: tuple[str, ...] = ("a", "b"), ids: tuple[str, ...] = ("",), seed: int = 0) -> TimeTable:
    """Return a table of hours from 2020 on: daily cycles with noise."""
    random = np.random.default_rng(seed)
    times = np.datetime64("2020-01-01", "s") + np.arange(rows) * np.timedelta64(3600, "s")
    made = []
    for n, id in enumerate(ids):
        phase = np.arange(rows)[:, None] * 2 * np.pi / 24 + np.arange(len(columns)) + n
        values = 10.0 * (n + 1) + np.sin(phase) + 0.1 * random.standard_normal((rows, len(columns)))
        made.append(Series(id, times, values, np.arange(2, rows + 2)))
    return TimeTable(made, columns, TimeStep("second", 3600), "", "t.csv")


def forecaster(table: TimeTable, roles: dict[str, tuple[str, ...]], **options: Any) -> Bundle:
    """Return a saved model of drawn weights, scaled by the first half of a table."""
    roles = {"past": (), "known": (), "calendar": (), **roles}
    features = TableFeatures.fit(table, [len(series) // 2 for series in table.series], **roles)
    shape: dict[str, Any] = {
        "lookback": 12,
        "horizon": 7,
        "segment": 3,
        "encoder": EncoderConfig(hidden=6, direction="both"),
    }
    shape |= options
    model = ForecastModelConfig(
        targets=len(features.targets), past=len(features.past), known=features.known_width, **shape
    )
    loss = "pinball" if model.quantiles else "mae"
    config = forecast.Config(features, model.lookback, model.horizon, model.quantiles, model.levels, loss)
    weights = drawn_weights(model, scale=0.5)
    if model.levels:
        weights["interval.radius"] = np.abs(weights["interval.radius"])
    return Bundle("forecast", model, config, weights)


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
