"""Times: every usual way to write them, what is ambiguous is asked, zones, parts in several columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bigru.errors import ArgumentError, DataError
from bigru.readers.reading import Reading
from bigru.readers.times import combine, detect, find_parts, ordering_keys, parse, to_local, to_utc


def read(cells: list[Any], time_format: str | None = None, name: str = "date") -> tuple[list[str], str]:
    times, zone = parse(cells, range(2, len(cells) + 2), "t.csv", detect(cells, name, time_format))
    return [str(time) for time in times.tolist()] if times.dtype.kind == "i" else times.astype(str).tolist(), zone


def refused(cells: list[Any], time_format: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read(cells, time_format)
    return str(caught.value)


@pytest.mark.parametrize(
    ("cell", "want"),
    [
        ("2016-07-01", "2016-07-01T00:00:00"),
        ("2016-07-01 05:00", "2016-07-01T05:00:00"),
        ("2016-07-01T05:06:07", "2016-07-01T05:06:07"),
        ("2016/7/1 0:00", "2016-07-01T00:00:00"),
        ("2016.07.01", "2016-07-01T00:00:00"),
        ("2016-07", "2016-07-01T00:00:00"),
        ("20160701", "2016-07-01T00:00:00"),
        ("201607", "2016-07-01T00:00:00"),
        ("201607010506", "2016-07-01T05:06:00"),
        ("20160701050607", "2016-07-01T05:06:07"),
        ("20160701T050607", "2016-07-01T05:06:07"),
        ("2016-07-01 24:00", "2016-07-02T00:00:00"),
        ("2016-12-31 24:00:00", "2017-01-01T00:00:00"),
        ("2016-07-01 05:06:07.25", "2016-07-01T05:06:07.250000"),
        ("2016-07-01 05:06:07.000", "2016-07-01T05:06:07"),
        ("2016-07-01 05:06:07,123456789", "2016-07-01T05:06:07.123456789"),
        ("2016Q3", "2016-07-01T00:00:00"),
        ("2016-Q3", "2016-07-01T00:00:00"),
        ("Q3 2016", "2016-07-01T00:00:00"),
        ("2016年第3季度", "2016-07-01T00:00:00"),
        ("2016-W05", "2016-02-01T00:00:00"),
        ("2020-W53-7", "2021-01-03T00:00:00"),
        ("2021-W01", "2021-01-04T00:00:00"),
        ("Jul 2016", "2016-07-01T00:00:00"),
        ("July, 2016", "2016-07-01T00:00:00"),
        ("2016 Jul", "2016-07-01T00:00:00"),
        ("Okt 2016", "2016-10-01T00:00:00"),
        ("Nov 30, 2021", "2021-11-30T00:00:00"),
        ("30-Nov-21", "2021-11-30T00:00:00"),
        ("30 November 1999 5:06 PM", "1999-11-30T17:06:00"),
        ("Fri, 01 Jul 2016 05:06:07", "2016-07-01T05:06:07"),
        ("Fri Jul  1 05:06:07 2016", "2016-07-01T05:06:07"),
        ("01.07.2016 00:10:00", "2016-07-01T00:10:00"),
        ("13/07/2016", "2016-07-13T00:00:00"),
        ("07/13/2016 12:05 AM", "2016-07-13T00:05:00"),
        ("7/13/16 12:05 pm", "2016-07-13T12:05:00"),
        ("2016年7月1日", "2016-07-01T00:00:00"),
        ("2016年7月1日 5时30分", "2016-07-01T05:30:00"),
        ("2016年7月1日下午5时", "2016-07-01T17:00:00"),
        ("2016年7月1日 上午 12:30", "2016-07-01T00:30:00"),
        ("2016年7月", "2016-07-01T00:00:00"),
        ("２０１６-07-01", "2016-07-01T00:00:00"),
    ],
)
def test_ways_to_write_a_time(cell: str, want: str) -> None:
    assert read([cell]) == ([want], "")


@pytest.mark.parametrize(
    ("cell", "unit"),
    [("1467349567", "s"), ("1467349567000", "ms"), ("1467349567000000", "us"), ("1467349567000000000", "ns")],
)
def test_times_since_1970(cell: str, unit: str) -> None:
    assert read([cell]) == (["2016-07-01T05:06:07"], "Z")
    assert read([cell], time_format=unit) == (["2016-07-01T05:06:07"], "Z")
    assert read([int(cell)]) == (["2016-07-01T05:06:07"], "Z")


def test_years_with_months_as_fractions() -> None:
    assert read(["1949", "1949.083", "1949.17"], name="time")[0][1:] == ["1949-02-01T00:00:00", "1949-03-01T00:00:00"]
    assert detect(["1949.0417", "1949.125"], "time") is None
    assert detect(["1949", "1949.083"], "value") is None


def test_days_of_excel_are_read_where_that_is_said() -> None:
    assert refused(["43831.25", "43831.5"]) == (
        "t.csv:2: time must be a date or time as 2016-07-01 05:00:00, got '43831.25'. Days as Excel counts them are "
        "read with --time-format excel."
    )
    found = detect(["43831", "43832"], "date")
    assert found is not None
    assert found.name == "whole numbers (days of Excel are read with --time-format excel)"


def test_fractions_since_1970_are_kept() -> None:
    assert read(["1467349567.25", "1467349568.5"])[0] == ["2016-07-01T05:06:07.250000", "2016-07-01T05:06:08.500000"]


@pytest.mark.parametrize(
    ("cell", "zone"),
    [
        ("2016-07-01T05:00:00Z", "Z"),
        ("2016-07-01 05:00:00 UTC", "Z"),
        ("2016-07-01 05:00+01:00", "+01:00"),
        ("2016-07-01 05:00+0100", "+01:00"),
        ("2016-07-01 05:00-03", "-03:00"),
        ("2016-07-01T05:00:00+08:00[Asia/Shanghai]", "+08:00"),
    ],
)
def test_offsets_are_kept_beside_the_clock_on_the_wall(cell: str, zone: str) -> None:
    assert read([cell]) == (["2016-07-01T05:00:00"], zone)


def test_offsets_that_differ_become_utc_but_days_keep_their_dates() -> None:
    assert read(["2020-03-29 01:00+01:00", "2020-03-29 03:00+02:00"]) == (
        ["2020-03-29T00:00:00", "2020-03-29T01:00:00"],
        "Z",
    )
    days = pd.date_range("2020-03-28", periods=3, tz="Europe/Berlin").to_list()
    assert read(days) == (["2020-03-28T00:00:00", "2020-03-29T00:00:00", "2020-03-30T00:00:00"], "local")


@pytest.mark.parametrize(
    ("cells", "kind", "name"),
    [
        (["0", "1", "2"], "number", "whole numbers"),
        (["1998", "1999"], "number", "years"),
        (["200001", "200013"], "number", "whole numbers"),
        (["50105962326000", "50106012326000"], "number", "whole numbers"),
        (["19801301", "19801302"], "number", "whole numbers"),
        (["20160701", "20160702"], "text", "year, month and day without separators"),
        (["1.0", "2.0", ""], "number", "whole numbers"),
    ],
)
def test_what_numbers_are(cells: list[str], kind: str, name: str) -> None:
    found = detect(cells, "date")
    assert found is not None
    assert (found.kind, found.name) == (kind, name)
    unnamed = detect(cells, "code")
    assert unnamed is not None
    assert unnamed.certainty < found.certainty


@pytest.mark.parametrize(
    "cells", [["a", "b"], ["1.5", "2.5"], ["²"], ["٢٠٢٠-٠١-٠١"], ["x" * 100], ["1-01", "1-02"], ["", "NA"], []]
)
def test_what_is_no_time(cells: list[str]) -> None:
    assert detect(cells, "date") is None


@pytest.mark.parametrize(
    ("cells", "end"),
    [
        (["2016-02-30"], "t.csv:2: time must be a day and an hour that exist, got '2016-02-30'."),
        (["2016-01-01 24:30"], "got '2016-01-01 24:30'."),
        (["2021-W53"], "got '2021-W53'."),
        (["2016-01-01 13:00 PM"], "got '2016-01-01 13:00 PM'."),
        (["13/13/2016"], "got '13/13/2016'."),
        (
            ["2016-01-01", "noon"],
            "t.csv:3: time must be a date or time as 2016-07-01 05:00:00, got 'noon'. Say how times are written with "
            "--time-format, as --time-format '%d.%m.%Y %H:%M'.",
        ),
        (
            ["Jan 2016", "Feb 2016", "2016-03"],
            "t.csv:4: time must be written as in the other rows (name of the month and year), got '2016-03'. Say how "
            "times are written with --time-format, as --time-format '%d.%m.%Y %H:%M'.",
        ),
        (
            ["2016-01-01 00:00", "2016-01-01 01:00Z"],
            "t.csv:3: time must be without an offset from UTC, as in line 2, got '2016-01-01 01:00Z'. Write the offset "
            "in every row, or in none.",
        ),
        (["1-01", "1-02"], "got '1-01'. Say how times are written with --time-format, as --time-format %y-%m."),
        (
            ["0.0", "0.1", "0.2"],
            "t.csv:3: time must be a date or time as 2016-07-01 05:00:00, got '0.1'. Take the rows as one step apart "
            "with --time-column none, or say how times are written with --time-format.",
        ),
        (["1", "x", "2"], "t.csv:3: time must be a date or time as 2016-07-01 05:00:00, got 'x'. Say how times are "),
    ],
)
def test_what_is_no_time_is_refused_by_line(cells: list[str], end: str) -> None:
    assert end in refused(cells)


def test_day_or_month_first_is_told_by_days_above_12_and_else_asked() -> None:
    assert read(["01/02/2020", "13/02/2020"])[0] == ["2020-02-01T00:00:00", "2020-02-13T00:00:00"]
    assert read(["01/02/2020", "02/13/2020"])[0] == ["2020-01-02T00:00:00", "2020-02-13T00:00:00"]
    assert refused(["01/02/2020", "02/02/2020"]) == (
        "t.csv:2: time must be of one meaning, got '01/02/2020'. Say which comes first with --time-format day-first or "
        "--time-format month-first."
    )
    assert read(["01/02/2020"], "day-first")[0] == ["2020-02-01T00:00:00"]
    assert read(["01/02/2020"], "month-first")[0] == ["2020-01-02T00:00:00"]


def test_years_of_two_digits_are_asked_about_where_they_may_be_days() -> None:
    assert read(["Jan-01", "Feb-01", "Mar-01"])[0][2] == "2001-03-01T00:00:00"
    assert "It may be a day or a year: say so with --time-format, as --time-format %b-%y" in refused(
        ["Jan-01", "Jan-02", "Jan-03"]
    )
    assert "as --time-format %d/%m/%y or --time-format %y/%m/%d" in refused(["30/11/21", "29/11/21"])
    assert read(["30/11/99"])[0] == ["1999-11-30T00:00:00"]


@pytest.mark.parametrize(
    ("cell", "format", "want"),
    [
        ("1-01", "%y-%m", "2001-01-01T00:00:00"),
        ("01.07.2016 05h06", "%d.%m.%Y %Hh%M", "2016-07-01T05:06:00"),
        ("2016-183", "%Y-%j", "2016-07-01T00:00:00"),
        ("Jul 1, 16 5PM", "%b %d, %y %I%p", "2016-07-01T17:00:00"),
        ("42552.5", "excel", "2016-07-01T12:00:00"),
    ],
)
def test_a_format_of_ones_own(cell: str, format: str, want: str) -> None:
    assert read([cell], format)[0] == [want]


@pytest.mark.parametrize("format", ["%H:%M", "%Y%Q", "%Y %Y", "%", "noon"])
def test_a_format_that_is_none_is_refused(format: str) -> None:
    with pytest.raises(ArgumentError, match=r"^reading: --time-format must be "):
        detect(["x"], "date", format)


def test_clocks_that_are_set_back_and_forward() -> None:
    autumn = np.array(["2020-10-25T01:00", "2020-10-25T02:00", "2020-10-25T02:00", "2020-10-25T03:00"], "datetime64[s]")
    utc = to_utc(autumn, "Europe/Berlin", [2, 3, 4, 5], "t.csv")
    assert np.diff(utc).astype(int).tolist() == [3600] * 3
    np.testing.assert_array_equal(to_local(utc, "Europe/Berlin"), autumn)
    with pytest.raises(DataError) as caught:
        to_utc(np.array(["2020-03-29T02:30:00"], "datetime64[s]"), "Europe/Berlin", [7], "t.csv")
    assert str(caught.value) == (
        "t.csv:7: time must be one that exists in Europe/Berlin, where clocks are set forward then, got 2020-03-29 "
        "02:30:00. Give the zone that the times are written in with --zone, as --zone UTC."
    )
    with pytest.raises(ArgumentError, match=r"--zone must be a time zone, as Europe/Berlin, got 'Europe/Berln'\. Did "):
        to_utc(autumn, "Europe/Berln", [2, 3, 4, 5], "t.csv")


@pytest.mark.parametrize(
    ("columns", "want"),
    [
        ({"year": ["2016", "2016"], "month": ["7", "8"]}, ["2016-07", "2016-08"]),
        ({"Year": ["2016.0"], "Month": ["Jul"]}, ["2016-07"]),
        ({"year": [2016], "quarter": [3]}, ["2016-07"]),
        ({"year": [2016], "week": [5]}, ["2016-W05"]),
        ({"year": ["2016"], "month": ["7"], "day": ["1"], "hour": ["24"]}, ["2016-07-01 24:00:00"]),
        ({"Date": ["01.07.2016"], "Time": ["05:06"]}, ["01.07.2016 05:06"]),
        ({"date": ["2016-07-01"], "hour": ["5"]}, ["2016-07-01 05:00:00"]),
    ],
)
def test_times_in_several_columns(columns: dict[str, list[Any]], want: list[str]) -> None:
    assert find_parts({**columns, "value": ["1"] * len(want)}) == tuple(columns)
    assert combine(columns, range(2, len(want) + 2), "t.csv") == want


def test_parts_that_are_none() -> None:
    assert find_parts({"month": ["1", "2"], "sales": ["3", "4"]}) == ()
    assert find_parts({"year": ["16", "17"], "month": ["1", "2"]}) == ()
    with pytest.raises(DataError, match=r"t\.csv:3: month \(column 'month'\) must be 1 to 12, got '13'\."):
        combine({"year": ["2016", "2016"], "month": ["7", "13"]}, [2, 3], "t.csv")
    with pytest.raises(DataError, match=r"the columns of --time-column must be year, month, day, hour, \.\.\. by"):
        combine({"a": ["2016"], "b": ["7"]}, [2], "t.csv")


def test_what_orders_the_steps_of_a_series() -> None:
    def order(cells: list[Any], **reading: Any) -> list[float]:
        values = ordering_keys(cells, range(2, len(cells) + 2), "t.csv", "time", Reading(**reading))
        return np.diff(values).astype(float).tolist()

    assert order(["0", "0.5", "2"]) == [0.5, 1.5]
    assert order(["0,5", "1", "2,5"]) == [0.5, 1.5]
    assert order(["2020/1/1 0:00", "2020/1/1 0:15"]) == [900]
    assert order([datetime(2020, 1, 1), datetime(2020, 1, 2)]) == [86400]
    assert order(["2020-10-25 01:00", "2020-10-25 02:00", "2020-10-25 02:00"], zone="Europe/Berlin") == [3600] * 2
    with pytest.raises(DataError, match=r"t\.csv:3: column 'time' must be a number or a time in every row, got ''"):
        order(["1", ""])
    with pytest.raises(DataError, match=r"t\.csv:3: column 'time' must be a date or time as .*, got 'noon'"):
        order(["2020-01-01", "noon"])
