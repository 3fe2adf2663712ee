"""NaN, infinities and denormals go through as in the reference, and no setting of the processor leaks out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cases import backward, forward, forward_reference, output_gradients, random_case

from bigru.ops.gru import native
from tolerances import FLOAT32, FLOAT32_STEP


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("reset_after", [True, False])
def test_inputs_that_are_not_finite(value, reset_after):
    case = random_case(1, 6, 5, 3, 7, reset_after=reset_after, lengths="full")
    case.x[2, 3, 1] = value
    case.h0[0, 4, 2] = value
    with np.errstate(invalid="ignore"):
        want_y, want_h = forward_reference(case)
    y, h_n, _ = forward(case)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(want_y))
    np.testing.assert_array_equal(np.isnan(h_n), np.isnan(want_h))
    np.testing.assert_allclose(y, want_y, **FLOAT32_STEP, equal_nan=True)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("matrix", [0, 1])
def test_whole_numbers_of_a_row_that_is_not_finite_are_nan(value, reset_after, matrix):
    # In 8 bits a number that is not finite takes its row with it: of a weight one unit, of x and h all units of a row.
    case = random_case(1, 5, 4, 3, 7, reset_after=reset_after, reverse=(False,), lengths="full", precision="int8")
    clean, _, _ = forward(case)
    case.weights[0][matrix][2 * 7 + 4, 1] = value
    y, _, _ = forward(case)
    assert np.isnan(y[:, 0, 4]).all()
    np.testing.assert_array_equal(np.delete(y[:, 0], 4, axis=1), np.delete(clean[:, 0], 4, axis=1))
    assert np.isnan(y[:, 1:]).all()  # the state is not finite either

    case = random_case(1, 5, 4, 3, 7, reset_after=reset_after, reverse=(False,), lengths="full", precision="int8")
    array = case.x[3, 0] if matrix == 0 else case.h0[0, 3]
    array[1] = value
    y, _, _ = forward(case)
    assert np.isnan(y[3]).all()
    np.testing.assert_array_equal(np.delete(y, 3, axis=0), np.delete(clean, 3, axis=0))


def test_a_poisoned_row_stays_alone():
    case = random_case(2, 20, 5, 3, 17)
    clean, _, _ = forward(case)
    x = case.x.copy()
    x[7] = np.nan
    y, _, _ = forward(replace(case, x=x))
    others = np.arange(20) != 7
    np.testing.assert_array_equal(y[others], clean[others])


def test_saturated_gates():
    case = random_case(3, 4, 3, 2, 5, lengths="full")
    y, _, _ = forward(replace(case, x=case.x * 1e6))
    want, _ = forward_reference(replace(case, x=case.x * np.float32(1e6)))
    np.testing.assert_allclose(y, want, **FLOAT32)


def is_denormal(array):
    return (array != 0) & (np.abs(array) < np.finfo(np.float32).tiny)


def test_denormals_are_flushed():
    # A processor takes a hundred times as long for a product of denormals as for one of zeros.
    case = random_case(4, 8, 60, 32, 64, lengths="full")
    no_biases = [(*direction[:2], *(np.zeros_like(bias) for bias in direction[2:])) for direction in case.weights]
    tiny = replace(case, x=case.x * np.float32(1e-41), h0=case.h0 * np.float32(1e-41), weights=no_biases)
    assert is_denormal(tiny.x).any()
    assert is_denormal(tiny.h0).any()
    y, h_n, _ = forward(tiny)
    assert not y.any()
    assert not h_n.any()
    small = replace(tiny, x=np.zeros_like(case.x), h0=case.h0 * np.float32(1e-30))
    y, h_n, _ = forward(small)
    assert y.any()
    assert not is_denormal(y).any()
    assert not is_denormal(h_n).any()


def test_the_callers_floating_point_mode_stays():
    tiny = np.array([1e-40], np.float32)
    case = random_case(5, 20, 30, 8, 64)
    backward(case, *output_gradients(case))
    native.Prepared(case.weights[:1], reverse=(False,)).step(
        np.zeros((1, 8), np.float32), np.zeros((1, 64), np.float32)
    )
    assert (tiny / 2)[0] != 0
