"""BiGRUForecaster: arrays, frames and tables in; the face of scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import bigru
from bigru import BiGRUClassifier, BiGRUForecaster
from bigru.errors import ArgumentError, DataError
from tables import hourly

SMALL: dict[str, Any] = {"horizon": 6, "lookback": 24, "hidden": 4, "epochs": 2, "windows": 64, "guard": False}


def frame(rows: int = 200) -> pd.DataFrame:
    series = hourly(rows, ("a", "b", "c")).series[0]
    return pd.DataFrame(series.values, columns=["a", "b", "c"]).assign(date=series.times)


def test_an_array_of_one_or_many_columns() -> None:
    values = hourly(200).series[0].values
    one = BiGRUForecaster(**SMALL).fit(values[:, 0])
    assert one.predict().shape == (6, 1)
    many = BiGRUForecaster(**SMALL, levels=(0.5, 0.9)).fit(values)
    assert many.predict(values[:100]).shape == (6, 2)
    narrow, wide = (many.predict_interval(level=level) for level in (0.5, 0.9))
    assert narrow.shape == (6, 2, 2)
    assert (np.ptp(narrow, axis=2) <= np.ptp(wide, axis=2)).all()
    assert many.score(values) == 1 - many.evaluate(values)["mse"] / many.evaluate(values)["naive_mse"]
    with pytest.raises(ArgumentError, match=r"level must be one of 0\.5, 0\.9, the levels of the model, got 0\.8"):
        many.predict_interval(level=0.8)


def test_a_frame_with_covariates_and_a_calendar(tmp_path: Path) -> None:
    data = frame()
    model = BiGRUForecaster(**SMALL, targets=("a",), past=("b",), known=("c",), calendar=("hour",)).fit(data[:190])
    asked = data[:196].copy()
    asked.loc[190:, ["a", "b"]] = np.nan
    answer = model.answer(asked)[0]
    assert (answer["time"][0], list(answer["forecast"])) == ("2020-01-08 22:00:00", ["a"])
    with pytest.raises(DataError, match="c must be given for the 6 rows after the cut, got an empty cell"):
        model.predict(data[:190])
    model.save(tmp_path / "m")
    again = BiGRUForecaster.load(tmp_path / "m")
    np.testing.assert_array_equal(again.predict(asked), model.predict(asked))
    assert bigru.load(tmp_path / "m").task == "forecast"
    with pytest.raises(ArgumentError, match="X must be a table, for a model that was loaded, got None"):
        again.predict()
    with pytest.raises(
        ArgumentError, match=r"model must be one for classify, got one for forecast\. Use BiGRUForecaster"
    ):
        BiGRUClassifier.load(tmp_path / "m")


def test_several_series_of_a_frame() -> None:
    data = pd.concat([frame()[["date", "a"]].assign(id=name) for name in "xy"])
    model = BiGRUForecaster(**SMALL).fit(data)
    assert model.predict().shape == (2, 6, 1)


def test_an_index_of_times_and_a_series_of_pandas() -> None:
    index = pd.date_range("1980-01-31", periods=120, freq="ME")
    values = pd.Series(np.sin(np.arange(120) / 2), index=index, name="y")
    model = BiGRUForecaster(**SMALL, calendar=("month",)).fit(values)
    answer = model.answer()[0]
    assert answer["time"][:2] == ["1990-01-31", "1990-02-28"]
    assert list(answer["forecast"]) == ["y"]
    assert model.answer(values.iloc[:60].to_frame())[0]["time"][0] == "1985-01-31"


def test_constant_and_short_series_of_a_panel_are_answered() -> None:
    parts = [frame()[["date", "a"]].assign(id=name) for name in "xyz"]
    parts[1]["a"] = 0.1
    data = pd.concat([*parts[:2], parts[2][:1]])
    model = BiGRUForecaster(**SMALL).fit(data)
    moving, still, short = model.answer()
    assert len(set(moving["forecast"]["a"])) > 1
    assert still["forecast"]["a"] == [0.1] * 6
    assert still["intervals"]["0.9"]["a"] == [[0.1, 0.1]] * 6
    assert short["forecast"]["a"] == [parts[2]["a"].iloc[0]] * 6
    assert short["note"] == "fewer than the 24 rows that the model reads: the last value, repeated"
    assert "intervals" not in short
    assert np.isnan(model.predict_interval()[2]).all()
    assert np.isfinite(model.predict_interval()[:2]).all()
    assert np.isfinite(model.evaluate(data)["mse"])
    # A series that was constant and is no more is read like the others.
    changed = data.copy()
    changed.loc[(changed["id"] == "y") & (changed.index > 190), "a"] = 0.3
    assert model.answer(changed)[1]["forecast"]["a"] != [0.1] * 6


def test_constants_are_kept_in_a_saved_model(tmp_path: Path) -> None:
    parts = [frame()[["date", "a"]].assign(id=name) for name in "xy"]
    parts[1]["a"] = 3.0
    data = pd.concat(parts)
    model = BiGRUForecaster(**SMALL).fit(data)
    model.save(tmp_path / "m")
    again = BiGRUForecaster.load(tmp_path / "m").set_params(id_column="id")
    assert again.answer(data) == model.answer()


def test_times_in_a_format_and_a_zone_of_ones_own() -> None:
    data = frame()
    data["date"] = data["date"].dt.strftime("%d/%m/%y %Hh")
    model = BiGRUForecaster(**SMALL, time_format="%d/%m/%y %Hh", zone="Asia/Tokyo").fit(data)
    assert model.answer()[0]["time"][0] == "2020-01-08 23:00:00Z"


def test_clones_and_seeds() -> None:
    values = hourly(200).series[0].values
    model = BiGRUForecaster(**SMALL, random_state=3)
    again = clone(model)
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(model.fit(values).predict(), again.fit(values).predict())
    assert not np.array_equal(model.predict(), clone(model).set_params(random_state=4).fit(values).predict())


def test_a_network_that_learnt_nothing_is_said_to_leave_the_linear_map() -> None:
    values = np.random.default_rng(0).standard_normal(200).cumsum()
    with pytest.warns(UserWarning, match=r"The model answers the map, with intervals; guard=false keeps what the netw"):
        model = BiGRUForecaster(**SMALL | {"guard": None}).fit(values)
    report = model.evaluate(values)
    assert report["mse"] == report["ridge_mse"]
    assert model.bundle_.metrics["training"]["network_share"] == 0


@pytest.mark.parametrize(
    ("values", "got"),
    [
        (np.zeros((2, 2, 2)), r"X must be a frame, or numbers \[N\] or \[N, C\], got float64 of shape \[2, 2, 2\]"),
        (np.array(["x"]), "X must be a frame, or numbers"),
        (np.array([1.0, np.nan]), r"X\[1, 0\] must be a finite number, got nan"),
        ("x", "table must be a data frame, got str"),
    ],
)
def test_what_is_no_table_is_refused(values: Any, got: str) -> None:
    with pytest.raises(ArgumentError, match=got):
        BiGRUForecaster().fit(values)


def test_a_backtest_has_a_row_per_origin() -> None:
    table = hourly(200)
    model = BiGRUForecaster(**SMALL, split=(0.5, 0.2, 0.3)).fit(table)
    from bigru.runtime.forecaster import Forecaster

    rows = Forecaster(model.bundle_).backtest(table)
    assert [row["origin"] for row in rows[:2]] == ["2020-01-06 20:00:00", "2020-01-07 02:00:00"]
    assert len(rows) == 10
    whole = model.evaluate(table, stride=6)
    assert np.mean([row["mse"] for row in rows]) == pytest.approx(whole["mse"])
