from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bigru.readers.profile import Profile, is_missing, is_number, profile

SENTENCES = ["a long and winding road", "it was late, and cold", "nobody came to see us", "then we went home"]


def look(cells: list[Any], name: str = "x") -> Profile:
    return profile(name, 0, cells)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["", " ", "NA", None], "empty"),
        ([], "empty"),
        (["1", "2.5", "-3e2", ""], "number"),
        ([1, 2.5, None, float("nan")], "number"),
        (["1234.5", "5000.0", "2016.1"], "number"),
        (["2016-07-01", "2016-07-02"], "time"),
        (["a/1.wav", "a/2.FLAC"], "recording"),
        ([[1.0, 2.0], [3.0]], "numbers"),
        ([np.array([1.0, 2.0])], "numbers"),
        ([["a", "b"], []], "texts"),
        ([[[0, 2, "LOC"]]], "spans"),
        ([{"a": 1}], "object"),
        (["a", "b", "1"], "text"),
        (["True", "False"], "text"),
    ],
)
def test_kinds(cells: list, kind: str) -> None:
    assert look(cells).kind == kind


def test_counts_are_of_all_cells() -> None:
    one = look(["a", "b ", "b", "", "a", "c"])
    assert (one.filled, one.distinct, one.runs) == (5, 3, 5)
    assert look(["1"] * 5000 + ["2"] * 5000 + [""]).runs == 2


@pytest.mark.parametrize(
    ("cells", "counter"),
    [
        (["0", "1", "2"], True),
        (["1", "2", "3"], True),
        ([0, 1, 2, 3], True),
        (["2", "3", "4"], False),
        (["0", "1"], False),
        (["0", "1", "3"], False),
        (["0", "2", "1", "3"], False),
        (["0", "1", "", "3"], False),
    ],
)
def test_counters(cells: list, counter: bool) -> None:
    assert look(cells).counter is counter


def test_whole_numbers_and_measurements() -> None:
    assert look(["1.0", "2", ""]).whole
    assert not look(["1.5", "2"]).whole
    assert look(["1.0", "2.0"] * 9).is_label_like
    assert not look(["1.5", "2.5"] * 9).is_label_like


def test_prose() -> None:
    one = look(SENTENCES)
    assert one.is_prose
    assert (one.longest, one.sentences, one.letters) == (23, 1.0, 1.0)
    assert look(["这部电影太棒了", "房间干净早餐一般"]).is_prose
    assert not look(["yes sir", "no sir"] * 20).is_prose
    assert not look(["12 34", "56 78"]).is_prose


@pytest.mark.parametrize(
    "cells",
    [
        [f"Mon Apr 06 22:{n:02}:45 PDT 2009" for n in range(60)],
        [f"A/5 {21171 + n}" for n in range(60)],
        ["['a', 'b']", "['a']"] * 30,
        ["a, b", "b, c", "a, c", "c, b"] * 15,
    ],
)
def test_dates_codes_and_lists_are_no_prose(cells: list[str]) -> None:
    assert not look(cells).is_prose


@pytest.mark.parametrize(
    ("cells", "sign"),
    [
        (["a|b", "b", "a", "b|a"] * 3, "|"),
        (["a, b", "b, c", "a", "c", "a, c"] * 3, ","),
        (["a;b", "b;c", "a;c", "c;b"] * 3, ";"),
        (["<python><sql>", "<sql>"] * 3, "<>"),
        (["a", "b"] * 3, ""),
        (SENTENCES, ""),
        (["debt, loan", "card"] * 9, ""),
    ],
)
def test_what_stands_between_several_values(cells: list[str], sign: str) -> None:
    assert look(cells).delimiter == sign


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([""], "empty"),
        (["1", "2", "3"], "counts the rows"),
        (["en", "en"], "the same in every row"),
        (SENTENCES, "texts, 20 characters on average"),
        (["0", "1", "1", "0"], "2 different values"),
        (["0.5", "1.5"], "numbers"),
        (["2016-07-01", "2016-07-02"], "times"),
        (["a.wav", "b.wav"], "names of recordings"),
        ([[1.0], [2.0]], "lists of numbers"),
    ],
)
def test_what_a_column_is_described_as(cells: list, words: str) -> None:
    assert look(cells).describe() == words


@pytest.mark.parametrize(
    ("cell", "missing"), [("", True), (" ", True), ("N/A", True), (None, True), (float("nan"), True), ("0", False)]
)
def test_missing_cells(cell: Any, missing: bool) -> None:
    assert is_missing(cell) is missing


@pytest.mark.parametrize(
    ("cell", "number"), [("1e3", True), (" 2 ", True), (True, False), ("1_000", False), ("inf", False)]
)
def test_numbers(cell: Any, number: bool) -> None:
    assert is_number(cell) is number
