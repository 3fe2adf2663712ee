"""Forecast: the next values of one or several series, with what is known of the future, and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..errors import ArgumentError, DataError, check_choice, first_names, sentence
from ..features.table import TableFeatures
from ..metrics.forecasting import Baseline, forecast_report
from ..metrics.score import Report
from ..tables.times import format_times
from ..tables.timetable import Series
from ..tables.windows import Windows
from .fallbacks import keep_constants, repeat_last
from .intervals import interval_bases, intervals

__all__ = [
    "HEAD",
    "LOSSES",
    "NAME",
    "NO_MEAN",
    "SAVED",
    "Config",
    "Cut",
    "Forecast",
    "answer",
    "answer_types",
    "baselines",
    "decide",
    "describe_outliers",
    "exported",
    "featurise",
    "interval_bases",
    "intervals",
    "keep_constants",
    "prepare",
    "repeat_last",
    "required",
    "score",
    "targets",
    "tied",
]

HEAD = "window"
"""The values of a whole horizon for each window of the past."""

NAME = "Forecaster"
"""What a model of this task is called."""

NO_MEAN = "forecasts"
"""What is answered where several answers have no mean; "" where they have one."""

SAVED: dict[str, Any] = {
    "lookback": int,
    "horizon": int,
    "quantiles": list,
    "levels": list,
    "loss": str,
    "seen": str,
}
"""The entries of `Config` in config.json, beside its features, and their types."""

LOSSES = ("mae", "mse", "huber", "pinball")
"""What a training makes small; pinball goes with quantiles and with nothing else."""


SHOWN = 8
"""Columns that are named before they are only counted."""

FAR = 3.0
"""Deviations of training from its mean beyond which the mean of the rows read lies far outside: a line that goes on
rising reaches 1.7 at the end of training, and 3 some four tenths of its length later."""


@dataclass(frozen=True)
class Config:
    """What a forecaster answers, and what it reads.

    Attributes:
        features: how a table becomes an array.
        lookback: rows that are read (L).
        horizon: rows that are forecast (H).
        quantiles: what is answered for each value, with 0.5 among them; empty for the value alone.
        levels: shares of the conformal intervals.
        loss: one of `LOSSES`.
        seen: the last time that training or dev saw, as text; "" where that is not known.
    """

    features: TableFeatures
    lookback: int
    horizon: int
    quantiles: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    loss: str = "mae"
    seen: str = ""

    objective: ClassVar[str] = "window"
    """What a training makes small: see `bigru.train.loop.build`."""

    def __post_init__(self) -> None:
        check_choice("forecast.Config", "loss", self.loss, LOSSES)
        if bool(self.quantiles) != (self.loss == "pinball"):
            want = "pinball with quantiles" if self.quantiles else "another than pinball without quantiles"
            raise ArgumentError(sentence("forecast.Config", "loss", want, repr(self.loss)))

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that are forecast."""
        return self.features.targets

    @property
    def outputs(self) -> int:
        """Numbers answered for one cut."""
        return self.horizon * len(self.labels) * (len(self.quantiles) or 1)

    @property
    def point(self) -> int:
        """Which of the answered values is the forecast."""
        return self.quantiles.index(0.5) if self.quantiles else 0


class Cut(NamedTuple):
    """A series and the first row that is to be forecast: only what lies before it may be read, and what is known."""

    series: Series
    origin: int


class Forecast(NamedTuple):
    """What is decided of N cuts, in the scale of training: numbers, where other tasks have labels (`Decision`).

    Attributes:
        values: float32 [N, H, C, heads], the heads in rising order.
        spread: float32 [N, C], how far each past window wandered; what an interval's width follows.
        radius: float32 [levels, H, C], half widths of the intervals in units of the spread.
    """

    values: np.ndarray
    spread: np.ndarray
    radius: np.ndarray

    def rows(self) -> list[np.ndarray]:
        """Return the labels of each cut, of which there are none."""
        return [np.zeros(0, np.int64)] * len(self.values)


def featurise(config: Config, inputs: Sequence[Cut]) -> Windows:
    """Return the model's input for each cut: float32 [L, I], or [L + H, I] where something of the future is known.

    Raises:
        DataError: less past than is read, or a known covariate that is not given for the whole horizon.
    """
    features, L = config.features, config.lookback
    known = features.known_width
    ahead = config.horizon if known else 0
    values, offsets = _join_inputs(config, inputs, ahead)
    starts = np.array([offsets[id(cut.series)] + cut.origin - L for cut in inputs], np.int64)
    for cut in inputs:
        if cut.origin < L:
            name = f"rows before the forecast{_of(cut.series)}"
            raise DataError(sentence("forecast", name, f"at least {L}, the look-back", cut.origin))
    hidden = (L, len(features.targets) + len(features.past)) if ahead else None
    found = Windows(values, starts, L + ahead, hidden=hidden)
    _check_cells(config, inputs, found)
    return found


