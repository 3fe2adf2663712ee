"""The logistic function: its equation, its symmetry, and no overflow."""

from __future__ import annotations

import math

import numpy as np

from bigru.ops.sigmoid import sigmoid
from tolerances import FLOAT64_STEP


def test_it_is_its_equation() -> None:
    values = np.linspace(-30, 30, 121)
    np.testing.assert_allclose(sigmoid(values), [1 / (1 + math.exp(-v)) for v in values], **FLOAT64_STEP)


def test_it_neither_overflows_nor_changes_the_dtype() -> None:
    for dtype in (np.float32, np.float64):
        found = sigmoid(np.array([-np.inf, -1e4, 0, 1e4, np.inf], dtype))
        assert (found.dtype, found.tolist()) == (dtype, [0, 0, 0.5, 1, 1])
