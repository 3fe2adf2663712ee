"""The RNN by hand; its laws, gradients and oracle stand beside the GRU's."""

from __future__ import annotations

import math

import numpy as np

from bigru.ops.rnn import reference
from tolerances import FLOAT64

W = (np.array([[0.3]]), np.array([[-0.6]]), np.array([0.9]), np.array([-0.35]))


def test_two_steps_by_hand():
    first = math.tanh(0.3 * 2.0 + 0.9 - 0.6 * 0.5 - 0.35)
    second = math.tanh(0.3 * -1.0 + 0.9 - 0.6 * first - 0.35)
    y, h_n, _ = reference.forward(np.array([[[2.0], [-1.0]]]), W, np.array([[0.5]]))
    np.testing.assert_allclose(y, [[[first], [second]]], **FLOAT64)
    np.testing.assert_allclose(h_n, [[second]], **FLOAT64)


def test_the_reverse_walk_by_hand():
    second = math.tanh(0.3 * -1.0 + 0.9 - 0.35)
    first = math.tanh(0.3 * 2.0 + 0.9 - 0.6 * second - 0.35)
    y, h_n, _ = reference.forward(np.array([[[2.0], [-1.0]]]), W, reverse=True)
    np.testing.assert_allclose(y, [[[first], [second]]], **FLOAT64)
    np.testing.assert_allclose(h_n, [[first]], **FLOAT64)
