"""Checks of gold and predicted labels, shared by all reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, nearest, sentence

__all__ = ["check_labels", "check_pairs", "numbers"]


def check_labels(where: str, labels: Sequence[str], least: int) -> dict[str, int]:
    """Return the number of every label.

    Raises:
        ArgumentError: there are fewer than `least`, or one occurs twice.
    """
    index = {label: number for number, label in enumerate(labels)}
    if len(labels) < least:
        raise ArgumentError(sentence(where, "labels", f"at least {least}", len(labels)))
    if len(index) < len(labels):
        twice = next(label for number, label in enumerate(labels) if index[label] != number)
        raise ArgumentError(sentence(where, "labels", "distinct", f"{twice!r} twice"))
    return index


def check_pairs(where: str, gold: Sequence[Any], predicted: Sequence[Any]) -> None:
    """Refuse no examples at all, and predictions that are not one per example.

    Raises:
        ArgumentError: `gold` is empty, or `predicted` has another length.
    """
    if not len(gold):
        raise ArgumentError(sentence(where, "gold", "at least one example", 0))
    if len(predicted) != len(gold):
        raise ArgumentError(sentence(where, "predicted", f"as long as gold ({len(gold)})", len(predicted)))


def numbers(
    where: str,
    name: str,
    values: Sequence[str],
    index: dict[str, int],
    owners: Sequence[int] | np.ndarray | None = None,
) -> np.ndarray:
    """Return the number of each label, int64 [N].

    Args:
        where: the function that asks.
        name: "gold" or "predicted".
        values: N labels.
        index: the number of every label.
        owners: [N], the example that each label belongs to; None where it is one each.

    Raises:
        ArgumentError: a label is unknown; its example and the nearest known label are named.
    """
    for place, value in enumerate(values):
        if value not in index:
            known = ", ".join(index) if len(index) <= 12 else f"the {len(index)} labels"
            example = (place if owners is None else int(owners[place])) + 1
            remedy = nearest(str(value), index)
            raise ArgumentError(sentence(where, f"{name} {example}", f"one of {known}", repr(value), remedy))
    return np.fromiter((index[value] for value in values), np.int64, len(values))
