"""A linear map of the last rows: what a forecaster must beat to be worth its time, and what its network starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..config import ForecastModelConfig
from ..runtime.forecaster import LEAST, window_spread
from ..runtime.network.forecast import remove_level
from ..tasks import forecast
from ..tasks.forecast import Cut

__all__ = ["ENOUGH_HORIZONS", "MARGIN", "STRENGTHS", "Ridge", "fit_ridge", "horizons_within"]

STRENGTHS = (*(10.0 ** (k / 2) for k in range(-12, 7)), float("inf"))
"""Ridge strengths to choose from on dev, in units of the mean eigenvalue; the last leaves a drift for each step."""

MARGIN = 0.1
"""Share of the error that another way of taking off the level, or of reading, must save on dev and within training;
twice as much where the level is not taken off, as such a map does not follow a table that leaves what training saw."""

CLEAR = 0.03
"""Share of the last value's error that a map must save: with less, it is a drift, or chance."""

ALIKE = 0.1
"""Strengths whose error is at most so much larger than the least, as a share, have the mean of their maps taken: which
of them is best, a short dev part cannot tell."""

FOLDS = (0.4, 0.6, 0.8)
"""Where the parts of the rows to learn from begin, each a fifth of them, that are forecast from those before."""

NUMBERS = 1 << 22
"""Numbers of windows that are held at once: where there are more, evenly spread windows stand for all."""

WIDEST = 512
"""Numbers that a map of all columns may read: what is wider takes longer than a second, and overfits."""

FEWEST = 4
"""Windows that a fold must have to learn from."""

ENOUGH_HORIZONS = 10
"""Horizons' worth of rows with which dev decides alone; of fewer, its windows hold a few independent errors."""

SMALLEST = 1e-30
"""Least squared error that a logarithm is taken of."""

Shape = ForecastModelConfig
Part = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Ridge:
    """A fitted map.

    Attributes:
        weights: "linear.map" and "linear.bias", float32, as `bigru.bundle.weights.shapes` has them for `shape`.
        shape: the model's shape with the map's `linear` and `normalise`.
        rule: what the map draws near to: "naive", the last value (or none, where the level is not taken off), or
            "seasonal_naive".
        strengths: of `STRENGTHS`, whose maps have the same share; none where the rule itself was best, without a drift.
        error: mean squared error on dev, in units of the deviation of training.
        errors: by (normalise, linear) the error on dev of each way that was tried.
        within: float32 [M, H, C], absolute errors in parts of the training rows, each forecast by a map of the rows
            before it, in units of how far the window wanders (`bigru.runtime.forecaster.window_spread`); M may be 0.
    """

    weights: dict[str, np.ndarray]
    shape: Shape
    rule: str
    strengths: tuple[float, ...]
    error: float
    errors: Mapping[tuple[str, str], float]
    within: np.ndarray

    def __str__(self) -> str:
        """Say what was chosen, and the error on dev of each way of taking off the level."""
        least: dict[str, float] = {}
        for (kind, _), error in self.errors.items():
            least[kind] = min(error, least.get(kind, error))
        reads = {"shared": "one for all targets", "own": "one for each target", "all": "of all columns"}
        rivals = ", ".join(f"{kind} {error:.4g}" for kind, error in least.items())
        return (
            f"{reads[self.shape.linear]}; level: {self.shape.normalise} (its squared error on dev {self.error:.4g}; "
            f"the least by level: {rivals})"
        )

    def to_json(self) -> dict[str, Any]:
        """Return what metrics.json keeps of the map: without strengths it is the rule itself, "inf" adds a drift."""
        return {
            "linear": self.shape.linear,
            "normalise": self.shape.normalise,
            "linear_rule": self.rule,
            "linear_strengths": ["inf" if one == np.inf else one for one in self.strengths],
            "linear_dev_mse": self.error,
        }


class RidgeChoice(NamedTuple):
    """What the map of a fit draws near to, and how strongly, the mean of several; `Ridge.strengths`."""

    rule: str
    strengths: tuple[float, ...]


