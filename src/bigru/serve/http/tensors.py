"""Tensors of the Open Inference Protocol: as JSON, and as the bytes behind it (the extension `binary_tensor_data`).

Open Inference Protocol, "Binary Tensor Data Extension": numbers are little-endian and row-major, a text is the four
bytes of its length and then its UTF-8. https://github.com/kserve/open-inference-protocol
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np

from ...errors import refusal
from ..engine.errors import WHERE, RefusedError, quote_client

__all__ = ["NUMBERS", "binary", "check_size", "flat", "numbers", "split_binary", "texts"]

NUMBERS = {
    "FP32": "<f4", "FP64": "<f8", "FP16": "<f2", "INT8": "<i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8",
    "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8",
}  # fmt: skip
"""The types of tensors of numbers, as NumPy writes them."""

PLAIN = {int, float, type(None)}

SIZE = "binary_data_size"


def split_binary(content: bytes, length: bytes | None) -> tuple[bytes, bytes]:
    """Return the JSON at the head of a body, and the tensors behind it.

    Args:
        content: the body.
        length: of the JSON, as the header `Inference-Header-Content-Length` gives it; None where all is JSON.

    Raises:
        RefusedError: the length is none, or beyond the body.
    """
    if length is None:
        return content, b""
    text = length.strip()
    if not (text.isdigit() and len(text) < 12 and int(text) <= len(content)):
        want = f"the bytes of the JSON, at most the {len(content)} of the body"
        raise RefusedError(400, "inference-header-content-length", want, quote_client(length.decode("latin-1")))
    return content[: int(text)], content[int(text) :]


def check_size(tensor: dict[str, Any], behind: bytes) -> bytes | None:
    """Return the bytes of the only tensor of a request, None where its data are in the JSON.

    Raises:
        RefusedError: it has both or neither, or another number of bytes than it says.
    """
    parameters = tensor.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise RefusedError(400, "parameters of the tensor", "an object", type(parameters).__name__)
    for key in parameters or {}:
        if key.startswith("shared_memory"):
            raise RefusedError(400, "data", "sent with the request", "a region of shared memory")
    size = (parameters or {}).get(SIZE)
    if size is None:
        if behind:
            remedy = f"Give the tensor's parameters a {SIZE}."
            raise RefusedError(400, "body", "JSON alone, as no tensor is binary", f"{len(behind)} bytes more", remedy)
        return None
    if tensor.get("data") is not None:
        raise RefusedError.from_error(400, refusal(WHERE, "data", f"with {SIZE}", "both"))
    if type(size) is not int or size != len(behind):
        want = f"the {len(behind)} bytes behind the JSON"
        raise RefusedError(
            400, SIZE, want, quote_client(size), "The header Inference-Header-Content-Length divides them."
        )
    return behind


def flat(data: Any, shape: list[int]) -> list[Any]:
    """Return the elements of data that are nested as their shape is, or not nested at all.

    Raises:
        RefusedError: they are neither, or not as many as the shape says.
    """
    if not isinstance(data, list):
        raise RefusedError(400, "data", "a list", type(data).__name__)
    if len(shape) > 1 and any(isinstance(entry, list) for entry in data):
        for n, size in enumerate(shape):
            if n:
                data = list(chain.from_iterable(_rows(data, size, shape)))
            elif len(data) != size:
                raise _misshapen(shape, f"{len(data)} entries")
    if math.prod(shape) != len(data):
        raise _misshapen(shape, len(data))
    if any(isinstance(entry, list) for entry in data):
        raise _misshapen(shape, "lists within")
    return data


def _rows(data: list[Any], size: int, shape: list[int]) -> list[list[Any]]:
    if not all(isinstance(row, list) and len(row) == size for row in data):
        raise _misshapen(shape, "another nesting")
    return data


def _misshapen(shape: list[int], got: object) -> RefusedError:
    want = f"flat or nested as the shape {quote_client(shape)} says, {math.prod(shape)} in all"
    return RefusedError(400, "data", want, got)


def numbers(datatype: str, shape: list[int], data: Any, raw: bytes | None) -> np.ndarray:
    """Return a tensor of numbers as float64 of its shape; null, in JSON, is NaN.

    Raises:
        RefusedError: data and shape do not fit, or something is no number.
    """
    if raw is not None:
        kind = np.dtype(NUMBERS[datatype])
        if len(raw) != math.prod(shape) * kind.itemsize:
            want = f"{math.prod(shape) * kind.itemsize} bytes, as the shape {quote_client(shape)} of {datatype} says"
            raise RefusedError(400, "data", want, len(raw))
        return np.frombuffer(raw, kind).reshape(shape).astype(np.float64)
    found = flat(data, shape)
    if not set(map(type, found)) <= PLAIN:
        raise RefusedError(400, "data", "numbers or null", "something else")
    return np.array(found, np.float64).reshape(shape)


def texts(shape: list[int], data: Any, raw: bytes | None) -> list[str]:
    """Return the elements of a tensor of BYTES, in their order.

    Raises:
        RefusedError: data and shape do not fit, or something is no text in UTF-8.
    """
    if raw is None:
        found = flat(data, shape)
        odd = next((entry for entry in found if type(entry) is not str), "")
        if odd != "":
            raise RefusedError(400, "data", "texts", type(odd).__name__)
        return found
    found, place = [], 0
    try:
        while place < len(raw):
            (size,) = struct.unpack_from("<I", raw, place)
            place += 4 + size
            if place > len(raw):
                raise struct.error
            found.append(raw[place - size : place].decode("utf-8"))
    except struct.error:
        raise RefusedError(400, "data", "texts behind the four bytes of their length", "an end within one") from None
    except UnicodeDecodeError:
        raise RefusedError(400, f"data[{len(found)}]", "a text in UTF-8", "other bytes") from None
    if len(found) != math.prod(shape):
        raise _misshapen(shape, len(found))
    return found


def binary(outputs: list[dict[str, Any]], wanted: Callable[[str], bool]) -> tuple[list[dict[str, Any]], bytes]:
    """Return the outputs with those that are wanted so in binary, and their bytes."""
    parts, heads = [], []
    for tensor in outputs:
        if not wanted(tensor["name"]):
            heads.append(tensor)
            continue
        data, rest = tensor["data"], {key: value for key, value in tensor.items() if key != "data"}
        part = _texts_to_bytes(data) if tensor["datatype"] == "BYTES" else np.array(data, "<f8").tobytes()
        heads.append(rest | {"parameters": {SIZE: len(part)}})
        parts.append(part)
    return heads, b"".join(parts)


def _texts_to_bytes(texts: list[str]) -> bytes:
    encoded = [text.encode("utf-8") for text in texts]
    return b"".join(chain.from_iterable((struct.pack("<I", len(text)), text) for text in encoded))
