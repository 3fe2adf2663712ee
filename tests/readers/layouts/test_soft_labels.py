"""Columns `p_LABEL` and objects `scores`: found, read beside labels or instead of them, and refused by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru.errors import DataError, spell_arguments
from bigru.readers.examples import Examples, SoftLabels
from bigru.readers.reader import read
from bigru.readers.reading import Reading
from tolerances import FLOAT32_STEP

UNREAD = Reading()

TEXTS = ("quite a nice film , really", "what a dull evening it was", "neither good nor bad , I think")
TAGGED = [
    {"tokens": ["in", "Bonn"], "tags": ["O", "B-LOC"], "scores": [{"O": 0.9, "B-LOC": 0.1}, {"O": 0.4, "B-LOC": 0.6}]},
    {"tokens": ["no"], "tags": ["O"], "scores": [{"O": 1.0, "B-LOC": 0.0}]},
]


def written(tmp_path: Path, rows: list[dict[str, Any]], name: str = "soft.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def table(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "soft.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def soft_of(found: Examples) -> SoftLabels:
    assert found.soft is not None
    return found.soft


def refusal(path: Path, reading: Reading = UNREAD) -> str:
    with pytest.raises(DataError) as error:
        read(path, reading)
    return str(error.value).removeprefix(str(path))


def test_columns_of_probabilities_stand_in_for_labels(tmp_path: Path) -> None:
    shares = (0.2, 0.7, 0.5)
    path = table(tmp_path, "text,p_neg,p_pos", *(f'"{t}",{p},{1 - p:.1f}' for t, p in zip(TEXTS, shares, strict=True)))
    found = read(path)
    soft = soft_of(found)
    assert (found.kind, found.task, found.targets) == ("text", "classify", ["pos", "neg", "neg"])
    assert (soft.labels, soft.given) == (("neg", "pos"), [False] * 3)
    np.testing.assert_allclose(np.stack(soft.rows), [[0.2, 0.8], [0.7, 0.3], [0.5, 0.5]], **FLOAT32_STEP)
    said = "of 2 classes, without labels beside them: a score says how often the likeliest class is answered"
    assert found.inferred["soft labels"] == said
    assert [(role.column, role.role) for role in found.roles] == [
        ("text", "text"), ("p_neg", "soft label"), ("p_pos", "soft label"),
    ]  # fmt: skip


def test_a_row_may_have_a_label_or_probabilities_or_both(tmp_path: Path) -> None:
    rows = [f'"{TEXTS[0]}",a,0.3,0.7', f'"{TEXTS[1]}",,0.4,0.6', f'"{TEXTS[2]}",b,,', '"and a fourth text , empty",,,']
    found = read(table(tmp_path, "text,label,p_a,p_b", *rows))
    soft = soft_of(found)
    assert found.targets == ["a", "b", "b"]
    assert soft.given == [True, False, True]
    np.testing.assert_allclose(np.stack(soft.rows), [[0.3, 0.7], [0.4, 0.6], [0.0, 1.0]], **FLOAT32_STEP)
    assert [finding.line for finding in found.findings] == [5]
    assert found.take([2, 0]).soft == SoftLabels(("a", "b"), [soft.rows[2], soft.rows[0]], [True, True])


def test_what_predict_writes_is_read_and_labels_that_say_no_more_are_noticed(tmp_path: Path) -> None:
    rows = [
        {"text": text, "label": "b" if p > 0.5 else "a", "confidence": p, "scores": {"a": 1 - p, "b": p}}
        for text, p in zip(TEXTS, (0.25, 0.75, 1.0), strict=True)
    ]
    found = read(written(tmp_path, rows))
    assert found.targets == ["a", "b", "b"]
    said = "of 2 classes; 'label' is the likeliest class everywhere, so that a score says how often it is answered"
    assert found.inferred["soft labels"] == said
    rows[0]["label"] = "b"
    found = read(written(tmp_path, rows))
    assert (found.targets, found.inferred["soft labels"]) == (["b", "b", "b"], "of 2 classes, beside 'label'")


def test_rounded_probabilities_are_made_to_sum_to_1(tmp_path: Path) -> None:
    found = read(table(tmp_path, "text,p_a,p_b,p_c", f'"{TEXTS[0]}",0.33,0.33,0.33'))
    np.testing.assert_allclose(soft_of(found).rows[0], np.full(3, 1 / 3), **FLOAT32_STEP)


def test_they_can_be_left_out_and_asked_for(tmp_path: Path) -> None:
    path = table(tmp_path, "text,label,p_a,p_b", f'"{TEXTS[0]}",a,0.3,0.7', f'"{TEXTS[1]}",b,0.6,0.4')
    assert read(path, Reading(soft_labels=False)).soft is None
    assert read(path).soft is not None
    # Columns that only begin like soft labels are none: they neither sum to 1 nor name a label.
    other = table(tmp_path, "text,label,p_age,p_size", f'"{TEXTS[0]}",a,33,170', f'"{TEXTS[1]}",b,44,180')
    assert read(other).soft is None
    assert "column" not in refusal(other, Reading(soft_labels=True))
    none = table(tmp_path, "text,label", f'"{TEXTS[0]}",a', f'"{TEXTS[1]}",b')
    want = "is not allowed without columns p_LABEL or an object scores in each row (got the columns text, label)."
    assert refusal(none, Reading(soft_labels=True)) == f": --soft-labels {want}"


def test_any_number_of_labels_need_not_sum_to_1(tmp_path: Path) -> None:
    rows = [{"text": TEXTS[0], "labels": ["a", "b"], "scores": {"a": 0.9, "b": 0.8}}]
    rows += [{"text": TEXTS[1], "labels": [], "scores": {"a": 0.1, "b": 0.2}}]
    found = read(written(tmp_path, rows))
    assert (found.multi_label, found.targets) == (True, [["a", "b"], []])
    np.testing.assert_allclose(np.stack(soft_of(found).rows), [[0.9, 0.8], [0.1, 0.2]], **FLOAT32_STEP)
    path = table(tmp_path, "text,p_a,p_b", f'"{TEXTS[0]}",0.9,0.8', f'"{TEXTS[1]}",0.1,0.2')
    found = read(path, Reading(multi_label=True))
    assert (found.multi_label, found.targets) == (True, [["a", "b"], []])


def test_tokens_have_a_probability_of_each_tag(tmp_path: Path) -> None:
    found = read(written(tmp_path, TAGGED))
    assert (found.kind, found.task, found.scheme) == ("tokens", "tag", "BIO")
    assert (found.inputs, found.targets) == ([["in", "Bonn"], ["no"]], [["O", "B-LOC"], ["O"]])
    soft = soft_of(found)
    assert soft.labels == ("O", "B-LOC")
    np.testing.assert_allclose(soft.rows[0], [[0.9, 0.1], [0.4, 0.6]], **FLOAT32_STEP)
    bare = [{name: value for name, value in row.items() if name != "tags"} for row in TAGGED]
    assert read(written(tmp_path, bare)).targets == [["O", "B-LOC"], ["O"]]


def test_characters_of_texts_have_them_too(tmp_path: Path) -> None:
    scores = [{"O": 0.1, "B-LOC": 0.8, "I-LOC": 0.1}, {"O": 0.1, "B-LOC": 0.0, "I-LOC": 0.9}]
    found = read(written(tmp_path, [{"text": "北京", "tags": ["B-LOC", "I-LOC"], "scores": scores}]))
    assert (found.kind, found.inputs, found.targets) == ("text", ["北京"], [["B-LOC", "I-LOC"]])
    assert soft_of(found).rows[0].shape == (2, 3)


@pytest.mark.parametrize(
    ("cells", "refused"),
    [
        ("0.5,0.4", "soft labels must be probabilities that sum to 1, got 0.9. "
         "Give --multi-label if each label stands for itself."),
        ("nan,0.4", "p_a must be a probability within 0..1, got 'nan'."),
        ("-0.2,1.2", "p_a must be a probability within 0..1, got -0.2."),
        ("0.2,much", "p_b must be a probability within 0..1, got 'much'."),
        ("0.2,", "p_b must be a probability within 0..1, got an empty cell."),
    ],
)  # fmt: skip
def test_what_is_no_distribution_is_refused_by_line(tmp_path: Path, cells: str, refused: str) -> None:
    path = table(tmp_path, "text,p_a,p_b", f'"{TEXTS[0]}",0.5,0.5', f'"{TEXTS[1]}",{cells}', f'"{TEXTS[2]}",1,0')
    assert refusal(path) == f":3: {refused}"


def test_labels_and_classes_must_fit_each_other(tmp_path: Path) -> None:
    path = table(tmp_path, "text,label,p_good,p_bad", f'"{TEXTS[0]}",goud,0.5,0.5', f'"{TEXTS[1]}",bad,0.2,0.8')
    want = "one of the classes with soft labels, good, bad, got 'goud'. Did you mean 'good'?"
    assert refusal(path) == f":2: label must be {want}"
    path = table(tmp_path, "text,label,p_good,p_bad", f'"{TEXTS[0]}",good,0.5,0.5', f'"{TEXTS[1]}",x,0.2,0.8')
    want = "one of the classes with soft labels, good, bad, got 'x'. Add the probability of 'x' to every row."
    assert refusal(path) == f":3: label must be {want}"
    first = {"text": TEXTS[0], "scores": {"a": 0.5, "b": 0.5}}
    path = written(tmp_path, [first, {"text": TEXTS[1], "scores": {"a": 1.0}}])
    assert refusal(path) == ":2: scores must be a probability of each of a, b, got none of 'b'."
    path = written(tmp_path, [first, {"text": TEXTS[1], "scores": {"a": 0.5, "b": 0.4, "c": 0.1}}])
    assert refusal(path) == ":2: scores must be of the classes a, b, as in the first row, got 'c'."
    path = written(tmp_path, [first, {"text": TEXTS[1], "scores": {"a": float("nan"), "b": 0.4}}])
    assert refusal(path) == ":2: scores 'a' must be a probability within 0..1, got nan."


def test_tokens_without_their_probabilities_are_refused(tmp_path: Path) -> None:
    rows = [TAGGED[0], TAGGED[1] | {"scores": []}]
    got = refusal(written(tmp_path, rows))
    assert got == ":2: scores must be a list of 1 objects, one per token or character, got 0 of them."


def test_they_are_not_asked_for_where_nothing_is_learnt(tmp_path: Path) -> None:
    path = table(tmp_path, "text,p_a,p_b", f'"{TEXTS[0]}",0.5,0.1')
    assert read(path, require_targets=False).soft is None


def test_formats_without_them_refuse_them(tmp_path: Path) -> None:
    path = tmp_path / "tagged.conll"
    path.write_text("in O\nBonn B-LOC\n\n", encoding="utf-8")
    want = ": --soft-labels is not allowed for the format conll (got given)."
    assert refusal(path, Reading(soft_labels=True)) == want
    with spell_arguments("python"):
        want = ": reading.soft_labels is not allowed for the format conll (got given)."
        assert (
            refusal(path, Reading(soft_labels=True)).replace("Reading(soft_labels=True)", "reading.soft_labels") == want
        )
