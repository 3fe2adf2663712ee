"""Whole numbers in texts: what Python calls a digit is not enough."""

from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.numbers import whole_number
from bigru.readers.parsers.conll import parse as parse_conll
from bigru.readers.parsers.ts import parse as parse_ts


@pytest.mark.parametrize("text", ["", "²", "٣", "--5", "+5", " 5", "1" * 19, "5.0"])
def test_what_python_calls_a_digit_is_no_whole_number(text: str) -> None:
    assert whole_number(text) is None
    with pytest.raises(DataError, match="--text must be one of the columns 1, 2, got "):
        parse_conll("a O\n", "f", token_column=text or "x")


def test_a_header_that_counts_in_superscripts_is_no_fault() -> None:
    text = "@dimensions ²\n@classLabel true a b\n@data\n1,2:a\n3,4:b\n"
    assert parse_ts(text, "f").targets == ["a", "b"]
