"""A model grown to more units and more labels: what it knew keeps its place, what is new stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...bundle.weights import shapes
from ...config import ModelConfig
from ...features.text import TextFeatures

__all__ = ["grow_features", "grow_outputs", "grow_table", "grow_weights"]

NOISE = 0.1
"""Standard deviation of what is added to the vector of the unknown unit, from which a new unit starts."""


def grow_features(features: Any, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """Return features with what further inputs bring; those of series and recordings know nothing that could grow.

    Args:
        features: of texts, series or recordings.
        inputs: further inputs.
        options: of which `min_count` and `max_size` are read.
    """
    if not isinstance(features, TextFeatures):
        return features
    return features.extended(inputs, min_count=options.get("min_count"), max_size=options.get("max_size"))


def grow_table(table: np.ndarray, rows: int, random: np.random.Generator | None) -> np.ndarray:
    """Return an embedding table [V, D] with so many rows: new ones are that of the unknown, with noise where drawn."""
    more = np.repeat(table[:1], rows - len(table), axis=0)
    if random is not None:
        more = more + random.normal(0.0, NOISE, more.shape).astype(np.float32)
    return np.concatenate([table, more])


def grow_outputs(array: np.ndarray, outputs: int, axes: Sequence[int], *, paired: bool) -> np.ndarray:
    """Return an array with more outputs along some axes; new ones are 0.

    Args:
        array: with an entry per output along each of the axes.
        outputs: how many there are to be.
        axes: the axes.
        paired: whether its one output is the second of two labels, whose first has the logit 0.
    """
    for axis in axes:
        room = [(0, 0)] * array.ndim
        before = int(paired and outputs > 1)
        room[axis] = (before, outputs - before - array.shape[axis])
        array = np.pad(array, room)
    return array


def grow_weights(
    weights: Mapping[str, np.ndarray], model: ModelConfig, *, paired: bool, seed: int
) -> dict[str, np.ndarray]:
    """Return the weights of a model in the shapes of one with more units and outputs, by name.

    With noise left aside, the grown model gives the old outputs what the old model gave them: a new unit starts
    as what it was before, the unknown one. The rows of new outputs are drawn as in a fresh head.

    Args:
        weights: of the old model.
        model: the shape of the grown one.
        paired: whether the old model's one output is the second of two labels.
        seed: of what is drawn.
    """
    # With the seeds comes torch, which a refusal of files and settings must not wait for.
    from ..data.seeds import GROWN, derive

    random = np.random.default_rng(derive(seed, GROWN))
    found = {}
    for name, shape in shapes(model).items():
        array, part = np.array(weights[name], np.float32), name.split(".")[0]
        if array.shape == shape:
            found[name] = array
            continue
        if part == "embedding":
            array = grow_table(array, shape[0], random)
        elif part == "wide":
            array = grow_outputs(grow_table(array, shape[0], None), shape[1], (1,), paired=paired)
        elif part == "crf":
            array = grow_outputs(array, shape[0], range(array.ndim), paired=False)
        elif part == "head":
            before = len(array) + paired
            array = grow_outputs(array, shape[0], (0,), paired=paired)
            if array.ndim == 2:
                bound = 1.0 / np.sqrt(shape[1])
                array[before:] = random.uniform(-bound, bound, array[before:].shape)
        found[name] = array
    return found
