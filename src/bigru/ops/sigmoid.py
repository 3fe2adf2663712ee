"""The logistic function, for all that is computed in NumPy."""

from __future__ import annotations

import numpy as np

__all__ = ["sigmoid"]


def sigmoid(v: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-v)) in the dtype of `v`, written with tanh because exp would overflow."""
    return np.asarray(0.5 * np.tanh(0.5 * v) + 0.5)
