"""Inputs made up for a model: of every length that matters, of what it knows and of what it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ..bundle import Bundle
from ..config import ForecastModelConfig
from ..features.audio import AudioFeatures
from ..features.series import SeriesFeatures
from ..features.text import TextFeatures
from ..readers.token_features import SEPARATOR

__all__ = ["EDGES", "LENGTHS", "sample_features"]

EDGES = (0, 1, 2, 129)
"""Lengths that are verified whatever data there is: the empty sequence, one step, two, and a long one."""

LENGTHS = (0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 129, 200, 512)
"""Lengths where there is no data."""

UNKNOWN = 0.05
"""Share of the units of a text that no vocabulary knows."""


def sample_features(bundle: Bundle, lengths: Sequence[int], seed: int = 0) -> list[np.ndarray]:
    """Return made-up inputs of a model as its network reads them: one of each length, of a forecaster windows."""
    random = np.random.default_rng(seed)
    read = bundle.config.features
    if bundle.model.head == "window":
        return [_window(cast("ForecastModelConfig", bundle.model), random, n) for n in range(len(lengths))]
    if isinstance(read, TextFeatures):
        made: list[Any] = [_text(read, n, random) for n in lengths]
        return read.features_many(made)
    if isinstance(read, SeriesFeatures):
        return [read.features(_series(read, n, random)) for n in lengths]
    assert isinstance(read, AudioFeatures)
    return [random.standard_normal((n, read.values)).astype(np.float32) for n in lengths]


def _text(read: TextFeatures, length: int, random: np.random.Generator) -> Any:
    known = read.vocabulary or ("a",)
    # As in texts, the first units of a vocabulary, which is sorted by frequency, come most often.
    places = (len(known) ** random.random(length)).astype(int) - 1
    units = [known[place] if random.random() > UNKNOWN else "\u2603" for place in places]
    if read.lexicon is not None:
        _place_words(read, units, random)
    if read.unit == "token":
        return [SEPARATOR.join([unit, *_values(read, random)]) for unit in units]
    return ("" if read.unit == "char" else " ").join(units)


def _place_words(read: TextFeatures, units: list[str], random: np.random.Generator) -> None:
    """Put words of the lexicon in the place of units, so that about half of them belong to some word."""
    assert read.lexicon is not None
    at = int(random.integers(4))
    while at < len(units):
        word = read.lexicon.words[random.integers(len(read.lexicon.words))]
        own = (list(word) if read.unit == "char" else word.split())[: len(units) - at]
        units[at : at + len(own)] = own
        at += len(own) + int(random.integers(1, 2 * len(own) + 2))


def _values(read: TextFeatures, random: np.random.Generator) -> list[str]:
    """Return a value of each feature of a token, now and then one that is not known."""
    found = []
    for column in read.columns:
        known = column.values and random.random() > UNKNOWN
        found.append(column.values[random.integers(len(column.values))] if known else "\u2603")
    return found


def _series(read: SeriesFeatures, length: int, random: np.random.Generator) -> np.ndarray:
    shape = (length, len(read.mean))
    values = np.array(read.mean) + np.array(read.std) * random.standard_normal(shape)
    for column in read.missing:
        values[random.random(length) < 0.2, column] = np.nan
    return values


def _window(model: ForecastModelConfig, random: np.random.Generator, n: int) -> np.ndarray:
    """Return a random walk; the first window does not change at all, and what is not known of the future is NaN."""
    moves = random.standard_normal((model.rows, model.inputs)) * (0.1 if n else 0.0)
    window = (random.standard_normal(model.inputs) + moves.cumsum(axis=0)).astype(np.float32)
    window[model.lookback :, : model.targets + model.past] = np.nan
    return window
