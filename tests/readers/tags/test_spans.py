from __future__ import annotations

from typing import Any

import pytest

from bigru.errors import DataError
from bigru.readers.tags.spans import looks_like_spans, tags_from_spans

TEXT = "😀 Zoë in Köln"


def tags(text: str, *spans: Any, **options: Any) -> list[str]:
    return tags_from_spans("f", [text], [list(spans)], [1], **options).tags[0]


@pytest.mark.parametrize(
    "span",
    [
        [1, 3, "X"],
        ["X", 1, 3],
        [1, 3, "X", "bc"],
        {"start": 1, "end": 3, "label": "X"},
        {"start_offset": 1, "end_offset": 3, "label": "X", "id": 7},
        {"start": 1, "end": 3, "labels": ["X"], "text": "bc"},
        {"begin": 1, "end": 3, "type": "X"},
        {"start": 1, "end": 3, "label": "X", "text": " bc\n"},
    ],
)
def test_layouts_of_a_span(span: Any) -> None:
    assert looks_like_spans([span])
    assert tags("abcd", span) == ["O", "B-X", "I-X", "O"]


@pytest.mark.parametrize("value", [None, "", [], ["a", "b"], [["a", "b", "c"]], [{"a": 1}], 3, [[1, 2]]])
def test_what_are_no_spans(value: Any) -> None:
    assert not looks_like_spans(value)


@pytest.mark.parametrize(
    ("unit", "bounds"),
    [
        ("characters", [(2, 5), (9, 13)]),
        ("utf-16", [(3, 6), (10, 14)]),
        ("bytes", [(5, 9), (13, 18)]),
    ],
)
def test_what_positions_count_is_found_and_said(unit: str, bounds: list[tuple[int, int]]) -> None:
    spans = [[*bounds[0], "PER"], [*bounds[1], "LOC"]]
    want = ["O", "O", "B-PER", "I-PER", "I-PER", "O", "O", "O", "O", "B-LOC", "I-LOC", "I-LOC", "I-LOC"]
    read = tags_from_spans("f", [TEXT], [spans], [1])
    assert read.tags == [want]
    said = {"utf-16": "UTF-16 units, the end exclusive", "bytes": "bytes of UTF-8, the end exclusive"}
    assert read.inferred == ({} if unit == "characters" else {"positions": said[unit]})
    assert tags(TEXT, *spans, offsets=unit) == want


def test_the_text_of_spans_decides_what_positions_count() -> None:
    spans = [{"start": 1, "end": 2, "label": "X", "text": "京市"}]
    read = tags_from_spans("f", ["北京市"], [spans], [1])
    assert (read.tags, read.inferred) == ([["O", "B-X", "I-X"]], {"positions": "characters, the end inclusive"})
    spans = [{"start": 3, "end": 6, "label": "X", "text": "京"}]
    read = tags_from_spans("f", ["北京市"], [spans], [1])
    assert (read.tags, read.inferred) == ([["O", "B-X", "O"]], {"positions": "bytes of UTF-8, the end exclusive"})


def test_positions_that_nothing_explains_are_refused_by_line() -> None:
    with pytest.raises(DataError, match=r"^f:3: text from 0 to 1 must be 'x', got 'a'\. Positions count characters"):
        tags_from_spans("f", ["ab", "ab"], [[], [[0, 1, "X", "x"]]], [2, 3])
    with pytest.raises(DataError, match=r"^f:1: span must be within 0 <= start < end <= 2, got \[1, 9, 'X'\]"):
        tags("ab", [1, 9, "X"])
    with pytest.raises(DataError, match=r"^f:1: span must be within .* Positions count bytes of UTF-8, the end excl"):
        tags("é", [1, 2, "X"], offsets="bytes")


def test_overlapping_spans_are_refused_with_their_number_and_the_option() -> None:
    rows = [[[0, 4, "A"], [2, 3, "B"]], [], [[0, 2, "A"], [1, 3, "B"]]]
    with pytest.raises(DataError) as caught:
        tags_from_spans("f", ["abcd"] * 3, rows, [1, 2, 3])
    assert str(caught.value) == (
        "f:1: spans must be without overlap, got [0, 4, A] 'abcd' and [2, 3, B] 'c'; 2 overlaps in 2 of 3 rows. "
        "Decide which of them is kept: --overlaps longest or --overlaps first."
    )


def test_overlaps_decides_which_span_is_kept() -> None:
    spans = [[0, 2, "A"], [1, 4, "B"]]
    assert tags("abcd", *spans, overlaps="longest") == ["O", "B-B", "I-B", "I-B"]
    assert tags("abcd", *spans, overlaps="first") == ["B-A", "I-A", "O", "O"]
    read = tags_from_spans("f", ["abcd"], [spans], [5], overlaps="first")
    assert [str(one) for one in read.findings] == [
        "f:5: overlapping spans: 1 spans overlap another that is kept (first) and are left out (lines 5)"
    ]


def test_double_and_rare_empty_spans_are_left_out_and_counted() -> None:
    rows = [[[0, 1, "A"], [0, 1, "A"]], *[[[0, 1, "A"]]] * 120, [[1, 1, "A"]]]
    read = tags_from_spans("f", ["ab"] * 122, rows, range(1, 123))
    assert [str(one) for one in read.findings] == [
        "f:122: empty span: 1 spans cover no character and are left out (lines 122)",
        "f:1: double span: 1 spans stand there twice and are left out (lines 1)",
    ]
    assert read.tags[0] == ["B-A", "O"]


def test_a_text_without_spans_is_all_outside() -> None:
    assert tags_from_spans("f", ["ab", "c"], [None, ""], [1, 2]).tags == [["O", "O"], ["O"]]
