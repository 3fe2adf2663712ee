"""Whether a confidence of 0.8 is right four times in five."""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError, check_array, sentence
from .score import Bin

__all__ = ["BINS", "brier_score", "check_probabilities", "expected_calibration_error", "reliability"]

BINS = 15
"""Equal-width bins, as in Guo et al. 2017."""


def reliability(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> tuple[Bin, ...]:
    """Group predictions by confidence: the reliability diagram of Guo et al. 2017 (arXiv:1706.04599), section 2.

    Args:
        confidence: [N] float within 0..1, of the prediction that was made.
        correct: [N] bool, whether it was right.
        bins: number of bins of equal width; each is open below and closed above, and 0 falls into the first.

    Returns:
        One `Bin` per bin; mean confidence and accuracy are 0 where it is empty.

    Raises:
        ArgumentError: a confidence is outside 0..1, or shapes do not fit.
    """
    where = "metrics.reliability"
    values = check_array(where, "confidence", confidence, ("N",))
    right = np.asarray(correct, bool)
    if right.shape != values.shape:
        raise ArgumentError(sentence(where, "correct", f"bool [N={len(values)}]", f"shape {list(right.shape)}"))
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        bad = values[~((values >= 0) & (values <= 1))][0]
        raise ArgumentError(sentence(where, "confidence", "within 0..1", bad))
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    most = np.maximum(count, 1)
    means = np.bincount(place, values, bins) / most, np.bincount(place, right, bins) / most
    rows = zip(edges[:-1], edges[1:], count, *means, strict=True)
    return tuple(Bin(float(low), float(high), int(n), float(c), float(a)) for low, high, n, c, a in rows)


def expected_calibration_error(bins: tuple[Bin, ...]) -> float:
    """ECE: the gap between mean confidence and accuracy of each bin, weighted by its share of the examples.

    Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017, equation 3. 0 is perfect; it depends on the bins, so compare
    only values of equal signature.
    """
    total = sum(row.examples for row in bins)
    return sum(row.examples * abs(row.accuracy - row.confidence) for row in bins) / max(total, 1)


def brier_score(probabilities: np.ndarray, gold: np.ndarray) -> float:
    """Mean squared distance between the probabilities [N, K] and the truth, summed over the K classes (Brier 1950).

    Between 0 and 2; for two classes it is twice the number that sees one class only.

    Args:
        probabilities: [N, K] float, rows sum to 1.
        gold: [N] int, the true classes.
    """
    hits = probabilities[np.arange(len(gold)), gold]
    return float(((probabilities**2).sum(axis=1) - 2 * hits + 1).mean())


def check_probabilities(where: str, probabilities: object, rows: int, classes: int) -> np.ndarray:
    """Return probabilities [N, K] as float64.

    Raises:
        ArgumentError: the shape does not fit, or a row is no distribution (to 1e-3).
    """
    array = check_array(where, "probabilities", probabilities, (rows, classes)).astype(np.float64)
    bad = ~((array >= 0).all(axis=1) & (np.abs(array.sum(axis=1) - 1) < 1e-3))
    if bad.any():
        place = int(np.argmax(bad))
        want = "distributions over the labels (each row sums to 1)"
        raise ArgumentError(sentence(where, "probabilities", want, f"{array[place].tolist()} in row {place + 1}"))
    return array
