"""Classification scores against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from sklearn.preprocessing import MultiLabelBinarizer

from bigru import __version__
from bigru.errors import ArgumentError
from bigru.metrics import classification_report, multilabel_report
from bigru.metrics.classification import confusion_matrix, precision_recall_f1
from tolerances import FLOAT64

LABELS = ("neg", "neu", "pos")
SETS = st.sets(st.sampled_from(LABELS))


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=30))
@settings(max_examples=40)
def test_equal_to_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    report = classification_report(gold, predicted, LABELS)
    p, r, f, _ = sklearn.precision_recall_fscore_support(gold, predicted, average="macro", zero_division=0)
    assert report["accuracy"] == pytest.approx(sklearn.accuracy_score(gold, predicted))
    assert [report[f"macro_{name}"] for name in ("precision", "recall", "f1")] == pytest.approx([p, r, f])
    rows = sklearn.precision_recall_fscore_support(gold, predicted, labels=LABELS, zero_division=0)
    np.testing.assert_allclose([row[1:5] for row in report.classes], np.array(rows).T, **FLOAT64)
    assert [row.predicted for row in report.classes] == [predicted.count(label) for label in LABELS]
    np.testing.assert_array_equal(report.confusion, sklearn.confusion_matrix(gold, predicted, labels=LABELS))
    assert report.labels == LABELS


@given(st.lists(st.tuples(SETS, SETS), min_size=1, max_size=20))
@settings(max_examples=40)
def test_many_labels_are_equal_to_scikit_learn(pairs: list[tuple[set[str], set[str]]]) -> None:
    gold, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    report = multilabel_report(gold, predicted, LABELS)
    binarise = MultiLabelBinarizer(classes=LABELS).fit([])
    truth, guess = binarise.transform(gold), binarise.transform(predicted)
    p, r, f, _ = sklearn.precision_recall_fscore_support(truth, guess, average="micro", zero_division=0)
    assert [report[f"micro_{name}"] for name in ("precision", "recall", "f1")] == pytest.approx([p, r, f])
    assert report["macro_f1"] == pytest.approx(sklearn.f1_score(truth, guess, average="macro", zero_division=0))
    assert report["subset_accuracy"] == pytest.approx(sklearn.accuracy_score(truth, guess))
    rows = sklearn.precision_recall_fscore_support(truth, guess, zero_division=0)
    np.testing.assert_allclose([row[1:5] for row in report.classes], np.array(rows).T, **FLOAT64)


def test_by_hand() -> None:
    report = classification_report(["a", "a", "a", "b"], ["a", "a", "b", "b"], ("a", "b", "c"))
    assert report["accuracy"] == 0.75
    assert report["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)  # c occurs nowhere and is left out
    assert report.classes[0] == ("a", 1.0, pytest.approx(2 / 3), pytest.approx(0.8), 3, 2)
    assert report.classes[2] == ("c", 0.0, 0.0, 0.0, 0, 0)
    assert report.confusion == ((2, 1, 0), (0, 1, 0), (0, 0, 0))
    np.testing.assert_array_equal(confusion_matrix(np.array([1]), np.array([0]), 2), [[0, 0], [1, 0]])
    np.testing.assert_array_equal(precision_recall_f1(np.array([0, 0, 0])), [0, 0, 0])


def test_intervals_hold_the_value_and_signatures_say_how() -> None:
    random = np.random.default_rng(0)
    gold = random.choice(LABELS, 500)
    predicted = np.where(random.random(500) < 0.8, gold, random.choice(LABELS, 500))
    report = classification_report(gold.tolist(), predicted.tolist(), LABELS, seed=7)
    for score in report.scores:
        assert score.low is not None
        assert score.high is not None
        assert score.low < score.value < score.high
        assert score.high - score.low < 0.1
    assert report.scores[0].signature == f"accuracy|n:500|bootstrap:1000|seed:7|v:{__version__}"
    assert report.scores[1].signature == f"macro_f1|average:macro|classes:3|n:500|bootstrap:1000|seed:7|v:{__version__}"
    assert report == classification_report(gold.tolist(), predicted.tolist(), LABELS, seed=7)


def test_probabilities_give_calibration() -> None:
    shares = np.array([[0.9, 0.1], [0.4, 0.6]], np.float32)
    report = classification_report(["a", "a"], ["a", "b"], ("a", "b"), shares)
    assert report["ece"] == pytest.approx((0.1 + 0.6) / 2)
    assert report["brier"] == pytest.approx(((0.01 + 0.01) + (0.36 + 0.36)) / 2)
    assert [(s.name, s.low, s.signature) for s in report.scores[-2:]] == [
        ("ece", None, f"ece|bins:15|n:2|v:{__version__}"),
        ("brier", None, f"brier|sum:classes|n:2|v:{__version__}"),
    ]
    assert sum(row.examples for row in report.bins) == 2


@pytest.mark.parametrize(
    ("gold", "predicted", "labels", "shares", "text"),
    [
        ([], [], "ab", None, "gold must be at least one example, got 0."),
        (["a"], [], "ab", None, "predicted must be as long as gold (1), got 0."),
        (["a"], ["a"], "a", None, "labels must be at least 2, got 1."),
        (["a"], ["a"], "aba", None, "labels must be distinct, got 'a' twice."),
        (
            ["a", "pos"],
            ["a", "a"],
            ["a", "poss"],
            None,
            "gold 2 must be one of a, poss, got 'pos'. Did you mean 'poss'?",
        ),
        (["a"], ["c"], "ab", None, "predicted 1 must be one of a, b, got 'c'."),
        (["a"], ["?"], "abcdefghijklm", None, "predicted 1 must be one of the 13 labels, got '?'."),
        (["a"], ["a"], "ab", np.ones((1, 3)), "probabilities must be float [1, 2], got shape [1, 3]."),
        (
            ["a", "b"],
            ["a", "b"],
            "ab",
            np.array([[0.5, 0.5], [0.5, 0.75]]),
            "probabilities must be distributions over the labels (each row sums to 1), got [0.5, 0.75] in row 2.",
        ),
        (
            ["a"],
            ["a"],
            "ab",
            np.array([[np.nan, 1.0]]),
            "probabilities must be distributions over the labels (each row sums to 1), got [nan, 1.0] in row 1.",
        ),
    ],
)
def test_bad_input_is_named(
    gold: list[str], predicted: list[str], labels: list[str], shares: np.ndarray | None, text: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        classification_report(gold, predicted, labels, shares)
    assert str(caught.value) == f"metrics.classification_report: {text}"


@pytest.mark.parametrize(
    ("gold", "predicted", "labels", "text"),
    [
        ([], [], "ab", "gold must be at least one example, got 0."),
        ([[]], [[], []], "ab", "predicted must be as long as gold (1), got 2."),
        ([[]], [[]], "", "labels must be at least 1, got 0."),
        ([["a"], ["b", "c"]], [[], []], "ab", "gold 2 must be one of a, b, got 'c'."),
    ],
)
def test_bad_input_of_many_labels_is_named(
    gold: list[list[str]], predicted: list[list[str]], labels: str, text: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        multilabel_report(gold, predicted, labels)
    assert str(caught.value) == f"metrics.multilabel_report: {text}"
