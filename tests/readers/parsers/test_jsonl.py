"""JSON lines: what is no sound object is refused by its line."""

from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.numbers import whole_number
from bigru.readers.parsers.conll import parse as parse_conll
from bigru.readers.parsers.jsonl import parse
from bigru.readers.parsers.ts import parse as parse_ts


@pytest.mark.parametrize("text", ['{"a": 1}\n%s\n', '[{"a": 1},\n%s]'])
@pytest.mark.parametrize(
    ("row", "got"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' twice"),
        ('{"b": {"c": 1, "c": 2}}', "the key 'c' twice"),
        ('{"a": ' + "9" * 5000 + "}", "Exceeds the limit (4300 digits) for integer string conversion"),
        ('{"a": ' + "[" * 100_000 + "}", "too deep a nest"),
    ],
)
def test_unsound_objects_are_refused_by_their_line(text: str, row: str, got: str) -> None:
    with pytest.raises(DataError) as caught:
        parse(text % row, "f")
    assert str(caught.value).startswith(f"f:2: row must be one JSON object, got {got}")


@pytest.mark.parametrize("text", ["", "²", "٣", "--5", "+5", " 5", "1" * 19, "5.0"])
def test_what_python_calls_a_digit_is_no_whole_number(text: str) -> None:
    assert whole_number(text) is None
    with pytest.raises(DataError, match="text_column must be one of the columns 1, 2, got "):
        parse_conll("a O\n", "f", token_column=text or "x")


def test_a_header_that_counts_in_superscripts_is_no_fault() -> None:
    text = "@dimensions ²\n@classLabel true a b\n@data\n1,2:a\n3,4:b\n"
    assert parse_ts(text, "f").targets == ["a", "b"]
