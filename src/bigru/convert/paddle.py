"""Arrays in the files of Paddle's old `save_params`: one little-endian file per parameter.

Layout: uint32 version 0, uint64 number of levels of detail 0, uint32 version 0, int32 size of the
description, the description (a protocol buffer: field 1 the type, 5 for float32; field 2 an axis,
repeated), then the values.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from ..errors import BundleError, sentence

__all__ = ["read_array"]

HEAD = struct.Struct("<IQIi")
FLOAT32 = 5
TYPE, AXIS = 0x08, 0x10
LARGEST_DESCRIPTION = 64


def read_array(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the float32 array of one file, which must have the shape given.

    Nothing is read before the file's size is known to be that of such an array.

    Raises:
        BundleError: the file is missing, damaged, or holds something else.
    """
    least = HEAD.size + 4 * math.prod(shape)
    try:
        size = path.stat().st_size
        if not least < size <= least + LARGEST_DESCRIPTION:
            want = f"float32 {list(shape)}, {least} bytes and a description"
            raise BundleError(sentence(str(path), "array", want, f"{size} bytes"))
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(sentence(str(path), "file", "readable", error.strerror)) from None
    *versions, described = HEAD.unpack_from(data)
    start = HEAD.size + described
    if any(versions) or described != size - least:
        raise BundleError(sentence(str(path), "head", f"0, 0, 0, {size - least}", [*versions, described]))
    _check(path, data[HEAD.size : start], shape)
    return np.frombuffer(data, "<f4", offset=start).reshape(shape).astype(np.float32)


def _check(path: Path, description: bytes, shape: tuple[int, ...]) -> None:
    """Raise BundleError unless the protocol buffer says float32 and this shape."""
    fields: list[tuple[int, int]] = []
    rest = iter(description)
    for key in rest:
        value = shift = 0
        for byte in rest:
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        fields.append((key, value))
    if fields != [(TYPE, FLOAT32), *((AXIS, size) for size in shape)]:
        want = f"type {FLOAT32} (float32) and the shape {list(shape)}"
        raise BundleError(sentence(str(path), "description", want, f"the fields {fields}"))
