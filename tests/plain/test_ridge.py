"""The linear map of the last rows: its equations by another library, and what it chooses and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Other

from bigru.bundle.weights import shapes
from bigru.plain.ridge import Ridge
from bigru.runtime.network.forecast import ForecastNetwork
from bigru.tables.timetable import TimeTable
from bigru.tasks import forecast
from bigru.train.forecast import ForecastPlan, find_roles, plan_forecast
from tables import hourly
from tolerances import FIT, near


def table_of(values: np.ndarray) -> TimeTable:
    table = hourly(len(values), tuple("abc"[: values.shape[1]]))
    table.series[0].values[:] = values
    return table


def plan_of(values: np.ndarray, horizon: int = 4, **options: Any) -> ForecastPlan:
    roles = find_roles(options.pop("targets", None), options)
    table = table_of(values)
    roles = roles if roles["targets"] else {**roles, "targets": table.columns}
    return plan_forecast(table, roles, horizon, {"lookback": 12, "segment": 3, "hidden": 4, **options})


def arrays(plan: ForecastPlan, part: str) -> tuple[np.ndarray, np.ndarray]:
    cuts = plan.cuts[part]
    every = np.arange(len(cuts))
    return (
        forecast.featurise(plan.config, cuts).batch(every)[0],
        forecast.targets(plan.config, cuts).batch(every)[0],
    )


def mapped(ridge: Ridge, inputs: np.ndarray) -> np.ndarray:
    """Return the forecasts of the map as a saved model makes them."""
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes(ridge.shape).items()}
    return ForecastNetwork(ridge.shape, weights | ridge.weights).linear(inputs)


NOISE = np.random.default_rng(0)
DAILY = np.sin(np.arange(400)[:, None] * 2 * np.pi / 24) * [1, 3] + NOISE.normal(0, 0.3, (400, 2))


def test_the_map_is_that_of_another_library() -> None:
    plan = plan_of(DAILY[:, :1], normalise="last", season=1)
    ridge = plan.ridge
    x, y = arrays(plan, "train")
    last = x[:, -1:]
    read, answers = ((part - last).swapaxes(1, 2).reshape(-1, part.shape[1]).astype(np.float64) for part in (x, y))
    centred = read - read.mean(axis=0)
    unit = float(np.square(centred).sum()) / read.shape[1]
    finite = [strength for strength in ridge.strengths if np.isfinite(strength)]
    assert finite
    others = [Other(alpha=strength * unit).fit(read, answers) for strength in finite]
    weight = np.sum([other.coef_ for other in others], axis=0) / len(ridge.strengths)
    np.testing.assert_allclose(ridge.weights["linear.map"], weight, **FIT)
    bias = answers.mean(axis=0) - read.mean(axis=0) @ weight.T
    np.testing.assert_allclose(ridge.weights["linear.bias"], bias, **FIT)


@pytest.mark.parametrize("normalise", ["last", "revin", "none"])
def test_the_error_on_dev_is_that_of_the_saved_map(normalise: str) -> None:
    plan = plan_of(DAILY, normalise=normalise)
    assert plan.model.normalise == normalise
    x, y = arrays(plan, "dev")
    error = float(np.square(mapped(plan.ridge, x) - y).mean())
    assert plan.ridge.error == near(error, FIT)
    assert min(plan.ridge.errors.values()) <= plan.ridge.error
    assert {kind for kind, _ in plan.ridge.errors} == {normalise}


def test_noise_about_a_level_keeps_the_level_of_training() -> None:
    plan = plan_of(np.random.default_rng(0).normal(5, 1, (600, 1)), lookback=2, segment=1)
    assert plan.model.normalise == "none"
    assert plan.ridge.error < 0.8 * plan.ridge.errors["last", "shared"]


def test_a_walk_is_answered_by_its_last_value() -> None:
    plan = plan_of(NOISE.normal(0, 1, (800, 1)).cumsum(axis=0))
    assert plan.model.normalise == "last"
    x, _ = arrays(plan, "test")
    assert plan.ridge.strengths == ()
    np.testing.assert_array_equal(mapped(plan.ridge, x), np.repeat(x[:, -1:], 4, axis=1))


def test_a_column_that_another_follows_is_read() -> None:
    lead = NOISE.normal(0, 1, 600)
    follows = np.concatenate([np.zeros(5), lead[:-5]]) + NOISE.normal(0, 0.1, 600)
    plan = plan_of(np.stack([follows, lead], axis=1), targets=("a",), past=("b",), normalise="last")
    assert plan.model.linear == "all"
    assert plan.ridge.error < 0.1 * plan.ridge.errors["last", "shared"]
    x, y = arrays(plan, "dev")
    assert plan.ridge.error == near(float(np.square(mapped(plan.ridge, x) - y).mean()), FIT)


def test_a_season_that_few_rows_show_is_what_the_map_draws_near_to() -> None:
    rise = np.arange(96)
    shape = np.array([0, 3, -1, 4, 1, -5, 9, 2, -6, 5, 3, 5])[rise % 12] * (1 + rise / 60)
    values = 10 + shape + np.random.default_rng(1).normal(0, 1, 96)
    usual: dict[str, Any] = {"season": 12, "normalise": "last", "horizon": 12, "segment": 12, "split": [0.5, 0.3, 0.2]}
    plan = plan_of(values[:, None], **usual)
    assert plan.ridge.rule == "seasonal_naive"
    x, y = arrays(plan, "dev")
    assert plan.ridge.error < float(np.square(x[:, -12:] - y).mean())
    assert plan_of(values[:, None], **usual | {"season": 1}).ridge.error > plan.ridge.error / 0.9


def test_targets_that_move_otherwise_each_get_a_map() -> None:
    values = np.zeros((600, 2))
    for n in range(1, 600):
        values[n] = [0.95, -0.95] * values[n - 1] + NOISE.normal(0, 1, 2)
    plan = plan_of(values, normalise="none", season=1, lookback=3, horizon=2)
    assert plan.model.linear in ("own", "all")
    assert plan.ridge.errors["none", "own"] < 0.9 * plan.ridge.errors["none", "shared"]


def test_what_was_chosen_is_said() -> None:
    ridge = plan_of(DAILY[:, :1], normalise="last", season=1).ridge
    assert str(ridge).startswith("one for all targets; level: last (its squared error on dev 0.")
    assert ridge.to_json()["linear"] == "shared"
    assert ridge.to_json()["linear_dev_mse"] == ridge.error
