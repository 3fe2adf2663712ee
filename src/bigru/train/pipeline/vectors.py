"""Vectors of words or characters that others trained, as the first weights of an embedding."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from ...config import ChannelConfig
from ...errors import ArgumentError, DataError, argument, refusal, sentence
from ...features.text import TextFeatures
from ...readers.opening.packed import open_unpacked, read_lines
from ..recipes import Plan
from .request import Request

__all__ = ["initial_vectors", "read_vectors"]


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


def read_vectors(path: Path, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors of the wanted units, float32 [D] each.

    Args:
        path: text as of word2vec, GloVe and fastText, gzipped or not: a unit and its D numbers per line,
            separated by spaces; a first line with two whole numbers is passed over.
        wanted: the units to look for; others are not kept in memory.

    Raises:
        DataError: the file cannot be read, a line has other than D finite numbers, or no unit is in it.
    """
    source, sought = str(path), set(wanted)
    found: dict[str, np.ndarray] = {}
    width = None
    try:
        with open_unpacked(path) as (file, _):
            for number, line in enumerate(read_lines(file, source), 1):
                unit, *values = _text(line, f"{source}:{number}").rstrip("\r\n ").split(" ")
                if number == 1 and len(values) == 1:
                    continue
                width = width or len(values)
                if len(values) != width:
                    raise DataError(sentence(f"{source}:{number}", "line", f"a unit and {width} numbers", len(values)))
                if unit in sought:
                    found[unit] = _vector(f"{source}:{number}", values)
    except OSError as error:
        raise DataError(sentence(source, "vectors", "a readable file", error.strerror or error)) from None
    if not found:
        want = f"vectors of some of the {len(sought)} units of the training data"
        raise DataError(sentence(source, "vectors", want, "none of them"))
    return found


def _text(line: bytes, place: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(sentence(place, "vectors", "UTF-8 text", f"byte {error.start} that is none")) from None


def _vector(place: str, values: list[str]) -> np.ndarray:
    try:
        vector = np.array(values, np.float32)
    except ValueError:
        vector = np.full(1, np.nan, np.float32)
    if not len(values) or not np.isfinite(vector).all():
        raise DataError(sentence(place, "vector", "finite numbers", " ".join(values)[:60]))
    return vector
