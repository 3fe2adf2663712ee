"""Steps of the calendar and of the clock: found from times, counted, and continued."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bigru.errors import ArgumentError
from bigru.tables.times import LARGEST, TimeStep, find_step, format_times


@pytest.mark.parametrize(
    ("freq", "rows", "step", "season"),
    [
        ("ME", 20, "1 month, on its last day", 12),
        ("2ME", 20, "2 months, on its last day", 6),
        ("QE", 9, "1 quarter, on its last day", 4),
        ("YE", 5, "1 year, on its last day", 1),
        ("YE-FEB", 7, "1 year, on its last day", 1),
        ("MS", 9, "1 month", 12),
        ("QS-FEB", 5, "1 quarter", 4),
        ("YS", 5, "1 year", 1),
        ("B", 30, "1 business day", 5),
        ("D", 9, "1 day", 7),
        ("W", 9, "1 week", 52),
        ("15min", 5, "15 minutes", 96),
        ("100ms", 9, "0.1 seconds", 1),
        ("1500ms", 9, "1.5 seconds", 57600),
        ("333us", 9, "0.000333 seconds", 1),
        ("7ns", 9, "0.000000007 seconds", 1),
    ],
)
def test_steps_are_told_and_continued(freq: str, rows: int, step: str, season: int) -> None:
    unit = {"ms": "us", "us": "us", "ns": "ns"}.get(freq[-2:], "s")
    times = pd.date_range("2019-12-31 00:00", periods=rows + 3, freq=freq, unit=unit).to_numpy()
    found = find_step(times[:-3])
    assert (str(found), found.season) == (step, season)
    np.testing.assert_array_equal(found.after(times[:-3], 3), times[-3:])
    assert set(np.diff(found.places(times)).tolist()) == {found.size}


def test_the_30th_of_a_month_without_one_is_its_last_day() -> None:
    times = np.array(["2020-01-30", "2020-02-29", "2020-03-30"], "datetime64[s]")
    assert format_times(find_step(times).after(times, 3)) == ["2020-04-30", "2020-05-30", "2020-06-30"]
    assert format_times(find_step(times).after(np.append(times, np.datetime64("2021-01-30", "s")), 1)) == ["2021-02-28"]


def test_days_with_a_gap_over_one_weekend_are_days() -> None:
    times = np.array(["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"], "datetime64[s]")
    assert str(find_step(times)) == "1 day"


def test_a_time_of_day_stays() -> None:
    times = pd.date_range("2020-01-31 16:00", periods=6, freq="ME", unit="s").to_numpy()
    assert format_times(find_step(times).after(times, 1)) == ["2020-07-31 16:00:00"]
    trading = pd.bdate_range("2020-01-01", periods=20, unit="s").to_numpy() + np.timedelta64(16, "h")
    assert format_times(find_step(trading).after(trading, 1)) == ["2020-01-29 16:00:00"]


def test_fractions_are_shown_as_far_as_they_go() -> None:
    times = np.array(["2020-01-01T00:00:00.5", "2020-01-01T00:00:01.25"], "datetime64[us]")
    assert format_times(times) == ["2020-01-01 00:00:00.50", "2020-01-01 00:00:01.25"]
    assert format_times(times[:1], "+01:00") == ["2020-01-01 00:00:00.5+01:00"]
    assert format_times(times[:1], "local") == ["2020-01-01 00:00:00.5"]


def test_a_step_too_large_to_count_with_is_refused() -> None:
    with pytest.raises(ArgumentError, match=f"Step: size must be at most {LARGEST}, got {LARGEST + 1}"):
        TimeStep("second", LARGEST + 1)
