"""sigmoid, tanh, exp and log of the kernels: 2 ulp over a grid of all floats, and the special values."""

from __future__ import annotations

import numpy as np
import pytest

from bigru import _native
from tolerances import VMATH


def apply(function, x):
    y = np.empty_like(x)
    _native.vector_math(function, x, y)
    return y


def exact(function, x):
    wide = x.astype(float)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return 1 / (1 + np.exp(-wide)) if function == "sigmoid" else getattr(np, function)(wide)


@pytest.mark.parametrize("function", ["sigmoid", "tanh", "exp", "log"])
@pytest.mark.parametrize("part", range(8))
def test_two_ulp_on_a_grid(function, part):
    step = 1009  # prime, so that all mantissas and exponents are met
    x = np.arange(part << 29, (part + 1) << 29, step, dtype=np.int64).astype(np.uint32).view(np.float32)
    x = x[np.isfinite(x)]
    want, got = exact(function, x), apply(function, x)
    smallest, largest = np.finfo(np.float32).tiny, np.finfo(np.float32).max
    if function == "log":  # what is no normal float counts as zero
        want = np.where(np.abs(x) < smallest, -np.inf, want)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    beyond = np.abs(want) > largest
    np.testing.assert_array_equal(got[beyond], np.copysign(np.inf, want[beyond]))
    normal = (np.abs(want) >= smallest) & (np.abs(want) <= largest)
    ulp = np.spacing(np.abs(want[normal]).astype(np.float32)).astype(float)
    assert (np.abs(got[normal] - want[normal]) / ulp).max(initial=0) <= 2
    assert np.abs(got[np.abs(want) < smallest]).max(initial=0) <= smallest


def test_special_values():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30], np.float32)
    np.testing.assert_array_equal(apply("tanh", x), np.array([0, -0.0, 1, -1, np.nan, 1, -1], np.float32))
    assert np.signbit(apply("tanh", x)[1])
    sigmoid = apply("sigmoid", x)
    np.testing.assert_array_equal(sigmoid[[0, 1, 2, 4, 5]], np.array([0.5, 0.5, 1, np.nan, 1], np.float32))
    assert (sigmoid[[3, 6]] < 1e-38).all()
    assert (sigmoid[[3, 6]] >= 0).all()


def test_special_values_of_exp_and_log():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 89, -104, 1, -1], np.float32)
    exp, log = apply("exp", x), apply("log", x)
    np.testing.assert_array_equal(exp[:7], np.array([1, 1, np.inf, 0, np.nan, np.inf, 0], np.float32))
    nan = np.nan
    np.testing.assert_array_equal(log[[0, 1, 2, 3, 4, 7, 8]], np.float32([-np.inf, -np.inf, np.inf, nan, nan, 0, nan]))


@pytest.mark.parametrize("function", ["exp", "log"])
def test_two_ulp_where_it_is_used(function):
    x = np.linspace(-87.3, 0, 1 << 21) if function == "exp" else np.linspace(0.3, 3, 1 << 21)
    x = x.astype(np.float32)
    want, got = exact(function, x), apply(function, x)
    assert (np.abs(got - want) / np.spacing(np.abs(want).astype(np.float32))).max() <= 2


@pytest.mark.parametrize("count", [1, 2, 3, 5, 15, 17, 33])
def test_any_count(count):
    x = np.linspace(-4, 4, count, dtype=np.float32)
    np.testing.assert_allclose(apply("tanh", x), np.tanh(x.astype(float)), **VMATH)
