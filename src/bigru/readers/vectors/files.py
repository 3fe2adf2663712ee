"""Vectors of words or characters from a file or folder, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from ...errors import DataError, sentence
from ..opening.packed import open_unpacked
from .binary import FASTTEXT, HEADER, read_fasttext, read_word2vec
from .tables import read_keyed_vectors, read_table
from .text import read_text

__all__ = ["read_vectors"]

PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""What a file of gensim begins with."""

Reader = Callable[[Path, Collection[str]], dict[str, np.ndarray]]

HEAD = 4096
"""Bytes that the format is seen in."""


def read_vectors(path: Path, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors of the wanted units, float32 [D] each.

    Args:
        path: text as of word2vec, GloVe and fastText, or word2vec's binary file, gzipped or not; a model of fastText;
            `KeyedVectors` of gensim; safetensors with a vocabulary, or a folder of both (model2vec). The content says
            which.
        wanted: the units to look for; others are not kept in memory.

    Raises:
        DataError: the file cannot be read, or no unit is in it; see each format.
    """
    source, sought = str(path), set(wanted)
    try:
        found = _reader(path)(path, sought)
    except OSError as error:
        raise DataError(sentence(source, "vectors", "a readable file", error.strerror or error)) from None
    if not found:
        want = f"vectors of some of the {len(sought)} units of the training data"
        raise DataError(sentence(source, "vectors", want, "none of them"))
    widths = sorted({len(vector) for vector in found.values()})
    if len(widths) > 1:
        raise DataError(sentence(source, "vectors", "of one width", f"{widths[0]} and {widths[1]} numbers"))
    return found


def _reader(path: Path) -> Reader:
    if path.is_dir() or path.suffix == ".safetensors":
        return read_table
    with open_unpacked(path) as (file, raw):
        head = file.read(HEAD)
        packed = file is not raw
    if head.startswith(FASTTEXT):
        if packed:
            raise DataError(sentence(str(path), "model of fastText", "unpacked", "a gzipped one"))
        return read_fasttext
    if head.startswith(PICKLE) and not packed:
        return read_keyed_vectors
    found = HEADER.match(head)
    return read_word2vec if found and _is_binary(head[found.end() :]) else read_text


def _is_binary(content: bytes) -> bool:
    """Tell whether bytes behind a header are numbers and not text: bytes that no text has."""
    return any(byte < 9 or 13 < byte < 32 for byte in content)
