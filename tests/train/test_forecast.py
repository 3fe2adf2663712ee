"""Training forecasters: parts in time, losses, bit-equal resumption, intervals that hold what they say."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bigru.bundle import Bundle, load, save
from bigru.config import ForecastModelConfig
from bigru.errors import ArgumentError, DataError
from bigru.runtime.forecaster import Forecaster, window_spread
from bigru.tables.timetable import TimeTable
from bigru.tables.windows import Windows
from bigru.tasks import forecast
from bigru.tasks.forecast import Cut
from bigru.train.data.loader import Batch, BatchLoader
from bigru.train.export import export
from bigru.train.forecast import ForecastPlan, find_roles, plan_forecast, to_data
from bigru.train.forecast_blend import BlendedForecaster, blend_with_linear, calibrate_intervals
from bigru.train.loop.callback import TrainingCallback
from bigru.train.loop.fit import Fitted, fit
from bigru.train.loop.job import TrainingJob
from bigru.train.objective.forecast import ForecastEvaluator, forecast_loss
from tables import forecaster, hourly
from tolerances import FLOAT32, FLOAT32_STEP

SMALL = {"hidden": 8, "epochs": 3, "batch_size": 16, "lookback": 24, "learning_rate": 0.01}


def plan_of(table: TimeTable, **options: Any) -> ForecastPlan:
    chosen = SMALL | options
    horizon = chosen.pop("horizon", 6)
    roles = find_roles([name for name in table.columns if name not in chosen.get("known", ())], chosen)
    return plan_forecast(table, roles, horizon, chosen)


def trained(plan: ForecastPlan, **options: Any) -> Fitted:
    options = {"progress": "silent"} | options
    return fit(TrainingJob(forecast, plan.config, plan.network, *to_data(plan), plan.training, **options))


def test_parts_follow_each_other_in_time() -> None:
    plan = plan_of(hourly(300), split=[200, 50, 50])
    origins = {name: [cut.origin for cut in cuts] for name, cuts in plan.cuts.items()}
    assert origins == {
        "train": list(range(24, 195)),
        "dev": list(range(200, 245)),
        "test": list(range(250, 295)),
    }
    assert plan.config.seen == "2020-01-11 09:00:00"
    shares = plan_of(hourly(300), split=[0.5, 0.25, 0.25])
    assert [cuts[0].origin for cuts in shares.cuts.values()] == [24, 150, 225]


def test_the_scale_is_that_of_the_part_to_learn_from() -> None:
    table = hourly(300)
    table.series[0].values[200:] += 1000
    plan = plan_of(table, split=[200, 50, 50])
    assert plan.config.features.scales[""].mean == pytest.approx(table.series[0].values[:200].mean(axis=0).tolist())


@pytest.mark.parametrize(
    ("rows", "options", "line"),
    [
        (1, {}, "t.csv: rows must be at least 30 to learn from, 24 to read and 6 to forecast, got 0 of 1. Shorten "),
        (
            60,
            {"horizon": 500},
            "t.csv: rows must be at least 524 to learn from, 24 to read and 500 to forecast, got",
        ),
        (60, {"split": [50, 5, 5]}, "t.csv: rows must be enough for one look-back (24) and one horizon (6) to choose "),
        (60, {"split": [0.9, 0.2, 0]}, "train: split must be at most 1 in all, got [0.9, 0.2, 0]."),
        (60, {"split": [0.9]}, "train: split must be three numbers"),
        (60, {"horizon": 0}, "train: --horizon must be at least 1, got 0."),
        (60, {"lookbak": 3}, "train: option must be one of "),
        (
            60,
            {"lookback": 10, "segment": 3},
            "ForecastModelConfig: lookback must be a multiple of the segment, 3, got",
        ),
        (60, {"normalise": "first"}, "ForecastModelConfig: normalise must be one of last, revin, none, got 'first'."),
        (60, {"quantiles": [0.1, 0.9]}, "ForecastModelConfig: quantiles must be with 0.5 among them, got [0.1, 0.9]."),
        (
            60,
            {"levels": [0.9, 0.5]},
            "ForecastModelConfig: levels must be rising and within 0 < p < 1, got [0.9",
        ),
    ],
)
def test_what_does_not_fit_is_refused(rows: int, options: dict[str, Any], line: str) -> None:
    with pytest.raises((ArgumentError, DataError)) as caught:
        plan_of(hourly(rows), **options)
    assert str(caught.value).startswith(line)


def test_losses_by_hand() -> None:
    model = ForecastModelConfig(4, 2, 2, 1, quantiles=(0.1, 0.5))
    values = torch.tensor([[[[0.0, 1.0]], [[2.0, 5.0]]]])
    batch = Batch(torch.zeros(1, 4, 1), torch.tensor([4]), torch.tensor([[[1.0], [1.0]]]))
    expected = {"mae": (1 + 1) / 2, "mse": (1 + 1) / 2, "huber": 0.5, "pinball": 2 * (0.1 + 0 + 0.9 + 2.0) / 4}
    for kind, want in expected.items():
        assert float(forecast_loss(kind, model)(values, batch)) == pytest.approx(want)


def test_skill_is_nought_for_the_last_value() -> None:
    plan = plan_of(hourly(200), quantiles=(0.1, 0.5, 0.9))
    features, targets = to_data(plan)[1]
    skill = ForecastEvaluator(
        forecast, plan.config, plan.model, (features, targets), forecast_loss("pinball", plan.model)
    )

    class Last(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def forward(self, inputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            return inputs[:, -1, :2][:, None, :, None].expand(-1, 6, -1, 3)

    assert skill.score(Last())[0] == pytest.approx(0)


@pytest.mark.train
def test_a_forecaster_learns_is_saved_and_answers_alike(tmp_path: Path) -> None:
    table = hourly(400)
    plan = plan_of(table, epochs=12)
    fitted = trained(plan)
    assert fitted.score_name == "skill"
    assert fitted.best_score is not None
    assert fitted.best_score > 0.5
    made = export(forecast, plan.config, plan.network, fitted.weights, plan.cuts["dev"])
    made = calibrate_intervals(made, plan.cuts["dev"])
    save(made, tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.config == made.config
    assert again.model == made.model
    cuts = plan.cuts["test"]
    ours, theirs = (Forecaster(one).run(cuts) for one in (made, again))
    assert ours.values.tobytes() == theirs.values.tobytes()
    report = Forecaster(again).score(cuts)
    assert report["mse"] < 0.5 * report["naive_mse"]
    assert 0.75 <= report["coverage_90"] <= 1


@pytest.mark.train
def test_the_same_call_gives_the_same_bits() -> None:
    plan = plan_of(hourly(200), known=("b",), calendar=("hour",), direction="both")
    first, second = trained(plan), trained(plan)
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)


@pytest.mark.train
def test_a_training_that_was_cut_short_goes_on_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(hourly(200), windows=60)
    whole, saved = trained(plan), TrainingCallback.save

    def save_and_die(self: TrainingCallback) -> None:
        saved(self)
        if self.state.step == self.stream.per_epoch:
            raise OSError("the machine is gone")

    monkeypatch.setattr(TrainingCallback, "save", save_and_die)
    with pytest.raises(OSError, match="the machine is gone"):
        trained(plan, folder=tmp_path)
    monkeypatch.undo()
    again = trained(plan, folder=tmp_path, resume=True)
    assert [row["step"] for row in again.history] == [4, 8, 12]
    assert all(np.array_equal(whole.weights[name], again.weights[name]) for name in whole.weights)


def test_dev_is_never_held_out_by_chance() -> None:
    plan = plan_of(hourly(200))
    with pytest.raises(ArgumentError, match="dev examples must be given for forecasts"):
        fit(TrainingJob(forecast, plan.config, plan.network, to_data(plan)[0], None, plan.training, progress="silent"))


def test_an_epoch_draws_so_many_windows_and_other_ones_next_time() -> None:
    plan = plan_of(hourly(300), windows=50)
    (features, targets), _ = to_data(plan)
    stream = BatchLoader(features, targets, 16, 2, 0)
    orders = [np.concatenate(stream._order(epoch)) for epoch in (0, 1)]
    assert [len(set(order.tolist())) for order in orders] == [50, 50]
    assert set(orders[0].tolist()) != set(orders[1].tolist())
    assert stream.per_epoch == 4


def test_windows_beyond_the_matrix_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"starts must be within 0\.\.7, got 3\.\.8"):
        Windows(np.zeros((10, 1), np.float32), np.array([3, 8]), 3)


@pytest.mark.parametrize("quantiles", [(), (0.05, 0.5, 0.95)])
def test_intervals_hold_what_they_say_where_dev_is_like_the_rest(quantiles: tuple[float, ...]) -> None:
    table = hourly(3000)
    made = forecaster(table, {"targets": ("a", "b")}, quantiles=quantiles, levels=(0.5, 0.9))
    series = table.series[0]
    every = [Cut(series, n) for n in range(12, 2993)]
    drawn = np.random.default_rng(0).permutation(len(every))
    dev, test = ([every[n] for n in part] for part in (drawn[:1000], drawn[1000:]))
    report = Forecaster(calibrate_intervals(made, dev)).score(test)
    assert report["coverage_50"] == pytest.approx(0.5, abs=0.03)
    assert report["coverage_90"] == pytest.approx(0.9, abs=0.02)


def test_how_far_a_window_wanders_by_hand() -> None:
    swing = np.tile([0.0, 5.0, 2.0, 7.0], 3)
    rising = np.arange(12.0)
    past = np.stack([swing, swing + rising, 0 * rising], axis=1)[None].astype(np.float32)
    # Half of 12 rows holds one season of 4: what comes back with it counts for nothing.
    np.testing.assert_allclose(window_spread(past, 4), [[1e-3, 4, 1e-3]])
    np.testing.assert_allclose(
        window_spread(past, 1)[0, 1], np.abs(past[0, 6:, 1] - past[0, :6, 1]).mean(), **FLOAT32_STEP
    )
    assert np.array_equal(window_spread(past, 24), window_spread(past, 1))
    assert window_spread(past[:, :1], 4).tolist() == [[1, 1, 1]]


def test_intervals_follow_a_series_that_grows_wilder() -> None:
    table = hourly(3000)
    values = table.series[0].values
    values[:] = np.random.default_rng(3).normal(size=values.shape).cumsum(axis=0)
    values[2000:] = values[1999] + 4 * (values[2000:] - values[1999])
    made = forecaster(table, {"targets": ("a", "b")}, levels=(0.9,))
    calm, wild = ([Cut(table.series[0], n) for n in part] for part in (range(1000, 1990), range(2020, 2990)))
    outcome = Forecaster(calibrate_intervals(made, calm)).run(calm + wild)
    low, high = forecast.intervals(made.config, outcome)
    width = (high - low)[0].mean(axis=(1, 2))
    assert width[len(calm) :].mean() / width[: len(calm)].mean() == pytest.approx(4, rel=0.2)


def test_the_rank_of_an_interval_by_hand() -> None:
    table = hourly(40)
    made = forecaster(table, {"targets": ("a", "b")}, levels=(0.8,))
    cuts = [Cut(table.series[0], n) for n in range(20, 29)]
    model = Forecaster(made)
    outcome, gold = model.run(cuts), forecast.targets(made.config, cuts).batch(np.arange(9))[0]
    error = np.sort(np.abs(gold - outcome.values[..., 0]) / outcome.spread[:, None], axis=0)
    radius = calibrate_intervals(made, cuts).weights["interval.radius"]
    np.testing.assert_allclose(radius[0], error[math.ceil(10 * 0.8) - 1], **FLOAT32_STEP)


def walks(rows: int = 400) -> TimeTable:
    """Return random walks, of which nothing but the last value says anything."""
    table = hourly(rows)
    table.series[0].values[:] = np.random.default_rng(0).standard_normal((rows, 2)).cumsum(axis=0)
    return table


@pytest.mark.train
def test_a_network_that_is_not_clearly_better_than_the_linear_map_leaves_the_map() -> None:
    plan = plan_of(walks())
    fitted = trained(plan)
    kept = blend_with_linear(plan, fitted)
    assert kept.share == 0
    assert kept.horizons == pytest.approx(40 / 6)
    made = export(forecast, plan.config, plan.model, kept.weights, plan.cuts["dev"])
    model = Forecaster(calibrate_intervals(made, plan.cuts["dev"]))
    report = model.score(plan.cuts["test"])
    assert report["mse"] == report["ridge_mse"]
    assert report["mse"] == pytest.approx(report["naive_mse"], rel=0.1)
    assert report["coverage_90"] > 0.5
    free = blend_with_linear(replace(plan, guard=False), fitted)
    assert free.share == 1
    np.testing.assert_array_equal(free.weights["head.weight"], fitted.weights["head.weight"])
    np.testing.assert_array_equal(free.weights["linear.share"], np.float32([0]))


@pytest.mark.train
def test_a_network_that_is_better_on_dev_answers_the_share_that_is_best() -> None:
    """The map answers too much, the network too little: the mean of both is right."""
    plan = plan_of(hourly(400))
    fitted = trained(plan)
    right = {name: np.zeros_like(w) for name, w in fitted.weights.items()}
    bias = plan.ridge.weights["linear.bias"]
    wrong = replace(plan.ridge, weights=plan.ridge.weights | {"linear.map": 0 * plan.ridge.weights["linear.map"]})
    plan = replace(plan, ridge=replace(wrong, weights=wrong.weights | {"linear.bias": 0 * bias + 2}))
    kept = blend_with_linear(plan, replace(fitted, weights=right | {"head.bias": np.full(24, -2, np.float32)}))
    assert kept.share == 0.5
    assert kept.gain > 0.3
    np.testing.assert_allclose(kept.weights["head.bias"], -1, **FLOAT32)
    np.testing.assert_array_equal(kept.weights["linear.share"], np.float32([0.5]))


@pytest.mark.train
@pytest.mark.parametrize(("horizon", "share"), [(21, 0), (16, 0.25), (13, 0.5), (10, 0.75), (8, 1)])
def test_a_network_has_at_most_a_quarter_for_each_horizon_beyond_the_first(horizon: int, share: float) -> None:
    """The map is made to be wrong, and the network, which learnt, is far better."""
    plan = plan_of(hourly(400), horizon=horizon)
    ridge = plan.ridge
    far = {name: 0 * w + 9 for name, w in ridge.weights.items()}
    assert blend_with_linear(replace(plan, ridge=replace(ridge, weights=far)), trained(plan)).share == share


def test_a_dev_part_of_few_horizons_cannot_tell() -> None:
    plan = plan_of(hourly(400), horizon=21)
    fitted = trained(plan)
    kept = blend_with_linear(plan, fitted)
    assert (kept.share, kept.horizons) == (0.0, pytest.approx(40 / 21))


def test_what_became_of_a_network_is_said() -> None:
    assert str(BlendedForecaster({}, 1.0, 0.2, 9.0)) == (
        "The model answers the network: on dev its error is 20.0 % below that of the linear map."
    )
    assert str(BlendedForecaster({}, 0.25, 0.2, 9.0)) == (
        "The model answers 25 % network and 75 % linear map: on dev its error is 20.0 % below that of the linear map."
    )
    assert str(BlendedForecaster({}, 0.0, 0.001, 9.0)) == (
        "On dev the network's error is not clearly below that of the linear map (0.1 %). The model answers the map, "
        "with intervals; guard=false keeps what the network learnt."
    )
    assert str(BlendedForecaster({}, 0.0, 0.3, 1.5)) == (
        "Dev holds the rows of 1.5 horizons: too few to tell whether the network is better than the linear map. "
        "The model answers the map, with intervals; guard=false keeps what the network learnt."
    )


def test_a_series_of_next_to_nothing_is_scaled_as_the_others_and_teaches_nothing() -> None:
    table = hourly(300, ids=("x", "y"))
    table.series[1] = table.series[1].part(slice(0, 1))
    plan = plan_of(table)
    scales = plan.config.features.scales
    assert scales["y"].std == scales["x"].std
    assert scales["y"].mean == tuple(table.series[1].values[0])
    assert scales["y"].constant == ()
    assert {cut.series.id for cuts in plan.cuts.values() for cut in cuts} == {"x"}


def test_a_constant_series_of_a_panel_teaches_nothing() -> None:
    table = hourly(300, ids=("x", "y"))
    table.series[1].values[:] = 0.1
    plan = plan_of(table)
    scale = plan.config.features.scales["y"]
    assert scale.constant == (True,) * len(table.columns)
    assert scale.mean == (0.1,) * len(table.columns)
    assert {cut.series.id for cuts in plan.cuts.values() for cut in cuts} == {"x"}


@pytest.mark.train
@pytest.mark.parametrize("options", [{}, {"direction": "both", "layers": 2}, {"joint": True, "calendar": ("hour",)}])
def test_training_in_bfloat16_gets_about_as_far(options: dict[str, Any]) -> None:
    table = hourly(300)
    whole, half = (trained(plan_of(table, epochs=12, precision=bits, **options)) for bits in ("fp32", "bf16"))
    assert whole.best_score is not None
    assert half.best_score == pytest.approx(whole.best_score, abs=0.1)
    assert not all(np.array_equal(whole.weights[name], half.weights[name]) for name in whole.weights)


@pytest.mark.train
def test_intervals_of_a_short_dev_part_are_measured_by_earlier_rows_too() -> None:
    plan = plan_of(walks())
    kept = blend_with_linear(plan, trained(plan))
    assert kept.earlier is plan.ridge.within
    within = plan.ridge.within
    assert within.shape[0] > len(plan.cuts["dev"])
    made = Bundle("forecast", plan.model, plan.config, kept.weights)
    alone, both = (
        calibrate_intervals(made, plan.cuts["dev"], more).weights["interval.radius"] for more in (None, 100 + within)
    )
    assert (both > 100).all()
    assert (alone < 100).all()
    long = plan_of(hourly(400), horizon=2)
    assert blend_with_linear(long, trained(long)).earlier is None
