from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.headers import named_columns
from bigru.readers.reading import Reading
from bigru.readers.table import Grid, Table

ROADS = ["a long and winding road", "it was late, and cold", "nobody came to see us", "then we all went home again"]
PROSE = [f"{road}{'!' * n}" for n in range(5) for road in ROADS]
WAVES = [f"{n * 37 % 11}.{n}" for n in range(20)]


def rows(*columns: list[str], head: tuple[str, ...] | None = None) -> list[list[str]]:
    body = [list(row) for row in zip(*columns, strict=True)]
    return body if head is None else [list(head), *body]


def named(lines: list[list[str]], reading: Reading = Reading(), ask: bool = True) -> Table:  # noqa: B008
    return named_columns(Grid(lines, list(range(1, len(lines) + 1)), "f"), reading, ask)


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        (("text", "label"), (PROSE, ["p", "n"] * 10)),
        (("", "text", "label"), ([str(n) for n in range(20)], PROSE, ["p", "n"] * 10)),
        (("v1", "v2", "", ""), (["ham", "spam"] * 10, PROSE, [""] * 20, [""] * 20)),
        (("What best describes how satisfied you are with us?", "Anything else?"), (["yes", "no"] * 10, PROSE)),
        (("Urteil", "Grund"), (["gut", "schlecht"] * 10, PROSE)),
        (("verdict", "opinion"), (["p", "n"] * 10, PROSE)),
        (("a", "b"), (WAVES, WAVES)),
        (("0", "1", "2"), (WAVES, WAVES, WAVES)),
        (("", "0", "1", "2", "label"), ([str(n) for n in range(20)], WAVES, WAVES, WAVES, ["a", "b"] * 10)),
        (("1990", "1991", "1992", "1993"), (WAVES, WAVES, WAVES, WAVES)),
        (("path", "said"), ([f"{n}.wav" for n in range(20)], PROSE)),
        (("day", "x"), ([f"2016-07-{n:02}" for n in range(1, 21)], WAVES)),
        (("link", "code"), ([f"https://a.b/{n}" for n in range(20)], ["x", "y"] * 10)),
    ],
)
def test_rows_of_names(head: tuple[str, ...], columns: tuple) -> None:
    found = named(rows(*columns, head=head))
    assert found.named
    assert len(found) == 20
    assert found.lines[0] == 2
    assert found.names[-1] == (head[-1] or f"column {len(head)}")
    assert found.inferred["header"] == "line 1"


@pytest.mark.parametrize(
    "columns",
    [
        (["p", "n"] * 10, PROSE),
        (WAVES, WAVES),
        ([str(n % 2) for n in range(20)], WAVES),
        ([f"{n}.wav" for n in range(20)], PROSE),
        ([f"2016-07-{n:02}" for n in range(1, 21)], WAVES),
        (PROSE,),
    ],
)
def test_examples_in_the_first_row(columns: tuple) -> None:
    found = named(rows(*columns))
    assert not found.named
    assert found.names == [str(n + 1) for n in range(len(columns))]
    assert len(found) == 20
    assert found.inferred["header"] == "none, columns are numbered from 1"


def test_what_is_decided_is_not_asked() -> None:
    lines = [["so", "la"], ["do", "re mi"], ["fa", "so la"]]
    assert named(lines, Reading(header=True)).names == ["so", "la"]
    assert named(lines, Reading(header=False)).names == ["1", "2"]
    assert named(lines, Reading(label="so")).names == ["so", "la"]
    assert named(lines, ask=False).names == ["1", "2"]


def test_a_doubt_is_asked() -> None:
    with pytest.raises(DataError) as caught:
        named([["so", "la"], ["do", "re mi"], ["fa", "so la"]])
    want = "f: the first row must be known to hold column names or an example (--header or --no-header), got 'so, la'."
    assert str(caught.value) == want


def test_the_question_is_short() -> None:
    with pytest.raises(DataError) as caught:
        named([["x" * 100, "y " * 70], ["do", "re mi"], ["fa", "so la"]])
    assert len(str(caught.value)) < 250


def test_nothing_and_names_alone_are_refused() -> None:
    with pytest.raises(DataError, match=r"^f: data must be at least one example, got blank lines\.$"):
        named([])
    with pytest.raises(DataError, match=r"^f: data must be at least one example, got a header alone\.$"):
        named([["text", "label"]])


def test_empty_and_repeated_names() -> None:
    found = named(rows(PROSE, ["p", "n"] * 10, WAVES, WAVES, head=("text", "label", "", "label")))
    assert found.names == ["text", "label (2)", "column 3", "label (4)"]
    assert [str(one.message) for one in found.findings] == [
        "'label' names several columns; each has its place behind its name"
    ]


def test_a_row_of_units_is_passed_over() -> None:
    found = named([["time", "load", "temp"], ["", "kW", "C"], *rows(WAVES, WAVES, WAVES)])
    assert found.names == ["time", "load", "temp"]
    assert found.lines[0] == 3
    assert found.inferred["header"] == "lines 1 to 2"
    assert found.findings[0].message == "a further row of names or units (kW, C)"


def test_rows_of_texts_are_never_units() -> None:
    found = named(rows(PROSE, ["1|2", "1", "2", "1"] * 5, head=("text", "label")))
    assert len(found) == 20


def test_names_that_come_again_are_left_out() -> None:
    lines = rows(PROSE, ["p", "n"] * 10, head=("text", "label"))
    found = named([*lines[:11], lines[0], *lines[11:]])
    assert len(found) == 20
    assert [(one.line, one.message) for one in found.findings] == [(12, "the row of column names again; left out")]


@pytest.mark.parametrize("form", ["{}.5%", "${},000.00", "{} kr", "{}\u20ac"])
def test_numbers_with_units_are_no_names(form: str) -> None:
    days = [f"2016-07-{n:02}" for n in range(1, 21)]
    found = named(rows(days, [form.format(n + 1) for n in range(20)], head=("date", "value")))
    assert len(found) == 20
    assert found.inferred["header"] == "line 1"
