"""Weights in 8 bits: each row a scale and whole multiples of it, as `bigru.ops.gru.rounding.int8` rounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

__all__ = ["Quantised", "quantised", "rounded", "wanted"]

NARROW = 8
"""Tables of fewer columns have a scale per column: one per row would be larger than what it saves."""


TABLES = ("embedding.", "wide.")
"""Begin the names of what is looked up row by row."""


class Quantised(NamedTuple):
    """A weight as `numbers` int8 [N, ...] times `scale` float32, [N, 1, ...] or [1, C]."""

    numbers: np.ndarray
    scale: np.ndarray

    @property
    def value(self) -> np.ndarray:
        """What the two stand for, float32."""
        return self.numbers.astype(np.float32) * self.scale


def wanted(name: str, weight: np.ndarray) -> bool:
    """Tell whether a weight is stored in 8 bits: matrices, tables and filters; not biases, norms and CRFs."""
    return weight.ndim > 1 and "weight" in name


def quantised(name: str, weight: np.ndarray) -> Quantised:
    """Return a weight of two axes or more in 8 bits."""
    narrow = name.startswith(TABLES) and weight.shape[1] < NARROW
    axes = (0,) if narrow else tuple(range(1, weight.ndim))
    scale = (np.abs(weight).max(axis=axes, keepdims=True, initial=0) / 127).astype(np.float32)
    numbers = np.rint(weight / np.where(scale > 0, scale, np.float32(1)))
    return Quantised(np.clip(numbers, -127, 127).astype(np.int8), scale)


def rounded(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights as a file in 8 bits holds them, float32."""
    return {name: quantised(name, w).value if wanted(name, w) else w for name, w in weights.items()}
