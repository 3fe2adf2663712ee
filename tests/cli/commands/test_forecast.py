"""Forecasts on the command line: a table to a model, scores beside naive rules, the rows that follow; and bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from bigru.bundle import load
from bigru.cli.demo import forecast as demo_forecast
from bigru.cli.plots import forecast as chart
from bigru.tables.times import format_times
from tables import hourly, write

Bigru = Callable
Refused = Callable[..., str]
SMALL = ("--epochs", "2", "--set", "hidden=4", "--lookback", "24")


def content(rows: int = 300, header: str = "date,a,b", zone: str = "") -> str:
    table = hourly(rows)
    series = table.series[0]
    lines = [f"{t},{a:.4f},{b:.4f}" for t, (a, b) in zip(format_times(series.times, zone), series.values, strict=True)]
    return "\n".join([header, *lines, ""])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path, content())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bigru.cli import run

    folder = tmp_path_factory.mktemp("forecast")
    path = write(folder, content())
    asked = ["train", str(path), "--task", "forecast", "--target", "a", "--horizon", "6", "--quiet"]
    assert run([*asked, "--out", str(folder / "m"), *SMALL]) == 0
    return folder / "m"


def test_train_scores_beside_the_rules_and_saves(bigru: Bigru, table: Path, tmp_path: Path) -> None:
    result = bigru("train", table, "--target", "b", "--horizon", "6", "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    facts = result.json
    for part in ("dev", "test"):
        assert {"mse", "mae", "mase", "pinball", "coverage_90", "naive_mse", "seasonal_naive_mase"} <= set(facts[part])
    assert facts["training"]["windows"] == 181
    assert "step 1 hour, not read a" in result.err
    assert "windows in the order of time: 181 train, 25 dev, 55 test" in result.err
    assert "seasonal naive" in result.err
    made = load(tmp_path / "m")
    assert (made.task, made.config.labels, made.model.lookback, made.model.horizon) == ("forecast", ("b",), 24, 6)
    assert "From 24 rows it forecasts 6: `b`." in (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert made.metrics["test"]["mse"] == facts["test"]["mse"]


def test_evaluate_takes_what_training_did_not_see(bigru: Bigru, model: Path, table: Path) -> None:
    result = bigru("evaluate", model, table)
    assert result.code == 0, result.err
    assert "55 forecasts, each origin 1 row after the one before; all after what training saw" in result.err
    assert result.json["mse"] == pytest.approx(load(model).metrics["test"]["mse"])
    assert "19 forecasts" in bigru("evaluate", model, table, "--stride", "3").err


def test_evaluate_says_where_training_saw_it_all(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    result = bigru("evaluate", model, write(tmp_path, content(200)))
    assert "171 forecasts" in result.err
    assert "the model was trained on rows of that time, or before it" in result.err


def test_predict_goes_on_with_the_table(bigru: Bigru, model: Path, table: Path, tmp_path: Path) -> None:
    result = bigru("predict", model, table, "--plot", tmp_path / "next.svg")
    assert result.code == 0, result.err
    (answer,) = result.rows
    assert answer["time"][0] == "2020-01-13 12:00:00"
    assert [len(answer[key]) for key in ("time", "forecast")] == [6, 1]
    bounds = np.array(answer["intervals"]["0.9"]["a"])
    assert (bounds[:, 0] < answer["forecast"]["a"]).all()
    assert (bounds[:, 1] > answer["forecast"]["a"]).all()
    drawn = ElementTree.parse(tmp_path / "next.svg").getroot()
    assert drawn.tag.endswith("svg")
    assert sum(node.tag.endswith("polyline") for node in drawn) == 2
    plain = bigru("predict", model, table, "--plain").out
    assert plain.startswith("2020-01-13 12:00:00 to 2020-01-13 17:00:00\na: ")
    assert "90 % interval of the last" in plain


def test_predict_refuses_what_is_no_table(refused: Refused, model: Path, tmp_path: Path) -> None:
    assert refused("predict", model).endswith("input must be the file of one table, got -.")
    line = refused("predict", model, write(tmp_path, content(10)))
    assert line.endswith(
        "t.csv: rows must be at least 24, the look-back of the model, got 10. Give more rows of the past."
    )
    line = refused("predict", model, write(tmp_path, content().replace("date,a,b", "date,x,b")))
    assert line.endswith("column must be one of the columns date, x, b, got 'a'.")
    line = refused("predict", model, write(tmp_path, content(zone="Z")))
    assert line.endswith("t.csv: zone of the times must be none, as in training, got Z.")
    daily = "\n".join(["date,a", *(f"2020-02-{n:02d},{n}" for n in range(1, 29)), ""])
    assert refused("predict", model, write(tmp_path, daily)).endswith(
        "t.csv: step of the times must be 1 hour, as in training, got 1 day."
    )


@pytest.mark.parametrize(
    ("text", "options", "end"),
    [
        ("", (), "t.csv: data must be at least one example, got an empty file."),
        ("date,a\n2020-01-01,1\n", (), "24 to read and 6 to forecast, got 0 of 1. Shorten --horizon or --lookback, or"),
        ("x,a\n1,2\n2,3\n", (), "Name it with --time-column; --time-column none takes the rows as one step apart."),
        (
            content() + "2020-01-13 11:00:00,1,1\n",
            (),
            "name the column that tells several series apart with --id-column.",
        ),
        (
            content() + "2020-01-01 11:00:00,1,1\n",
            (),
            "t.csv:302: time must be after 2020-01-13 11:00:00 of line 301, got",
        ),
        (
            content() + "2020-01-13 12:00:00,x,1\n",
            (),
            "t.csv:302: column 'a' must be a finite number, got 'x'. Correct the cell, empty",
        ),
        (content() + "2020-01-13 14:00:00,1,1\n", (), "2 rows are missing: add them, or fill with --fill forward or"),
        (
            content() + "2020-01-13 12:00:00+01:00,1,1\n",
            (),
            "t.csv:302: time must be without an offset from UTC, as in line 2, got",
        ),
        (content(), ("--horizon", "400"), "24 to read and 400 to forecast, got 210 of 300. Shorten --horizon or"),
        (
            content().replace("date,a", "日期,销"),
            ("--target", "量"),
            "column must be one of the columns 日期, 销, b, got",
        ),
        (content(), ("--dev", "x.csv"), "--dev is not allowed for a forecast (got 'x.csv'). One table is divided in"),
        (content(), ("--set", "split=0.5"), "train: split must be a list of numbers, got 0.5."),
        (content(), ("--set", "past=c"), "column must be one of the columns date, a, b, got 'c'."),
        (
            content(),
            ("--set", "calendar=noon"),
            "calendar must be one of minute, hour, weekday, day, month, got 'noon'.",
        ),
        (content(), ("--fill", "back"), "--fill must be one of forward, linear, got 'back'."),
    ],
)
def test_bad_input_is_told_in_one_line(
    refused: Refused, tmp_path: Path, text: str, options: tuple[str, ...], end: str
) -> None:
    path = write(tmp_path, text.encode("gb18030"))
    horizon = () if "--horizon" in options else ("--horizon", "6")
    assert end in refused("train", path, "--task", "forecast", "--out", tmp_path / "m", *horizon, *SMALL, *options)
    assert not (tmp_path / "m").exists()


def test_columns_that_cannot_be_forecast(refused: Refused, tmp_path: Path) -> None:
    rows = [line.rsplit(",", 1)[0] for line in content().splitlines()]
    train = ("train", "--task", "forecast", "--out", tmp_path / "m", "--horizon", "6", *SMALL)
    constant = write(tmp_path, "\n".join([rows[0] + ",c", *(row + ",5" for row in rows[1:]), ""]))
    line = refused(*train, constant, "--target", "c")
    assert "t.csv: column 'c' must be a series that varies, in the 210 rows to learn from, got 5 in each." in line
    empty = write(tmp_path, "\n".join([rows[0] + ",c", *(row + "," for row in rows[1:]), ""]))
    line = refused(*train, empty, "--target", "c")
    assert line.endswith("t.csv: column 'c' must be numbers, got none: all its cells are empty.")


def test_counters_constants_ids_and_words_are_no_targets(bigru: Bigru, tmp_path: Path) -> None:
    rows = content(200).splitlines()
    lines = [f"{rows[0]},,Obs,c,shop_id,e,w"]
    lines += [f"{row},{n + 7},{n + 1950},5,{n % 3 * 4 + 11},,x" for n, row in enumerate(rows[1:])]
    path = write(tmp_path, "\n".join([*lines, ""]))
    result = bigru("train", path, "--task", "forecast", "--horizon", "6", "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    want = (
        "not read column 4 (counts rows), Obs (counts rows), c (the same in every row), "
        "shop_id (an id), e (empty), w (words)"
    )
    assert want in result.err
    assert "forecasts 6 rows of a, b from 24 rows before" in result.err


def test_the_line_about_a_forecast_names_all_that_is_read(bigru: Bigru, table: Path, tmp_path: Path) -> None:
    options = ("--target", "a", "--set", "past=b", "--horizon", "6", "--out", tmp_path / "m")
    result = bigru("train", table, "--task", "forecast", *options, *SMALL)
    assert "reads b beside them, known in the past" in result.err


def test_the_doctor_of_tables_names_columns_findings_and_the_next_command(bigru: Bigru, tmp_path: Path) -> None:
    path = write(tmp_path, content(40) + "2020-01-02 20:00:00,NA,1\n")
    result = bigru("doctor", path, "--task", "forecast")
    assert result.code == 1
    assert "t.csv:42: missing values: 1 of 41 cells of column 'a' are empty, here first." in result.err
    assert (
        "t.csv:42: missing rows: 4 missing in 1 gap, at most 4 together; first after 2020-01-02 15:00:00." in result.err
    )
    assert (
        f"bigru train {path} --task forecast --target a --horizon 4 --lookback 12 --fill linear --out model"
        in result.err
    )
    assert result.json["columns"] == {"date": "time", "a": "number", "b": "number"}
    clean = bigru("doctor", write(tmp_path, content(40)), "--task", "forecast")
    assert (clean.code, clean.json["findings"]) == (0, {})
    assert "No findings." in clean.err


def test_a_horizon_is_asked_for(refused: Refused, table: Path) -> None:
    line = refused("train", table, "--task", "forecast")
    assert line == "bigru train: --horizon must be given for a forecast, in rows, got nothing."


def test_options_of_a_forecast_are_refused_elsewhere(refused: Refused, reviews: Path) -> None:
    line = refused("train", reviews, "--fill", "linear")
    assert line == "bigru train: --fill is not allowed where nothing is forecast (got 'linear')."
    line = refused("train", reviews, "--task", "classify", "--horizon", "3")
    assert line == "bigru train: --horizon is not allowed where nothing is forecast (got 3)."


def test_a_header_in_gb18030_and_several_series(bigru: Bigru, tmp_path: Path) -> None:
    rows = [line.split(",") for line in content(200).splitlines()[1:]]
    lines = ["日期,id,销量", *(f"{row[0]},{name},{row[1 + n]}" for n, name in enumerate("xy") for row in rows), ""]
    path = write(tmp_path, "\n".join(lines).encode("gb18030"))
    result = bigru("train", path, "--target", "销量", "--horizon", "6", "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert "series 2, by id" in result.err
    answers = bigru("predict", tmp_path / "m", path).rows
    assert [(answer["series"], list(answer["forecast"])) for answer in answers] == [("x", ["销量"]), ("y", ["销量"])]


def test_the_charts_of_a_flat_series() -> None:
    series = hourly(30, ("a",)).series[0]
    series.values[:] = 2
    answer = {"time": ["1", "2"], "forecast": {"a": [2.0, 2.0]}}
    assert "a: " in chart.forecast_text(series, answer, ("a",))
    assert "nan" not in chart.forecast_svg(series, answer, ("a",))


def test_names_are_escaped_in_a_picture() -> None:
    series = hourly(30, ("<a&b>",)).series[0]
    answer = {"time": ["<1>"], "forecast": {"<a&b>": [2.0]}, "intervals": {"0.9": {"<a&b>": [[1.0, 3.0]]}}}
    ElementTree.fromstring(chart.forecast_svg(series, answer, ("<a&b>",), {"<a&b>": [2.5]}))


def test_the_demo_on_a_slice(bigru: Bigru, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("statsmodels", exc_type=ImportError)
    whole = demo_forecast.read_measurements()
    assert (len(whole), str(whole.step), whole.columns) == (2284, "1 week", ("co2",))
    monkeypatch.setattr(demo_forecast, "HORIZON", 13)
    small = {"lookback": 52, "segment": 13, "hidden": 4, "epochs": 1, "levels": [0.9]}
    monkeypatch.setattr(demo_forecast, "OPTIONS", small)
    result = bigru("demo", "forecast", "--out", tmp_path / "m")
    assert result.code == 0, result.err
    ElementTree.parse(tmp_path / "m" / "forecast.svg")
    assert json.loads(result.out)["test"]["naive_mse"] > 0
    assert "ppm" in result.err


def test_rows_far_outside_training_are_said_wherever_they_are_read(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    lines = content(400).splitlines()
    risen = [f"{date},{float(a) + 40},{b}" for date, a, b in (line.split(",") for line in lines[331:])]
    path = write(tmp_path, "\n".join([*lines[:331], *risen, ""]), "risen.csv")
    said = "rows to forecast from lie far outside training: a "
    result = bigru("predict", model, path)
    assert f"{path}: {said}" in result.err
    assert result.rows[0]["note"].startswith(said)
    assert said in bigru("evaluate", model, path).err
    trained = bigru("train", path, "--target", "a", "--horizon", "6", "--out", tmp_path / "m", *SMALL)
    assert f"test: {said}" in trained.err
    assert "dev: rows" not in trained.err
