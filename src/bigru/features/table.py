"""A table with time to model input: every column scaled by the training part of its series, the calendar beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError, argument, check_choice, nearest, sentence
from ..tables.times import CALENDAR, TimeStep, calendar
from ..tables.timetable import Series, TimeTable

__all__ = ["Scale", "TableFeatures"]

WHERE = "TableFeatures"

LIMIT = 1e15
"""Deviations from the mean of training up to which a value is read: squares and sums of such stay within float32."""

LARGEST = 1e30
"""The largest number of a table that a model learns from: its square is within float64."""


@dataclass(frozen=True)
class Scale:
    """What the training part of a series says of its columns.

    Attributes:
        mean, std: of each column: targets, past covariates, known covariates.
        seasonal: of each target, how far a value lies from the one a season before, on average, as a share of `std`:
            the unit of MASE.
        constant: of each target whether it never changed in the whole series; empty where each did. Its mean is its
            value then, and its `std` that of the other series.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    seasonal: tuple[float, ...]
    constant: tuple[bool, ...] = ()


@dataclass(frozen=True)
class TableFeatures:
    """What a forecaster reads of a table.

    Attributes:
        targets: the columns that are forecast (C).
        past, known: the covariates of the past alone, and those known in the future too.
        calendar: what is derived from the times, of `times.CALENDAR`.
        step: from one row to the next.
        zone: of the times, as written.
        season: rows after which what was may come again.
        scales: per series its scale.
    """

    targets: tuple[str, ...]
    past: tuple[str, ...]
    known: tuple[str, ...]
    calendar: tuple[str, ...]
    step: TimeStep
    zone: str
    season: int
    scales: Mapping[str, Scale] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.targets:
            raise ArgumentError(sentence(WHERE, "targets", "at least one", "none"))
        names = self.columns
        if len(set(names)) < len(names):
            double = Counter(names).most_common(1)[0][0]
            raise ArgumentError(sentence(WHERE, "columns", "in one role each", f"{double!r} in two"))
        for name in self.calendar:
            check_choice(WHERE, "calendar", name, CALENDAR)
        if self.season < 1:
            raise ArgumentError(sentence(WHERE, "season", "at least 1", self.season))
        if not self.scales:
            raise ArgumentError(sentence(WHERE, "scales", "at least one", "none"))
        for scale in self.scales.values():
            _check_scale(scale, len(names), len(self.targets))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that are read, in their order."""
        return (*self.targets, *self.past, *self.known)

    @property
    def known_width(self) -> int:
        """Columns of the input that are known in the future: covariates, and two for each entry of the calendar."""
        return len(self.known) + 2 * len(self.calendar)

    @classmethod
    def fit(cls, table: TimeTable, cuts: Sequence[int], season: int | None = None, **roles: Any) -> TableFeatures:
        """Learn the scales from the rows before a cut of each series.

        Args:
            table: with the columns of all roles, in the order of `columns`.
            cuts: per series the number of rows to learn from.
            season: rows of a season; None follows the step.
            roles: targets, past, known, calendar.

        A column that does not change there is scaled by the median of the other series.

        Raises:
            DataError: a column does not change there in any series.
        """
        season = season or table.step.season
        count = len(roles["targets"])
        deviations = _deviations(table, cuts)
        scales = {
            series.id: _scale(series, cut, season, count, own)
            for series, cut, own in zip(table.series, cuts, deviations, strict=True)
        }
        return cls(step=table.step, zone=table.zone, season=season, scales=scales, **roles)

    def scale(self, series: Series) -> Scale:
        """Return the scale of a series.

        Raises:
            DataError: the model was not trained on a series of that name.
        """
        if series.id not in self.scales:
            names = [name or "a table without ids" for name in self.scales]
            want = "one that the model was trained on: " + ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
            raise DataError(sentence("forecast", "series", want, repr(series.id), nearest(series.id, self.scales)))
        return self.scales[series.id]

    def check(self, table: TimeTable) -> None:
        """Raise DataError unless a table has the columns, the step and the zone that the model was trained on."""
        if table.columns != self.columns:
            raise ArgumentError(sentence(table.source, "columns", ", ".join(self.columns), ", ".join(table.columns)))
        for name, got, want in (("step", table.step, self.step), ("zone", table.zone, self.zone)):
            if got != want and max(map(len, table.series)) > 1:
                remedy = ""
                if name == "zone" and not got:
                    remedy = f"Name the zone that the times are written in with {argument('reading.zone')}."
                want = f"{want or 'none'}, as in training"
                raise DataError(sentence(table.source, f"{name} of the times", want, got or "none", remedy))

    def matrix(self, series: Series, ahead: int = 0) -> np.ndarray:
        """Return the input of all rows of a series, and of `ahead` rows behind it of which the calendar alone is known.

        Returns:
            float32 [N + ahead, I]: targets, past covariates, known covariates, calendar.

        Raises:
            DataError: a value lies too far from those of training to be read.
        """
        scale, times = self.scale(series), series.times
        if ahead:
            times = np.concatenate([times, self.step.after(times, ahead)])
        rows = np.full((len(times), len(self.columns)), np.nan)
        with np.errstate(over="ignore"):
            rows[: len(series)] = (series.values - np.array(scale.mean)) / np.array(scale.std)
        far = np.abs(rows) > LIMIT
        if far.any():
            row, column = np.argwhere(far)[0]
            want = f"near those of training, {scale.mean[column]:g} and {scale.std[column]:g} about it"
            name = f"column {self.columns[column]!r} of line {series.lines[row]}"
            raise DataError(sentence("forecast", name, want, f"{series.values[row, column]:g}"))
        return np.concatenate([rows, calendar(times, self.calendar)], axis=1).astype(np.float32)

    def restore(self, series: Series, values: np.ndarray) -> np.ndarray:
        """Return values [..., C] of the targets in their own units, float64."""
        scale, count = self.scale(series), len(self.targets)
        return np.asarray(values, np.float64) * np.array(scale.std[:count]) + np.array(scale.mean[:count])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values: dict[str, Any] = {key: list(getattr(self, key)) for key in ("targets", "past", "known", "calendar")}
        values |= {"step": [self.step.unit, self.step.size], "zone": self.zone, "season": self.season}
        scales = [
            [id, list(s.mean), list(s.std), list(s.seasonal), *([[int(c) for c in s.constant]] if s.constant else [])]
            for id, s in self.scales.items()
        ]
        return values | {"scales": scales}

    @classmethod
    def from_json(cls, values: Any) -> TableFeatures:
        """Build from what `to_json` returned.

        Raises:
            ArgumentError: a key is missing or unknown, or a value is not what it must be.
        """
        keys = [f.name for f in fields(cls)]
        if not isinstance(values, dict) or sorted(values) != sorted(keys):
            got = sorted(values) if isinstance(values, dict) else type(values).__name__
            raise ArgumentError(sentence(WHERE, "configuration", "an object with " + ", ".join(keys), got))
        kinds = {"targets": "s", "past": "s", "known": "s", "calendar": "s"}
        lists = {key: _list(key, values[key], kind) for key, kind in kinds.items()}
        step, season, zone = values["step"], values["season"], values["zone"]
        if not (isinstance(step, list) and len(step) == 2 and isinstance(step[0], str) and type(step[1]) is int):
            raise ArgumentError(sentence(WHERE, "step", "a unit and a number", repr(step)[:80]))
        if type(season) is not int or not isinstance(zone, str):
            raise ArgumentError(sentence(WHERE, "season and zone", "a number and a text", repr((season, zone))[:80]))
        return cls(step=TimeStep(*step), season=season, zone=zone, scales=_scales(values["scales"]), **lists)


def _check_scale(scale: Scale, columns: int, targets: int) -> None:
    for name, values, count in (
        ("mean", scale.mean, columns),
        ("std", scale.std, columns),
        ("seasonal", scale.seasonal, targets),
    ):
        if len(values) != count or not np.isfinite(values).all():
            raise ArgumentError(sentence(WHERE, name, f"{count} finite numbers", repr(values)[:80]))
    if len(scale.constant) not in (0, targets):
        raise ArgumentError(sentence(WHERE, "constant", f"{targets} of 0 and 1, or none", repr(scale.constant)[:80]))
    if min(*scale.std, *scale.seasonal) <= 0:
        raise ArgumentError(sentence(WHERE, "std and seasonal", "greater than 0", min(*scale.std, *scale.seasonal)))


def _check_size(table: TimeTable, series: Series, rows: np.ndarray) -> None:
    """Refuse numbers that leave float32; the first is named."""
    large = np.abs(rows) > LARGEST
    if large.any():
        row, column = np.argwhere(large)[0]
        place = f"{table.source}:{series.lines[row]}" if series.lines[row] else table.source
        want = f"within -{LARGEST:g}..{LARGEST:g}"
        raise DataError(sentence(place, f"column {table.columns[column]!r}", want, f"{rows[row, column]:g}"))


def _deviations(table: TimeTable, cuts: Sequence[int]) -> np.ndarray:
    """Return the deviation of each column within the part to learn from of each series, [series, columns].

    Where it does not change, that is the median of the others.

    Raises:
        DataError: a column does not change in any series.
    """
    found = np.zeros((len(cuts), len(table.columns)))
    for n, (series, cut) in enumerate(zip(table.series, cuts, strict=True)):
        rows = series.values[: max(cut, 1)]
        _check_size(table, series, rows)
        std = rows.std(axis=0)
        found[n] = np.where(std > 1e-9 * np.abs(rows).max(axis=0), std, 0.0)
    for c in np.flatnonzero(~found.any(axis=0)):
        one = table.series[int(np.argmax(cuts))]
        of = f" of series {one.id!r}" if one.id else ""
        want = f"a series that varies, in the {max(cuts)} rows to learn from"
        remedy = "Leave the column out, or begin where it varies."
        name = f"column {table.columns[c]!r}{of}"
        raise DataError(sentence(table.source, name, want, f"{one.values[0, c]:g} in each", remedy))
    usual = [float(np.median(column[column > 0])) for column in found.T]
    return np.where(found > 0, found, usual)


def _scale(series: Series, cut: int, season: int, targets: int, std: np.ndarray) -> Scale:
    rows = series.values[: max(cut, 1)]
    mean = np.where((rows == rows[0]).all(axis=0), rows[0], rows.mean(axis=0))
    lag = min(season, max(cut - 1, 0))
    # A series that repeats itself exactly has no error of that kind; its unit is then its deviation.
    seasonal = np.ones(targets)
    if lag:
        error = np.abs(rows[lag:, :targets] - rows[:-lag, :targets]).mean(axis=0) / std[:targets]
        seasonal = np.where(error > 0, error, 1.0)
    known = series.values[:, :targets]
    flat = ((known == rows[0, :targets]) | np.isnan(known)).all(axis=0) & (cut > 1)
    constant = tuple(flat.tolist()) if flat.any() else ()
    return Scale(tuple(mean.tolist()), tuple(std.tolist()), tuple(seasonal.tolist()), constant)


def _list(key: str, values: Any, kind: str) -> tuple[Any, ...]:
    fits = (str,) if kind == "s" else (int, float)
    if not isinstance(values, list) or not all(type(v) in fits for v in values):
        want = "a list of " + ("strings" if kind == "s" else "numbers")
        raise ArgumentError(sentence(WHERE, key, want, repr(values)[:80]))
    return tuple(values) if kind == "s" else tuple(map(float, values))


def _scales(values: Any) -> dict[str, Scale]:
    found: dict[str, Scale] = {}
    for row in values if isinstance(values, list) else [None]:
        if not isinstance(row, list) or len(row) not in (4, 5) or not isinstance(row[0], str) or row[0] in found:
            raise ArgumentError(sentence(WHERE, "scales", "a list of [id, mean, std, seasonal]", repr(row)[:80]))
        mean, std, seasonal = (_list(key, v, "f") for key, v in zip(("mean", "std", "seasonal"), row[1:4], strict=True))
        flags = row[4] if len(row) == 5 else []
        if not isinstance(flags, list) or not all(type(flag) is int and flag in (0, 1) for flag in flags):
            raise ArgumentError(sentence(WHERE, "constant", "a list of 0 and 1", repr(flags)[:80]))
        found[row[0]] = Scale(mean, std, seasonal, tuple(map(bool, flags)))
    return found
