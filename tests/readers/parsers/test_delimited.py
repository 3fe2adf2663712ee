from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigru.errors import DataError
from bigru.readers.findings import Finding
from bigru.readers.parsers.delimited import parse

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=9)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=9), st.sampled_from(",;"))
def test_what_the_csv_module_writes_comes_back(rows: list[tuple[str, str]], delimiter: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    kept = [list(row) for row in rows if any(cell.strip() for cell in row)]
    assert parse(written.getvalue(), "f", delimiter).rows == kept


def test_lines_are_physical_lines() -> None:
    table = parse('text,label\n"two\nlines",a\n\nlast,b\n', "f")
    assert table.rows == [["text", "label"], ["two\nlines", "a"], ["last", "b"]]
    assert table.lines == [1, 2, 5]
    assert table.findings == [Finding("f", 4, "empty row", "the line is blank; left out")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end(end: str) -> None:
    table = parse(end.join(["text,label", '"a ""b""",x', "c,y"]), "f")
    assert table.rows[1:] == [['a "b"', "x"], ["c", "y"]]
    assert table.lines == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("text,label\na,b\n", ","),
        ("text\tlabel\na, really\tb\n", "\t"),
        ("text;label\na, really;b\nc, d;e\n", ";"),
        ("text\nalone\n", ","),
        ("", ","),
        ("text;label\n" + "a, b;c\n" * 20000, ";"),
    ],
)
def test_the_delimiter_is_found(text: str, delimiter: str) -> None:
    assert parse(text, "f").separator == delimiter


def test_a_lone_quote_between_tabs_is_a_character() -> None:
    table = parse('label\ttext\n1\t"Great" movie\n0\tbad "un\n1\t"x\n', "f", "\t")
    assert [row[1] for row in table.rows] == ["text", '"Great" movie', 'bad "un', '"x']
    assert not table.quoted


def test_quotes_between_tabs_never_join_whole_rows() -> None:
    text = 'label\ttext\n1\t"first\n0\tsecond\n1\tthird"\n'
    assert len(parse(text, "f", "\t").rows) == 4


def test_quotes_between_tabs_are_read_where_rows_need_them() -> None:
    table = parse('label\ttext\n1\t"two\nlines"\n0\t"a\tb ""c"""\n', "f", "\t")
    assert table.rows[1:] == [["1", "two\nlines"], ["0", 'a\tb "c"']]
    assert table.lines == [1, 2, 4]


def test_ill_quoted_rows_that_are_whole_as_they_stand_are_read_plainly() -> None:
    table = parse('text,label\n"Great" movie,1\nfine,0\n', "f")
    assert table.rows[1] == ['"Great" movie', "1"]
    assert not table.quoted


def test_fields_longer_than_the_csv_module_likes() -> None:
    before = csv.field_size_limit()
    long = "x" * 200_000
    assert parse(f"text,label\n{long},a\n", "f").rows[1] == [long, "a"]
    assert csv.field_size_limit() == before


def test_a_row_of_blank_cells_is_blank() -> None:
    assert [one.line for one in parse("text,label\n , \na,b\n", "f").findings] == [2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "text,label\na,b\nc,d,e\n",
            r"f:3: row must be 2 columns separated by commas, as line 1, got 3 columns\. Put texts",
        ),
        ('text,label\n"a\nb",c\nd\n', r"f:4: row must be 2 columns separated by commas, as line 1, got 1 columns"),
        ('text,label\na,b\n"c\n', r"f:3: row must be well quoted, got unexpected end of data\. Double the quotes"),
        ('text,label\n"a, b" c,d\n', r"f:2: row must be well quoted, got ',' expected after '\"'"),
    ],
)
def test_uneven_and_ill_quoted_rows_are_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f", ",")