def fit_ridge(
    config: forecast.Config,
    shape: Shape,
    train: Sequence[Cut],
    dev: Sequence[Cut],
    normalise: str | None = None,
) -> Ridge:
    """Fit maps by least squares with a penalty on the squared weights (Hoerl & Kennard 1970), and keep one.

    Strength, and whether weights draw near to zero or to the map that repeats the last season, are chosen by the
    squared error on dev, and where dev is short as much by that in parts of the training rows, each forecast from the
    rows before it. The usual map takes off the last value and is shared by the targets; another way is taken where it
    saves `MARGIN` both on dev and in those parts.

    Args:
        config: what is forecast, and how a table is read.
        shape: of the model; its `linear` and `normalise` are what is chosen.
        train, dev: where forecasts begin, to learn from and to choose by.
        normalise: the only way of taking off the level that is tried; None tries all.
    """
    learnt, judged = _windows(config, shape, train), _windows(config, shape, dev)
    folds = list(_folds(config, shape, train))
    voting = folds if horizons_within(dev, shape) < ENOUGH_HORIZONS else []
    kinds = ("last", "revin", "none") if normalise is None else (normalise,)
    tried = [
        _Trial(one, config.features.season, (learnt, judged), voting)
        for kind in kinds
        for one in _candidates(replace(shape, normalise=kind))
    ]
    usual = tried[0]
    able = [one for one in tried if np.log(one.error) <= _most(one, usual) + np.log(usual.error)]
    held = {id(one): one.within(folds) for one in (usual, *able)}
    able = [one for one in able if folds and _mean_log(held[id(one)]) <= _most(one, usual) + _mean_log(held[id(usual)])]
    best = min((usual, *able), key=lambda one: one.error)
    weight, bias = best.fit.solution(best.choice)
    return Ridge(
        weights={"linear.map": weight.astype(np.float32), "linear.bias": bias.astype(np.float32)},
        shape=best.shape,
        rule=best.choice.rule,
        strengths=best.choice.strengths,
        error=best.error,
        errors={(one.shape.normalise, one.shape.linear): one.error for one in tried},
        within=_in_units(config, best.shape, folds, held[id(best)]),
    )


def _most(one: _Trial, usual: _Trial) -> float:
    """Return the logarithm of the share of the usual map's error that another may have at most."""
    level_stays = one.shape.normalise == "none" and usual.shape.normalise != "none"
    return float(np.log1p(-(2 if level_stays else 1) * MARGIN))


def horizons_within(cuts: Sequence[Cut], shape: Shape) -> float:
    """Return how often the rows that are forecast hold a horizon, or a look-back where that is shorter."""
    windows: dict[int, int] = {}
    for cut in cuts:
        windows[id(cut.series)] = windows.get(id(cut.series), 0) + 1
    return sum(count + shape.horizon - 1 for count in windows.values()) / min(shape.horizon, shape.lookback)


def _candidates(shape: Shape) -> Iterator[Shape]:
    """Yield the shapes of maps that can be fitted, the usual one first."""
    yield replace(shape, linear="shared")
    if shape.targets > 1:
        yield replace(shape, linear="own")
    every = replace(shape, linear="all")
    # Targets of different spread cannot share a system of equations in which each has its weight.
    if shape.inputs > 1 and every.mapped[1] <= WIDEST and shape.normalise != "revin":
        yield every


