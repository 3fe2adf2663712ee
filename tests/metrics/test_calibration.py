"""Calibration by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from bigru.errors import ArgumentError
from bigru.metrics.calibration import brier_score, expected_calibration_error, reliability


def test_bins_are_open_below_and_closed_above() -> None:
    bins = reliability(np.array([0.0, 0.5, 0.500001, 1.0]), np.array([False, True, True, True]), 2)
    assert [row.examples for row in bins] == [2, 2]
    assert bins[0] == (0.0, 0.5, 2, 0.25, 0.5)
    assert bins[1] == (0.5, 1.0, 2, pytest.approx(0.7500005), 1.0)


def test_expected_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    correct = np.array([True, True, True, False, False, True])
    got = expected_calibration_error(reliability(confidence, correct))
    assert got == pytest.approx(4 / 6 * 0.20 + 2 / 6 * 0.05)
    assert expected_calibration_error(reliability(np.ones(5), np.ones(5, bool))) == 0
    assert expected_calibration_error(reliability(np.zeros(0), np.zeros(0, bool))) == 0


def test_a_confidence_that_tells_the_truth_is_calibrated() -> None:
    random = np.random.default_rng(0)
    confidence = random.random(100_000)
    correct = random.random(100_000) < confidence
    assert expected_calibration_error(reliability(confidence, correct)) < 0.01
    assert expected_calibration_error(reliability(confidence, ~correct)) > 0.4


def test_brier_score_is_scikit_learns() -> None:
    random = np.random.default_rng(1)
    shares = random.dirichlet(np.ones(4), 63)
    gold = random.integers(0, 4, 63)
    want = brier_score_loss(gold, shares, labels=range(4), scale_by_half=False)
    assert brier_score(shares, gold) == pytest.approx(want)
    assert brier_score(np.array([[0.0, 1.0]]), np.array([0])) == 2


@pytest.mark.parametrize(
    ("confidence", "correct", "text"),
    [
        (np.array([0.5, -0.1]), [True, True], "metrics.reliability: confidence must be within 0..1, got -0.1."),
        (np.array([np.nan]), [True], "metrics.reliability: confidence must be within 0..1, got nan."),
        (np.array([0.5]), [], "metrics.reliability: correct must be bool [N=1], got shape [0]."),
        (np.array([1]), [True], "metrics.reliability: confidence must be float [N], got dtype int64."),
    ],
)
def test_bad_input_is_named(confidence: np.ndarray, correct: list[bool], text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        reliability(confidence, np.array(correct, bool))
    assert str(caught.value) == text
