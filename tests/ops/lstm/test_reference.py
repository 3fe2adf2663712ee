"""The LSTM by hand; its laws, gradients and oracle stand beside the GRU's."""

from __future__ import annotations

import math

import numpy as np

from bigru.ops.lstm import reference
from tolerances import FLOAT64


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def test_one_step_by_hand():
    weights = (
        np.array([[0.1], [-0.2], [0.3], [0.45]]),
        np.array([[0.4], [0.5], [-0.6], [-0.7]]),
        np.array([0.7, -0.8, 0.9, 0.05]),
        np.array([0.15, 0.25, -0.35, 0.65]),
    )
    # x = 2, h = 0.5, c = -1.5
    i = sigmoid(0.2 + 0.7 + 0.2 + 0.15)
    f = sigmoid(-0.4 - 0.8 + 0.25 + 0.25)
    g = math.tanh(0.6 + 0.9 - 0.3 - 0.35)
    o = sigmoid(0.9 + 0.05 - 0.35 + 0.65)
    c = f * -1.5 + i * g
    y, (h_n, c_n), _ = reference.forward(np.array([[[2.0]]]), weights, (np.array([[0.5]]), np.array([[-1.5]])))
    np.testing.assert_allclose(c_n, [[c]], **FLOAT64)
    np.testing.assert_allclose(h_n, [[o * math.tanh(c)]], **FLOAT64)
    np.testing.assert_allclose(y[0], h_n, **FLOAT64)
