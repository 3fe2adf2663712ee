"""Vectors of others: what is read, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from bigru.errors import DataError
from bigru.readers.vectors.files import read_vectors


@pytest.mark.parametrize("head", ["", "3 2\n"])
@pytest.mark.parametrize("suffix", [".txt", ".vec.gz"])
def test_wanted_units_are_read(tmp_path: Path, head: str, suffix: str) -> None:
    content = f"{head}a 1 2\nb -3 0.5 \nc 5 6\n".encode()
    path = tmp_path / f"v{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    found = read_vectors(path, {"a", "b", "d"})
    assert set(found) == {"a", "b"}
    assert found["b"].dtype == np.float32
    np.testing.assert_array_equal(found["b"], [-3, 0.5])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 1 2\nb 3\n", r"v.txt:2: line must be a unit and 2 numbers, got 1\."),
        (b"a 1 x\n", r"v.txt:1: vector must be finite numbers, got 1 x\."),
        (b"a 1 nan\n", r"v.txt:1: vector must be finite numbers, got 1 nan\."),
        (b"z 1 2\n", r"vectors must be vectors of some of the 1 units of the training data, got none of them\."),
        (b"", r"got none of them\."),
        (b"a \xff\n", r"v.txt:1: vectors must be UTF-8 text, got byte 2 that is none\."),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_vectors(tmp_path / "v.txt", {"a"})


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.gz").write_bytes(b"no gzip")
    with pytest.raises(DataError, match=r"v\.gz: data must be whole gzip, got Not a gzipped file"):
        read_vectors(tmp_path / "v.gz", {"a"})
    packed = gzip.compress(b"".join(b"u%d %f\n" % (n, n / 7) for n in range(9999)))
    (tmp_path / "v.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=r"v\.gz: data must be whole gzip, got Compressed file ended before"):
        read_vectors(tmp_path / "v.gz", {"u1"})
