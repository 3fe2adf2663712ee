"""The unit of transcripts, there and back."""

from __future__ import annotations

import pytest

from bigru.features.transcripts import infer_transcript_unit, spell, symbols


@pytest.mark.parametrize(
    ("transcripts", "unit"),
    [
        (["你好", "再见", "你好吗"], "char"),
        (["ni3 hao3", "hao3 ni3"] * 3, "token"),
        (["one two", "two three one"] * 3, "token"),
        (["yes", "no"] * 5, "token"),
        (["the quick brown fox", "jumps over a lazy dog"], "char"),
        (["hello"], "char"),
        ([], "char"),
    ],
)
def test_the_unit_is_inferred(transcripts: list[str], unit: str) -> None:
    assert infer_transcript_unit(transcripts) == unit


@pytest.mark.parametrize(("text", "unit"), [("ni3 hao3", "token"), ("你好", "char"), ("a b", "char")])
def test_there_and_back(text: str, unit: str) -> None:
    assert spell(symbols(text, unit), unit) == text


def test_spaces_between_words_are_one_character() -> None:
    assert symbols(" a  b ", "char") == ["a", " ", "b"]
    assert spell([" ", "a", " ", " ", "b"], "char") == "a b"
