"""Cells by shape: which digits stand where. Whatever has one shape is read at once, as arrays. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["LONGEST", "Shape", "shapes"]

LONGEST = 64
"""Characters of the longest cell that can be a time."""

MOST = 4096
"""Shapes of a column beyond which it is text: twelve months times weekdays, and numbers of one or two digits."""


class Shape(NamedTuple):
    """The cells of a column that are alike but for the values of their digits.

    Attributes:
        text: the cell with every digit replaced by 0.
        rows: int64 [N], which cells these are.
        codes: uint32 [N, len(text)], their characters.
    """

    text: str
    rows: np.ndarray
    codes: np.ndarray

    def number(self, span: tuple[int, int]) -> np.ndarray:
        """Return the digits of a span, at most 18, as int64 [N]; 0 for an empty one."""
        value = np.zeros(len(self.rows), np.int64)
        for place in range(*span):
            value = value * 10 + (self.codes[:, place].astype(np.int64) - ord("0"))
        return value


def shapes(texts: Sequence[str]) -> list[Shape] | None:
    """Return the shapes of texts; None where there are too many, or a text is too long to be a time."""
    if not len(texts):
        return []
    if max(map(len, texts)) > LONGEST:
        return None
    array = np.array(texts)
    width = max(array.dtype.itemsize // 4, 1)
    codes = np.ascontiguousarray(array).view(np.uint32).reshape(len(texts), width) if width else np.zeros((0, 0))
    masked = np.where((codes >= ord("0")) & (codes <= ord("9")), np.uint32(ord("0")), codes)
    first = masked[0]
    if (masked == first).all():
        return [_shape(first, np.arange(len(texts)), codes)]
    # Rows are distinguished by a weighted sum of their characters; the weights are odd and below 2 ** 63.
    weights = np.random.default_rng(0).integers(1, 2**62, width, np.uint64) * np.uint64(2) + np.uint64(1)
    keys = (masked.astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)
    different, firsts, inverse = np.unique(keys, return_index=True, return_inverse=True)
    if len(different) > MOST:
        return None
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(np.bincount(inverse))
    found = []
    for n in range(len(different)):
        rows = order[ends[n - 1] if n else 0 : ends[n]]
        found.append(_shape(masked[firsts[n]], rows, codes[rows]))
    return found


def _shape(masked: np.ndarray, rows: np.ndarray, codes: np.ndarray) -> Shape:
    text = "".join(map(chr, masked[masked > 0].tolist()))
    return Shape(text, rows, codes)
