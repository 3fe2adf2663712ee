"""Tables with time: what is advised."""

from __future__ import annotations

from typing import Any

import pytest

from bigru.errors import DataError
from bigru.readers.layouts.verdict import build, choose
from bigru.readers.reading import Reading
from bigru.readers.table import Table
from made_tables import at, wave

ROWS = 30


def table(**columns: Any) -> Table:
    return Table(list(columns), [[str(make(n)) for n in range(ROWS)] for make in columns.values()], range(2, 32), "f")


@pytest.mark.parametrize(
    ("made", "advice"),
    [
        (table(Month=at, Passengers=wave), "--target Passengers --horizon 12 --time-column Month"),
        (table(**{"": lambda n: n + 1, "date": at, "x": wave}), "--target x --horizon 12 --time-column date"),
        (table(Date=at, **{"Adj Close": wave}), "--target 'Adj Close' --horizon 12 --time-column Date"),
        (
            table(ds=lambda n: at(n % 10), unique_id=lambda n: n // 10, y=wave),
            "--target y --horizon 12 --time-column ds --id-column unique_id",
        ),
        (
            table(ds=lambda n: at(n % 10), house=lambda n: f"h{n // 10}", y=wave),
            "--target y --horizon 12 --time-column ds --id-column house",
        ),
        (
            table(year=lambda n: 1990 + n // 12, month=lambda n: n % 12 + 1, co2=wave),
            "--target co2 --horizon 12 --time-column year,month",
        ),
    ],
)
def test_what_could_be_forecast_is_advised(made: Table, advice: str) -> None:
    with pytest.raises(DataError) as caught:
        build(made, *choose(made, Reading(), True))
    start = "f: --task must be forecast for a table with time, got none. This looks like a forecast: --task forecast "
    assert str(caught.value) == f"{start}{advice}."


def test_labels_by_time_without_an_id_are_asked_about() -> None:
    made = table(time=at, x=wave, label=lambda n: "ab"[n // 5 % 2])
    with pytest.raises(DataError) as caught:
        choose(made, Reading(), True)
    assert str(caught.value) == (
        "f: --id-column must be given, to learn the labels in 'label', got nothing. "
        "Name the column that tells series apart; --task forecast forecasts the numbers."
    )
