from __future__ import annotations

import json

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.features.series import SeriesFeatures
from tolerances import FLOAT32, FLOAT64


def test_by_hand() -> None:
    features = SeriesFeatures.fit([[[1.0, 10.0], [3.0, 10.0]], [[5.0, 10.0]]])
    np.testing.assert_allclose(features.mean, [3.0, 10.0], **FLOAT64)
    np.testing.assert_allclose(features.std, [np.sqrt(8 / 3), 1.0], **FLOAT64)
    scaled = features.features(np.array([[3.0, 10.0], [7.0, 12.0]]))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, [[0, 0], [4 / np.sqrt(8 / 3), 2]], **FLOAT32)


def test_a_constant_column_with_rounding_noise_is_not_blown_up() -> None:
    features = SeriesFeatures.fit([np.full((7, 1), 0.1) + np.arange(7)[:, None] * 1e-17])
    assert features.std == (1.0,)


def test_one_dimension_may_be_flat_and_steps_may_be_none() -> None:
    features = SeriesFeatures.fit([[1, 2, 3], []])
    assert features.values == 1
    assert features.features([2]).tolist() == [[0.0]]
    assert features.features(np.zeros((0, 1))).shape == (0, 1)


def test_many_is_one_by_one() -> None:
    data = [np.arange(6.0).reshape(3, 2), np.ones((1, 2)), np.zeros((0, 2))]
    features = SeriesFeatures.fit(data)
    for many, one in zip(features.features_many(data), data, strict=True):
        np.testing.assert_array_equal(many, features.features(one))


def test_json_round_trip() -> None:
    features = SeriesFeatures.fit([[[1.1, 10.0], [3.7, 11.0]]])
    assert SeriesFeatures.from_json(json.loads(json.dumps(features.to_json()))) == features


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            [[1.0, float("inf")]],
            r"inputs\[0\] row 1 column 0 must be finite, or NaN where it is missing, got inf\. Fill",
        ),
        (
            [[[1, np.nan]], [[2, np.nan]]],
            r"inputs column 1 must be with at least one value, got none\. Leave such a col",
        ),
        (
            [[1.0], [[1.0], [float("-inf")]]],
            r"inputs\[1\] row 1 column 0 must be finite, or NaN where it is missing, got -inf",
        ),
        ([["a"]], r"inputs\[0\] must be numeric \[T, I\], got dtype <U1"),
        ([np.zeros((1, 1, 1))], r"inputs\[0\] must be numeric \[T, I\], got shape \[1, 1, 1\]"),
        ([np.zeros((2, 0))], r"inputs\[0\] must be numeric \[T, I\], got shape \[2, 0\]"),
        ([np.zeros((2, 2)), np.zeros((2, 3))], r"inputs\[1\] must be \[T, 2\], got shape \[2, 3\]"),
        ([np.zeros((0, 2))], r"inputs must be at least one step, got none"),
    ],
)
def test_fit_refuses(data: list, message: str) -> None:
    with pytest.raises(ArgumentError, match="^SeriesFeatures: " + message):
        SeriesFeatures.fit(data)


def test_features_refuses_nan_and_names_the_row() -> None:
    features = SeriesFeatures((0.0, 0.0), (1.0, 1.0))
    with pytest.raises(
        ArgumentError, match=r"^SeriesFeatures: x row 2 column 1 must be a number, as in training, where"
    ):
        features.features([[1, 2], [3, 4], [5, np.nan]])
    with pytest.raises(ArgumentError, match=r"inputs\[1\] row 0 column 0"):
        features.features_many([[[1, 2]], [[np.nan, 4]]])
    with pytest.raises(ArgumentError, match=r"x must be \[T, 2\], got shape \[1, 1\]"):
        features.features([1.0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], r"configuration must be an object with mean, std, missing, level, spread, got \[\]"),
        ({"mean": [0]}, r"configuration must be an object with mean, std, missing, level, spread"),
        ({"mean": [0], "std": [1], "missing": [0.5]}, r"missing must be a list of integers, got \[0\.5\]"),
        ({"mean": [0], "std": [1], "missing": [1]}, r"missing must be ascending dimensions within 0\.\.0, got \(1,\)"),
        ({"mean": [0], "std": [1], "missing": [0, 0]}, r"missing must be ascending dimensions within 0\.\.0, got"),
        ({"mean": [0], "std": ["1"]}, r"std must be a list of numbers, got \['1'\]"),
        ({"mean": [True], "std": [1]}, r"mean must be a list of numbers, got \[True\]"),
        ({"mean": [0, 1], "std": [1]}, r"mean and std must be equally long and not empty, got 2 and 1 values"),
        ({"mean": [], "std": []}, r"mean and std must be equally long and not empty, got 0 and 0 values"),
        ({"mean": [float("nan")], "std": [1]}, r"mean must be finite, got \(nan,\)"),
        (
            {"mean": [0], "std": [1], "level": [0]},
            r"level and spread must be both empty, or as long as mean, got 1 and 0",
        ),
        (
            {"mean": [0], "std": [1], "level": [0, 0], "spread": [1, 1]},
            r"level and spread must be both empty, or as long",
        ),
        ({"mean": [0], "std": [1], "level": [0], "spread": [0]}, r"spread must be greater than 0, got 0\.0"),
        ({"mean": [0], "std": [0]}, r"std must be greater than 0, got 0\.0"),
    ],
)
def test_from_json_refuses(values: object, message: str) -> None:
    with pytest.raises(ArgumentError, match="^SeriesFeatures: " + message):
        SeriesFeatures.from_json(values)


