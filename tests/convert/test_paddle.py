"""Paddle's parameter files: read back exactly, and refused in one sentence when damaged."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from bigru.convert.paddle import read_array
from bigru.errors import BundleError


def paddle_bytes(array: np.ndarray, kind: int = 5) -> bytes:
    description = bytes([8, kind])
    for size in array.shape:
        description += b"\x10" + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7]))
    return struct.pack("<IQIi", 0, 0, 0, len(description)) + description + array.astype("<f4").tobytes()


@pytest.mark.parametrize("shape", [(1,), (7,), (2, 3), (200, 2), (1, 63)])
def test_an_array_is_read_back(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    (tmp_path / "w").write_bytes(paddle_bytes(array))
    found = read_array(tmp_path / "w", shape)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, array)


GOOD = paddle_bytes(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "array must be float32 [2, 3], 44 bytes and a description, got 0 bytes."),
        (GOOD[:-1], "head must be 0, 0, 0, 5, got [0, 0, 0, 6]."),
        (GOOD + b"\0" * 4, "head must be 0, 0, 0, 10, got [0, 0, 0, 6]."),
        (b"\1" + GOOD[1:], "head must be 0, 0, 0, 6, got [1, 0, 0, 6]."),
        (GOOD + b"\0" * 100, "got 150 bytes."),
        (paddle_bytes(np.zeros((3, 2))), "shape [2, 3], got the fields [(8, 5), (16, 3), (16, 2)]."),
        (paddle_bytes(np.zeros((2, 3)), kind=6), "got the fields [(8, 6), (16, 2), (16, 3)]."),
        (GOOD[:22] + b"\xff" * 4 + GOOD[26:], "got the fields [(8, 5), (255, "),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(BundleError, match=re.escape(message)) as error:
        read_array(tmp_path / "w", (2, 3))
    assert str(error.value).startswith(f"{tmp_path / 'w'}: ")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="w: file must be readable, got No such file or directory"):
        read_array(tmp_path / "w", (2,))


def test_a_folder_is_no_array(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="array must be float32"):
        read_array(tmp_path, (2, 100_000))
