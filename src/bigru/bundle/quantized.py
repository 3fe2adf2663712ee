"""Weights in 8 bits: what a saved model may hold instead of float32, a quarter of its size.

Numbers are whole multiples, within -127..127, of a scale, which is the largest magnitude over 127: of each row (the
first axis) of a matrix, of each column of a table. A row of a matrix is what the kernels round for products in int8
(`bigru.ops.gru.rounding`), so rounding what is stored once more gives the same whole numbers. The rows of a table are
many and short: scales of theirs would take an eighth of the room, and of a linear part most of it. Vectors (biases,
norms) and what a CRF scores stay float32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = [
    "SCALE",
    "STORAGES",
    "Quantized",
    "QuantizedWeights",
    "is_quantized",
    "quantize",
    "scale_shape",
    "stored_or_float",
]

STORAGES = ("fp32", "int8")

SCALE = ".scale"
"""Ends the name of the array that holds the scales of another."""

MOST = 127

SMALLEST = 1e-30
"""A row or column whose numbers are all smaller is zero, as in the kernels."""

MATRIX = re.compile(r"(^|\.)weight(_\w+)?$")

TABLE = re.compile(r"^(embedding|wide)\.\d+\.weight$")


@dataclass(frozen=True)
class Quantized:
    """An array in 8 bits.

    Attributes:
        values: int8 [R, ...] within -127..127.
        scales: float32 [R, 1, ...] or, of a table, [1, C], finite and not negative; the array is values * scales.
    """

    values: np.ndarray
    scales: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def floats(self) -> np.ndarray:
        """Return the array as float32."""
        return self.values * self.scales


def quantize(array: np.ndarray, table: bool = False) -> Quantized:
    """Round an array [R, ...] of finite numbers to 8 bits, each by half its scale at most."""
    floats = array.astype(np.float32, copy=False)
    axes = 0 if table else tuple(range(1, array.ndim))
    largest = np.abs(floats).max(axis=axes, keepdims=True, initial=0)
    scales = np.where(largest > SMALLEST, largest / np.float32(MOST), 0).astype(np.float32)
    whole = np.rint(floats / np.where(scales > 0, scales, 1)) * (scales > 0)
    return Quantized(np.clip(whole, -MOST, MOST).astype(np.int8), scales)


def scale_shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the scales of an array."""
    return (1, shape[1]) if TABLE.match(name) else (shape[0], *[1] * (len(shape) - 1))


def is_quantized(name: str, shape: tuple[int, ...]) -> bool:
    """Tell whether a weight of this name is stored in 8 bits where a model is: tables and matrices are."""
    return len(shape) > 1 and MATRIX.search(name) is not None


class QuantizedWeights(Mapping[str, np.ndarray]):
    """The weights of a model of which some are stored in 8 bits; looking one up gives float32.

    Attributes:
        stored: the arrays by name as they are stored.
    """

    def __init__(self, stored: Mapping[str, np.ndarray | Quantized]) -> None:
        self.stored = dict(stored)

    @classmethod
    def of(cls, weights: Mapping[str, np.ndarray]) -> QuantizedWeights:
        """Round the weights of a model; those of a model in 8 bits stay as they are."""
        if isinstance(weights, QuantizedWeights):
            return weights
        narrow = {name for name, w in weights.items() if is_quantized(name, w.shape)}
        tables = {name for name in narrow if TABLE.match(name)}
        return cls({name: quantize(w, name in tables) if name in narrow else w for name, w in weights.items()})

    def __getitem__(self, name: str) -> np.ndarray:
        array = self.stored[name]
        return array.floats() if isinstance(array, Quantized) else array

    def __contains__(self, name: object) -> bool:
        return name in self.stored

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)


def stored_or_float(weights: Mapping[str, np.ndarray], name: str) -> np.ndarray | Quantized:
    """Return a weight as a network holds it: a table in 8 bits, of which few rows are used at a time, as it is stored.

    Matrices become float32 here: the kernels pack them in an order of their own.
    """
    if isinstance(weights, QuantizedWeights) and TABLE.match(name):
        return weights.stored[name]
    return weights[name]