GAPPY = [np.array([[1.0, np.nan], [3.0, 5.0]]), np.array([[5.0, 5.0]])]


def test_missing_values_are_the_mean_and_are_said_beside() -> None:
    features = SeriesFeatures.fit(GAPPY)
    assert features.missing == (1,)
    assert features.values == 3
    np.testing.assert_allclose(features.mean, [3.0, 5.0], **FLOAT64)
    np.testing.assert_allclose(features.std, [np.sqrt(8 / 3), 1.0], **FLOAT64)
    scaled = features.features(GAPPY[0])
    np.testing.assert_allclose(scaled, [[-2 / np.sqrt(8 / 3), 0, 0], [0, 0, 1]], **FLOAT32)
    assert features.features(np.zeros((0, 2))).shape == (0, 3)
    assert features.features([[1.0, 6.0]])[0, 1:].tolist() == [1.0, 1.0]
    assert SeriesFeatures.from_json(json.loads(json.dumps(features.to_json()))) == features
    with pytest.raises(ArgumentError, match=r"x row 0 column 0 must be a number, as in training, where this column"):
        features.features([[np.nan, 1.0]])


def test_the_scaling_of_a_model_saved_without_masks_is_read() -> None:
    assert SeriesFeatures.from_json({"mean": [1], "std": [2]}) == SeriesFeatures((1.0,), (2.0,))


def test_what_would_be_infinite_after_scaling_is_refused() -> None:
    features = SeriesFeatures((0.0,), (1e-30,))
    with pytest.raises(ArgumentError, match=r"x row 1 column 0 must be near those of training, 0 and 1e-30 about it"):
        features.features([0.0, 1e30])


def test_series_of_very_different_scale_are_scaled_by_themselves_too() -> None:
    wave = np.sin(np.arange(40.0))
    series = [np.stack([size * wave, wave + n], axis=1) for n, size in enumerate((1e-3, 1.0, 1e3))]
    features = SeriesFeatures.fit(series)
    assert features.values == 6
    assert SeriesFeatures.fit(series, per_series=False).values == 2
    assert SeriesFeatures.fit([series[0]] * 2).values == 2
    assert SeriesFeatures.fit([series[0]] * 2, per_series=True).values == 6
    assert SeriesFeatures.from_json(json.loads(json.dumps(features.to_json()))) == features
    small, middle, large = features.features_many(series)
    np.testing.assert_allclose(small[:, 2], large[:, 2], **FLOAT32)
    np.testing.assert_allclose(small[:, 2].std(), 1.0, **FLOAT32)
    np.testing.assert_allclose(
        [one[0, 4] for one in (small, middle, large)], [-np.sqrt(1.5), 0, np.sqrt(1.5)], **FLOAT32
    )
    assert (small[:, 4] == small[0, 4]).all()


def test_flat_empty_and_gappy_series_are_scaled_by_themselves_without_a_division_by_zero() -> None:
    random = np.random.default_rng(0)
    series = [random.normal(size=(20, 1)) * 10.0**n for n in range(-3, 4)]
    series[2][3] = np.nan
    features = SeriesFeatures.fit(series)
    assert (features.missing, features.gaps, features.values) == ((0,), [0, 1], 4)
    for x in ([[5.0]] * 4, [[np.nan]] * 3, np.zeros((0, 1)), [[1e30], [-1e30]]):
        scaled = features.features(x)
        assert np.isfinite(scaled).all()
        assert not scaled[:, 1].any() or len(x) == 2
    scaled = features.features(series[2])
    assert not scaled[3, [0, 1, 3]].any()
    np.testing.assert_allclose(scaled[np.arange(20) != 3, 1].std(), 1.0, **FLOAT32)


@pytest.mark.parametrize("size", [5.0, 1e9, 1e20, 1e39, 1e150])
def test_a_constant_column_of_any_size_is_near_zero(size: float) -> None:
    inputs = [np.stack([np.full(7, size * 1.1), np.arange(7.0)], axis=1) for _ in range(3)]
    found = SeriesFeatures.fit(inputs, per_series=False)
    assert found.std[0] == max(1.0, 1e-9 * (size * 1.1))
    assert np.abs(found.features(inputs[0])[:, 0]).max() < 1e-5