def _windows(config: forecast.Config, shape: Shape, cuts: Sequence[Cut]) -> Part:
    """Return windows [N, T, I] and what followed [N, H, C], evenly spread where there are too many; float32."""
    most = max(NUMBERS // (shape.rows * shape.inputs + shape.horizon * shape.targets), 64)
    if len(cuts) > most:
        cuts = [cuts[n] for n in np.linspace(0, len(cuts) - 1, most).astype(np.int64)]
    places = np.arange(len(cuts))
    return forecast.featurise(config, cuts).batch(places)[0], forecast.targets(config, cuts).batch(places)[0]


def _folds(config: forecast.Config, shape: Shape, cuts: Sequence[Cut]) -> Iterator[tuple[Part, Part]]:
    """Yield parts to learn from and the parts that follow them in time, of each series."""
    ends: dict[int, tuple[int, int]] = {}
    for series, origin in cuts:
        first, last = ends.get(id(series), (origin, origin))
        ends[id(series)] = min(first, origin), max(last, origin)
    for share in FOLDS:
        learnt, judged = [], []
        for cut in cuts:
            first, last = ends[id(cut.series)]
            at = (cut.origin - first) / max(last - first, 1)
            if share <= at < share + 0.2:
                judged.append(cut)
            elif cut.origin + shape.horizon <= first + share * (last - first):
                learnt.append(cut)
        if len(learnt) >= FEWEST and judged:
            yield _windows(config, shape, learnt), _windows(config, shape, judged)


class _Trial:
    """One way of taking off the level and of reading, with its best rule and strength.

    Attributes:
        shape: of the map.
        fit: on all rows to learn from.
        choice: the best.
        error: its mean squared error on dev.
    """

    def __init__(self, shape: Shape, season: int, parts: tuple[Part, Part], folds: Sequence[tuple[Part, Part]]) -> None:
        self.shape, self.season = shape, season
        self.fit = _Fit(shape, season, *parts)
        self._voting = [_Fit(shape, season, *fold) for fold in folds]
        self.choice = self._best()
        self.error = max(self.fit.error(self.choice), SMALLEST)

    def _best(self) -> RidgeChoice:
        """Return the fitted map of the least error, a mean over strengths that are alike; a rule alone, without a
        drift, where it saves `MARGIN`."""
        scores = {(rule, s): self._score(RidgeChoice(rule, (s,))) for rule in self.fit.rules for s in STRENGTHS}
        rule, least = min(scores.items(), key=lambda one: one[1])[0][0], min(scores.values())
        alike = [s for (own, s), score in scores.items() if own == rule and score <= least + np.log1p(ALIKE)]
        last = RidgeChoice("naive", ())
        if self.shape.normalise == "last" and self._score(last) <= least - np.log1p(-CLEAR):
            return last
        alone = min((RidgeChoice(own, ()) for own in self.fit.rules), key=self._score)
        return alone if self._score(alone) <= np.log1p(-MARGIN) + least else RidgeChoice(rule, tuple(alike))

    def _score(self, choice: RidgeChoice) -> float:
        """Return the logarithm of the error on dev, or its mean with that in the folds."""
        own = np.log(max(self.fit.error(choice), SMALLEST))
        if not self._voting:
            return float(own)
        return float(own + np.mean([np.log(max(fold.error(choice), SMALLEST)) for fold in self._voting])) / 2

    def within(self, folds: Sequence[tuple[Part, Part]]) -> list[np.ndarray]:
        """Return the errors [M, H, C] of each fold, by the map of what it learns from."""
        found = []
        for n, (learnt, (inputs, gold)) in enumerate(folds):
            fit = self._voting[n] if self._voting else _Fit(self.shape, self.season, learnt, (inputs, gold))
            found.append(gold - _answers(self.shape, *fit.solution(self.choice), inputs))
        return found


def _answers(shape: Shape, weight: np.ndarray, bias: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Return the forecasts of a map, float64 [N, H, C]."""
    L, C, H = shape.lookback, shape.targets, shape.horizon
    levelled, offset, spread = remove_level(inputs[:, :L, :C].astype(np.float64), shape.normalise)
    if shape.linear == "all":
        found = (_all_columns(shape, levelled, inputs) @ weight.T + bias).reshape(-1, C, H).swapaxes(1, 2)
    else:
        maps, biases = weight.reshape(-1, H, L), bias.reshape(-1, H)
        found = (maps[None] @ levelled.swapaxes(1, 2)[..., None])[..., 0].swapaxes(1, 2) + biases.T
    return np.asarray((found[..., None] * spread + offset)[..., 0])


def _all_columns(shape: Shape, levelled: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Return what a map of all columns reads of each window [N, T, I], [N, W]: targets freed of their level first."""
    past, ahead = np.split(inputs[:, :, shape.targets :], [shape.lookback], axis=1)
    parts = levelled, past, ahead[:, :, shape.past :]
    return np.concatenate([part.reshape(len(inputs), -1) for part in parts], axis=1)


def _mean_log(folds: Sequence[np.ndarray]) -> float:
    """Return the mean logarithm of the squared error."""
    return float(np.mean([np.log(max(float(np.square(errors).mean()), SMALLEST)) for errors in folds]))


def _in_units(
    config: forecast.Config, shape: Shape, folds: Sequence[tuple[Part, Part]], errors: Sequence[np.ndarray]
) -> np.ndarray:
    """Return absolute errors in units of how far their windows wander, float32 [M, H, C]."""
    found = [np.zeros((0, shape.horizon, shape.targets))]
    for (_, (inputs, _)), error in zip(folds, errors, strict=True):
        spread = window_spread(inputs[:, : shape.lookback, : shape.targets], config.features.season)
        found.append(np.abs(error) / np.maximum(spread, LEAST)[:, None])
    return np.concatenate(found).astype(np.float32)


class _Fit:
    """Maps of one shape on one set of windows, of all strengths: one system for all targets, or one for each."""

    def __init__(self, shape: Shape, season: int, learnt: Part, judged: Part) -> None:
        self.rules: dict[str, np.ndarray | None] = {"naive": None}
        if 1 < season <= shape.lookback:
            self.rules["seasonal_naive"] = _seasonal(shape, season)
        pairs = zip(_equations(shape, *learnt), _equations(shape, *judged), strict=True)
        self.systems = [_System(one, other, list(self.rules.values())) for one, other in pairs]
        self.count = judged[1].size

    def error(self, choice: RidgeChoice) -> float:
        """Return the mean squared error on what is judged by."""
        rule = list(self.rules).index(choice.rule)
        return sum(system.error(rule, choice.strengths) for system in self.systems) / self.count

    def solution(self, choice: RidgeChoice) -> tuple[np.ndarray, np.ndarray]:
        """Return map and bias."""
        rule = list(self.rules).index(choice.rule)
        found = [system.solution(rule, choice.strengths) for system in self.systems]
        return np.concatenate([weight.T for weight, _ in found]), np.concatenate([bias for _, bias in found])


def _seasonal(shape: Shape, season: int) -> np.ndarray:
    """Return the map that repeats the last season, [columns, rows of a system]."""
    L, H, C = shape.lookback, shape.horizon, shape.targets
    before = L - season + np.arange(H) % season
    if shape.linear != "all":
        found = np.zeros((L, H))
        found[before, np.arange(H)] = 1.0
        return found
    found = np.zeros((shape.mapped[1], C, H))
    for c in range(C):
        found[before * C + c, c, np.arange(H)] = 1.0
    return found.reshape(-1, C * H)


class Equations(NamedTuple):
    """What is read [n, W], what is answered [n, R], and what an error is multiplied by [n, 1]."""

    x: np.ndarray
    y: np.ndarray
    counts: np.ndarray


def _equations(shape: Shape, inputs: np.ndarray, gold: np.ndarray) -> Iterator[Equations]:
    """Yield the equations of each system; where windows are divided by a deviation, an error counts in units of it."""
    L, C = shape.lookback, shape.targets
    levelled, offset, spread = remove_level(inputs[:, :L, :C].astype(np.float64), shape.normalise)
    offset, spread = (np.broadcast_to(part.reshape(part.shape[:3]), (len(inputs), 1, C)) for part in (offset, spread))
    answers = (gold - offset) / spread
    if shape.linear == "all":
        y = answers.swapaxes(1, 2).reshape(len(inputs), -1)
        yield Equations(_all_columns(shape, levelled, inputs), y, spread[:, :, 0])
        return
    groups = [slice(None)] if shape.linear == "shared" else [slice(c, c + 1) for c in range(C)]
    for group in groups:
        parts = levelled, answers, spread
        yield Equations(*(part[:, :, group].swapaxes(1, 2).reshape(-1, part.shape[1]) for part in parts))


class _System:
    """Least squares of one set of maps near to rules.

    With the eigenvectors V and eigenvalues e of X'X, the map of strength s is V diag(1 / (e + s)) V'X'Y, all centred by
    means over what is learnt from. Its squared error is a quadratic form of 1 / (e + s), made once for all strengths.
    """

    def __init__(self, learnt: Equations, judged: Equations, rules: Sequence[np.ndarray | None]) -> None:
        share = np.square(learnt.counts)
        share /= max(float(share.sum()), 1e-30)
        self.x, self.y, self.rules = (share * learnt.x).sum(axis=0), (share * learnt.y).sum(axis=0), rules
        x = (learnt.x - self.x) * learnt.counts
        y = (learnt.y - self.y) * learnt.counts
        values, self.vectors = np.linalg.eigh(x.T @ x)
        self.values = np.maximum(values, 0)
        self.unit = max(float(self.values.mean()), 1e-12)
        product, seen = x.T @ y, (judged.x - self.x) * judged.counts
        came = (judged.y - self.y) * judged.counts
        turned = seen @ self.vectors
        own = turned.T @ turned
        self.products, self.forms, self.alone = [], [], []
        for rule in rules:
            left, missed = product, came
            plain = judged.y
            if rule is not None:
                left, missed, plain = product - x.T @ (x @ rule), came - seen @ rule, judged.y - judged.x @ rule
            left = self.vectors.T @ left
            linear = (left * (turned.T @ missed)).sum(axis=1)
            self.products.append(left)
            self.forms.append((float(np.square(missed).sum()), linear, own * (left @ left.T)))
            self.alone.append(float(np.square(plain * judged.counts).sum()))

    def solution(self, rule: int, strengths: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights [W, R] and the bias [R] that draw near to a rule."""
        left, near = self.products[rule], self.rules[rule]
        weight = self.vectors @ (left * self._shares(strengths)[:, None])
        weight = weight if near is None else weight + near
        return weight, self.y - self.x @ weight if strengths else np.zeros(len(self.y))

    def error(self, rule: int, strengths: Sequence[float]) -> float:
        """Return the sum of the squared errors on what is judged by."""
        if not strengths:
            return self.alone[rule]
        square, linear, quadratic = self.forms[rule]
        share = self._shares(strengths)
        return max(square - 2 * float(linear @ share) + float(share @ quadratic @ share), 0.0)

    def _shares(self, strengths: Sequence[float]) -> np.ndarray:
        """Return 1 / (e + s), the mean over strengths; zeros for the rule alone."""
        finite = [1 / (self.values + strength * self.unit) for strength in strengths if np.isfinite(strength)]
        return np.sum(finite, axis=0) / len(strengths) if finite else np.zeros(len(self.values))
