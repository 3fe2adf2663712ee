from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.columns import choose, has_header

REVIEWS = ["a long and winding text", "another one of them", "and a third one here", "the last of them all"]


@pytest.mark.parametrize(
    ("names", "text", "label"),
    [
        (["label", "text"], 1, 0),
        (["Text ", "Class"], 0, 1),
        (["id", "评论", "标签"], 1, 2),
        (["cat", "label", "review"], 2, 1),
        (["title", "content", "category"], 1, 2),
        (["label", "id", "rating", "src_dir", "text"], 4, 0),
    ],
)
def test_known_names(names: list[str], text: int, label: int) -> None:
    chosen = choose("f", names, [[]] * len(names), None, None, True)
    assert (chosen.text, chosen.label) == (text, label)
    assert chosen.reasons == {"text column": names[text], "label column": names[label]}


def test_names_given_overrule_known_ones() -> None:
    chosen = choose("f", ["text", "label", "x"], [[], [], []], "x", "text", True)
    assert (chosen.text, chosen.label) == (2, 0)


def test_by_look_labels_come_back_and_texts_are_long() -> None:
    columns = [["1", "2", "3", "4"], ["p", "n", "p", "n"], REVIEWS]
    chosen = choose("f", ["a", "b", "c"], columns, None, None, True)
    assert (chosen.text, chosen.label) == (2, 1)
    assert chosen.reasons["columns"] == "chosen by the look of their values"


def test_by_look_half_known() -> None:
    columns = [["p", "n", "p", "n"], REVIEWS]
    assert choose("f", ["a", "text"], columns, None, None, True).label == 0
    assert choose("f", ["label", "a"], columns, None, None, True).text == 1


def test_two_columns_of_a_single_row() -> None:
    chosen = choose("f", ["1", "2"], [["pos"], ["a good film"]], None, None, True)
    assert (chosen.text, chosen.label) == (1, 0)


def test_no_label_need_be_found_for_prediction() -> None:
    chosen = choose("f", ["a", "b"], [["1", "2"], REVIEWS[:2]], None, None, False)
    assert (chosen.text, chosen.label) == (1, None)


@pytest.mark.parametrize(
    ("names", "columns", "options", "message"),
    [
        (
            ["text", "label"],
            [[], []],
            ("txet", None),
            r"f: text_column must be one of the columns text, label, got 'txet'\. Did",
        ),
        (
            ["text", "label"],
            [[], []],
            (None, "lable"),
            r"f: label_column must be .*, got 'lable'\. Did you mean 'label'\?",
        ),
        (
            ["text"],
            [REVIEWS],
            (None, None),
            r"f: label_column must be named, as none of the columns text looks like it, got",
        ),
        (["id", "text"], [["x" * 41], ["y"]], (None, None), r"f: label_column must be named"),
        (["a", "b", "c"], [["1", "2"], ["3", "4"], REVIEWS[:2]], (None, None), r"f: label_column must be named"),
        (
            ["label"],
            [["p", "n"]],
            (None, None),
            r"f: text_column must be named, as none of the columns label looks like",
        ),
        ([str(n) for n in range(301)], [[str(n)] for n in range(301)], (None, None), r"f: label_column must be named"),
    ],
)
def test_columns_that_cannot_be_told_are_refused(names: list, columns: list, options: tuple, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        choose("f", names, columns, *options, True)


def test_more_than_three_hundred_different_values_are_no_labels() -> None:
    numbers = [str(n // 2) for n in range(800)]
    texts = [f"some text, number {n}" for n in range(800)]
    with pytest.raises(DataError, match="label_column must be named"):
        choose("f", ["a", "b"], [numbers, texts], None, None, True)


@pytest.mark.parametrize(
    ("rows", "wanted", "answer"),
    [
        ([["label", "text"], ["1", "a b"]], (None, None), True),
        ([["文本", "x"], ["a b", "1"]], (None, None), True),
        ([["trade", "a b c"], ["acq", "d e"], ["trade", "f"], ["acq", "g"]], (None, None), False),
        ([["verdict", "opinion"], ["p", "d e"], ["n", "f"], ["p", "g"], ["n", "h"]], (None, None), True),
        ([["p", "opinion"], ["p", "d e"], ["n", "f"], ["p", "g"], ["n", "h"]], (None, None), False),
        ([["verdict", "an opinion"], ["p", "d e"], ["n", "f"], ["p", "g"], ["n", "h"]], (None, None), False),
        ([["verdict", "opinion"], ["p", "d e"]], (None, None), False),
        ([["verdict", "my own"], ["p", "d e"]], ("my own", None), True),
        ([["text", "text"], ["a", "b"]], (None, None), False),
        ([["label", ""], ["a", "b"]], (None, None), False),
        ([["label", "x" * 41], ["a", "b"]], (None, None), False),
        ([["text"], ["a"]], (None, None), True),
        ([["some"], ["a"], ["b"], ["c"]], (None, None), False),
    ],
)
def test_headers(rows: list[list[str]], wanted: tuple, answer: bool) -> None:
    assert has_header(rows[0], rows[1:], wanted) is answer
