"""What scikit-learn's users hand over and no model should learn is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bigru import BiGRUClassifier, BiGRUTagger
from bigru.errors import ArgumentError

TEXTS = ["ab", "ba", "aab", "bba"]
SERIES = np.arange(24.0).reshape(4, 3, 2)
MISSING = r"^fit: label 3 must be a class, got a missing value \((nan|None|<NA>|NaT)\)\. Leave such examples out\.$"


@pytest.mark.parametrize(
    "y",
    [
        [1.0, 0.0, float("nan"), 1.0],
        np.array([1, 0, np.nan, 1]),
        pd.Series([1.0, 0.0, np.nan, 1.0]),
        ["a", "b", None, "a"],
        pd.Series(["a", "b", pd.NA, "a"], dtype="string"),
        [pd.Timestamp(0), pd.Timestamp(1), pd.NaT, pd.Timestamp(0)],
    ],
)
def test_missing_labels_are_refused(y: Any) -> None:
    with pytest.raises(ArgumentError, match=MISSING):
        BiGRUClassifier().fit(TEXTS, y)


@pytest.mark.parametrize("y", [[1.0, 0.25, 2.0, 3.0], np.array([1, 0.25, 2, 3], np.float32)])
def test_continuous_targets_are_refused(y: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        BiGRUClassifier().fit(TEXTS, y)
    assert str(caught.value) == (
        "fit: label 2 must be a class, got 0.25: the labels are continuous. Classes have names or whole numbers."
    )


@pytest.mark.parametrize("dtype", [int, float, bool])
def test_indicator_matrices_are_refused_with_what_to_give(dtype: type) -> None:
    with pytest.raises(ArgumentError) as caught:
        BiGRUClassifier().fit(TEXTS, np.eye(4, 3, dtype=dtype))
    assert str(caught.value) == (
        "y: y must be a list with one label, or one list of labels, per input, got an indicator matrix [4, 3]. "
        "Give numbers, as y.argmax(axis=1), or for any number of labels lists, as [row.nonzero()[0] for row in y]."
    )


def test_weights_of_examples_are_refused_and_none_are_no_weights() -> None:
    want = (
        "fit: sample_weight is not allowed for any model (got weights). "
        'Repeat examples that count more; class_weights="balanced" makes rare classes count more.'
    )
    for estimator, y in ((BiGRUClassifier(), "abab"), (BiGRUTagger(), [["x"]] * 4)):
        with pytest.raises(ArgumentError) as caught:
            estimator.fit(TEXTS, list(y), sample_weight=[1, 2, 3, 4])
        assert str(caught.value) == want
        with pytest.raises(TypeError, match=r"^fit\(\) got an unexpected keyword argument 'weights'$"):
            estimator.fit(TEXTS, list(y), weights=1)
    model = BiGRUClassifier(hidden=2, epochs=1).fit(TEXTS * 3, list("abab") * 3, sample_weight=None)
    np.testing.assert_array_equal(model.predict_log_proba(TEXTS), np.log(model.predict_proba(TEXTS)))


def test_masked_values_are_refused() -> None:
    masked = np.ma.masked_equal(SERIES, 3.0)
    with pytest.raises(ArgumentError) as caught:
        BiGRUClassifier().fit(masked, list("abab"))
    assert str(caught.value) == (
        "X: array must be without a mask, got 1 masked values. "
        "Fill them, as x.astype(float).filled(numpy.nan); in series NaN is a missing value."
    )


def test_the_mark_of_padding_is_no_tag() -> None:
    with pytest.raises(ArgumentError) as caught:
        BiGRUTagger().fit(SERIES, np.array([[0, 1, 1], [1, 0, -100], [0, 0, 1], [1, 1, 1]]))
    assert str(caught.value) == (
        "y: row 2 must be labels alone, got -100, which marks padding. Cut each row to the length of its input."
    )
