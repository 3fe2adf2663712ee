"""Vectors in the binary files of word2vec and fastText."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from bigru.errors import DataError
from bigru.readers.vectors.binary import _fnv
from bigru.readers.vectors.files import read_vectors
from tolerances import FLOAT32_STEP

TABLE = np.array([[1, -2, 0.5], [3, 4, 5], [1e-3, 7, -8]], np.float32)
UNITS = ("the", "天气", "b")


def word2vec(units: tuple[str, ...] = UNITS, table: np.ndarray = TABLE, end: bytes = b"\n", head: str = "") -> bytes:
    body = b"".join(unit.encode() + b" " + row.tobytes() + end for unit, row in zip(units, table, strict=True))
    return (head or f"{len(units)} {table.shape[1]}\n").encode() + body


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("name", ["v.bin", "v.bin.gz"])
def test_word2vec_is_read(end: bytes, name: str, tmp_path: Path) -> None:
    content = word2vec(end=end)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    found = read_vectors(tmp_path / name, {"天气", "b", "x"})
    assert set(found) == {"天气", "b"}
    np.testing.assert_array_equal(found["天气"], TABLE[1])
    np.testing.assert_array_equal(found["b"], TABLE[2])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (word2vec()[:-2], r"v\.bin: vectors must be 3 of 3 numbers, got a file cut in 3\.$"),
        (word2vec(head="9 3\n"), r"v\.bin: vector 4: unit must be of at most 4096 bytes, got the end of the file\.$"),
        (word2vec(head="3 99999\n"), r"v\.bin: numbers of a vector must be within 1\.\.65536, got 99999\.$"),
        (word2vec(table=np.full((3, 3), np.nan, np.float32)), r"v\.bin: b: vector must be finite numbers, got nan\.$"),
        (b"1 3\n" + b"\x01" * 5000, r"v\.bin: vector 1: unit must be of at most 4096 bytes, got a longer one\.$"),
    ],
)
def test_damaged_word2vec_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "v.bin").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_vectors(tmp_path / "v.bin", {"b"})


def fasttext(buckets: int = 7, quantised: bool = False, version: int = 12, rows: int | None = None) -> bytes:
    """A model with the words of UNITS and a label, parts of 2 to 3 characters."""
    count = len(UNITS) + buckets if rows is None else rows
    table = np.arange(3 * (len(UNITS) + buckets), dtype=np.float32).reshape(-1, 3) / 8
    made = struct.pack("<ii", 793712314, version)
    made += struct.pack("<12id", 3, 5, 1, 1, 5, 1, 2, 2, buckets, 2, 3, 100, 1e-4)
    made += struct.pack("<iiiqq", len(UNITS) + 1, len(UNITS), 1, 99, -1)
    made += b"".join(unit.encode() + b"\0" + struct.pack("<qb", 9, 0) for unit in UNITS)
    made += b"__label__x\0" + struct.pack("<qb", 9, 1)
    return made + struct.pack("<bqq", quantised, count, 3) + table.tobytes()


def test_the_hash_is_fnv_1a_of_signed_bytes() -> None:
    # From the test suite of Fowler, Noll and Vo.
    assert (_fnv(b""), _fnv(b"a"), _fnv(b"foobar")) == (0x811C9DC5, 0xE40C292C, 0xBF9CF968)
    # 0xff is widened to 0xffffffff, as C++ does with a char.
    assert _fnv(b"\xff") == ((0x811C9DC5 ^ 0xFFFFFFFF) * 0x01000193) % 2**32


def test_fasttext_gives_words_and_what_it_never_saw(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(fasttext())
    found = read_vectors(tmp_path / "m.bin", {"b", "天", "</s>"})
    table = np.arange(30, dtype=np.float32).reshape(-1, 3) / 8
    # No part of one character stands at an end, and the whole with both marks is one of three.
    for unit, own in (("b", [2]), ("天", [])):
        parts = [f"<{unit}", f"<{unit}>", f"{unit}>"]
        rows = [*own, *(3 + _fnv(part.encode()) % 7 for part in parts)]
        np.testing.assert_allclose(found[unit], table[rows].mean(axis=0), **FLOAT32_STEP)
    assert set(found) == {"b", "天"}


def test_fasttext_without_parts_gives_words_alone(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(fasttext(buckets=0))
    found = read_vectors(tmp_path / "m.bin", {"b", "x"})
    assert set(found) == {"b"}
    np.testing.assert_array_equal(found["b"], np.array([6, 7, 8], np.float32) / 8)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (fasttext()[:-1], r"m\.bin: vectors must be 10 of 3 numbers in a whole file, got 10 of 3 in "),
        (fasttext(rows=1 << 40), r"vectors must be 10 of 3 numbers in a whole file, got 1099511627776 of 3 in "),
        (fasttext()[:60], r"m\.bin: model of fastText must be whole, got a file that is cut\.$"),
        (fasttext()[:95], r"m\.bin: word 1: unit must be of at most 4096 bytes, got the end of the file\.$"),
        (fasttext(quantised=True), r"vectors must be those of a model that is not quantised, got a quantised one\.$"),
        (fasttext(version=13), r"m\.bin: version of fastText's format must be 11 or 12, got 13\.$"),
        (gzip.compress(fasttext()), r"m\.bin: model of fastText must be unpacked, got a gzipped one\.$"),
    ],
)
def test_damaged_fasttext_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_vectors(tmp_path / "m.bin", {"b"})
