"""A linear model of ids fitted to its optimum: what a tagger knows of each step's channels by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .chain import crfsuite, fit_model_file

__all__ = ["Linear", "fit_linear"]

BIAS = "b"
"""The attribute that every step has."""

WORK, LEAST, MOST = 2_000_000_000, 25, 100
"""Passes of L-BFGS: as many as make about so much work (steps times channels times tags times passes), within bounds.
What training shows is learnt within the first twenty to thirty; the rest is polish."""


class Linear(NamedTuple):
    """Scores of tags: those of a step are the sum of its ids' rows and the bias.

    Attributes:
        tables: per channel float32 [V, K].
        bias: float32 [K].
        transitions: float32 [K, K], from tag i (row) to tag j (column); zeros where steps are scored apart.
    """

    tables: list[np.ndarray]
    bias: np.ndarray
    transitions: np.ndarray


def fit_linear(
    ids: Sequence[np.ndarray], tags: Sequence[np.ndarray], sizes: Sequence[int], outputs: int, chained: bool
) -> Linear:
    """Fit a linear-chain CRF, or one softmax per step, by L-BFGS (Okazaki 2007, CRFsuite).

    Args:
        ids: per sequence int [T, C].
        tags: per sequence int [T], within 0..outputs-1.
        sizes: of the C channels.
        outputs: K.
        chained: whether tags depend on each other: a chain per sequence, else each step by itself.

    Raises:
        MissingExtraError: python-crfsuite is not installed.
    """
    work = max(sum(map(len, ids)) * len(sizes) * outputs, 1)
    passes = min(max(WORK // work, LEAST), MOST)
    with fit_model_file(_examples(ids, tags, chained), passes, chained) as path:
        tagger = crfsuite().Tagger()
        tagger.open(str(path))
        found = tagger.info()
        tagger.close()
    linear = Linear(
        [np.zeros((size, outputs), np.float32) for size in sizes],
        np.zeros(outputs, np.float32),
        np.zeros((outputs, outputs), np.float32),
    )
    for (name, tag), weight in found.state_features.items():
        channel, _, id = name.partition(":")
        row = linear.bias if name == BIAS else linear.tables[int(channel)][int(id)]
        row[int(tag)] = weight
    if chained:
        for (before, after), weight in found.transitions.items():
            linear.transitions[int(before), int(after)] = weight
    return linear


def _examples(
    ids: Sequence[np.ndarray], tags: Sequence[np.ndarray], chained: bool
) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Yield sequences, or single steps, as CRFsuite reads them; empty ones are left out."""
    for rows, row in zip(ids, tags, strict=True):
        steps = [[BIAS, *(f"{c}:{i}" for c, i in enumerate(step))] for step in rows.tolist()]
        names = list(map(str, row.tolist()))
        parts = [(steps, names)] if chained else [([step], [name]) for step, name in zip(steps, names, strict=True)]
        yield from ((features, labels) for features, labels in parts if features)
