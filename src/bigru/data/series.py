"""Numeric sequences to model input: every dimension scaled to mean 0 and deviation 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence
from .pieces import SeriesPieces

__all__ = ["SeriesFeatures"]

WHERE = "SeriesFeatures"


@dataclass(frozen=True)
class SeriesFeatures:
    """The scaling of numeric sequences, learnt from training data alone.

    Attributes:
        mean: mean per dimension over all steps of all training sequences.
        std: deviation per dimension; 1 where a dimension is constant, so that it becomes 0.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.mean or len(self.mean) != len(self.std):
            got = f"{len(self.mean)} and {len(self.std)} values"
            raise ArgumentError(sentence(WHERE, "mean and std", "equally long and not empty", got))
        for name, values in (("mean", self.mean), ("std", self.std)):
            if not np.isfinite(values).all():
                raise ArgumentError(sentence(WHERE, name, "finite", values))
        if min(self.std) <= 0:
            raise ArgumentError(sentence(WHERE, "std", "greater than 0", min(self.std)))

    @property
    def values(self) -> int:
        """Numbers per step (I)."""
        return len(self.mean)

    @classmethod
    def fit(cls, inputs: Sequence[Any]) -> SeriesFeatures:
        """Learn the scaling from training sequences [T, I] (a [T] sequence counts as [T, 1]).

        Raises:
            ArgumentError: no steps at all, sequences of different width, or a value that is not finite.
        """
        arrays = [_checked(x, f"inputs[{n}]") for n, x in enumerate(inputs)]
        if not sum(len(a) for a in arrays):
            raise ArgumentError(sentence(WHERE, "inputs", "at least one step", "none"))
        width = arrays[0].shape[1]
        for n, array in enumerate(arrays):
            _check_width(array, width, f"inputs[{n}]")
        steps = np.concatenate(arrays)
        std = steps.std(axis=0)
        # A constant column leaves rounding noise as its deviation; dividing by it would blow the noise up.
        std[std <= 1e-12 * np.abs(steps).max(axis=0)] = 1.0
        return cls(tuple(steps.mean(axis=0).tolist()), tuple(std.tolist()))

    def features(self, x: Any, name: str = "x") -> np.ndarray:
        """Scale one sequence [T, I] (or [T] where I = 1) and return it as float32 [T, I].

        Raises:
            ArgumentError: another width, not numeric, or a NaN or infinite value; the row is named.
        """
        array = _checked(x, name)
        _check_width(array, self.values, name)
        return ((array - np.array(self.mean)) / np.array(self.std)).astype(np.float32)

    def features_many(self, inputs: Sequence[Any]) -> list[np.ndarray]:
        """Scale many sequences; see `features`."""
        return [self.features(x, f"inputs[{n}]") for n, x in enumerate(inputs)]

    def pieces(self) -> SeriesPieces:
        """Return what scales a series that comes chunk by chunk."""
        return SeriesPieces(self)

    def to_json(self) -> dict[str, list[float]]:
        """Return the scaling as plain JSON values."""
        return {key: list(values) for key, values in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Any) -> SeriesFeatures:
        """Build from what `to_json` returned.

        Raises:
            ArgumentError: anything but two equally long lists of finite numbers.
        """
        if not isinstance(values, dict) or set(values) != {"mean", "std"}:
            raise ArgumentError(sentence(WHERE, "configuration", "an object with mean and std", repr(values)[:80]))
        for key, numbers in values.items():
            numeric = isinstance(numbers, list) and all(type(v) in (int, float) for v in numbers)
            if not numeric:
                raise ArgumentError(sentence(WHERE, key, "a list of numbers", repr(numbers)[:80]))
        return cls(tuple(map(float, values["mean"])), tuple(map(float, values["std"])))


def _checked(x: Any, name: str) -> np.ndarray:
    """Return `x` as float64 [T, I], refusing what is not numeric, not two-dimensional or not finite."""
    array = np.asarray(x)
    if array.dtype.kind not in "iufb":
        raise ArgumentError(sentence(WHERE, name, "numeric [T, I]", f"dtype {array.dtype}"))
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.shape[1]:
        raise ArgumentError(sentence(WHERE, name, "numeric [T, I]", f"shape {list(array.shape)}"))
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        remedy = "Fill in or leave out such rows before."
        raise ArgumentError(sentence(WHERE, f"{name} row {row} column {column}", "finite", array[row, column], remedy))
    return array


def _check_width(array: np.ndarray, width: int, name: str) -> None:
    if array.shape[1] != width:
        raise ArgumentError(sentence(WHERE, name, f"[T, {width}]", f"shape {list(array.shape)}"))