def targets(config: Config, inputs: Sequence[Cut]) -> Windows:
    """Return what the rows from each cut on hold, float32 [H, C], in the scale of training.

    Raises:
        DataError: a table ends before the horizon of a cut, or lacks a value there.
    """
    values, offsets = _join_inputs(config, inputs, 0)
    starts = np.array([offsets[id(cut.series)] + cut.origin for cut in inputs], np.int64)
    for cut in inputs:
        if cut.origin + config.horizon > len(cut.series):
            got = len(cut.series) - cut.origin
            name = f"rows after the cut{_of(cut.series)}"
            raise DataError(sentence("forecast", name, f"at least {config.horizon}, the horizon", got))
    return Windows(np.ascontiguousarray(values[:, : len(config.labels)]), starts, config.horizon)


def prepare(config: Config, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what `decide` needs of a model's weights: the half widths of its intervals, [levels, H, C]."""
    shape = (len(config.levels), config.horizon, len(config.labels))
    return np.asarray(weights["interval.radius"] if config.levels else np.zeros(shape), np.float32)


def decide(
    config: Config, logits: np.ndarray, lengths: np.ndarray | None, weights: np.ndarray, *, quick: bool = False
) -> Forecast:
    """Decide the forecasts of N windows.

    Args:
        config: the task.
        logits: float32 [N, H, C, heads], of the network.
        lengths: not used, as all windows are equally long.
        weights: of `prepare`.
        quick: not used, as there is nothing to leave out.

    Returns:
        The heads in rising order, with a spread of 1: the logits do not say how far a window wanders.
    """
    spread = np.ones((len(logits), len(config.labels)), np.float32)
    return Forecast(np.sort(logits, axis=3), spread, weights)


def answer(config: Config, decision: Forecast, logits: np.ndarray, inputs: Sequence[Cut]) -> list[dict[str, Any]]:
    """Turn what was decided into answers in the units of the table; the logits are not needed for it.

    Returns:
        Per cut `{"series", "time": [...], "forecast": {target: [...]}}`, and where there are any `"quantiles":
        {"0.1": {target: [...]}}` and `"intervals": {"0.9": {target: [[low, high], ...]}}`.
    """
    lows, highs = intervals(config, decision)
    answers = []
    for n, (series, origin) in enumerate(inputs):
        features = config.features
        times = np.concatenate([series.times[:origin], features.step.after(series.times[:origin], config.horizon)])

        def by_target(values: np.ndarray, series: Series = series) -> dict[str, Any]:
            own = config.features.restore(series, values)
            return {name: own[:, c].tolist() for c, name in enumerate(config.labels)}

        found: dict[str, Any] = {"series": series.id} if series.id else {}
        found["time"] = format_times(times[origin:], features.zone)
        found["forecast"] = by_target(decision.values[n, :, :, config.point])
        if config.quantiles:
            found["quantiles"] = {
                f"{q:g}": by_target(decision.values[n, :, :, k]) for k, q in enumerate(config.quantiles)
            }
        if config.levels:
            found["intervals"] = {
                f"{level:g}": _pairs(by_target(lows[k, n]), by_target(highs[k, n]))
                for k, level in enumerate(config.levels)
            }
        answers.append(found)
    return answers


def required(config: Config) -> dict[str, Any]:
    """Return what the shape of a model has to be for this task, by name."""
    features = config.features
    return {
        "lookback": config.lookback,
        "horizon": config.horizon,
        "targets": len(features.targets),
        "past": len(features.past),
        "known": features.known_width,
        "quantiles": config.quantiles,
        "levels": config.levels,
    }


def answer_types(config: Config) -> dict[str, Any]:
    """Return the entries of an answer and their types; a list has one type of entry, a dict is such a dict."""
    each: dict[str, Any] = {key: [float] for key in config.labels}
    found: dict[str, Any] = {"series": str, "time": [str], "forecast": each}
    if config.quantiles:
        found["quantiles"] = {f"{q:g}": each for q in config.quantiles}
    if config.levels:
        found["intervals"] = {f"{level:g}": {key: [[float]] for key in config.labels} for level in config.levels}
    return found


def tied(
    config: Config, logits: np.ndarray, labels: np.ndarray, others: np.ndarray, slack: float, weights: Any
) -> bool:
    """Tell whether other labels are as good as these but for rounding: there are none that could differ."""
    return False


def exported(config: Config, outputs: Mapping[str, np.ndarray]) -> None:
    """Return what an exported file decides: no labels."""


def describe_outliers(config: Config, inputs: Sequence[Cut]) -> str:
    """Return what is to be said of rows to forecast from that lie far outside what training saw, "" where none do.

    Each target whose mean over a look-back lies more than `FAR` deviations from its mean in training is named, with
    the farthest.
    """
    if not inputs:
        return ""
    values, offsets = _join_inputs(config, inputs, 0)
    count, L = len(config.labels), config.lookback
    sums = np.concatenate([np.zeros((1, count)), np.nancumsum(values[:, :count], axis=0, dtype=np.float64)])
    ends = np.array([offsets[id(cut.series)] + cut.origin for cut in inputs])
    means = (sums[ends] - sums[np.maximum(ends - L, 0)]) / L
    farthest = np.abs(means).max(axis=0)
    far = [f"{name} {own:.1f}" for name, own in zip(config.labels, farthest, strict=True) if own > FAR]
    if not far:
        return ""
    return (
        f"rows to forecast from lie far outside training: {first_names(far, SHOWN)} deviations from its mean. "
        "Errors may be larger than the intervals say; train on rows like these."
    )


def score(
    config: Config, gold: np.ndarray, outcome: Forecast, inputs: Sequence[Cut], others: Sequence[Baseline] = ()
) -> Report:
    """Compare forecasts with what came, beside the two rules that know nothing.

    Args:
        config: the task.
        gold: float32 [N, H, C], of `targets`.
        outcome: of the network.
        inputs: the cuts.
        others: forecasts of the same cuts to score beside the rules.

    Raises:
        ArgumentError: nothing to compare, or of different shapes.
    """
    lows, highs = intervals(config, outcome)
    units = np.array([config.features.scale(series).seasonal for series, _ in inputs])
    bands = {level: (lows[k], highs[k]) for k, level in enumerate(config.levels)}
    heads = {q: outcome.values[..., k] for k, q in enumerate(config.quantiles)}
    ours = Baseline("", outcome.values[..., config.point], heads, bands)
    return forecast_report(gold, ours, [*baselines(config, inputs), *others], units, config.features.season)


def baselines(config: Config, inputs: Sequence[Cut]) -> tuple[Baseline, Baseline]:
    """Return the forecasts of the two rules: the last value for ever, and what was a season before."""
    features, H = config.features, config.horizon
    values, offsets = _join_inputs(config, inputs, 0)
    values = values[:, : len(config.labels)]
    origins = np.array([offsets[id(cut.series)] + cut.origin for cut in inputs])
    # Where there is no whole season yet, the last value stands for it.
    season = np.array([features.season if cut.origin >= features.season else 1 for cut in inputs])
    ahead = np.arange(H)
    last = np.repeat(values[origins - 1][:, None], H, axis=1)
    before = values[(origins - season)[:, None] + ahead % season[:, None]]
    return Baseline("naive", last), Baseline("seasonal_naive", before)


def _join_inputs(config: Config, inputs: Sequence[Cut], ahead: int) -> tuple[np.ndarray, dict[int, int]]:
    """Return the inputs of all series one after the other, and where each begins, by identity."""
    different = {id(cut.series): cut.series for cut in inputs}
    parts = [config.features.matrix(series, ahead) for series in different.values()]
    begins = np.cumsum([0, *map(len, parts)])[:-1]
    width = len(config.features.columns) + 2 * len(config.features.calendar)
    values = np.concatenate(parts) if parts else np.zeros((0, width), np.float32)
    return values, dict(zip(different, begins.tolist(), strict=True))


def _check_cells(config: Config, inputs: Sequence[Cut], found: Windows) -> None:
    """Refuse windows in which a number is missing that is read."""
    L, count = config.lookback, len(config.labels) + len(config.features.past)
    for rows, columns, ahead in (
        (slice(0, L), slice(None), 0),
        (slice(L, found.length), slice(count, None), 1),
    ):
        bad = np.isnan(found.values[:, columns])
        if not bad.any():
            continue
        total = np.concatenate([[0], bad.any(axis=1).cumsum()])
        ends = found.starts + rows.stop
        wrong = np.flatnonzero(total[ends] > total[found.starts + rows.start])
        if len(wrong):
            series = inputs[int(wrong[0])].series
            want = f"given for the {config.horizon if ahead else L} rows {'after' if ahead else 'before'} the cut"
            names = ", ".join(config.features.known if ahead else config.features.columns)
            raise DataError(sentence("forecast", f"{names}{_of(series)}", want, "an empty cell"))


def _of(series: Series) -> str:
    return f" of series {series.id!r}" if series.id else ""


def _pairs(lows: dict[str, Any], highs: dict[str, Any]) -> dict[str, Any]:
    return {name: [list(pair) for pair in zip(lows[name], highs[name], strict=True)] for name in lows}
