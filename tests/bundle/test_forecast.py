"""The folder of a forecaster: it comes back as it was, names its weights in the guide, and hostile ones are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru.bundle import Bundle, load, save
from bigru.bundle.weights import shapes
from bigru.errors import BundleError
from tables import forecaster, hourly

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "model.md").read_text(encoding="utf-8")


@pytest.fixture
def made() -> Bundle:
    roles = {"targets": ("a", "b"), "past": ("c",), "calendar": ("hour",)}
    return forecaster(
        hourly(60, ("a", "b", "c"), ids=("x", "y")), roles, quantiles=(0.05, 0.5, 0.95), levels=(0.5, 0.9)
    )


def test_it_comes_back_as_it_was(made: Bundle, tmp_path: Path) -> None:
    save(made, tmp_path / "m")
    again = load(tmp_path / "m")
    assert (again.task, again.model, again.config) == (made.task, made.model, made.config)
    assert all(np.array_equal(again.weights[name], array) for name, array in made.weights.items())
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert "# Forecaster saved by bigru" in card
    assert "From 12 rows it forecasts 7: `a`, `b`." in card
    assert "pipeline_tag" not in card


def test_its_weights_are_named_in_the_guide(made: Bundle) -> None:
    for name in shapes(made.model):
        if not name.startswith("encoder."):
            assert f"`{name}`" in GUIDE or f"`{name.rsplit('.', 1)[0]}." in GUIDE, name


def put(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Return what sets the entry at a path of config.json to the last argument."""

    def change(values: dict[str, Any]) -> None:
        *keys, last, value = path
        for key in keys:
            values = values[key]
        values[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (put("model", "horizon", 8), "horizon of the model must be 7, as the task says, got 8."),
        (put("model", "targets", 3), "targets of the model must be 2, as the task says, got 3."),
        (put("model", "past", 0), "past of the model must be 1, as the task says, got 0."),
        (put("model", "known", 3), "known of the model must be 2, as the task says, got 3."),
        (put("model", "lookback", 3 << 40), "lookback must be at most 1048576, got 3298534883328."),
        (put("model", "segment", 0), "segment must be greater than 0, got 0."),
        (put("model", "segment", 5), "lookback must be a multiple of the segment, 5, got 12."),
        (put("model", "past", -1), "past must be at least 0, got -1."),
        (put("model", "normalise", "first"), "normalise must be one of last, revin, none, got 'first'."),
        (put("model", "quantiles", [0.5, 0.05]), "quantiles must be rising and within 0 < p < 1, got [0.5, 0.05]."),
        (put("model", "quantiles", ["a"]), "quantiles must be of type float, got 'a'."),
        (put("model", "levels", [0.5]), "levels of the model must be (0.5, 0.9), as the task says, got (0.5,)."),
        (put("model", "encoder", "cell", "lstm"), "cell must be gru, got 'lstm'."),
        (put("model", "encoder", "hidden", 1 << 30), "hidden must be at most 65536, got 1073741824."),
        (put("model", "pooling", ["max"]), "key must be one of lookback, horizon, segment, targets"),
        (put("task_config", "loss", "guess"), "loss must be one of mae, mse, huber, pinball, got 'guess'."),
        (put("task_config", "loss", "mae"), "loss must be pinball with quantiles, got 'mae'."),
        (put("task_config", "quantiles", ["x"]), "quantiles must be a list of numbers, got ['x']."),
        (put("task_config", "levels", [True]), "levels must be a list of numbers, got [True]."),
        (put("task_config", "horizon", "7"), "horizon must be int, got '7'."),
        (put("features", "kind", "series"), "SeriesFeatures: configuration must be an object with mean"),
        (put("features", "season", 0), "season must be at least 1, got 0."),
        (
            put("features", "step", ["fortnight", 1]),
            "unit must be one of second, month end, month, business day, row, microsecond, nanosecond, got 'fort",
        ),
        (put("features", "scales", []), "scales must be at least one, got none."),
        (put("features", "scales", [["x", [0], [1], [1]]]), "mean must be 3 finite numbers"),
        (put("features", "scales", [["x", [0, 0, 0], [1, 1, -1], [1, 1]]]), "std and seasonal must be greater than 0"),
        (put("task", "classify"), "encoder"),
    ],
)
def test_hostile_configurations_are_refused(
    made: Bundle, tmp_path: Path, change: Callable[[dict[str, Any]], None], text: str
) -> None:
    save(made, tmp_path / "m")
    path = tmp_path / "m" / "config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(BundleError) as caught:
        load(tmp_path / "m")
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
