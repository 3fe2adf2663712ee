"""Vectors of words or characters that others trained, as the first weights of an embedding."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...config import ChannelConfig
from ...errors import ArgumentError, argument, refusal
from ...features.text import TextFeatures
from ...readers.vectors.files import read_vectors
from ..recipes import Plan
from .request import Request

__all__ = ["initial_vectors"]


def initial_vectors(decided: Plan, request: Request) -> tuple[list[ChannelConfig], dict[str, np.ndarray]]:
    """Return the channels with the width of the vectors for "unit", and that channel's first weights by name.

    Raises:
        ArgumentError: the model embeds no units.
        DataError: as `read_vectors`.
    """
    features, path = decided.config.features, Path(request.settings["vectors"])
    if not isinstance(features, TextFeatures) or all(channel.name != "unit" for channel in features.channels):
        raise ArgumentError(refusal("train", argument("vectors"), "where no units are embedded", str(path)))
    vocabulary = features.vocabulary
    found = read_vectors(path, vocabulary)
    table = np.stack(list(found.values()))
    channels = [c if c.name != "unit" else ChannelConfig("unit", 1, table.shape[1]) for c in features.channels]
    # Units without a vector start as noise of the same size, so that none stands out at first.
    random = np.random.default_rng(decided.training.seed)
    rows = random.normal(0.0, table.std(), (len(vocabulary) + 1, table.shape[1])).astype(np.float32)
    for n, unit in enumerate(vocabulary, 1):
        rows[n] = found.get(unit, rows[n])
    request.say(f"{path}: vectors of {table.shape[1]} numbers for {len(found)} of {len(vocabulary)} units")
    place = next(n for n, channel in enumerate(channels) if channel.name == "unit")
    return channels, {f"embedding.{place}.weight": rows}
