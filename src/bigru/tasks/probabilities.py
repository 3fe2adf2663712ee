"""From logits to probabilities, in float64 so that what is shown adds up."""

from __future__ import annotations

import numpy as np

from ..ops.sigmoid import sigmoid

__all__ = ["binary", "independent", "softmax"]


def independent(logits: np.ndarray) -> np.ndarray:
    """Return the probability of each label by itself."""
    return sigmoid(logits.astype(np.float64))


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
