"""Vectors of words or characters that others trained, as the first weights of an embedding."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from ..errors import DataError, sentence
from ..readers.opening.packed import lines_of, unpacked

__all__ = ["read_vectors"]


def read_vectors(path: Path, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors of the wanted units, float32 [D] each.

    Args:
        path: text as of word2vec, GloVe and fastText, gzipped or not: a unit and its D numbers per line,
            parted by spaces; a first line with two whole numbers is passed over.
        wanted: the units to look for; others are not kept in memory.

    Raises:
        DataError: the file cannot be read, a line has other than D finite numbers, or no unit is in it.
    """
    source, sought = str(path), set(wanted)
    found: dict[str, np.ndarray] = {}
    width = None
    try:
        with unpacked(path) as (file, _):
            for number, line in enumerate(lines_of(file, source), 1):
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
