"""Cells as numbers: one rule for what is empty, one for how numbers are written, and refusals by line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from bigru.errors import DataError
from bigru.readers.cells import EMPTY, agree, is_empty, numerals, parse_numbers


def read(cells: list[Any], decimal: str | None = None) -> list[float]:
    found = numerals(cells, decimal)
    assert found is not None
    return parse_numbers(cells, range(2, len(cells) + 2), "t.csv", "column 'a'", found).tolist()


@pytest.mark.parametrize("cell", [*sorted(EMPTY), " NA ", "NaN", None, float("nan"), "\u00a0", "\\N", "#N/A"])
def test_what_is_empty(cell: Any) -> None:
    assert is_empty(cell)
    assert np.isnan(read(["1", "2", cell])[2])


@pytest.mark.parametrize("cell", ["0", "x", "-1", "...", "no", 0, False])
def test_what_is_not_empty(cell: Any) -> None:
    assert not is_empty(cell)


@pytest.mark.parametrize(
    ("cells", "values", "how"),
    [
        (["1", "-2.5", "+3", ".5", "4.", "1e3", "2E-1"], [1, -2.5, 3, 0.5, 4, 1000, 0.2], ""),
        (["1,5", "2"], [1.5, 2], "decimal comma"),
        (["1.234,5", "1.234.567,25"], [1234.5, 1234567.25], "decimal comma"),
        (["0,125"], [0.125], "decimal comma"),
        (["1234,567", "1"], [1234.567, 1], "decimal comma"),
        (["1,234.5", "1,234,567.25"], [1234.5, 1234567.25], ""),
        (["1,234", "987"], [1234, 987], ""),
        (["1,234,567"], [1234567], ""),
        (["12,34,567.5"], [1234567.5], ""),
        (["1 234,5", "1\u00a0234\u202f567"], [1234.5, 1234567], "decimal comma"),
        (["1'234.5", "1’234"], [1234.5, 1234], ""),
        (["12%", "3.5 %"], [12, 3.5], "in %"),
        (["$1,234.50", "-$3", "$-4"], [1234.5, -3, -4], "in $"),
        (["1,50 €", "2,00 €"], [1.5, 2], "decimal comma, in €"),
        (["\u22125", "–3"], [-5, -3], ""),
        (["１２", "３．５"], [12, 3.5], ""),
        ([1, 2.5, None], [1, 2.5, np.nan], ""),
        ([Decimal("1.5"), 2], [1.5, 2], ""),
        ([np.float32(0.5), 3], [0.5, 3], ""),
    ],
)
def test_numbers_by_hand(cells: list[Any], values: list[float], how: str) -> None:
    np.testing.assert_array_equal(read(cells), values)
    assert str(numerals(cells)) == how


@pytest.mark.parametrize(
    "cells",
    [
        ["5 kg", "6 kg"],
        ["a", "b"],
        ["1_000"],
        ["12,34,56"],
        ["2020-01-01"],
        ["1.2.3"],
        [True, False],
        ["(5)"],
        [""],
        [],
    ],
)
def test_what_holds_no_numbers(cells: list[Any]) -> None:
    assert numerals(cells) is None


@pytest.mark.parametrize("cell", ["x", "inf", "-Infinity", "1e999", "1_0", "2²", "٣", "5 kg", "1\n2", "0x1", "1,5"])
def test_a_cell_that_is_no_number_is_refused_by_line(cell: str) -> None:
    with pytest.raises(DataError) as caught:
        read(["1.5", "2.5", cell, "3.25"])
    want = (
        f"t.csv:4: column 'a' must be a finite number, got {cell!r}. A missing value is an empty cell, ?, NaN or null."
    )
    assert str(caught.value) == want


def test_a_sign_that_some_cells_lack_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"t\.csv:4: column 'a' must be a finite number in %, got '3'"):
        read(["1%", "2%", "3"])


def test_thousands_or_decimals_are_asked_about() -> None:
    with pytest.raises(DataError) as caught:
        read(["1,234", "2,345"])
    assert str(caught.value) == (
        "t.csv:2: the comma of column 'a' must be of one meaning, decimals or thousands, got '1,234'. Say which with "
        "--decimal , or --decimal . (a point)."
    )
    assert read(["1,234", "2,345"], decimal=",") == [1.234, 2.345]
    assert read(["1,234", "2,345"], decimal=".") == [1234, 2345]


def test_the_columns_of_a_table_agree() -> None:
    def table(*columns: list[str], separator: str = ",") -> list[str]:
        found = {str(n): one for n, cells in enumerate(columns) if (one := numerals(cells)) is not None}
        return [one.decimal + one.evidence for one in agree(found, separator).values()]

    assert table(["1,234"], ["0.5"]) == [".point", ".point"]
    assert table(["1,234"], ["0,5"]) == [",comma", ",comma"]
    assert table(["1.234"], ["0,5"]) == [",comma", ",comma"]
    assert table(["1,234"], ["7"], separator=";") == [",comma", ",comma"]
    assert table(["1,234"], ["7"]) == [".groups", ".either"]
    assert table(["1.234"], ["7"]) == [".either", ".either"]


def test_a_table_of_many_rows_is_read_as_one_by_one() -> None:
    values = np.random.default_rng(0).standard_normal(5000).round(4)
    texts = [str(value) for value in values.tolist()]
    np.testing.assert_array_equal(read(texts), values)
    np.testing.assert_array_equal(read([text.replace(".", ",") for text in texts]), values)
    holes = [text if n % 7 else "" for n, text in enumerate(texts)]
    np.testing.assert_array_equal(np.isnan(read(holes)), np.arange(5000) % 7 == 0)
