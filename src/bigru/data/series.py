"""Numeric sequences to model input: every dimension scaled to mean 0 and deviation 1, and what is missing said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence

__all__ = ["SeriesFeatures"]

WHERE = "SeriesFeatures"

KEYS = ("mean", "std", "missing")


@dataclass(frozen=True)
class SeriesFeatures:
    """The scaling of numeric sequences, learnt from training data alone.

    A value may be missing (NaN) in a dimension that lacked values in training. It is read as 0, the mean, and a
    number of its own says whether it was there: 1, or 0 where it is missing.

    Attributes:
        mean: mean per dimension over all steps of all training sequences.
        std: deviation per dimension; 1 where a dimension is constant, so that it becomes 0.
        missing: the dimensions that lacked values, ascending; they are said of in this order behind the values.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    missing: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.mean or len(self.mean) != len(self.std):
            got = f"{len(self.mean)} and {len(self.std)} values"
            raise ArgumentError(sentence(WHERE, "mean and std", "equally long and not empty", got))
        for name, values in (("mean", self.mean), ("std", self.std)):
            if not np.isfinite(values).all():
                raise ArgumentError(sentence(WHERE, name, "finite", values))
        if min(self.std) <= 0:
            raise ArgumentError(sentence(WHERE, "std", "greater than 0", min(self.std)))
        if list(self.missing) != sorted(set(self.missing) & set(range(len(self.mean)))):
            want = f"ascending dimensions within 0..{len(self.mean) - 1}"
            raise ArgumentError(sentence(WHERE, "missing", want, repr(self.missing)[:80]))

    @property
    def values(self) -> int:
        """Numbers per step that the model reads (I)."""
        return len(self.mean) + len(self.missing)

    @classmethod
    def fit(cls, inputs: Sequence[Any]) -> SeriesFeatures:
        """Learn the scaling from training sequences [T, I] (a [T] sequence counts as [T, 1]); NaN is a missing value.

        Raises:
            ArgumentError: no steps at all, sequences of different width, an infinite value, or a dimension without
                any value.
        """
        arrays = [_checked(x, f"inputs[{n}]") for n, x in enumerate(inputs)]
        if not sum(len(a) for a in arrays):
            raise ArgumentError(sentence(WHERE, "inputs", "at least one step", "none"))
        width = arrays[0].shape[1]
        for n, array in enumerate(arrays):
            _check_width(array, width, f"inputs[{n}]")
        steps = np.concatenate(arrays)
        gaps = np.isnan(steps)
        if gaps.all(axis=0).any():
            column, remedy = int(gaps.all(axis=0).argmax()), "Leave such a column out."
            raise ArgumentError(sentence(WHERE, f"inputs column {column}", "with at least one value", "none", remedy))
        std = np.nanstd(steps, axis=0)
        # A constant column leaves rounding noise as its deviation; dividing by it would blow the noise up.
        std[std <= 1e-12 * np.nanmax(np.abs(steps), axis=0)] = 1.0
        missing = np.flatnonzero(gaps.any(axis=0)).tolist()
        return cls(tuple(np.nanmean(steps, axis=0).tolist()), tuple(std.tolist()), tuple(missing))

    def features(self, x: Any, name: str = "x") -> np.ndarray:
        """Scale one sequence [T, D] (or [T] where D = 1) and return it as float32 [T, I].

        Raises:
            ArgumentError: another width, not numeric, an infinite value, one that is too far from the training data
                for float32, or NaN in a dimension that never lacked a value in training; the row is named.
        """
        array = _checked(x, name)
        _check_width(array, len(self.mean), name)
        gaps = np.isnan(array)
        with np.errstate(over="ignore"):
            scaled = ((array - np.array(self.mean)) / np.array(self.std)).astype(np.float32)
        if np.isinf(scaled).any():
            row, column = np.argwhere(np.isinf(scaled))[0]
            want = f"near those of training, {self.mean[column]:g} and {self.std[column]:g} about it"
            raise ArgumentError(sentence(WHERE, f"{name} row {row} column {column}", want, array[row, column]))
        if not gaps.any() and not self.missing:
            return scaled
        unheard = gaps.copy()
        unheard[:, list(self.missing)] = False
        if unheard.any():
            row, column = np.argwhere(unheard)[0]
            want = "a number, as in training, where this column lacked none"
            remedy = "Fill it in, or train on examples that lack some."
            raise ArgumentError(sentence(WHERE, f"{name} row {row} column {column}", want, "nan", remedy))
        scaled[gaps] = 0
        return np.concatenate([scaled, ~gaps[:, list(self.missing)]], axis=1, dtype=np.float32)

    def features_many(self, inputs: Sequence[Any]) -> list[np.ndarray]:
        """Scale many sequences; see `features`."""
        return [self.features(x, f"inputs[{n}]") for n, x in enumerate(inputs)]

    def to_json(self) -> dict[str, list[float] | list[int]]:
        """Return the scaling as plain JSON values."""
        return {"mean": list(self.mean), "std": list(self.std), "missing": list(self.missing)}

    @classmethod
    def from_json(cls, values: Any) -> SeriesFeatures:
        """Build from what `to_json` returned; without `missing`, no dimension lacked values.

        Raises:
            ArgumentError: anything but two equally long lists of finite numbers, and dimensions that may be missing.
        """
        if not isinstance(values, dict) or set(values) | {"missing"} != set(KEYS):
            want = "an object with mean, std and missing"
            raise ArgumentError(sentence(WHERE, "configuration", want, repr(values)[:80]))
        for key, numbers in values.items():
            kinds = (int,) if key == "missing" else (int, float)
            if not isinstance(numbers, list) or not all(type(v) in kinds for v in numbers):
                want = "a list of integers" if key == "missing" else "a list of numbers"
                raise ArgumentError(sentence(WHERE, key, want, repr(numbers)[:80]))
        mean, std = (tuple(map(float, values[key])) for key in ("mean", "std"))
        return cls(mean, std, tuple(values.get("missing", [])))


def _checked(x: Any, name: str) -> np.ndarray:
    """Return `x` as float64 [T, I], refusing what is not numeric, not two-dimensional or infinite."""
    array = np.asarray(x)
    if array.dtype.kind not in "iufb":
        raise ArgumentError(sentence(WHERE, name, "numeric [T, I]", f"dtype {array.dtype}"))
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.shape[1]:
        raise ArgumentError(sentence(WHERE, name, "numeric [T, I]", f"shape {list(array.shape)}"))
    array = array.astype(np.float64)
    if np.isinf(array).any():
        row, column = np.argwhere(np.isinf(array))[0]
        want, remedy = "finite, or NaN where it is missing", "Fill in or leave out such rows before."
        raise ArgumentError(sentence(WHERE, f"{name} row {row} column {column}", want, array[row, column], remedy))
    return array


def _check_width(array: np.ndarray, width: int, name: str) -> None:
    if array.shape[1] != width:
        raise ArgumentError(sentence(WHERE, name, f"[T, {width}]", f"shape {list(array.shape)}"))
