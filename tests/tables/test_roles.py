"""Which columns hold the time, tell series apart, or are forecast; what is left out is said, what is open is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bigru.errors import ArgumentError, DataError
from bigru.readers.reading import Reading
from bigru.tables.columns import table_of_frame
from bigru.tables.even import most_rows
from bigru.tables.roles import is_counter
from bigru.tables.times import TimeStep, format_times
from bigru.tables.timetable import TimeTable, from_table, read_timetable
from tables import write


def table(folder: Path, rows: list[str], reading: dict[str, Any] | None = None, **options: Any) -> TimeTable:
    return read_timetable(write(folder, "\n".join([*rows, ""])), Reading(**(reading or {})), **options)


def refused(folder: Path, rows: list[str], reading: dict[str, Any] | None = None, **options: Any) -> str:
    with pytest.raises((DataError, ArgumentError)) as caught:
        table(folder, rows, reading, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder}/")


def first(found: TimeTable) -> list[str]:
    return format_times(found.series[0].times)


def test_year_and_month_are_one_time(tmp_path: Path) -> None:
    rows = ["Year,Month,decimal,sales"]
    rows += [f"{2018 + n // 12},{n % 12 + 1},{2018 + (n + 0.5) / 12:.4f},{n * n % 7}" for n in range(14)]
    found = table(tmp_path, rows)
    assert (found.inferred["time column"], str(found.step), found.columns) == ("Year, Month", "1 month", ("sales",))
    assert first(found)[-1] == "2019-02-01"
    assert found.inferred["not read"] == "decimal (says what the time says)"


def test_a_date_and_an_hour_are_one_time_where_dates_repeat(tmp_path: Path) -> None:
    rows = ["date,hour,a", *(f"2020-01-0{n // 24 + 1},{n % 24},{n * n % 7}" for n in range(48))]
    found = table(tmp_path, rows)
    assert (found.inferred["time column"], str(found.step)) == ("date, hour", "1 hour")
    one = ["date,hour,a", *(f"2020-01-0{n + 1},{n * n % 5},{n * n % 7}" for n in range(8))]
    assert table(tmp_path, one).inferred["time column"] == "date"


def test_a_part_of_a_date_is_no_time(tmp_path: Path) -> None:
    rows = ["month,sales", *(f"{n % 12 + 1},{n * n % 7}" for n in range(24))]
    assert refused(tmp_path, rows) == (
        "t.csv: time column must be named, as column 'month' is but a part of a date, got nothing. Name all its parts, "
        "as --time-column year,month; --time-column none takes the rows as one step apart."
    )
    line = refused(tmp_path, rows, {"time": ("month",)})
    assert line == (
        "t.csv: column 'month' must be a whole time, got a part of one. Name all its columns, as --time-column "
        "year,month."
    )


def test_a_column_of_dates_by_any_name_is_the_time_and_two_are_asked_about(tmp_path: Path) -> None:
    assert table(tmp_path, ["when,a", "2020-01-01,1", "2020-01-02,4"]).inferred["time column"] == "when"
    line = refused(tmp_path, ["from,till,a", "2020-01-01,2020-01-02,1", "2020-01-02,2020-01-03,4"])
    assert line == (
        "t.csv: time column must be named, as the columns from, till all hold times, got nothing. Name one of them "
        "with --time-column."
    )


@pytest.mark.parametrize(
    ("name", "cells", "counts"),
    [
        ("a", ["0", "1", "2", "3"], True),
        ("a", ["1", "2", "3", "1", "2", "3"], True),
        ("", ["7", "8", "9"], True),
        ("Unnamed: 0", ["5", "6", "7"], True),
        ("__index_level_0__", [5, 6, 7], True),
        ("Obs", ["1950", "1951", "1952"], True),
        ("a", ["1950", "1951", "1952"], False),
        ("a", ["0", "1", "0", "0", "1"], False),
        ("a", ["1", "1", "1"], False),
        ("a", ["1", "2", "4"], False),
        ("a", ["0.5", "1.5", "2.5"], False),
        ("a", ["²", "³", "4"], False),
        ("a", ["1", "2", ""], False),
    ],
)
def test_counters(name: str, cells: list[Any], counts: bool) -> None:
    assert is_counter(name, cells) is counts


def test_a_table_of_what_is_not_forecast_is_refused_with_reasons(tmp_path: Path) -> None:
    rows = ["date,n,shop_id,w", *(f"2020-01-0{n},{n},{n * n % 5},x" for n in range(1, 8))]
    assert refused(tmp_path, rows) == (
        "t.csv: columns must be at least one of numbers, got n (counts rows), shop_id (an id), w (words). Name what to "
        "forecast with --target."
    )
    assert table(tmp_path, rows, columns=["n"]).columns == ("n",)


def test_two_columns_tell_series_apart_and_are_suggested(tmp_path: Path) -> None:
    rows = ["date,store,family,sales"]
    rows += [f"2020-01-0{d},{s},{f},{d * s + len(f)}" for d in range(1, 4) for s in (1, 2) for f in ("bread", "milk")]
    line = refused(tmp_path, rows)
    assert line.endswith(
        "Leave out the second row or name the column that tells several series apart with --id-column store,family."
    )
    found = table(tmp_path, rows, {"id": ("store", "family")})
    assert [series.id for series in found.series] == ["1 / bread", "1 / milk", "2 / bread", "2 / milk"]
    assert found.inferred["series"] == "4, by store / family"


def test_categories_are_refused_with_what_to_do(tmp_path: Path) -> None:
    rows = ["date,a,wind", "2020-01-01,1,NW", "2020-01-02,4,SE"]
    assert refused(tmp_path, rows, columns=["a", "wind"]) == (
        "t.csv:2: column 'wind' must be numbers, got 'NW'. Write categories as columns of 0 and 1, or leave the column "
        "out of --target, past and known."
    )


def test_true_and_false_are_numbers_where_they_are_named(tmp_path: Path) -> None:
    rows = ["date,a,holiday", "2020-01-01,1,TRUE", "2020-01-02,4,False", "2020-01-03,9,true"]
    assert table(tmp_path, rows, columns=["holiday"]).series[0].values[:, 0].tolist() == [1, 0, 1]
    assert table(tmp_path, rows).inferred["not read"] == "holiday (words)"


def test_what_stands_for_no_value_is_quoted(tmp_path: Path) -> None:
    rows = ["date,a", "2020-01-01,1", "2020-01-02,NA", "2020-01-03,.", "2020-01-04,2"]
    assert refused(tmp_path, rows) == (
        "t.csv:3: a must be a number, got 'NA', which stands for none. Fill it in, or have all filled with --fill "
        "forward or --fill linear."
    )
    np.testing.assert_allclose(table(tmp_path, rows, {"fill": "linear"}).series[0].values[:, 0], [1, 4 / 3, 5 / 3, 2])


def test_decimal_commas_are_read_and_said(tmp_path: Path) -> None:
    found = table(tmp_path, ["date;load;n", "01.01.2020;1.099,51;5", "02.01.2020;114,32;7", "03.01.2020;0,5;9"])
    assert found.series[0].values.tolist() == [[1099.51, 5], [114.32, 7], [0.5, 9]]
    assert found.inferred["numbers"] == "decimal comma"
    assert found.inferred["times"] == "day, month and year, day first"
    quoted = table(tmp_path, ["date,load", '2020-01-01,"99,5"', '2020-01-02,"100,25"'])
    assert quoted.series[0].values[:, 0].tolist() == [99.5, 100.25]


def test_month_ends_are_even_and_business_days_miss_holidays(tmp_path: Path) -> None:
    ends = pd.date_range("2020-01-31", periods=14, freq="ME").strftime("%Y-%m-%d")
    found = table(tmp_path, ["ds,y", *(f"{day},{n * n % 7}" for n, day in enumerate(ends))])
    assert found.step == TimeStep("month end", 1)
    days = pd.bdate_range("2020-01-01", periods=20).strftime("%Y-%m-%d").tolist()
    rows = ["date,close", *(f"{day},{n * n % 7}" for n, day in enumerate(days))]
    assert str(table(tmp_path, rows).step) == "1 business day"
    assert refused(tmp_path, [*rows[:9], *rows[10:]]) == (
        "t.csv:10: time must be 1 business day after 2020-01-10 of line 9, got 2020-01-14. 1 row is missing: add them, "
        "or fill with --fill forward or --fill linear. Holidays are missing rows, too; --time-column none takes the "
        "rows as one step apart."
    )
    assert (
        format_times(table(tmp_path, [*rows[:9], *rows[10:]], {"fill": "forward"}).series[0].times)[8] == "2020-01-13"
    )


def test_one_row_a_month_on_different_days_has_its_own_remedy(tmp_path: Path) -> None:
    line = refused(tmp_path, ["date,a", "2020-01-31,1", "2020-02-28,4", "2020-03-30,9", "2020-04-30,3"])
    assert line.endswith("Every month has one row, on different days: write the months alone, as 2016-07.")


def test_rows_that_are_not_in_order(tmp_path: Path) -> None:
    line = refused(tmp_path, ["date,a", "2020-01-03,1", "2020-01-02,4", "2020-01-01,9"])
    assert line.endswith("got 2020-01-02. The newest row comes first: turn the rows round.")
    line = refused(tmp_path, ["date,a", *(f"2020-01-0{n},{n * n}" for n in (2, 1, 4, 3, 5))])
    assert line.endswith("got 2020-01-01. Sort the rows by time. 2 of 5 are earlier than the row before.")


def hours(zone: str, begin: str, end: str) -> list[str]:
    times = pd.date_range(begin, end, freq="h", tz=zone).tz_localize(None).strftime("%Y-%m-%d %H:%M")
    return ["time,a", *(f"{time},{n * n % 7}" for n, time in enumerate(times))]


@pytest.mark.parametrize("day", ["2020-03-29", "2020-10-25"])
def test_hours_of_a_zone_with_summer_time_become_utc(tmp_path: Path, day: str) -> None:
    rows = hours("Europe/Berlin", f"{day} 00:00", f"{day} 23:00")
    line = refused(tmp_path, rows)
    assert line.endswith(
        "If clocks were changed then, name the zone of the times with --zone, as --zone Europe/Berlin."
    )
    found = table(tmp_path, rows, {"zone": "Europe/Berlin"})
    assert (str(found.step), found.zone, found.inferred["zone"]) == ("1 hour", "Z", "UTC")
    assert len(found) == len(rows) - 1


def test_days_of_a_zone_keep_their_dates(tmp_path: Path) -> None:
    rows = ["date,a", "2020-03-28,1", "2020-03-29,4", "2020-03-30,9"]
    found = table(tmp_path, rows, {"zone": "Europe/Berlin"})
    assert (str(found.step), found.zone, first(found)[2]) == ("1 day", "Europe/Berlin", "2020-03-30")
    stamps = pd.date_range("2020-03-28", periods=3, tz="Europe/Berlin").tz_convert("UTC").strftime("%Y-%m-%dT%H:%MZ")
    found = table(
        tmp_path, ["date,a", *(f"{time},{n * n}" for n, time in enumerate(stamps))], {"zone": "Europe/Berlin"}
    )
    assert (found.zone, first(found)[2]) == ("Europe/Berlin", "2020-03-30")
    line = refused(tmp_path, ["t,a", "1,1", "2,4"], {"zone": "UTC", "time": ("t",)})
    assert line == "reading: --zone is not allowed where times are whole numbers (got 'UTC')."


def test_a_table_follows_the_zone_and_the_step_of_a_model(tmp_path: Path) -> None:
    rows = ["time,a", "2020-01-01 01:00+01:00,1", "2020-01-01 02:00+01:00,4"]
    found = table(tmp_path, rows, like=(TimeStep("second", 3600), "Z"))
    assert (found.zone, first(found)) == ("Z", ["2020-01-01 00:00:00", "2020-01-01 01:00:00"])
    week = ["date,a", *(f"2020-01-0{n},{n * n}" for n in range(6, 10))]
    assert table(tmp_path, week, like=(TimeStep("business day", 1), "")).step == TimeStep("business day", 1)
    assert table(tmp_path, week).step == TimeStep("second", 86400)
    ends = ["date,a", "2020-07-31,1", "2020-08-31,4"]
    assert table(tmp_path, ends, like=(TimeStep("month", 1), "")).step == TimeStep("month", 1)
    assert table(tmp_path, week, like=(TimeStep("second", 3600), "")).step == TimeStep("second", 86400)


def test_one_damaged_date_does_not_make_a_century_of_rows(tmp_path: Path) -> None:
    rows = ["time,a", *(f"2020-01-01 00:00:0{n},{n * n}" for n in range(9)), "2920-01-01 00:00:00,3"]
    line = refused(tmp_path, rows, {"fill": "forward"})
    assert line.startswith("t.csv: times must be rows every 1 second, not fewer than one in 100, got 10 of 28,")


def test_many_short_series_do_not_make_gigabytes_of_rows_together(tmp_path: Path) -> None:
    times = ("01T10:00:00", "01T10:00:01", "03T12:00:00")
    rows = [f"s{n},2020-01-{time},{n + place}" for n in range(9) for place, time in enumerate(times)]
    line = refused(tmp_path, ["id,time,a", *rows], {"fill": "forward"})
    want = "t.csv: times of series 's0' must be rows every 1 second, not fewer than one in 100"
    assert line == f"{want}, got 3 of 180,001."
    rows = [row.replace("-03T12", "-02T12") for row in rows]
    line = refused(tmp_path, ["id,time,a", *rows], {"fill": "forward"})
    want = (
        "t.csv: rows with those that are filled in must be at most 100,000 in all series together, one every 1 second"
    )
    remedy = "Resample to longer steps, or leave out series or columns."
    assert line == f"{want}, got 187,202 with those of series 's1'. {remedy}"
    assert most_rows(3000, 2) == 300_000
    assert most_rows(100_000, 1000) == 134_217
    assert most_rows(500_000, 1000) == 500_000


def test_an_index_of_times_and_a_series_of_pandas() -> None:
    index = pd.date_range("2020-01-31", periods=5, freq="ME")
    values = [1.0, 4, 9, 2, 3]
    for frame in (pd.DataFrame({"a": values}, index=index), pd.Series(values, index=index, name="a")):
        found = from_table(table_of_frame(frame))
        assert (found.columns, str(found.step)) == (("a",), "1 month, on its last day")
        assert first(found)[0] == "2020-01-31"
    periods = pd.Series(values, index=pd.period_range("2020Q1", periods=5, freq="Q"))
    found = from_table(table_of_frame(periods))
    assert (found.columns, str(found.step)) == (("value",), "1 quarter")
    both = pd.concat({"x": pd.Series(values, index=index), "y": pd.Series(values, index=index)}, names=["shop", "date"])
    found = from_table(table_of_frame(both), Reading(id=("shop",)))
    assert [series.id for series in found.series] == ["x", "y"]
    assert from_table(table_of_frame(pd.DataFrame({"a": values, "date": index}))).columns == ("a",)
