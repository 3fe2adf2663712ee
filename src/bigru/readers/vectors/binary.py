"""Vectors in the binary files of word2vec and fastText."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from ...errors import DataError, sentence
from ..opening.packed import open_unpacked

__all__ = ["FASTTEXT", "HEADER", "MOST_WIDTH", "read_fasttext", "read_word2vec"]

HEADER = re.compile(rb"(\d{1,12}) (\d{1,6}) ?\r?\n")
"""The first line of word2vec: how many vectors of how many numbers there are."""

FASTTEXT = struct.pack("<i", 793712314)
"""What a model of fastText begins with."""

VERSIONS = (11, 12)

MOST_WIDTH, MOST_UNIT = 65536, 4096
"""Numbers of a vector, and bytes of a unit, at most."""


def read_word2vec(path: Path, sought: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors of the units sought: after the header, per unit its bytes, a space, D float32, little-endian.

    Raises:
        DataError: the file ends before its header says, a vector is not finite, or a unit is too long.
        OSError: the file cannot be read.
    """
    source, found = str(path), {}
    with open_unpacked(path) as (file, _):
        head = HEADER.match(file.readline(64))
        rows, width = (int(head[1]), int(head[2])) if head else (0, 0)
        if not 1 <= width <= MOST_WIDTH:
            raise DataError(sentence(source, "numbers of a vector", f"within 1..{MOST_WIDTH}", width))
        for row in range(rows):
            unit = _until(file, b" ", f"{source}: vector {row + 1}").lstrip(b"\n")
            content = file.read(4 * width)
            if len(content) < 4 * width:
                raise DataError(sentence(source, "vectors", f"{rows} of {width} numbers", f"a file cut in {row + 1}"))
            name = unit.decode("utf-8", "replace")
            if name in sought:
                found[name] = _finite(np.frombuffer(content, "<f4"), f"{source}: {name}")
    return found


def _until(file: IO[bytes], mark: bytes, place: str) -> bytes:
    unit = bytearray()
    while (one := file.read(1)) != mark:
        unit += one
        if not one or len(unit) > MOST_UNIT:
            got = "the end of the file" if not one else "a longer one"
            raise DataError(sentence(place, "unit", f"of at most {MOST_UNIT} bytes", got))
    return bytes(unit)


def _finite(vector: np.ndarray, place: str) -> np.ndarray:
    if not np.isfinite(vector).all():
        raise DataError(sentence(place, "vector", "finite numbers", vector[~np.isfinite(vector)][0]))
    return vector.astype(np.float32)


class _Model(NamedTuple):
    """What a model of fastText says of itself."""

    width: int
    buckets: int
    shortest: int
    longest: int
    words: dict[str, int]


def read_fasttext(path: Path, sought: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors of all units sought, as fastText computes them: the mean of a word's own vector, if it has
    one, and of those of its parts (Bojanowski et al. 2017).

    Raises:
        DataError: it is a quantised model, another version, or cut; or a vector is not finite.
        OSError: the file cannot be read.
    """
    source, size = str(path), path.stat().st_size
    with path.open("rb") as file:
        model = _read_head(file, source)
        quantised = file.read(1)
        rows, width = _unpack(file, "<qq", source)
        if quantised != b"\x00":
            raise DataError(sentence(source, "vectors", "those of a model that is not quantised", "a quantised one"))
        want = len(model.words) + model.buckets, model.width
        if (rows, width) != want or file.tell() + 4 * rows * width > size:
            got = f"{rows} of {width} in {size} bytes"
            raise DataError(sentence(source, "vectors", f"{want[0]} of {want[1]} numbers in a whole file", got))
        table = np.memmap(path, "<f4", "r", file.tell(), (rows, width))
    found = {}
    for unit in sought:
        parts = [model.words[unit]] if unit in model.words else []
        if model.buckets:
            parts += [len(model.words) + one % model.buckets for one in _part_hashes(unit, model)]
        if parts:
            found[unit] = _finite(table[parts].mean(axis=0), f"{source}: {unit}")
    return found


def _unpack(file: IO[bytes], format: str, source: str) -> tuple[int, ...]:
    content = file.read(struct.calcsize(format))
    if len(content) < struct.calcsize(format):
        raise DataError(sentence(source, "model of fastText", "whole", "a file that is cut"))
    return struct.unpack(format, content)


def _read_head(file: IO[bytes], source: str) -> _Model:
    """Read settings and dictionary: little-endian, words end with a NUL."""
    version = _unpack(file, "<ii", source)[1]
    if version not in VERSIONS:
        raise DataError(sentence(source, "version of fastText's format", "11 or 12", version))
    settings = _unpack(file, "<12id", source)
    width, buckets, shortest, longest = settings[0], settings[8], settings[9], settings[10]
    count, words, _labels, _tokens, pruned = _unpack(file, "<iiiqq", source)
    if not 1 <= width <= MOST_WIDTH or not 0 <= words <= count or buckets < 0:
        got = f"{words} of {width} and {buckets} parts"
        raise DataError(sentence(source, "vectors", f"of within 1..{MOST_WIDTH} numbers", got))
    names: dict[str, int] = {}
    for row in range(count):
        name = _until(file, b"\x00", f"{source}: word {row + 1}")
        _unpack(file, "<qb", source)
        if row < words:
            names[name.decode("utf-8", "replace")] = row
    if len(names) < words:
        raise DataError(sentence(source, "words", "distinct", f"{words - len(names)} that come twice"))
    for _ in range(max(pruned, 0)):
        _unpack(file, "<ii", source)
    return _Model(width, buckets, shortest, longest, names)


def _part_hashes(unit: str, model: _Model) -> list[int]:
    """Return the hashes (FNV-1a of signed bytes) of the parts of a unit between marks."""
    if unit == "</s>":
        return []
    marked, found = f"<{unit}>", []
    for start in range(len(marked)):
        for end in range(start + max(model.shortest, 1), min(start + model.longest, len(marked)) + 1):
            if end - start == 1 and (start == 0 or end == len(marked)):
                continue
            found.append(_fnv(marked[start:end].encode("utf-8")))
    return found


def _fnv(content: bytes) -> int:
    value = 2166136261
    for byte in content:
        value = ((value ^ (byte | (0xFFFFFF00 if byte > 127 else 0))) * 16777619) & 0xFFFFFFFF
    return value
