from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bigru.config.targets import TARGETS
from bigru.errors import DataError
from bigru.readers.examples import Examples
from bigru.tasks.mismatch import fit_labels, legalise, unknown_classes

TAGS = ("O", "B-A", "I-A")


def tagged(*rows: list[str], scheme: str | None = "BIO") -> Examples:
    starts = np.cumsum([1, *(len(row) + 1 for row in rows)])
    lines = [np.arange(start, start + len(row)) for start, row in zip(starts, rows, strict=False)]
    first = [int(one[0]) for one in lines]
    return Examples([list(r) for r in rows], list(rows), "tokens", first, "f", scheme, task="tag", token_lines=lines)


def test_illegal_tags_are_read_as_conlleval_reads_them_and_counted() -> None:
    legal = legalise(tagged(["O", "I-A", "I-B"], ["B-A", "I-A"], ["I-A"]), "BIO")
    assert legal.targets == [["O", "B-A", "B-B"], ["B-A", "I-A"], ["B-A"]]
    assert [str(finding) for finding in legal.findings] == [
        "f:2: illegal tags: 3 tags are illegal in BIO and read as conlleval reads them (lines 2, 3, 8); "
        "the first: I-A after O: it continues a span of its label, and none is open"
    ]


def test_a_tag_of_no_scheme_counts_as_a_class_of_its_own_unless_it_would_be_learnt() -> None:
    part = tagged(["O", "0", "B-A"])
    assert legalise(part, "BIO").targets == [["O", "B-0", "B-A"]]
    with pytest.raises(DataError, match=r"^f:2: tag 2 must be legal in BIO, got '0' is no tag of BIO: O or B-LABEL"):
        legalise(part, "BIO", learn=True)


def test_strict_refuses_the_first() -> None:
    message = "f:3: tag 1 must be legal in BIO, got I-A after the start of the sequence: it continues a span"
    with pytest.raises(DataError, match=message):
        legalise(tagged(["O"], ["I-A"]), "BIO", strict=True)
    with pytest.raises(DataError, match=r"^f:2: label must be one of A, got 'B'\.$"):
        unknown_classes(tagged(["O", "B-B"]), TAGS, "BIO", strict=True)


def test_legal_tags_come_back_as_they_are() -> None:
    part = tagged(["O", "B-A", "I-A"])
    assert legalise(part, "BIO") is part
    assert fit_labels(SimpleNamespace(scheme="BIO", labels=TAGS), part) is part


def test_unknown_classes_are_one_finding() -> None:
    found = unknown_classes(tagged(["O", "B-B", "I-B"], ["B-C", "B-B", "B-A"]), TAGS, "BIO")
    assert [str(finding) for finding in found] == [
        "f:2: unknown class: 'B' 2 times, 'C' 1 times: not in the training data, so that they count as wrong"
    ]


def test_a_file_without_one_known_class_is_refused() -> None:
    part = Examples(["x", "y"], ["c", "d"], "text", [2, 3], "f")
    with pytest.raises(DataError, match=r"^f:2: label must be one of a, b, got 'c'\.$"):
        unknown_classes(part, ("a", "b"), None)
    part.targets = ["c", "a"]
    assert len(unknown_classes(part, ("a", "b"), None)) == 1


def test_tags_are_rewritten_in_the_scheme_of_the_model() -> None:
    config = SimpleNamespace(scheme="BIOES", labels=("O", "B-A", "I-A", "E-A", "S-A"))
    assert fit_labels(config, tagged(["B-A", "I-A", "O", "I-A"])).targets == [["B-A", "E-A", "O", "S-A"]]


def test_targets_that_are_no_closed_set_of_labels_are_never_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Examples(["x", "y"], ["5", "7"], "text", [2, 3], "f")
    with pytest.raises(DataError) as error:
        unknown_classes(part, ("count",), None)
    assert str(error.value) == "f:2: label must be one of count, got '5'."
    monkeypatch.setitem(TARGETS, "classify", replace(TARGETS["classify"], is_closed=False))
    assert unknown_classes(part, ("count",), None) == []
