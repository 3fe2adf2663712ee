"""Numeric sequences in NumPy's .npz archives to Examples."""

from __future__ import annotations

import io
import math
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import DataError, sentence
from ..examples import Examples
from ..labels import LabelReader
from ..numbers import summarise
from ..opening.packed import most_bytes

__all__ = ["parse"]

HEADERS: dict[tuple[int, int], Callable[..., Any]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""The readers of an array's header by the version of the format; others hold structures, which are no series."""

FAULTS = (
    ValueError,  # also what NumPy says of a header, and text that is no UTF-8
    OSError,
    EOFError,
    KeyError,
    RuntimeError,  # an encrypted member
    NotImplementedError,  # a flag or a compression that zipfile does not know
    OverflowError,
    MemoryError,
    SyntaxError,
    TypeError,
    IndexError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What damaged archives raise."""


def parse(data: bytes, source: str, *, require_targets: bool = True, task: str | None = None) -> Examples:
    """Read series from an archive with `x` and, for training, `y` (capitals will do).

    Args:
        data: the bytes of the archive. x: numbers [N, T, I] or [N, T]; y: [N] (one label each), or [N, T] or
            [N, T, 1] (one label per step); lengths: optional integers [N], where what lies past a length is
            padding and never read.
        source: the file as the user named it; lines of the result are rows from 1.
        require_targets: whether y must be there.
        task: "classify" or "tag", or None for what y says.

    Raises:
        DataError: an array is absent, holds Python objects (a pickle, which could run code), does not fit
            the others, or a value is infinite. (NaN is a missing value.)
    """
    arrays = _load(data, source)
    x = _numeric(arrays, "x", source)
    if x is None or x.ndim not in (2, 3) or not x.size:
        got = "nothing" if x is None else f"shape {list(x.shape)}"
        raise DataError(sentence(source, "x", "numbers [N, T, I] or [N, T]", got))
    x = x[:, :, None] if x.ndim == 2 else x
    lengths = _lengths(arrays, x, source)
    with np.errstate(over="ignore"):
        values = x.astype(np.float32)
    _check_finite(values, lengths, source)
    inputs = [series[:length] for series, length in zip(values, lengths, strict=True)]
    result = Examples(inputs, None, "series", list(range(1, len(x) + 1)), source)
    result.inferred |= summarise(inputs)
    y = arrays.get("y")
    if y is None and require_targets:
        raise DataError(sentence(source, "y", "in the archive", "only " + ", ".join(arrays)))
    if y is not None:
        _read_targets(result, y, x, lengths, task)
    return result


def _load(data: bytes, source: str) -> dict[str, np.ndarray]:
    """Return the arrays by name in lower case; pickles are refused, and sizes checked before anything is allocated."""
    found: dict[str, np.ndarray] = {}
    most = most_bytes(len(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                most -= info.file_size
                if most < 0:
                    size = f"{info.file_size:,} bytes in {info.filename!r}, unpacked"
                    raise ValueError(f"{size}; BIGRU_MAX_BYTES allows more")
                name = info.filename.removesuffix(".npy").lower()
                if name in found:
                    raise ValueError(f"{name!r} twice")
                found[name] = _array(archive.read(info))
    except FAULTS as error:
        remedy = "Python objects are not read: pad the series to one length and add `lengths`."
        raise DataError(sentence(source, "data", "an .npz archive of plain arrays", error, remedy)) from error
    return found


def _array(content: bytes) -> np.ndarray:
    """Return the array of an .npy file.

    Raises:
        ValueError: it is none, holds Python objects, or its header claims another size than it has.
    """
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:
        raise ValueError(f"the .npy format {version}")
    shape, is_fortran, dtype = HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("Python objects")
    size, held = math.prod(shape) * dtype.itemsize, len(content) - stream.tell()
    if size != held or min(shape, default=0) < 0:
        raise ValueError(f"an array that claims {size:,} bytes and has {held:,}")
    if dtype.kind == "U":
        points = np.frombuffer(content, np.dtype("u4").newbyteorder(dtype.byteorder), -1, stream.tell())
        if (points > sys.maxunicode).any():
            raise ValueError("texts with characters beyond Unicode")
    flat = np.frombuffer(content, dtype, math.prod(shape), stream.tell()) if size else np.zeros(shape, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C")


def _numeric(arrays: dict[str, np.ndarray], name: str, source: str) -> np.ndarray | None:
    array = arrays.get(name)
    if array is not None and array.dtype.kind not in "iufb":
        raise DataError(sentence(source, name, "numbers", f"dtype {array.dtype}"))
    return array


def _lengths(arrays: dict[str, np.ndarray], x: np.ndarray, source: str) -> np.ndarray:
    """Return the lengths [N], T where the archive has none."""
    lengths = _numeric(arrays, "lengths", source)
    if lengths is None:
        return np.full(len(x), x.shape[1])
    if lengths.shape != x.shape[:1] or lengths.dtype.kind not in "iu":
        got = f"{lengths.dtype} {list(lengths.shape)}"
        raise DataError(sentence(source, "lengths", f"integers [{len(x)}]", got))
    wrong = (lengths < 0) | (lengths > x.shape[1])
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(sentence(f"{source}:{row + 1}", "length", f"within 0..{x.shape[1]}", int(lengths[row])))
    return lengths


def _check_finite(values: np.ndarray, lengths: np.ndarray, source: str) -> None:
    real = np.arange(values.shape[1]) < lengths[:, None]
    wrong = np.isinf(values) & real[:, :, None]
    if wrong.any():
        row, step, column = (int(n) for n in np.argwhere(wrong)[0])
        name = f"x step {step + 1} column {column + 1}"
        remedy = "A missing value is NaN."
        raise DataError(sentence(f"{source}:{row + 1}", name, "finite", values[row, step, column], remedy))


def _read_targets(result: Examples, y: np.ndarray, x: np.ndarray, lengths: np.ndarray, task: str | None) -> None:
    source = result.source
    if y.ndim == 3 and y.shape[2] == 1:
        y = y[:, :, 0]
    if y.ndim == 2 and y.shape[1] == 1 and x.shape[1] != 1:
        y = y[:, 0]
    fits = {"classify": (1,), "tag": (2,)}.get(task or "", (1, 2))
    if y.ndim not in fits or y.shape != x.shape[: y.ndim]:
        want = " or ".join(f"[{', '.join(map(str, x.shape[:n]))}]" for n in fits)
        raise DataError(sentence(source, "y", f"of shape {want}", list(y.shape)))
    labels = LabelReader(source)
    result.task = "classify" if y.ndim == 1 else "tag"
    targets: list[Any] = []
    for row, (value, length) in enumerate(zip(y.tolist(), lengths.tolist(), strict=True), 1):
        targets.append(labels.one(value, row) if y.ndim == 1 else [labels.one(step, row) for step in value[:length]])
    result.targets = targets
    result.findings += labels.findings()
