"""The scores of a linear chain, and what forbids a part of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...errors import ArgumentError, check_array, sentence

__all__ = ["CrfWeights", "check_scores", "check_weights", "constrain"]


class CrfWeights(NamedTuple):
    """Scores of a linear chain; `-inf` forbids.

    Attributes:
        transitions: [K, K], from tag i (row) to tag j (column).
        start: [K], of beginning with a tag.
        end: [K], of ending with a tag.
    """

    transitions: np.ndarray
    start: np.ndarray
    end: np.ndarray


def check_scores(where: str, name: str, scores: np.ndarray) -> None:
    """Refuse NaN and +inf; -inf is how a score forbids."""
    bad = ~(scores < np.inf)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ArgumentError(sentence(where, name, "finite or -inf", f"{scores[place]} at {list(place)}"))


def check_weights(where: str, weights: Any, letters: dict[str, int]) -> CrfWeights:
    """Return the weights as arrays of one K.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a score is NaN or +inf.
    """
    shapes: dict[str, tuple[str | int, ...]] = {"transitions": ("K", "K"), "start": ("K",), "end": ("K",)}
    arrays = {}
    for (name, shape), value in zip(shapes.items(), weights, strict=True):
        arrays[name] = check_array(where, name, value, shape, letters=letters)
        check_scores(where, name, arrays[name])
    return CrfWeights(**arrays)


def constrain(weights: CrfWeights, allowed: np.ndarray, start: np.ndarray, end: np.ndarray) -> CrfWeights:
    """Forbid transitions, first and last tags: -inf where a mask is false (17).

    Args:
        weights: the scores of the chain.
        allowed: [K, K] bool, from row to column, as `scheme.transition_mask` gives it.
        start: [K] bool.
        end: [K] bool.

    Returns:
        The weights in their own dtype.

    Raises:
        ArgumentError: a shape does not fit.
    """
    where = "crf.constrain"
    letters: dict[str, int] = {}
    given = check_weights(where, weights, letters)
    masks = {"allowed": (allowed, 2), "start": (start, 1), "end": (end, 1)}
    for name, (mask, axes) in masks.items():
        want = (letters["K"],) * axes
        if np.shape(mask) != want or np.asarray(mask).dtype != bool:
            got = f"{np.asarray(mask).dtype} {list(np.shape(mask))}"
            raise ArgumentError(sentence(where, name, f"bool {list(want)}", got))
    pairs = zip(given, masks.values(), strict=True)
    return CrfWeights(*(np.where(mask, w, w.dtype.type(-np.inf)) for w, (mask, _) in pairs))
