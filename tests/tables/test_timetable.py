"""Tables with time: what is read, and every fault with its line and what to do."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bigru.errors import ArgumentError, DataError
from bigru.readers.reading import Reading
from bigru.readers.times import parse
from bigru.tables.columns import table_of_frame
from bigru.tables.times import TimeStep, calendar, find_step, format_times
from bigru.tables.timetable import from_table, read_timetable
from tables import write
from tolerances import FLOAT64_STEP

DAYS = "date,a,b\n2020-01-01,1,5\n2020-01-02,2,6\n2020-01-03,4,7\n"


def refused(folder: Path, content: str | bytes, reading: dict[str, Any] | None = None, **options: Any) -> str:
    """Return the one line that a table is refused with, without the folder."""
    path = write(folder, content)
    with pytest.raises((DataError, ArgumentError)) as caught:
        read_timetable(path, Reading(**(reading or {})), **options)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder}/")


def test_a_table_by_hand(tmp_path: Path) -> None:
    table = read_timetable(write(tmp_path, DAYS))
    assert (table.columns, str(table.step), table.zone, len(table)) == (("a", "b"), "1 day", "", 3)
    series = table.series[0]
    np.testing.assert_array_equal(series.values, [[1, 5], [2, 6], [4, 7]])
    assert series.lines.tolist() == [2, 3, 4]
    assert table.inferred["time column"] == "date"


@pytest.mark.parametrize("fault", ["unsorted", "double", "zones", "gap", "odd", "text", "empty cell", "no such day"])
def test_a_fault_names_its_line_and_a_remedy(tmp_path: Path, fault: str) -> None:
    content, line = {
        "unsorted": (
            DAYS + "2020-01-01,3,3\n",
            "t.csv:5: time must be after 2020-01-03 of line 4, got 2020-01-01. Sort the rows by time.",
        ),
        "double": (
            DAYS + "2020-01-03,3,3\n",
            "t.csv:5: time must be after 2020-01-03 of line 4, got the same time again. Leave out the second row or "
            "name the column that tells several series apart with --id-column.",
        ),
        "zones": (
            "time,a\n2020-01-01 00:00+08:00,1\n2020-01-01 01:00,2\n",
            "t.csv:3: time must be with an offset from UTC, as in line 2, got '2020-01-01 01:00'. Write the offset in "
            "every row, or in none.",
        ),
        "gap": (
            DAYS + "2020-01-06,3,3\n",
            "t.csv:5: time must be 1 day after 2020-01-03 of line 4, got 2020-01-06. 2 rows are missing: add them, or "
            "fill with --fill forward or --fill linear.",
        ),
        "odd": (
            DAYS + "2020-01-04 07:00,3,3\n",
            "t.csv:5: time must be 1 day after 2020-01-03 00:00:00 of line 4, got 2020-01-04 07:00:00. Resample to "
            "even steps.",
        ),
        "text": (
            DAYS + "2020-01-04,x,3\n",
            "t.csv:5: column 'a' must be a finite number, got 'x'. Correct the cell, empty it, or leave the column out "
            "with --target.",
        ),
        "empty cell": (
            DAYS + "2020-01-04,,3\n",
            "t.csv:5: a must be a number, got an empty cell. Fill it in, or have all filled with --fill forward or "
            "--fill linear.",
        ),
        "no such day": (
            DAYS + "2020-02-31,1,3\n",
            "t.csv:5: time must be a day and an hour that exist, got '2020-02-31'.",
        ),
    }[fault]
    assert refused(tmp_path, content) == line


def test_a_time_column_must_be_there(tmp_path: Path) -> None:
    line = refused(tmp_path, "x,y\n1,2\n2,3\n")
    assert line == (
        "t.csv: time column must be named, as none of the columns x, y is called date or time, got nothing. "
        "Name it with --time-column; --time-column none takes the rows as one step apart."
    )
    line = refused(tmp_path, DAYS, reading={"time": ("datum",)})
    assert line == "t.csv: time column must be one of the columns date, a, b, got 'datum'. Did you mean 'date'?"
    assert str(read_timetable(write(tmp_path, "x,y\n1,2\n2,3\n"), reading=Reading(time=("none",))).step) == "1 row"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "t.csv: data must be at least one example, got an empty file."),
        ("date,a\n", "t.csv: data must be at least one example, got a header alone."),
        ("date,a\n2020-01-01,\n2020-01-02,\n", "t.csv: column 'a' must be numbers, got none: all its cells are empty."),
        ("date,a\nnoon,1\n", "t.csv:2: time must be a date or time as 2016-07-01 05:00:00, got 'noon'."),
        ("date,a,a\n2020-01-01,1,2\n", "t.csv: column must be one of the columns date, a (2), a (3), got 'a'."),
        ("date,a\n2020-01-01,inf\n", "t.csv:2: column 'a' must be a finite number, got 'inf'. Correct the "),
    ],
)
def test_a_table_of_nothing_is_refused(tmp_path: Path, content: str, line: str) -> None:
    assert refused(tmp_path, content, columns=["a"] if content else None).startswith(line)


def test_a_column_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    line = refused(tmp_path, DAYS.replace(",a", ",sales"), columns=["sale"])
    assert line == "t.csv: column must be one of the columns date, sales, b, got 'sale'. Did you mean 'sales'?"


def test_headers_in_gb18030_and_gzip_are_read(tmp_path: Path) -> None:
    text = "日期,销量\n2020年,1\n".replace("2020年", "2020-01-01") + "2020-01-02,2\n"
    table = read_timetable(write(tmp_path, gzip.compress(text.encode("gb18030")), "t.csv.gz"))
    assert (table.columns, table.inferred["time column"]) == (("销量",), "日期")
    assert table.inferred["encoding"].lower().startswith("gb18030")


def test_columns_of_text_are_passed_over_and_said(tmp_path: Path) -> None:
    table = read_timetable(write(tmp_path, "date,a,note\n2020-01-01,1,x\n2020-01-02,2,y\n"))
    assert (table.columns, table.inferred["not read"]) == (("a",), "note (words)")


def test_gaps_are_filled_where_that_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "date,a\n2020-01-01,1\n2020-01-02,\n2020-01-03,3\n2020-01-06,9\n2020-01-07,9\n")
    forward = read_timetable(path, Reading(fill="forward")).series[0]
    assert forward.values[:, 0].tolist() == [1, 1, 3, 3, 3, 9, 9]
    assert forward.lines.tolist() == [2, 3, 4, 0, 0, 5, 6]
    assert format_times(forward.times)[3:5] == ["2020-01-04", "2020-01-05"]
    assert read_timetable(path, Reading(fill="linear")).series[0].values[:, 0].tolist() == [1, 2, 3, 5, 7, 9, 9]
    with pytest.raises(ArgumentError, match="reading: fill must be one of forward, linear, got 'back'"):
        read_timetable(path, Reading(fill="back"))


def test_no_forecast_begins_within_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, "date,a\n2020-01-01,1\n2020-01-02,\n2020-01-03,3\n2020-01-06,9\n2020-01-07,\n")
    series = read_timetable(path, Reading(fill="linear")).series[0]
    assert [origin for origin in range(1, 8) if series.known_at(origin)] == [1, 3, 6, 7]
    assert series.part(slice(0, 3)).known_at(3)
    assert read_timetable(path, Reading(fill="forward")).series[0].known_at(2)


def test_nothing_is_filled_from_behind(tmp_path: Path) -> None:
    line = refused(tmp_path, "date,a\n2020-01-01,\n2020-01-02,2\n", {"fill": "forward"})
    assert line.endswith("There is nothing before it to fill it with. Leave out the rows before the first number.")


def test_odd_distances_are_not_filled(tmp_path: Path) -> None:
    line = refused(tmp_path, DAYS + "2020-01-04 07:00,3,3\n", {"fill": "linear"})
    assert line.endswith("Resample to even steps.")


def test_series_by_id(tmp_path: Path) -> None:
    path = write(tmp_path, "date,id,a\n2020-01-01,x,1\n2020-01-01,y,5\n2020-01-02,x,2\n2020-01-02,y,6\n")
    table = read_timetable(path)
    assert [(s.id, s.values[:, 0].tolist()) for s in table.series] == [("x", [1, 2]), ("y", [5, 6])]
    assert table.inferred["series"] == "2, by id"
    line = refused(tmp_path, "date,id,a\n2020-01-01,x,1\n2020-01-03,y,5\n2020-01-01,x,2\n", reading={"id": ("id",)})
    assert line.startswith("t.csv:4: time must be after 2020-01-01 of line 2 of series 'x', got the same time again.")


def test_the_end_may_hold_what_is_known_alone(tmp_path: Path) -> None:
    content = "date,a,k\n2020-01-01,1,0\n2020-01-02,2,1\n2020-01-03,,0\n2020-01-04,,1\n"
    table = read_timetable(write(tmp_path, content), columns=["a", "k"], ahead=["k"])
    assert np.isnan(table.series[0].values[:, 0]).tolist() == [False, False, True, True]
    assert refused(tmp_path, content, columns=["a", "k"]).startswith("t.csv:4: a must be a number")


def test_frames_are_read_as_files_are(tmp_path: Path) -> None:
    frame = pd.read_csv(write(tmp_path, DAYS), parse_dates=["date"])
    table = from_table(table_of_frame(frame))
    assert (table.columns, str(table.step)) == (("a", "b"), "1 day")
    frame.to_parquet(tmp_path / "t.parquet")
    assert len(read_timetable(tmp_path / "t.parquet")) == 3
    write(tmp_path, '{"date": "2020-01-01", "a": 1}\n{"date": "2020-01-02", "a": 2.5}\n', "t.jsonl")
    assert read_timetable(tmp_path / "t.jsonl").series[0].values[:, 0].tolist() == [1, 2.5]


@pytest.mark.parametrize(
    ("cells", "step", "season", "then"),
    [
        (["2020-01-01 21:00", "2020-01-01 22:00"], "1 hour", 24, "2020-01-01 23:00:00"),
        (["2020-01-01T00:00:00", "2020-01-01T00:15:00"], "15 minutes", 96, "2020-01-01 00:30:00"),
        (["2020/1/30", "2020/1/31"], "1 day", 7, "2020-02-01"),
        (["20200101", "20200108"], "1 week", 52, "2020-01-15"),
        (["2019-11", "2019-12"], "1 month", 12, "2020-01-01"),
        (["2019-07-31", "2019-10-31"], "1 quarter, on its last day", 4, "2020-01-31"),
        (["1998", "1999"], "1 row", 1, "2000"),
    ],
)
def test_steps_and_what_follows(cells: list[str], step: str, season: int, then: str | None) -> None:
    times, zone = parse(cells, [2, 3], "t.csv")
    found = find_step(times)
    assert (str(found), found.season, zone) == (step, season, "")
    if then is not None:
        assert format_times(found.after(times, 1)) == [then]


def test_a_zone_is_kept_as_text() -> None:
    times, zone = parse(["2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z"], [2, 3], "t.csv")
    assert format_times(times, zone) == ["2020-01-01 00:00:00Z", "2020-01-01 01:00:00Z"]


def test_the_calendar_by_hand() -> None:
    times = np.array(["2020-01-06T06:00", "2020-01-07T12:00"], "datetime64[s]")
    np.testing.assert_allclose(calendar(times, ("hour",)), [[1, 0], [0, -1]], **FLOAT64_STEP)
    # The 6th of January 2020 was a Monday.
    np.testing.assert_allclose(calendar(times, ("weekday", "month"))[0], [0, 1, 0, 1], **FLOAT64_STEP)
    with pytest.raises(ArgumentError, match="times must be dates, got numbers"):
        calendar(np.arange(3), ("hour",))


def test_a_step_is_checked() -> None:
    with pytest.raises(ArgumentError, match="size must be at least 1, got 0"):
        TimeStep("second", 0)
