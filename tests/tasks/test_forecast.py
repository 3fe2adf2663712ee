"""The task of forecasting: cuts to windows, values to answers, answers to scores; all by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bigru.bundle import Bundle
from bigru.errors import ArgumentError, DataError
from bigru.features.table import TableFeatures
from bigru.runtime.forecaster import Forecaster
from bigru.tables.timetable import TimeTable
from bigru.tasks import forecast
from bigru.tasks.forecast import Cut, Forecast
from tables import forecaster, hourly
from tolerances import FLOAT32, FLOAT32_STEP

TARGETS = {"targets": ("a", "b")}


def made_of(table: TimeTable, **options: object) -> Bundle:
    return forecaster(table, TARGETS, **options)


def test_windows_are_the_scaled_rows_before_and_after_the_cut() -> None:
    table = hourly(60)
    config, series = made_of(table).config, table.series[0]
    scaled = config.features.matrix(series)
    learnt = series.values[:30]
    np.testing.assert_allclose(scaled, (series.values - learnt.mean(axis=0)) / learnt.std(axis=0), **FLOAT32)
    cuts = [Cut(series, 12), Cut(series, 53)]
    features, targets = forecast.featurise(config, cuts), forecast.targets(config, cuts)
    assert (len(features), features[0].shape, targets[1].shape) == (2, (12, 2), (7, 2))
    np.testing.assert_array_equal(features[1], scaled[41:53])
    np.testing.assert_array_equal(targets[1], scaled[53:60])


def test_the_known_future_is_there_and_nothing_else() -> None:
    table = hourly(60, ("a", "b", "c"))
    made = forecaster(table, {"targets": ("a",), "past": ("b",), "known": ("c",), "calendar": ("hour",)})
    window = forecast.featurise(made.config, [Cut(table.series[0], 20)])[0]
    scaled = made.config.features.matrix(table.series[0])
    assert window.shape == (19, 5)
    np.testing.assert_array_equal(window[:12], scaled[8:20])
    np.testing.assert_array_equal(window[12:, 2:], scaled[20:27, 2:])
    assert np.isnan(window[12:, :2]).all()


def test_the_calendar_goes_on_behind_the_table_and_a_covariate_does_not() -> None:
    table = hourly(60)
    series = table.series[0]
    fitted = forecaster(table, TARGETS | {"calendar": ("hour",)})
    window = forecast.featurise(fitted.config, [Cut(series, 60)])[0]
    np.testing.assert_allclose(window[12:, 2:], fitted.config.features.matrix(series)[36:43, 2:], **FLOAT32_STEP)
    given = forecaster(table, {"targets": ("a",), "known": ("b",)})
    with pytest.raises(DataError, match="b must be given for the 7 rows after the cut, got an empty cell"):
        forecast.featurise(given.config, [Cut(series, 60)])


def test_too_little_past_or_future_is_refused() -> None:
    table = hourly(60)
    config, series = made_of(table).config, table.series[0]
    with pytest.raises(DataError, match="rows before the forecast must be at least 12, the look-back, got 11"):
        forecast.featurise(config, [Cut(series, 11)])
    with pytest.raises(DataError, match="rows after the cut must be at least 7, the horizon, got 6"):
        forecast.targets(config, [Cut(series, 54)])


def test_answers_are_in_the_units_of_the_table_with_their_times() -> None:
    table = hourly(60)
    made = made_of(table, quantiles=(0.05, 0.5, 0.95), levels=(0.9,))
    series, features = table.series[0], made.config.features
    values = np.zeros((1, 7, 2, 3), np.float32) + np.array([-1, 0, 2], np.float32)
    outcome = Forecast(values, np.full((1, 2), 2, np.float32), np.full((1, 7, 2), 0.5, np.float32))
    answer = forecast.answer(made.config, outcome, values, [Cut(series, 60)])[0]
    mean, std = (np.array(v) for v in (features.scales[""].mean, features.scales[""].std))
    assert answer["time"][0] == "2020-01-03 12:00:00"
    assert len(answer["time"]) == 7
    assert answer["forecast"]["b"] == pytest.approx([mean[1]] * 7)
    assert answer["quantiles"]["0.95"]["a"] == pytest.approx([mean[0] + 2 * std[0]] * 7)
    # Around the two quantiles, by half a spread of 2 on either side.
    assert answer["intervals"]["0.9"]["a"][3] == pytest.approx([mean[0] - 2 * std[0], mean[0] + 3 * std[0]])


def test_an_interval_never_ends_before_it_begins() -> None:
    made = made_of(hourly(60), quantiles=(0.05, 0.5, 0.95), levels=(0.9,))
    values = np.zeros((1, 7, 2, 3), np.float32)
    outcome = Forecast(values, np.ones((1, 2), np.float32), np.full((1, 7, 2), -3, np.float32))
    low, high = forecast.intervals(made.config, outcome)
    assert (low <= high).all()


def test_the_rules_by_hand() -> None:
    table = hourly(80)
    config, series = made_of(table).config, table.series[0]
    scaled = config.features.matrix(series)
    naive, seasonal = forecast.baselines(config, [Cut(series, 40), Cut(series, 20)])
    np.testing.assert_array_equal(naive.point[0], np.repeat(scaled[39:40], 7, axis=0))
    np.testing.assert_array_equal(seasonal.point[0], scaled[16:23])
    # There is no whole day before row 20.
    np.testing.assert_array_equal(seasonal.point[1], naive.point[1])
    long = replace(config, horizon=30)
    seasonal = forecast.baselines(long, [Cut(series, 40)])[1]
    np.testing.assert_array_equal(seasonal.point[0], np.concatenate([scaled[16:40], scaled[16:22]]))


def test_a_perfect_forecast_scores_perfectly() -> None:
    table = hourly(60)
    made = made_of(table, levels=(0.9,))
    cuts = [Cut(table.series[0], n) for n in (30, 40, 50)]
    gold = forecast.targets(made.config, cuts).batch(np.arange(3))[0]
    outcome = Forecast(gold[..., None], np.ones((3, 2), np.float32), np.zeros((1, 7, 2), np.float32))
    report = forecast.score(made.config, gold, outcome, cuts)
    assert (report["mse"], report["mase"], report["coverage_90"], report["width_90"]) == (0, 0, 1, 0)
    assert report["naive_mse"] > 0
    assert report["seasonal_naive_mase"] > 0


def test_series_have_scales_of_their_own_and_unknown_ones_are_refused() -> None:
    table = hourly(60, ids=("x", "yy"))
    features = made_of(table).config.features
    assert features.scales["yy"].mean[0] == pytest.approx(20, abs=0.2)
    with pytest.raises(DataError, match="series must be one that the model was trained on: x, yy, got 'y'"):
        features.scale(replace(table.series[0], id="y"))


def test_a_column_that_never_changes_is_refused() -> None:
    table = hourly(60)
    table.series[0].values[:30, 1] = 3.25
    with pytest.raises(DataError) as caught:
        made_of(table)
    assert str(caught.value) == (
        "t.csv: column 'b' must be a series that varies, in the 30 rows to learn from, got 3.25 in each. "
        "Leave the column out, or begin where it varies."
    )


def test_features_come_back_from_json_and_hostile_ones_do_not() -> None:
    features = forecaster(hourly(60), TARGETS | {"calendar": ("hour",)}).config.features
    values = features.to_json()
    assert TableFeatures.from_json(values) == features
    broken = [
        {**values, "scales": [["", [0.0], [1.0], [1.0]]]},
        {**values, "scales": [["", [0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]},
        {**values, "scales": []},
        {**values, "scales": 3},
        {**values, "step": ["second", 0]},
        {**values, "step": ["second", True]},
        {**values, "season": 0},
        {**values, "calendar": ["noon"]},
        {**values, "targets": ["a", "a"]},
        {**values, "targets": []},
        {**values, "zone": 3},
        {key: value for key, value in values.items() if key != "zone"},
        [],
    ]
    for wrong in broken:
        with pytest.raises(ArgumentError):
            TableFeatures.from_json(wrong)


def test_a_loss_goes_with_its_answers() -> None:
    config = made_of(hourly(60)).config
    with pytest.raises(ArgumentError, match="loss must be another than pinball without quantiles, got 'pinball'"):
        replace(config, loss="pinball")
    with pytest.raises(ArgumentError, match="loss must be pinball with quantiles, got 'mae'"):
        replace(config, quantiles=(0.5,))


def test_values_that_leave_float32_are_refused_by_name() -> None:
    table = hourly(60)
    made = forecaster(table, {"targets": ("a", "b")})
    for value in (1e308, -1e20):
        table.series[0].values[40, 1] = value
        with pytest.raises(
            DataError, match=r"^forecast: column 'b' of line 42 must be near those of training, .*, got "
        ):
            Forecaster(made).predict(table)
    table.series[0].values[3, 0] = 1e308
    with pytest.raises(DataError, match=r"^t\.csv:5: column 'a' must be within -1e\+30\.\.1e\+30, got 1e\+308\.$"):
        forecaster(table, {"targets": ("a", "b")})


def test_rows_far_outside_training_are_said_by_name_and_distance() -> None:
    table = hourly(60)
    config = forecaster(table, {"targets": ("a", "b")}).config
    assert isinstance(config, forecast.Config)
    series = table.series[0]
    assert forecast.describe_outliers(config, [Cut(series, 40), Cut(series, 60)]) == ""
    assert forecast.describe_outliers(config, []) == ""
    scale = config.features.scale(series)
    values = series.values.copy()
    values[40:, 1] = scale.mean[1] - 3.5 * scale.std[1]
    moved = replace(series, values=values)
    assert forecast.describe_outliers(config, [Cut(moved, 60), Cut(moved, 40)]) == (
        "rows to forecast from lie far outside training: b 3.5 deviations from its mean. Errors may be larger than the "
        "intervals say; train on rows like these."
    )
    assert forecast.describe_outliers(config, [Cut(moved, 40)]) == ""
