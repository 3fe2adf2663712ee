"""classify: labels to numbers, logits to answers."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError, DataError
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.tasks import classify
from decided import answers
from tolerances import FLOAT32, FLOAT64

TEXT = TextFeatures.fit(["good film", "bad film"], unit="word", channels=("unit",))
TWO = classify.Config(("negative", "positive"), TEXT)
THREE = classify.Config(("negative", "neutral", "positive"), TEXT)
MANY = classify.Config(("art", "sport", "war"), TEXT, multi_label=True)


def test_outputs_are_one_logit_for_two_labels_only() -> None:
    assert (TWO.outputs, THREE.outputs, MANY.outputs) == (1, 3, 3)
    assert classify.Config(("a", "b"), TEXT, multi_label=True).outputs == 2
    assert classify.Config(("a",), TEXT, multi_label=True).outputs == 1


def test_featurise_gives_ids_and_scaled_values() -> None:
    good = classify.featurise(TWO, ["good film", "good", ""])
    assert [rows.shape for rows in good] == [(2, 1), (1, 1), (0, 1)]
    assert good[0][0] == good[1][0] == TEXT.vocabulary.index("good") + 1
    series = classify.Config(("a", "b"), SeriesFeatures((1.0, 2.0), (2.0, 4.0)))
    np.testing.assert_array_equal(classify.featurise(series, [[[3.0, 2.0]]])[0], np.float32([[1.0, 0.0]]))


def test_targets_are_numbers_in_the_order_of_the_labels() -> None:
    numbers = classify.targets(THREE, ["positive", "negative", "neutral", "positive"])
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [2, 0, 1, 2]
    assert classify.targets(THREE, []).shape == (0,)


def test_targets_of_many_labels_are_zeros_and_ones() -> None:
    rows = classify.targets(MANY, [["war", "art"], [], ["sport"]])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert classify.targets(MANY, []).shape == (0, 3)


def test_an_unknown_label_is_named_with_its_place_and_the_nearest() -> None:
    with pytest.raises(DataError) as caught:
        classify.targets(THREE, ["positive", "positve"])
    assert str(caught.value) == (
        "classify: example 2: label must be one of negative, neutral, positive, got 'positve'. Did you mean 'positive'?"
    )
    with pytest.raises(DataError, match=r"^dev\.csv:17: label must be one of art, sport, war, got 'peace'\.$"):
        classify.targets(MANY, [["war"], ["art", "peace"]], source="dev.csv", lines=[2, 17])
    with pytest.raises(DataError, match=r"got \['war'\]"):
        classify.targets(TWO, [["war"]])


def test_an_error_lists_twelve_labels_at_most() -> None:
    config = classify.Config(tuple(f"class{n}" for n in range(20)), TEXT)
    with pytest.raises(DataError, match=r"class11 \(and 8 more\), got 'x'"):
        classify.targets(config, ["x"])


def test_decode_two_labels_by_hand() -> None:
    logits = np.float32([[np.log(3.0)], [-np.log(4.0)], [0.0]])
    found = answers(classify, TWO, logits)
    assert [answer["label"] for answer in found] == ["positive", "negative", "positive"]
    np.testing.assert_allclose([answer["confidence"] for answer in found], [0.75, 0.8, 0.5], **FLOAT32)
    np.testing.assert_allclose(list(found[0]["scores"].values()), [0.25, 0.75], **FLOAT32)
    assert list(found[0]["scores"]) == ["negative", "positive"]


def test_the_threshold_moves_the_decision_between_two_labels() -> None:
    strict = classify.Config(TWO.labels, TEXT, threshold=0.9)
    (answer,) = answers(classify, strict, np.array([[np.log(3.0)]]))
    assert answer["label"] == "negative"
    np.testing.assert_allclose(answer["confidence"], 0.25, **FLOAT64)


def test_decode_many_classes_by_hand() -> None:
    (answer,) = answers(classify, THREE, np.log([[0.2, 0.7, 0.1]]))
    assert answer["label"] == "neutral"
    np.testing.assert_allclose(answer["confidence"], 0.7, **FLOAT64)
    np.testing.assert_allclose(list(answer["scores"].values()), [0.2, 0.7, 0.1], **FLOAT64)


def test_decode_many_labels_takes_each_by_itself() -> None:
    found = answers(classify, MANY, np.log([[3.0, 1 / 3, 1.0], [0.1, 0.2, 0.3]]))
    assert [answer["labels"] for answer in found] == [["art", "war"], []]
    np.testing.assert_allclose(list(found[0]["scores"].values()), [0.75, 0.25, 0.5], **FLOAT64)


def test_extreme_logits_stay_probabilities() -> None:
    assert answers(classify, TWO, np.array([[1e4]]))[0]["scores"] == {"negative": 0.0, "positive": 1.0}
    assert answers(classify, THREE, np.array([[-1e4, 0.0, 1e4]]))[0]["confidence"] == 1.0


def test_decode_nothing_and_refuse_another_shape() -> None:
    assert answers(classify, THREE, np.zeros((0, 3))) == []
    with pytest.raises(ArgumentError, match=r"classify\.decide: logits must be float \[N, 3\], got shape \[2, 1\]"):
        answers(classify, THREE, np.zeros((2, 1)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": ("one",)}, "labels must be at least 2 labels, got ['one']. Nothing can be learnt from one class."),
        ({"labels": (), "multi_label": True}, "labels must be at least 1 labels, got []."),
        ({"labels": ("a", " b")}, "labels must be without spaces around them and not empty, got ' b'."),
        ({"labels": ("a", "")}, "labels must be without spaces around them and not empty, got ''."),
        ({"labels": ("a", "b", "a")}, "labels must be distinct, got 'a' twice."),
        ({"labels": ("a", "b"), "threshold": 1.0}, "threshold must be within 0 < p < 1, got 1.0."),
        ({"labels": ("a", "b"), "threshold": 0.0}, "threshold must be within 0 < p < 1, got 0.0."),
    ],
)
def test_a_config_refuses(arguments: dict, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        classify.Config(features=TEXT, **arguments)
    assert str(caught.value) == f"classify.Config: {message}"


def test_score_reads_what_decode_wrote() -> None:
    found = answers(classify, THREE, np.log([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]]))
    report = classify.score(THREE, ["neutral", "positive"], found)
    assert report["accuracy"] == 0.5
    # Confidences 0.7 (right) and 0.6 (wrong) fall into two bins: (0.3 + 0.6) / 2.
    np.testing.assert_allclose(report["ece"], 0.45, **FLOAT64)
    assert report.labels == THREE.labels


def test_score_of_two_labels_uses_both_shares() -> None:
    found = answers(classify, TWO, np.log([[3.0]]))
    report = classify.score(TWO, ["positive"], found)
    np.testing.assert_allclose(report["brier"], 0.125, **FLOAT64)


def test_score_of_many_labels() -> None:
    found = answers(classify, MANY, np.log([[3.0, 0.1, 3.0], [0.1, 0.2, 0.3]]))
    report = classify.score(MANY, [["art"], []], found)
    np.testing.assert_allclose(report["micro_f1"], 2 / 3, **FLOAT64)
    assert report["subset_accuracy"] == 0.5
