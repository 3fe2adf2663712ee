"""From logits to probabilities, in float64 so that what is shown adds up."""

from __future__ import annotations

import numpy as np

__all__ = ["binary", "sigmoid", "softmax"]


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-v)), written with tanh because exp would overflow."""
    return 0.5 * np.tanh(0.5 * logits.astype(np.float64)) + 0.5


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis."""
    # The ufuncs by themselves: for the few logits of one text, the methods around them take longer than the numbers.
    shifted = np.exp(logits.astype(np.float64) - np.maximum.reduce(logits, axis=-1, keepdims=True))
    return np.asarray(shifted / np.add.reduce(shifted, axis=-1, keepdims=True))


def binary(logits: np.ndarray) -> np.ndarray:
    """Return [..., 2] from the one logit [..., 1] of two labels; it speaks for the second."""
    half = 0.5 * np.tanh(0.5 * logits.astype(np.float64))
    result = np.empty((*half.shape[:-1], 2))
    np.subtract(0.5, half, out=result[..., :1])
    np.add(0.5, half, out=result[..., 1:])
    return result
