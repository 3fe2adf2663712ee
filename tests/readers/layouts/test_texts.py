"""Texts with labels: what becomes of cells."""

from __future__ import annotations

from typing import Any

import pytest

from bigru.readers.layouts.verdict import build, choose
from bigru.readers.reading import Reading
from bigru.readers.table import Table
from made_tables import prose


def read(labels: list[Any], reading: Reading = Reading()) -> tuple[list, bool, dict[str, str]]:  # noqa: B008
    texts = [prose(n) for n in range(len(labels))]
    table = Table(["text", "label"], [texts, labels], range(2, len(labels) + 2), "f")
    found = build(table, *choose(table, reading, True))
    return found.targets or [], found.multi_label, found.inferred


@pytest.mark.parametrize(
    ("labels", "targets", "many"),
    [
        (["a", "b"] * 3, ["a", "b"] * 3, False),
        (["1.0", "0.0", ""] * 3, ["1", "0"] * 3, False),
        (["1.000000e+00", "0.000000e+00"] * 3, ["1", "0"] * 3, False),
        (["1.5", "0.5"] * 3, ["1.5", "0.5"] * 3, False),
        (["1e5", "2e5"] * 3, ["1e5", "2e5"] * 3, False),
        ([1.0, 0.0, None] * 3, ["1", "0"] * 3, False),
        (["a|b", "", "b"] * 3, [["a", "b"], [], ["b"]] * 3, True),
        (["['a', 'b']", "[]"] * 3, [["a", "b"], []] * 3, True),
        (["['a']", "['b']"] * 3, ["a", "b"] * 3, False),
        ([["a"], ["b"]] * 3, ["a", "b"] * 3, False),
        ([["a", "b"], []] * 3, [["a", "b"], []] * 3, True),
        (["<x><y>", "<y>"] * 3, [["x", "y"], ["y"]] * 3, True),
        (["debt, loan", "card"] * 12, ["debt, loan", "card"] * 12, False),
    ],
)
def test_labels(labels: list, targets: list, many: bool) -> None:
    assert read(labels)[:2] == (targets, many)


def test_labels_between_commas_that_come_back_in_other_cells() -> None:
    cells = [", ".join(sorted({"abcdefg"[n % 7], "abcdefg"[n * n % 7], "abcdefg"[n // 7]})) for n in range(28)]
    targets, many, _ = read(cells)
    assert many
    assert targets == [cell.split(", ") for cell in cells]


def test_what_is_decided_about_several_labels() -> None:
    assert read(["a|b", "b"] * 3, Reading(multi_label=False))[:2] == (["a|b", "b"] * 3, False)
    assert read(["a", "b"] * 3, Reading(multi_label=True))[:2] == ([["a"], ["b"]] * 3, True)
    assert read([["a", "b"], []] * 3, Reading(multi_label=True))[:2] == ([["a", "b"], []] * 3, True)


def test_what_is_inferred_of_labels_is_said() -> None:
    assert read(["1.0", ""] * 3)[2] == {"numbers of label": "whole, read without their points"}
    assert read(["['a']", "['b']"] * 3)[2] == {"labels": "one each, as every list holds one"}
