from __future__ import annotations

from typing import Any

import pytest

from bigru.errors import DataError
from bigru.readers.reading import Reading
from bigru.readers.table import Table
from bigru.readers.tags.rows import from_token_rows

WORDS = ["It", "rains", "Anna", "in", "Rome"]
TAGS = ["O", "O", "B-PER", "O", "B-LOC"]
SENTENCES = [["It", "rains"], ["Anna", "in", "Rome"]]


def table(lines: list[int] | None = None, **columns: Any) -> Table:
    count = len(next(iter(columns.values())))
    return Table(list(columns), list(columns.values()), lines or list(range(2, 2 + count)), "f.csv")


def read(made: Table, sentence: str | None = "s", tag: str | None = "t", **more: Any) -> Any:
    return from_token_rows(made, "w", tag, sentence, Reading(**more), tag is not None)


@pytest.mark.parametrize(
    "numbers",
    [
        ["Sentence: 1", "", "Sentence: 2", "", ""],
        ["1", "1", "2", "2", "2"],
        [1, None, 2, None, None],
        [1.0, float("nan"), 2.0, float("nan"), float("nan")],
        ["1", "2", "1", "2", "3"],
        ["0", "1", "0", "1", "2"],
        ["7", "7", "7b", "7b", "7b"],
    ],
)
def test_sentences_by_a_column(numbers: list) -> None:
    examples = read(table(s=numbers, w=WORDS, t=TAGS))
    assert examples.inputs == SENTENCES
    assert examples.targets == [["O", "O"], ["B-PER", "O", "B-LOC"]]
    assert (examples.kind, examples.task, examples.scheme) == ("tokens", "tag", "BIO")
    assert examples.lines == [2, 4]
    assert [lines.tolist() for lines in examples.token_lines] == [[2, 3], [4, 5, 6]]
    assert examples.inferred == {
        "token column": "w",
        "sentence column": "s",
        "tag column": "t",
        "scheme": "BIO",
    }


def test_a_number_that_comes_back_counts_tokens_and_one_that_does_not_is_of_a_sentence() -> None:
    words = ["a", "b", "c"]
    assert read(table(s=["1", "1", "2"], w=words, t=["O"] * 3)).inputs == [["a", "b"], ["c"]]
    assert read(table(s=["1", "2", "1"], w=words, t=["O"] * 3)).inputs == [["a", "b"], ["c"]]
    assert read(table(s=["1", "2", "3"], w=words, t=["O"] * 3)).inputs == [["a"], ["b"], ["c"]]
    assert read(table(s=["x", "", "x"], w=words, t=["O"] * 3)).inputs == [words]


def test_sentences_by_blank_rows_and_blank_lines() -> None:
    blanks = table(w=["It", "rains", "", "Anna", "in", "Rome"], t=["O", "O", "", *TAGS[2:]])
    assert read(blanks, None).inputs == SENTENCES
    assert read(table([2, 3, 5, 6, 7], w=WORDS, t=TAGS), None).inputs == SENTENCES


def test_a_table_without_sentences_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        read(table(w=["a"] * 1001, t=["O"] * 1001), None)
    assert str(caught.value) == (
        "f.csv: rows must be in sentences, got one sentence of 1,001 tokens. "
        "Name the column that tells sentences apart (id), or put a blank row behind each."
    )


def test_rows_without_a_token_are_left_out_and_counted() -> None:
    examples = read(table(s=["1"] * 3, w=["a", "", "b"], t=["O", "O", "B-X"]))
    assert examples.inputs == [["a", "b"]]
    assert [str(f) for f in examples.findings] == [
        "f.csv:3: empty token: 1 rows have a tag and no token, and are left out (lines 3)"
    ]


def test_rows_without_a_tag_are_refused_where_tags_are_needed() -> None:
    made = table(s=["1"] * 3, w=["a", "b", "c"], t=["O", "", None])
    with pytest.raises(DataError, match=r"^f\.csv:3: t must be a tag for every token, got an empty cell, and 1 more"):
        read(made)
    examples = from_token_rows(made, "w", "t", "s", Reading(), False)
    assert (examples.inputs, examples.targets) == ([["a", "b", "c"]], None)


def test_other_notations_are_read_and_a_space_is_a_token() -> None:
    examples = read(table(s=["1"] * 3, w=["a", " ", "b"], t=["O", "O", "U-X"]))
    assert examples.inputs == [["a", " ", "b"]]
    assert (examples.targets, examples.scheme) == ([["O", "O", "S-X"]], "BIOES")
    assert read(table(s=["1"] * 2, w=["a", "b"], t=["O", "B-X"]), scheme="BIOES").scheme == "BIOES"


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(DataError, match=r"^f\.csv: data must be at least one example, got none\.$"):
        read(table(s=["1"], w=[""], t=[""]))
