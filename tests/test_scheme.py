"""Tag schemes against seqeval, against each other, and word by word where they complain."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from bigru import scheme
from bigru.errors import ArgumentError
from bigru.scheme import SCHEMES, Span
from effort import calls

ANY = ["O", "B", "I", "E", "S", "B-", *(f"{prefix}-{label}" for prefix in "BIES" for label in ("A", "B-A", "_"))]
LEGAL = {
    "BIO": ["O", "B-A", "I-A", "B-B", "I-B"],
    "IOB1": ["O", "B-A", "I-A", "B-B", "I-B"],
    "BIOES": ["O", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "E-B", "S-B"],
    "BMES": ["O", "B-A", "M-A", "E-A", "S-A", "B-B", "M-B", "E-B", "S-B"],
}


def by_seqeval(tags: list[str]) -> list[tuple[str, int, int]]:
    return [(label, start, end + 1) for label, start, end in get_entities(tags)]


@st.composite
def layouts(draw: st.DrawFn) -> tuple[int, list[Span]]:
    """A length and spans that do not overlap."""
    found, position = [], 0
    for gap, size, label in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from("AB_")))):
        found.append(Span(label, position + gap, position + gap + size))
        position += gap + size
    return position + draw(st.integers(0, 2)), found


@given(st.lists(st.sampled_from(ANY), max_size=12), st.sampled_from(["BIO", "IOB1", "BIOES"]))
def test_spans_are_those_of_seqeval(tags: list[str], name: str) -> None:
    assert scheme.spans(tags, name) == by_seqeval(tags)


@given(st.lists(st.sampled_from(ANY), max_size=12))
def test_spans_of_bmes_are_those_of_seqeval_with_m_for_i(tags: list[str]) -> None:
    middle = ["M" + tag[1:] if tag[0] == "I" else tag for tag in tags]
    assert scheme.spans(middle, "BMES") == by_seqeval(tags)


def test_spans_by_hand() -> None:
    assert scheme.spans([], "BIO") == []
    assert scheme.spans(["I-PER"], "BIO") == [Span("PER", 0, 1)]
    tags = ["B-PER", "I-PER", "I-LOC", "O", "I-LOC", "B-LOC"]
    assert scheme.spans(tags, "BIO") == [("PER", 0, 2), ("LOC", 2, 3), ("LOC", 4, 5), ("LOC", 5, 6)]
    assert scheme.spans(["B", "M", "E", "S", "B", "B"], "BMES") == [("_", 0, 3), ("_", 3, 4), ("_", 4, 5), ("_", 5, 6)]


@given(layouts(), st.sampled_from(SCHEMES))
def test_spans_survive_a_round_trip_and_are_legal(layout: tuple[int, list[Span]], name: str) -> None:
    length, found = layout
    tags = scheme.spans_to_tags(reversed(found), length, name)
    assert len(tags) == length
    assert scheme.spans(tags, name) == found
    assert scheme.violations(tags, name) == []


@given(layouts(), st.sampled_from(SCHEMES), st.sampled_from(SCHEMES))
def test_convert_keeps_the_spans(layout: tuple[int, list[Span]], source: str, target: str) -> None:
    length, found = layout
    there = scheme.convert(scheme.spans_to_tags(found, length, source), source, target)
    assert there == scheme.spans_to_tags(found, length, target)


def test_tags_of_by_hand() -> None:
    found = [Span("A", 0, 3), Span("A", 3, 4), Span("B", 5, 7)]
    assert scheme.spans_to_tags(found, 7, "BIO") == ["B-A", "I-A", "I-A", "B-A", "O", "B-B", "I-B"]
    assert scheme.spans_to_tags(found, 7, "IOB1") == ["I-A", "I-A", "I-A", "B-A", "O", "I-B", "I-B"]
    assert scheme.spans_to_tags(found, 7, "BIOES") == ["B-A", "I-A", "E-A", "S-A", "O", "B-B", "E-B"]
    assert scheme.spans_to_tags(found, 7, "BMES") == ["B-A", "M-A", "E-A", "S-A", "O", "B-B", "E-B"]
    assert scheme.spans_to_tags([], 0, "BIO") == []


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([("A", 0, 3)], "scheme.tags_of: span must be non-empty and within 0..2, got ('A', 0, 3)."),
        ([("A", 1, 1)], "scheme.tags_of: span must be non-empty and within 0..2, got ('A', 1, 1)."),
        ([("A", 0, 2), ("B", 1, 2)], "scheme.tags_of: spans must be without overlap, got ('A', 0, 2) and ('B', 1, 2)."),
    ],
)
def test_tags_of_refuses(found: list[Span], text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        scheme.spans_to_tags(found, 2, "BIO")
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("tag", "name", "text"),
    [
        ("NN", "BIO", "scheme.spans: tag 2 must be O or B-LABEL, I-LABEL (BIO), got 'NN'."),
        ("", "BIO", "scheme.spans: tag 2 must be O or B-LABEL, I-LABEL (BIO), got ''."),
        ("ORG", "IOB1", "scheme.spans: tag 2 must be O or B-LABEL, I-LABEL (IOB1), got 'ORG'."),
        ("B_A", "BIO", "scheme.spans: tag 2 must be O or B-LABEL, I-LABEL (BIO), got 'B_A'."),
        ("M-A", "BIOES", "scheme.spans: tag 2 must be O or B-LABEL, I-LABEL, E-LABEL, S-LABEL (BIOES), got 'M-A'."),
        ("I-A", "BMES", "scheme.spans: tag 2 must be O or B-LABEL, M-LABEL, E-LABEL, S-LABEL (BMES), got 'I-A'."),
    ],
)
def test_spans_refuses_what_is_no_tag(tag: str, name: str, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        scheme.spans(["O", tag], name)
    assert str(caught.value) == text


def test_unknown_schemes_are_refused_everywhere() -> None:
    want = r"scheme must be one of BIO, IOB1, BIOES, BMES, got 'BIOE'. Did you mean 'BIOES'\?"
    for call in (
        lambda: scheme.spans([], "BIOE"),
        lambda: scheme.spans_to_tags([], 0, "BIOE"),
        lambda: scheme.convert([], "BIO", "BIOE"),
        lambda: scheme.violations([], "BIOE"),
        lambda: scheme.transition_mask([], "BIOE"),
        lambda: scheme.continuation_mask([], "BIOE"),
    ):
        with pytest.raises(ArgumentError, match=want):
            call()


@pytest.mark.parametrize(
    ("sequences", "name"),
    [
        ([], None),
        ([[], ["O", "O"]], None),
        ([["NN", "VB", "O"]], None),
        ([["B-NP", "NN"]], None),
        ([["B_PER", "O"]], None),
        ([["S", "M", "O"]], None),
        ([["B", "I-A"]], None),
        ([["B-A", "M-A", "I-A"]], None),
        ([["O", "B-A", "I-A"]], "BIO"),
        ([["B-A", "B-A"]], "BIO"),
        ([["B", "I", "B"], ["B"]], "BIO"),
        ([["I-A", "O", "I-B", "I-B"]], "IOB1"),
        ([["I-A", "B-A", "O", "I-B"]], "IOB1"),
        ([["B-A", "I-A", "O"], ["B-B"], ["O", "I-A"]], "BIO"),
        ([["B-A", "I-A", "E-A"], ["S-A"]], "BIOES"),
        ([["B-A", "E-A"]], "BIOES"),
        ([["B-A", "M-A", "E-A"]], "BMES"),
        ([["B", "E"], ["S", "B", "M", "E"]], "BMES"),
    ],
)
def test_detect(sequences: list[list[str]], name: str | None) -> None:
    assert scheme.detect(iter(sequences)) == name


@given(st.lists(layouts(), min_size=1, max_size=4), st.sampled_from(SCHEMES))
def test_detect_finds_a_scheme_that_reads_the_same_spans(rows: list[tuple[int, list[Span]]], name: str) -> None:
    rows = [(length, [span._replace(label="A") for span in found]) for length, found in rows]
    written = [scheme.spans_to_tags(found, length, name) for length, found in rows]
    guess = scheme.detect(written)
    assert (guess is None) == all(not found for _, found in rows)
    if guess is not None:
        assert [scheme.spans(tags, guess) for tags in written] == [found for _, found in rows]


@pytest.mark.parametrize(
    ("tags", "name", "found"),
    [
        (["O", "I-A"], "BIO", [(1, "I-A after O: it continues a span of its label, and none is open")]),
        (["B-A", "I-B"], "BIO", [(1, "I-B after B-A: it continues a span of its label, and none is open")]),
        (["B-A", "O"], "IOB1", [(0, "B-A after the start of the sequence: B only parts two spans of one label")]),
        (["B-A", "O"], "BIOES", [(1, "O after B-A: the open span must first end with E")]),
        (["S-A", "B-A"], "BMES", [(1, "the end of the sequence after B-A: the open span must first end with E")]),
        (["X", "I-A"], "BIO", [(0, "'X' is no tag of BIO: O or B-LABEL, I-LABEL (BIO)")]),
        (["E-A"], "BIO", [(0, "'E-A' is no tag of BIO: O or B-LABEL, I-LABEL (BIO)")]),
        ([], "BIOES", []),
    ],
)
def test_violations(tags: list[str], name: str, found: list[tuple[int, str]]) -> None:
    assert scheme.violations(tags, name) == found


@given(st.data(), st.sampled_from(SCHEMES))
def test_the_mask_allows_exactly_what_has_no_violation(data: st.DataObject, name: str) -> None:
    known = LEGAL[name]
    allowed, start, end = scheme.transition_mask(known, name)
    ids = data.draw(st.lists(st.integers(0, len(known) - 1), min_size=1, max_size=6))
    passes = start[ids[0]] and end[ids[-1]] and all(allowed[i, j] for i, j in itertools.pairwise(ids))
    assert passes == (scheme.violations([known[i] for i in ids], name) == [])


def test_transition_mask_by_hand() -> None:
    allowed, start, end = scheme.transition_mask(["O", "B-A", "I-A", "I-B"], "BIO")
    np.testing.assert_array_equal(allowed.astype(int), [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 0, 1]])
    np.testing.assert_array_equal(start, [True, True, False, False])
    np.testing.assert_array_equal(end, [True, True, True, True])
    assert [mask.shape for mask in scheme.transition_mask([], "BIO")] == [(0, 0), (0,), (0,)]


@pytest.mark.parametrize("name", SCHEMES)
def test_the_masks_are_what_every_pair_alone_says(name: str) -> None:
    known = [*LEGAL[name], *(prefix for prefix in scheme.PREFIXES[name]), "B-", "B-B-A", "B-_"]
    for mask in (lambda tags: scheme.transition_mask(tags, name)[0], lambda tags: scheme.continuation_mask(tags, name)):
        want = [[mask([i, j])[0, 1] for j in known] for i in known]
        np.testing.assert_array_equal(mask(known), want)


def test_the_masks_of_four_thousand_tags_are_made_of_the_tags_not_of_their_pairs() -> None:
    known = ["O", *(f"{prefix}-{label}" for label in range(1000) for prefix in "BIES")]
    allowed, _, _ = scheme.transition_mask(known, "BIOES")
    continues = scheme.continuation_mask(known, "BIOES")
    assert calls(lambda: scheme.transition_mask(known, "BIOES")) < 20 * len(known)
    assert calls(lambda: scheme.continuation_mask(known, "BIOES")) < 20 * len(known)
    assert allowed.sum() == 2001 * 2001 + 2000 * 2
    assert continues.sum() == 4000


def test_transition_mask_refuses_a_sister_schemes_tag() -> None:
    with pytest.raises(ArgumentError) as caught:
        scheme.transition_mask(["O", "E-A"], "BIO")
    assert str(caught.value) == "scheme.transition_mask: tag 2 must be O or B-LABEL, I-LABEL (BIO), got 'E-A'."


@given(st.data(), st.sampled_from(SCHEMES))
def test_the_continuation_mask_reads_the_same_spans(data: st.DataObject, name: str) -> None:
    known = LEGAL[name]
    continues = scheme.continuation_mask(known, name)
    ids = data.draw(st.lists(st.integers(0, len(known) - 1), max_size=8))
    begins = [t for t, i in enumerate(ids) if known[i] != "O" and (t == 0 or not continues[ids[t - 1], i])]
    assert begins == [span.start for span in scheme.spans([known[i] for i in ids], name)]


def test_spans_take_a_few_calls_for_each_tag() -> None:
    random = np.random.default_rng(0)
    tags = [ANY[i] for i in random.integers(0, len(ANY), 5000)]
    assert len(scheme.spans(tags, "BIO")) > 2000
    assert calls(lambda: scheme.spans(tags, "BIO")) < 8 * len(tags)
