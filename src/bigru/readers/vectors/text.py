"""Vectors as text, of word2vec, GloVe and fastText, gzipped or not."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from ...errors import DataError, sentence
from ..opening.packed import open_unpacked, read_lines

__all__ = ["read_text"]


def read_text(path: Path, sought: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors of the units sought in a file of text: a unit and its D numbers per line, separated by spaces.

    A first line with two whole numbers is passed over.

    Raises:
        DataError: a line has other than D finite numbers, or is not UTF-8.
        OSError: the file cannot be read.
    """
    source = str(path)
    found: dict[str, np.ndarray] = {}
    width = None
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
