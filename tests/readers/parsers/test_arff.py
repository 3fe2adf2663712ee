from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.parsers.arff import parse, sniff

HEADER = """% a remark
@RELATION 'some weather'

@attribute outlook {sunny, 'half, cloudy', rainy}
@attribute "wind speed" NUMERIC
@attribute note string
@data
"""


def test_dense_rows() -> None:
    table = parse(HEADER + "sunny,1.5,'it''s'\n% remark\n'half, cloudy',?,\"a, \\\"b\\\"\"\n", "f")
    assert table.names == ["outlook", "wind speed", "note"]
    assert list(table.column("outlook")) == ["sunny", "half, cloudy"]
    assert list(table.column("wind speed")) == ["1.5", None]
    assert table.column("note")[1] == 'a, "b"'
    assert table.lines == [8, 10]
    assert table.inferred == {"relation": "some weather"}


def test_sparse_rows_hold_what_differs_from_the_default() -> None:
    table = parse(HEADER + "{1 3.5, 2 'x y'}\n{0 rainy}\n{ }\n", "f")
    assert [list(row.values()) for row in table.records()] == [
        ["sunny", "3.5", "x y"],
        ["rainy", "0", "0"],
        ["sunny", "0", "0"],
    ]


def test_a_relational_attribute_is_a_series() -> None:
    text = (
        "@relation r\n@attribute motion relational\n@attribute t1 numeric\n@attribute t2 numeric\n@end motion\n"
        "@attribute class {a,b}\n@data\n'1,2,3\\n4,?,6',a\n\"7,8,9\\n1,1,1\",b\n"
    )
    table = parse(text, "f")
    assert table.names == ["values", "class"]
    assert list(table.column("values")) == [[[1, 4], [2, None], [3, 6]], [[7, 1], [8, 1], [9, 1]]]
    assert list(table.column("class")) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "sunny,1\n", r"f:8: row must be 3 values, as there are attributes, got 2 in 'sunny,1'\."),
        (
            HEADER + "suny,1,x\n",
            r"f:8: value must be one that @attribute outlook lists, got 'suny'\. Did you mean 'sunny'\?",
        ),
        (HEADER + "sunny,1,'x\n", r"f:8: quote must be closed, got "),
        (HEADER + "{9 x}\n", r"f:8: sparse cell must be a position within 0\.\.2 and a value, got '9 x'\."),
        (HEADER + "{\u00b2 x}\n", r"f:8: sparse cell must be a position within"),
        (HEADER + "{0 sunny\n", r"f:8: sparse row must be closed by \}, got"),
        (HEADER, r"f: data must be at least one example, got none after @data\."),
        (
            "@relation r\n@attribute a numric\n@data\n1\n",
            r"f:2: type must be one of .*, got 'numric'\. Did you mean 'numeric'",
        ),
        ("@relation r\n@attribute a\n@data\n1\n", r"f:2: @attribute must be followed by a name and a type, got"),
        ("@relation r\nhello\n", r"f:2: row must be @relation, @attribute, @data or a % remark, got 'hello'\."),
        ("@relation r\n", r"f: @data must be there, before the rows, got no such line\."),
        (
            "@relation r\n@attribute a real\n@attribute a real\n@data\n1,2\n",
            r"f: @attribute must be declared once, got 'a'",
        ),
        (
            "@relation r\n@attribute a relational\n@end a\n@data\n'1,2\\n3'\n",
            r"f:5: dimensions of a must be equally long",
        ),
        (
            "@relation r\n@attribute a relational\n@end a\n@data\n'1,x'\n",
            r"f:5: value of a series must be a number, got 'x'",
        ),
    ],
)
def test_what_is_no_arff_is_refused_by_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f")


def test_it_is_told_by_its_first_declaration() -> None:
    assert sniff("a.txt", HEADER)
    assert not sniff("a.txt", "@problemName x\n")
