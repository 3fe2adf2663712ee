from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.parsers.tsf import parse, sniff

HEADER = """# a remark
@relation sales
@attribute series_name string
@attribute start_timestamp date
@frequency {}
@horizon 2
@missing true
@equallength false
@data
"""


def made(frequency: str, rows: str) -> str:
    return HEADER.format(frequency) + rows


@pytest.mark.parametrize(
    ("frequency", "start", "times"),
    [
        ("yearly", "2020-02-29 00-00-00", ["2020-02-29 00:00:00", "2021-02-28 00:00:00", "2022-02-28 00:00:00"]),
        ("quarterly", "2020-11-30 00-00-00", ["2020-11-30 00:00:00", "2021-02-28 00:00:00", "2021-05-30 00:00:00"]),
        ("monthly", "2020-12-31 00-00-00", ["2020-12-31 00:00:00", "2021-01-31 00:00:00", "2021-02-28 00:00:00"]),
        ("weekly", "2020-12-31", ["2020-12-31 00:00:00", "2021-01-07 00:00:00", "2021-01-14 00:00:00"]),
        ("half_hourly", "2020-12-31 23:30:00", ["2020-12-31 23:30:00", "2021-01-01 00:00:00", "2021-01-01 00:30:00"]),
        ("10_minutes", "2020-01-01 00-00-00", ["2020-01-01 00:00:00", "2020-01-01 00:10:00", "2020-01-01 00:20:00"]),
        ("4_seconds", "2020-01-01 00-00-00", ["2020-01-01 00:00:00", "2020-01-01 00:00:04", "2020-01-01 00:00:08"]),
    ],
)
def test_times_run_from_the_start_by_the_frequency(frequency: str, start: str, times: list[str]) -> None:
    assert list(parse(made(frequency, f"T1:{start}:1,2,3\n"), "f").column("time")) == times


def test_series_become_a_row_for_each_value() -> None:
    table = parse(made("daily", "T1:2020-01-01 00-00-00:1,?\n\nT2:2020-03-01 00-00-00:-2.5e1\n"), "f")
    assert table.names == ["series_name", "time", "value"]
    assert list(table.column("series_name")) == ["T1", "T1", "T2"]
    assert list(table.column("value")) == ["1", None, "-2.5e1"]
    assert list(table.lines) == [10, 10, 12]
    assert table.inferred == {"frequency": "daily", "horizon": "2"}


def test_without_a_start_steps_are_counted() -> None:
    text = "@attribute series_name string\n@horizon 1\n@data\nT1:5,6\nT2:7\n"
    assert list(parse(text, "f").column("time")) == ["1", "2", "1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (made("dayly", "T1:2020-01-01:1\n"), r"f: @frequency must be one of .*, got 'dayly'\. Did you mean 'daily'\?"),
        (made("daily", "T1:1\n"), r"f:10: row must be 2 attributes and the values, separated by colons, got 2 parts\."),
        (
            "@attribute a string\n@data\nT1:x:1\n",
            r"f:3: row must be 1 attributes and the values, separated by colons, got 3",
        ),
        (made("daily", "T1:noon:1\n"), r"f:10: start must be a time as 2001-12-31 00-00-00, got 'noon'\."),
        (made("daily", "T1:2020-01-01:1,x\n"), r"f:10: value must be a number or \?, got 'x'\."),
        (
            made("yearly", "T1:9999-01-01:1,2\n"),
            r"f:10: time must be a series that ends before the year 10000, got 2 steps",
        ),
        (made("daily", ""), r"f: data must be at least one series, got none after @data\."),
        ("@attribute a b c\n@data\n", r"f:1: @attribute must be followed by a name and string, numeric or date, got"),
        ("@horizon 2\nT1:1\n", r"f:2: row must be a @name or a # remark before @data, got 'T1:1'\."),
        (
            "@attribute value string\n@data\nT1:1\n",
            r"f: @attribute must be declared once, and not as time or value, got 'v",
        ),
        ("@horizon 2\n", r"f: @data must be there, before the series, got no such line\."),
    ],
)
def test_what_is_no_tsf_is_refused_by_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f")


def test_it_is_told_by_its_declarations() -> None:
    assert sniff("a.txt", made("daily", ""))
    assert not sniff("a.txt", "@problemName x\n@classLabel true a\n@data\n")
