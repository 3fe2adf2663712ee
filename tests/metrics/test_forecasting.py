"""Scores of forecasts, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.metrics.forecasting import Baseline, forecast_report, pinball


def test_pinball_by_hand() -> None:
    np.testing.assert_allclose(pinball(np.array([1.0, 3.0]), np.array([2.0, 2.0]), 0.9), [0.1, 0.9])


def test_scores_by_hand() -> None:
    gold = np.array([[[1.0], [3.0]], [[0.0], [0.0]]])
    point = np.array([[[1.0], [1.0]], [[0.0], [4.0]]])
    units = np.array([[2.0], [1.0]])
    ours = Baseline("", point, bands={0.8: (point - 1, point + 2)})
    found = forecast_report(gold, ours, [Baseline("naive", gold + 1)], units, 24)
    assert found["mse"] == (4 + 16) / 4
    assert found["mae"] == (2 + 4) / 4
    assert found["mase"] == (2 / 2 + 4 / 1) / 4
    assert (found["coverage_80"], found["width_80"]) == (3 / 4, 3)
    assert (found["naive_mse"], found["naive_mae"], found["naive_mase"]) == (1, 1, 0.75)
    shares = {0.1: point - 1, 0.5: point, 0.9: point + 2}
    expected = np.mean([pinball(gold, values, share).mean() for share, values in shares.items()])
    assert found["pinball"] == pytest.approx(expected)
    # A rule has one value for all quantiles: it lies 1 too high, which costs (1 - q) each time.
    assert found["naive_pinball"] == pytest.approx(np.mean([0.9, 0.5, 0.1]))
    assert found.scores[0].signature.startswith("mse|windows:2|horizon:2|targets:1|units:train-std|season:24|v:")
    assert next(s for s in found.scores if s.name == "pinball").signature.count("shares:0.1+0.5+0.9") == 1


def test_many_windows_are_scored_as_one_block_would_be() -> None:
    random = np.random.default_rng(0)
    gold, point = random.normal(size=(2, 700, 3, 2))
    found = forecast_report(gold, Baseline("", point), [], np.ones((700, 2)), 1)
    assert found["mse"] == pytest.approx(np.square(gold - point).mean())
    assert found["pinball"] == pytest.approx(np.abs(gold - point).mean() / 2)


def test_nothing_and_other_shapes_are_refused() -> None:
    with pytest.raises(ArgumentError, match="forecasts must be of the shape of what came"):
        forecast_report(np.zeros((0, 2, 1)), Baseline("", np.zeros((0, 2, 1))), [], np.zeros((0, 1)), 1)
    with pytest.raises(ArgumentError, match=r"\[1, 2, 1\], and not empty, got \[1, 3, 1\]"):
        forecast_report(np.zeros((1, 2, 1)), Baseline("", np.zeros((1, 3, 1))), [], np.zeros((1, 1)), 1)
