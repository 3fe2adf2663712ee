from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.features.text import TextFeatures
from bigru.scheme import Span, spans_to_tags
from bigru.tasks.alignment import Misplaced, choose_unit, refuse_misplaced, tags_per_unit

TEXT = "Anna is in New York ."


def tags(*spans: tuple[str, int, int], text: str = TEXT) -> list[str]:
    return spans_to_tags([Span(*span) for span in spans], len(text), "BIO")


def words(*texts: str) -> TextFeatures:
    return TextFeatures.fit(texts, unit="word", segmenter="regex", channels=("unit",))


def test_spans_at_the_borders_of_words_move_to_words() -> None:
    row = tags(("PER", 0, 4), ("LOC", 11, 19))
    assert choose_unit([TEXT], [row], "BIO") == ("word", 2, [])
    moved, misplaced = tags_per_unit(words(TEXT), [TEXT], [row], "BIO")
    assert moved == [["B-PER", "O", "O", "B-LOC", "I-LOC", "O"]]
    assert misplaced == []


def test_white_space_at_the_border_of_a_span_does_not_count() -> None:
    row = tags(("LOC", 10, 20))
    assert choose_unit([TEXT], [row], "BIO").unit == "word"
    assert tags_per_unit(words(TEXT), [TEXT], [row], "BIO")[0] == [["O", "O", "O", "B-LOC", "I-LOC", "O"]]


def test_a_span_within_a_word_makes_characters_of_the_unit() -> None:
    row = tags(("PER", 0, 2), ("LOC", 11, 14))
    found = choose_unit([TEXT], [row], "BIO")
    assert found == ("char", 2, [Misplaced(0, Span("PER", 0, 2))])
    moved, misplaced = tags_per_unit(words(TEXT), [TEXT], [row], "BIO")
    assert moved == [["B-PER (within a word)", "O", "O", "B-LOC", "O", "O"]]
    assert misplaced == found.misplaced
    message = (
        r"f:7: span must be of whole words, as the model is to read words, got 'An' from 0 to 2\. "
        r"Correct the span, or let the model read characters \(unit=char\)\."
    )
    with pytest.raises(DataError, match=message):
        refuse_misplaced("f", [7], [TEXT], misplaced)


def test_two_spans_in_one_word_do_not_collide() -> None:
    row = tags(("A", 0, 2), ("B", 2, 4))
    assert tags_per_unit(words(TEXT), [TEXT], [row], "BIO")[0][0][:2] == ["B-A (within a word)", "O"]


@pytest.mark.parametrize(
    ("inputs", "rows", "scheme", "unit"),
    [
        (["我爱北京"], [["O", "O", "B-LOC", "I-LOC"]], "BIO", "char"),
        (["go on"], [["a", "a", "b", "b", "b"]], None, "char"),
        (["go on"], [["a", "b"]], None, "word"),
        ([["go", "on"]], [["a", "b"]], None, "token"),
        ([""], [[]], "BIO", "word"),
    ],
)
def test_units_of_other_inputs(inputs: list, rows: list, scheme: str | None, unit: str) -> None:
    assert choose_unit(inputs, rows, scheme).unit == unit


def test_tags_of_units_and_plain_tags_stay() -> None:
    assert tags_per_unit(words("go on"), ["go on"], [["a", "b"]], "BIO") == ([["a", "b"]], [])
    assert tags_per_unit(words("go"), ["go"], [["a", "b"]], None) == ([["a", "b"]], [])
