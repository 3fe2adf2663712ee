"""Scores of tag sequences against seqeval and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import sequence_labeling as seqeval
from sklearn import metrics as sklearn

from bigru import __version__
from bigru.errors import ArgumentError
from bigru.metrics import Report, tagging_report
from tolerances import FLOAT64

TAGS = ["O", *(f"{prefix}-{label}" for label in ("A", "B") for prefix in "BIES")]
PAIRS = st.lists(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), max_size=9), min_size=1, max_size=6)
Tags = list[list[str]]


def sides(sequences: list[list[tuple[str, str]]]) -> tuple[Tags, Tags]:
    gold, predicted = ([[pair[side] for pair in row] for row in sequences] for side in (0, 1))
    return gold, predicted


@pytest.mark.slow
@given(PAIRS.filter(any), st.sampled_from(["BIO", "IOB1", "BIOES"]))
@settings(max_examples=50)
def test_spans_are_scored_as_by_seqeval(sequences: list[list[tuple[str, str]]], scheme: str) -> None:
    gold, predicted = sides(sequences)
    report = tagging_report(gold, predicted, scheme)
    by_type = seqeval.precision_recall_fscore_support(gold, predicted, zero_division=0)
    assert report["span_f1"] == pytest.approx(seqeval.f1_score(gold, predicted, zero_division=0))
    assert report["span_precision"] == pytest.approx(seqeval.precision_score(gold, predicted, zero_division=0))
    assert report["span_recall"] == pytest.approx(seqeval.recall_score(gold, predicted, zero_division=0))
    assert report["accuracy"] == pytest.approx(seqeval.accuracy_score(gold, predicted))
    classes = np.array([row[1:5] for row in report.classes]).reshape(-1, 4)
    np.testing.assert_allclose(classes, np.array(by_type).T, **FLOAT64)
    assert report["span_macro_f1"] == pytest.approx(np.mean(by_type[2]) if len(by_type[2]) else 0)


@given(PAIRS.filter(any))
@settings(max_examples=40)
def test_plain_tags_are_scored_as_by_scikit_learn(sequences: list[list[tuple[str, str]]]) -> None:
    gold, predicted = sides(sequences)
    report = tagging_report(gold, predicted, None)
    flat = [tag for row in gold for tag in row], [tag for row in predicted for tag in row]
    assert report["accuracy"] == pytest.approx(sklearn.accuracy_score(*flat))
    assert report["macro_f1"] == pytest.approx(sklearn.f1_score(*flat, average="macro", zero_division=0))
    padded = sklearn.confusion_matrix(*flat, labels=[*report.labels, "none"])
    np.testing.assert_array_equal(report.confusion, padded[:-1, :-1])
    assert list(report.labels) == [row.label for row in report.classes] == sorted({*flat[0], *flat[1]})


def example(scheme: str | None = "BIO", **more: object) -> Report:
    gold = [["B-PER", "I-PER", "O", "B-LOC"], [], ["O", "B-LOC"]]
    predicted = [["B-PER", "I-PER", "O", "O"], [], ["B-PER", "B-LOC"]]
    return tagging_report(gold, predicted, scheme, **more)  # type: ignore[arg-type]


def test_by_hand() -> None:
    report = example()
    assert report["span_precision"] == pytest.approx(2 / 3)
    assert report["span_recall"] == pytest.approx(2 / 3)
    assert report["span_f1"] == pytest.approx(2 / 3)
    assert report["accuracy"] == pytest.approx(4 / 6)
    assert report.classes[0] == ("LOC", 1.0, 0.5, pytest.approx(2 / 3), 2, 1)
    assert report.classes[1] == ("PER", 0.5, 1.0, pytest.approx(2 / 3), 1, 2)
    assert report.confusion == ()
    assert report.scores[0].signature == (
        f"span_f1|scheme:BIO|average:micro|reading:conlleval|n:3|bootstrap:1000|seed:0|v:{__version__}"
    )
    assert report.scores[3].signature == f"accuracy|tags:6|n:3|bootstrap:1000|seed:0|v:{__version__}"
    assert report.scores[4].signature == (
        f"span_macro_f1|scheme:BIO|average:macro|reading:conlleval|n:3|classes:2|bootstrap:1000|seed:0|v:{__version__}"
    )


def test_only_some_labels_count() -> None:
    report = example(labels=["LOC", "GPE"])
    assert report["span_precision"] == 1
    assert report["span_recall"] == 0.5
    assert report["accuracy"] == pytest.approx(4 / 6)
    assert [row.label for row in report.classes] == ["LOC", "GPE"]
    assert report["span_macro_f1"] == pytest.approx(2 / 3)
    assert example(labels=[])["span_f1"] == 0


def test_spans_never_reach_across_sequences() -> None:
    report = tagging_report([["I-A"], ["I-A", "I-A"]], [["I-A"], ["O", "I-A"]], "IOB1")
    assert report.classes == (("A", 0.5, 0.5, 0.5, 2, 2),)


def test_the_right_place_with_the_wrong_label_is_no_hit() -> None:
    report = tagging_report([["B-A", "I-A", "B-B"]], [["B-B", "I-B", "B-B"]], "BIO")
    assert report.classes == (("A", 0, 0, 0, 1, 0), ("B", 0.5, 1, 2 / 3, 1, 2))


def test_confidences_give_calibration() -> None:
    report = example(confidences=[[1.0, 1.0, 1.0, 0.75], [], np.array([0.75, 1.0], np.float32)])
    assert report["ece"] == pytest.approx(2 / 6 * 0.75)
    assert report.scores[-1].signature == f"ece|bins:15|tags:6|n:3|v:{__version__}"
    assert sum(row.examples for row in report.bins) == 6


def test_intervals_resample_sequences() -> None:
    # One of a hundred sequences holds half the tags and all the errors: resampling tags would see no spread.
    gold = [["O"] for _ in range(99)] + [["O"] * 99]
    predicted = [["O"] for _ in range(99)] + [["B-A"] * 99]
    accuracy = {score.name: score for score in tagging_report(gold, predicted, "BIO").scores}["accuracy"]
    assert accuracy.value == 0.5
    assert (accuracy.low, accuracy.high) == (pytest.approx(0.25, abs=0.05), 1.0)


WHERE = "metrics.tagging_report"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([], [], "BIO"), f"{WHERE}: gold must be at least one example, got 0."),
        (([[], []], [[], []], "BIO"), f"{WHERE}: gold must be at least one tag, got 0."),
        (([["O"]], [], "BIO"), f"{WHERE}: predicted must be as long as gold (1), got 0."),
        (([["O"], ["O"]], [["O"], []], "BIO"), f"{WHERE}: predicted 2 must be as long as its gold (1 tags), got 0."),
        (([["O"]], [["O"]], "BIO", []), f"{WHERE}: confidences must be as long as gold (1), got 0."),
        (([["O"]], [["O"]], "BIO", [[]]), f"{WHERE}: confidences 1 must be as long as its gold (1 tags), got 0."),
        (([["O"]], [["O"]], "BIO", [[1.5]]), "metrics.reliability: confidence must be within 0..1, got 1.5."),
        (([["NN"]], [["O"]], "BIO"), "scheme.spans: tag 1 must be O or B-LABEL, I-LABEL (BIO), got 'NN'."),
    ],
)
def test_bad_input_is_named(arguments: tuple[object, ...], text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        tagging_report(*arguments)  # type: ignore[arg-type]
    assert str(caught.value) == text
