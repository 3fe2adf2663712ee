"""Scores of forecasts, always beside those of rules that know nothing: MSE, MAE, MASE, pinball loss, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import ArgumentError, sentence
from .score import Report, Score, signature

__all__ = ["Baseline", "forecast_report", "pinball"]

Band = tuple[np.ndarray, np.ndarray]

BLOCK = 256
"""Windows that are worked on at a time."""


@dataclass(frozen=True)
class Baseline:
    """The forecasts of one model or rule.

    Attributes:
        name: put before the names of its scores; "" for the model itself.
        point: [N, H, C].
        quantiles: by share [N, H, C].
        bands: by level the two ends of an interval, [N, H, C] each.
    """

    name: str
    point: np.ndarray
    quantiles: Mapping[float, np.ndarray] = field(default_factory=dict)
    bands: Mapping[float, Band] = field(default_factory=dict)

    def shares(self) -> dict[float, np.ndarray]:
        """Return all quantiles that it says something of; the ends of an interval are two."""
        found = {0.5: self.point}
        for level, (low, high) in self.bands.items():
            found |= {round((1 - level) / 2, 6): low, round((1 + level) / 2, 6): high}
        return found | dict(self.quantiles)


def pinball(gold: np.ndarray, quantile: np.ndarray, share: float) -> np.ndarray:
    """Return the pinball loss of every value (Koenker & Bassett 1978): share * e above, (1 - share) * -e below."""
    error = gold - quantile
    return np.maximum(share * error, (share - 1) * error)


def forecast_report(
    gold: np.ndarray, ours: Baseline, others: Sequence[Baseline], units: np.ndarray, season: int
) -> Report:
    """Score forecasts.

    Args:
        gold: [N, H, C], what came.
        ours: what the model said.
        others: the rules beside it; asked for a quantile, a rule answers its one value.
        units: [N, C], how far a value of the training part lies from the one a season before, on average; what MASE
            is measured in (Hyndman & Koehler 2006).
        season: rows of a season, for the signature.

    Returns:
        `mse`, `mae`, `mase`, `pinball` (mean over the shares that the model answers), per level `coverage_90` and
        `width_90`; the first four of each rule under its name, as `naive_mse`.

    Raises:
        ArgumentError: nothing to compare, or of different shapes.
    """
    if not gold.size or gold.shape != ours.point.shape:
        want = f"of the shape of what came, {list(gold.shape)}, and not empty"
        raise ArgumentError(sentence("forecast", "forecasts", want, list(ours.point.shape)))
    N, H, C = gold.shape
    said = {"windows": N, "horizon": H, "targets": C, "units": "train-std", "season": season}
    shares = sorted(ours.shares())
    scores = []
    for rival in (ours, *others):
        prefix = f"{rival.name}_" if rival.name else ""
        for name, value in _errors(gold, rival, shares, units).items():
            more = {"shares": "+".join(f"{q:g}" for q in shares)} if name == "pinball" else {}
            scores.append(Score(prefix + name, value, signature=signature(prefix + name, **said, **more)))
        for level, (low, high) in rival.bands.items():
            inside = float(np.mean((gold >= low) & (gold <= high)))
            for name, value in (("coverage", inside), ("width", float(np.mean(high - low, dtype=np.float64)))):
                full = f"{prefix}{name}_{100 * level:g}"
                scores.append(Score(full, value, signature=signature(full, **said)))
    return Report(tuple(scores))


def _errors(gold: np.ndarray, rival: Baseline, shares: Sequence[float], units: np.ndarray) -> dict[str, float]:
    """Return the mean errors of one rival; block by block, so that no array of all windows is made in float64."""
    sums = dict.fromkeys(("mse", "mae", "mase", "pinball"), 0.0)
    own = rival.shares()
    for start in range(0, len(gold), BLOCK):
        part = slice(start, start + BLOCK)
        came = gold[part].astype(np.float64)
        error = np.abs(came - rival.point[part])
        sums["mse"] += float(np.square(error).sum())
        sums["mae"] += float(error.sum())
        sums["mase"] += float((error / units[part, None]).sum())
        losses = (float(pinball(came, own.get(q, rival.point)[part], q).sum()) for q in shares)
        sums["pinball"] += sum(losses) / len(shares)
    return {name: value / gold.size for name, value in sums.items()}
