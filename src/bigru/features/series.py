"""Numeric sequences to model input: every dimension scaled to mean 0 and deviation 1, and what is missing said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence
from ..readers.examples import Examples
from .incremental import SeriesPieces

__all__ = ["SeriesFeatures", "check_gaps"]

WHERE = "SeriesFeatures"

LIMIT = 1e30
"""Deviations from the mean of training up to which a value is read: weighted sums of such stay within float32."""

KEYS = ("mean", "std", "missing", "level", "spread")

WIDE = 1.0
"""Where the logarithm of the series' own deviations has a larger deviation than this in some dimension, the scales of
series are too different for one scaling of all: a series a hundred times smaller than another would be read as flat."""

FARTHEST = 4.0
"""Deviations of that logarithm below its mean at which a series counts as flat."""


@dataclass(frozen=True)
class SeriesFeatures:
    """The scaling of numeric sequences, learnt from training data alone.

    A value may be missing (NaN) in a dimension that lacked values in training. It is read as 0, the mean, and a
    number of its own says whether it was there: 1, or 0 where it is missing.

    Where series differ in scale by orders of magnitude, each is read a second time, scaled by itself, and the
    logarithm of its own deviation is said beside every step.

    Attributes:
        mean: mean per dimension over all steps of all training sequences.
        std: deviation per dimension; 1 where a dimension is constant, so that it becomes 0.
        missing: the dimensions that lacked values, ascending; they are said of in this order behind all else.
        level, spread: mean and deviation, per dimension, of the logarithm of the training series' own deviations;
            empty where series are not scaled by themselves.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    missing: tuple[int, ...] = ()
    level: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.mean or len(self.mean) != len(self.std):
            got = f"{len(self.mean)} and {len(self.std)} values"
            raise ArgumentError(sentence(WHERE, "mean and std", "equally long and not empty", got))
        if len({len(self.level), len(self.spread), len(self.mean)} - {0}) > 1 or bool(self.level) != bool(self.spread):
            got = f"{len(self.level)} and {len(self.spread)} values"
            raise ArgumentError(sentence(WHERE, "level and spread", "both empty, or as long as mean", got))
        for name in ("mean", "std", "level", "spread"):
            values = getattr(self, name)
            if not np.isfinite(values).all():
                raise ArgumentError(sentence(WHERE, name, "finite", values))
            if name in ("std", "spread") and min(values, default=1) <= 0:
                raise ArgumentError(sentence(WHERE, name, "greater than 0", min(values)))
        if list(self.missing) != sorted(set(self.missing) & set(range(len(self.mean)))):
            want = f"ascending dimensions within 0..{len(self.mean) - 1}"
            raise ArgumentError(sentence(WHERE, "missing", want, repr(self.missing)[:80]))

    @property
    def values(self) -> int:
        """Numbers per step that the model reads (I)."""
        return len(self.mean) * (3 if self.level else 1) + len(self.missing)

    @property
    def gaps(self) -> list[int]:
        """The numbers that are 0 where a value is missing: per entry of `missing` one, or two with `level`."""
        return [n + block for block in ((0, len(self.mean)) if self.level else (0,)) for n in self.missing]

    @classmethod
    def fit(cls, inputs: Sequence[Any], per_series: bool | None = None) -> SeriesFeatures:
        """Learn the scaling from training sequences [T, I] (a [T] sequence counts as [T, 1]); NaN is a missing value.

        Args:
            inputs: the sequences.
            per_series: whether each is scaled by itself too; None decides by how far their scales differ (`WIDE`).

        Raises:
            ArgumentError: no steps at all, sequences of different width, an infinite value, or a dimension without
                any value.
        """
        arrays = [_check_series(x, f"inputs[{n}]") for n, x in enumerate(inputs)]
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
        # A constant column leaves rounding noise as its deviation; dividing by it would blow the noise up, and that of
        # very large numbers is far more than 1 itself.
        most = np.nanmax(np.abs(steps), axis=0)
        std = np.where(std <= 1e-12 * most, np.maximum(1.0, 1e-9 * most), std)
        missing = np.flatnonzero(gaps.any(axis=0)).tolist()
        scales = (tuple(np.nanmean(steps, axis=0).tolist()), tuple(std.tolist()), tuple(missing))
        return cls(*scales, *_levels(arrays, width, per_series))

    def features(self, x: Any, name: str = "x") -> np.ndarray:
        """Scale one sequence [T, D] (or [T] where D = 1) and return it as float32 [T, I].

        Raises:
            ArgumentError: another width, not numeric, an infinite value, one that is too far from the training data
                for float32, or NaN in a dimension that never lacked a value in training; the row is named.
        """
        array = _check_series(x, name)
        _check_width(array, len(self.mean), name)
        gaps = np.isnan(array)
        with np.errstate(over="ignore"):
            own = self._own(array, gaps) if self.level else []
            scaled = ((array - np.array(self.mean)) / np.array(self.std)).astype(np.float32)
        far = np.abs(scaled) > LIMIT
        if far.any():
            row, column = np.argwhere(far)[0]
            want = f"near those of training, {self.mean[column]:g} and {self.std[column]:g} about it"
            raise ArgumentError(sentence(WHERE, f"{name} row {row} column {column}", want, array[row, column]))
        if not gaps.any() and not self.missing:
            return np.concatenate([scaled, *own], axis=1, dtype=np.float32) if own else scaled
        unheard = gaps.copy()
        unheard[:, list(self.missing)] = False
        if unheard.any():
            row, column = np.argwhere(unheard)[0]
            want = "a number, as in training, where this column lacked none"
            remedy = "Fill it in, or train on examples that lack some."
            raise ArgumentError(sentence(WHERE, f"{name} row {row} column {column}", want, "nan", remedy))
        scaled[gaps] = 0
        return np.concatenate([scaled, *own, ~gaps[:, list(self.missing)]], axis=1, dtype=np.float32)

    def _own(self, array: np.ndarray, gaps: np.ndarray) -> list[np.ndarray]:
        """Return a series scaled by itself, 0 where a value is missing, and its level at every step: [T, D] each."""
        filled = np.where(gaps, 0, array)
        count = np.maximum((~gaps).sum(axis=0), 1)
        centred = np.where(gaps, 0, array - filled.sum(axis=0) / count)
        deviation = np.sqrt(np.square(centred).sum(axis=0) / count)
        level, spread = np.array(self.level), np.array(self.spread)
        deviation = np.maximum(deviation, np.exp(level - FARTHEST * spread))
        # A value far from a flat series would be without bounds; beside the others, far is far enough.
        scaled = np.clip(centred / deviation, -100, 100)
        return [scaled, np.broadcast_to(np.clip((np.log(deviation) - level) / spread, -10, 10), array.shape)]

    def features_many(self, inputs: Sequence[Any]) -> list[np.ndarray]:
        """Scale many sequences; see `features`."""
        return [self.features(x, f"inputs[{n}]") for n, x in enumerate(inputs)]

    def pieces(self) -> SeriesPieces:
        """Return what scales a series that comes chunk by chunk.

        Raises:
            ArgumentError: series are scaled by themselves too, which takes their last step.
        """
        if self.level:
            remedy = "Train with per_series=false."
            raise ArgumentError(sentence(WHERE, "scaling", "one for all series, to be streamed", "per series", remedy))
        return SeriesPieces(self)

    def to_json(self) -> dict[str, list[float]]:
        """Return the scaling as plain JSON values."""
        return {key: list(getattr(self, key)) for key in KEYS}

    @classmethod
    def from_json(cls, values: Any) -> SeriesFeatures:
        """Build from what `to_json` returned; of the lists, all but mean and std may be absent, and are empty then.

        Raises:
            ArgumentError: anything but lists of finite numbers that fit each other.
        """
        if not isinstance(values, dict) or not {"mean", "std"} <= set(values) <= set(KEYS):
            want = "an object with " + ", ".join(KEYS)
            raise ArgumentError(sentence(WHERE, "configuration", want, repr(values)[:80]))
        for key, numbers in values.items():
            kinds = (int,) if key == "missing" else (int, float)
            if not isinstance(numbers, list) or not all(type(v) in kinds for v in numbers):
                want = "a list of integers" if key == "missing" else "a list of numbers"
                raise ArgumentError(sentence(WHERE, key, want, repr(numbers)[:80]))
        numbers = {key: tuple(map(float, values.get(key, []))) for key in KEYS if key != "missing"}
        return cls(**numbers, missing=tuple(values.get("missing", [])))


def check_gaps(features: Any, examples: Examples) -> None:
    """Raise ArgumentError, naming file and line, if series lack values where no training series did."""
    if isinstance(features, SeriesFeatures) and examples.kind == "series":
        for x, line in zip(examples.inputs, examples.lines, strict=True):
            if np.isnan(x).any():
                features.features(x, f"{examples.source}:{line}")


def _levels(
    arrays: Sequence[np.ndarray], width: int, per_series: bool | None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of the logarithm of the series' own deviations by dimension, or nothing twice."""
    if per_series is False:
        return (), ()
    level, spread = [], []
    for column in range(width):
        values = (x[:, column][~np.isnan(x[:, column])] for x in arrays)
        own = np.array([v.std() for v in values if len(v) > 1 and v.std() > 1e-12 * np.abs(v).max()])
        logs = np.log(own) if len(own) else np.zeros(1)
        level.append(float(logs.mean()))
        spread.append(float(logs.std()))
    if per_series is None and max(spread) <= WIDE:
        return (), ()
    return tuple(level), tuple(max(one, 0.1) for one in spread)


def _check_series(x: Any, name: str) -> np.ndarray:
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
