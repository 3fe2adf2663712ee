from __future__ import annotations

import pytest

from bigru.notation import looks_like_spans, rewrite


@pytest.mark.parametrize(
    ("tags", "scheme", "changed", "notation"),
    [
        (["B-A", "L-A", "O", "U-B"], "BIOES", ["B-A", "E-A", "O", "S-B"], "BILOU"),
        (["O", "U-B"], "BIOES", ["O", "S-B"], "BILOU"),
        (["B", "L", "U"], "BIOES", ["B", "E", "S"], "BILOU"),
        (["B-A", "M-A", "E-A", "W-B", "O"], "BMES", ["B-A", "M-A", "E-A", "S-B", "O"], "BMEW"),
        (["I-A", "E-A", "O", "E-A", "E-A"], "BIOES", ["B-A", "E-A", "O", "S-A", "S-A"], "IOE"),
        (["B_A", "I_A", "O", "B_x-y"], "BIO", ["B-A", "I-A", "O", "B-x-y"], "written B_LABEL"),
        (["A-B", "A-I", "O"], "BIO", ["B-A", "I-A", "O"], "written LABEL-B"),
        (["A_B", "A_L", "O"], "BIOES", ["B-A", "E-A", "O"], "BILOU written LABEL_B"),
        (["b-A", "i-A", "o"], "BIO", ["B-A", "I-A", "O"], "written b-LABEL with o for O"),
        (["B-A", "I-A", "0"], "BIO", ["B-A", "I-A", "O"], "with 0 for O"),
        (["B-A", "L-A", "L-A", "O"], "BIOES", ["B-A", "E-A", "E-A", "O"], "BILOU"),
    ],
)
def test_other_notations_by_hand(tags: list[str], scheme: str, changed: list[str], notation: str) -> None:
    assert rewrite([tags]) == ([changed], scheme, notation)


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["B-A", "I-A", "O"], "BIO"),
        (["I-A", "I-A", "O"], "IOB1"),
        (["B-A", "E-A", "S-A"], "BIOES"),
        (["B", "M", "E", "S"], "BMES"),
        (["NOUN", "VERB", "O"], None),
        (["C_1", "B_2", "B_3"], None),
        (["O", "B-A", "X"], None),
        ([], None),
    ],
)
def test_known_schemes_and_plain_tags_stay(tags: list[str], scheme: str | None) -> None:
    assert rewrite([tags]) == ([tags], scheme, "")


def test_a_wanted_scheme_is_written() -> None:
    assert rewrite([["B-A", "L-A", "U-A"]], "BIO") == ([["B-A", "I-A", "B-A"]], "BIO", "BILOU")
    assert rewrite([["B-A", "I-A"]], "BIOES") == ([["B-A", "E-A"]], "BIOES", "BIO")
    assert rewrite([["B-A", "E-A", "S-A"]], "BIO") == ([["B-A", "I-A", "B-A"]], "BIO", "BIOES")
    assert rewrite([["O", "I-A"], ["I-A"]], "BIOES") == ([["O", "S-A"], ["S-A"]], "BIOES", "IOB1")


def test_a_wanted_scheme_that_allows_the_tags_or_tags_that_are_illegal_anyway_change_nothing() -> None:
    assert rewrite([["B-A", "B-A"]], "IOB1") == ([["B-A", "B-A"]], "IOB1", "")
    assert rewrite([["O", "I-A"]], "BIO") == ([["O", "I-A"]], "BIO", "")
    assert rewrite([["I-A", "I-A"]], "IOB1") == ([["I-A", "I-A"]], "IOB1", "")
    rows = [["O", "E-A", "S-A", "B-A"]]
    assert rewrite(rows, "BIO") == (rows, "BIO", "")


@pytest.mark.parametrize(
    ("tags", "likely"),
    [
        (["O", "O", "O", "PER"], True),
        (["O", "B-A", "X"], True),
        (["NOUN", "VERB", "O"], False),
        (["A-1", "A-2"], False),
        (["O"], False),
    ],
)
def test_tags_that_look_like_spans(tags: list[str], likely: bool) -> None:
    assert looks_like_spans([tags]) is likely
