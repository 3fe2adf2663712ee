"""What is timed: a cell names the work, an engine who does it. Every process draws the same numbers from the seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bigru.study.engines import Case, TimedLayer, layer
from bigru.study.speed import Size

SEED = 0

TUTORIAL = Size(32, 100, 30, 64)


class Cell(NamedTuple):
    """One piece of work.

    Attributes:
        kind: "forward", "training", "crf", "step" or "model".
        size: B, T, I, H of a layer; for "crf" the entry H is the number of tags and I is 0.
        ragged: whether lengths are uniform in 1..T.
    """

    kind: str
    size: Size
    ragged: bool = False


Make = Callable[[Cell, int], Case]
"""Builds the case of a cell for so many threads, or raises NotOfferedError."""


def layer_of(cell: Cell) -> TimedLayer:
    """Return the layer and batch of a "forward", "training", "step" or "model" cell."""
    return layer(cell.size, ragged=cell.ragged, seed=SEED)


class Chain(NamedTuple):
    """A batch for a CRF: emissions [B, T, K], tags [B, T], and the scores [K, K], [K], [K]."""

    emissions: np.ndarray
    tags: np.ndarray
    transitions: np.ndarray
    start: np.ndarray
    end: np.ndarray


def chain_of(cell: Cell) -> Chain:
    """Return the batch of a "crf" cell; every sequence has all T steps."""
    random = np.random.default_rng(SEED)
    B, T, _, K = cell.size
    scores = [random.uniform(-0.1, 0.1, shape).astype(np.float32) for shape in ((K, K), (K,), (K,))]
    return Chain(random.standard_normal((B, T, K)).astype(np.float32), random.integers(0, K, (B, T)), *scores)


class Tutorial(NamedTuple):
    """The tutorial model: the layer, a Dense layer of one unit, and a label per step."""

    layer: TimedLayer
    dense: np.ndarray  # [2H, 1], its bias is zero
    labels: np.ndarray  # [B, T, 1] of 0 and 1


def tutorial_of(cell: Cell) -> Tutorial:
    """Return weights and one batch of a "model" cell."""
    random = np.random.default_rng(SEED)
    dense = random.uniform(-0.1, 0.1, (2 * cell.size.H, 1)).astype(np.float32)
    labels = random.integers(0, 2, (cell.size.B, cell.size.T, 1)).astype(np.float32)
    return Tutorial(layer_of(cell), dense, labels)


ADAM: dict[str, Any] = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-12}
"""The usual settings, given to every engine; only epsilon is smaller, since Keras adds it before the bias correction of
the second moment and torch after it: with the usual 1e-7 they would take different steps."""

CHECKED_STEPS = 3
"""Training steps whose losses are compared before the tutorial model is timed."""
