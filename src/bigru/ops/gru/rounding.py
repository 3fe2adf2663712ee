"""What the factors of a GRU's products are rounded to, in NumPy: the specification of the kernels' precisions.

"fp32" leaves a number as it is. "bf16" keeps the upper half of a float32, rounded to nearest even. "int8" gives each
row (the last axis) a scale, its largest magnitude over 127, and rounds its numbers to whole multiples of it. Sums are
not rounded, nor is anything outside the products.
"""

from __future__ import annotations

import numpy as np

from ...config.precisions import PRECISIONS

__all__ = ["bf16", "int8", "round_to"]


def bf16(values: np.ndarray) -> np.ndarray:
    """Round to bfloat16 (8 bits of mantissa, the exponents of float32); dtype and shape stay."""
    bits = values.astype(np.float32).view(np.uint32)
    even = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    upper = np.where(np.isnan(values), bits | np.uint32(0x400000), even) & np.uint32(0xFFFF0000)
    return upper.view(np.float32).astype(values.dtype)


def int8(values: np.ndarray) -> np.ndarray:
    """Round each row to whole multiples of its largest magnitude / 127; a row that is not finite becomes NaN."""
    finite = np.isfinite(values).all(axis=-1, keepdims=True)
    scale = np.where(finite, np.abs(values).max(axis=-1, keepdims=True, initial=0) / 127, np.nan)
    return np.rint(values / np.where(scale > 0, scale, 1)) * scale


def _same(values: np.ndarray) -> np.ndarray:
    return values


ROUNDINGS = dict(zip(PRECISIONS, (_same, bf16, int8), strict=True))


def round_to(values: np.ndarray, precision: str) -> np.ndarray:
    """Round `values` as the factors of a product are in that precision."""
    return ROUNDINGS[precision](values)
