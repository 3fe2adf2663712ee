from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.plain.statistics import POSITIONS, Statistics, _statistics


def test_statistics_by_hand() -> None:
    found = _statistics(np.array([[1.0], [3.0], [2.0], [6.0]]))
    assert found[0] == 4
    mean, std, low, first_quarter, median, third_quarter, high = found[1:8]
    assert (mean, low, high) == (3.0, 1.0, 6.0)
    assert std == pytest.approx(np.sqrt(3.5))
    assert (first_quarter, median, third_quarter) == (1.75, 2.5, 3.75)
    first, last, slope, moved, missing = found[8:13]
    assert (first, last, missing) == (1.0, 6.0, 0.0)
    assert slope == pytest.approx((-1.5 * 1 - 0.5 * 3 + 0.5 * 2 + 1.5 * 6) / 5.0)
    assert moved == pytest.approx((2 + 1 + 4) / 3)
    between = np.interp(np.linspace(0, 3, POSITIONS), range(4), [1, 3, 2, 6])
    assert found[13:].tolist() == pytest.approx(between.tolist())


def test_gap_is_drawn_over_by_a_line_and_counted() -> None:
    found = _statistics(np.array([[np.nan], [2.0], [np.nan], [4.0]]))
    assert found[1] == pytest.approx((2 + 2 + 3 + 4) / 4)
    assert found[12] == 0.5


def test_one_step_no_step_and_a_channel_without_values() -> None:
    one, none = _statistics(np.array([[5.0, np.nan]])), _statistics(np.zeros((0, 2)))
    assert len(one) == len(none) == 1 + 2 * (12 + POSITIONS)
    assert one[0] == 1
    assert none[0] == 0
    # Numbers of a kind stand side by side, one per channel.
    assert one[1::2].tolist() == [5.0, 0.0, *[5.0] * 7, 0.0, 0.0, 0.0, *[5.0] * POSITIONS]
    assert one[2::2][11] == 1.0
    assert np.isnan(none[1:]).all()


def test_ragged_series_are_told_apart_by_their_level() -> None:
    draw = np.random.default_rng(0)
    labels = ["high" if n % 2 else "low" for n in range(40)]
    inputs = [draw.normal(label == "high", 0.1, (draw.integers(1, 9), 2)) for label in labels]
    model = Statistics().fit(inputs, labels)
    assert model.predict([[[1.0, 1.0]], np.zeros((30, 2)), np.full((2, 2), np.nan)])[:2] == ["high", "low"]
    assert model.predict([]) == []


def test_a_channel_alone_may_come_without_its_axis() -> None:
    model = Statistics().fit([[1.0, 2.0], [2.0, 1.0]] * 8, ["up", "down"] * 8)
    assert model.predict([[0.0, 5.0, 9.0], np.array([[3.0], [1.0]])]) == ["up", "down"]


def test_no_series_and_another_width_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^Statistics: inputs must be at least one series, got none\.$"):
        Statistics().fit([], [])
    model = Statistics().fit([[[1.0, 2.0]]], ["a"])
    with pytest.raises(ArgumentError, match=r"^Statistics: inputs\[1\] must be \[T, 2\], got shape \[3, 1\]\.$"):
        model.predict([[[1.0, 2.0]], [1.0, 2.0, 3.0]])
