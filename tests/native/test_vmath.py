"""sigmoid and tanh of the kernels: 2 ulp over a grid of all floats, and the special values."""

from __future__ import annotations

import numpy as np
import pytest

from bigru import _native


def apply(function, x):
    y = np.empty_like(x)
    _native.vector_math(function, x, y)
    return y


def exact(function, x):
    with np.errstate(over="ignore"):
        return np.tanh(x.astype(float)) if function == "tanh" else 1 / (1 + np.exp(-x.astype(float)))


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
@pytest.mark.parametrize("part", range(8))
def test_two_ulp_on_a_grid(function, part):
    step = 1009  # prime, so that all mantissas and exponents are met
    x = np.arange(part << 29, (part + 1) << 29, step, dtype=np.int64).astype(np.uint32).view(np.float32)
    x = x[np.isfinite(x)]
    want, got = exact(function, x), apply(function, x)
    smallest = np.finfo(np.float32).tiny
    normal = np.abs(want) >= smallest
    ulp = np.spacing(np.abs(want[normal]).astype(np.float32)).astype(float)
    assert (np.abs(got[normal] - want[normal]) / ulp).max(initial=0) <= 2
    assert np.abs(got[~normal]).max(initial=0) <= smallest


def test_special_values():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30], np.float32)
    np.testing.assert_array_equal(apply("tanh", x), np.array([0, -0.0, 1, -1, np.nan, 1, -1], np.float32))
    assert np.signbit(apply("tanh", x)[1])
    sigmoid = apply("sigmoid", x)
    np.testing.assert_array_equal(sigmoid[[0, 1, 2, 4, 5]], np.array([0.5, 0.5, 1, np.nan, 1], np.float32))
    assert (sigmoid[[3, 6]] < 1e-38).all()
    assert (sigmoid[[3, 6]] >= 0).all()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 15, 17, 33])
def test_any_count(count):
    x = np.linspace(-4, 4, count, dtype=np.float32)
    np.testing.assert_allclose(apply("tanh", x), np.tanh(x.astype(float)), rtol=3e-7)
