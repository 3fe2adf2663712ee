"""Columnar files, whole and damaged."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from pyarrow import feather, orc

from bigru.errors import DataError
from bigru.readers.parsers.arrow import parse


def feather_of(**columns: Any) -> bytes:
    stream = io.BytesIO()
    feather.write_feather(pyarrow.table(columns), stream, compression="uncompressed")
    return stream.getvalue()


def changed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1
    return data.replace(old, new)


def test_an_index_beyond_its_words_is_refused() -> None:
    indices = np.array([1, 0, 1, 1, 0, 0, 1, 0], np.int32)
    words = pyarrow.DictionaryArray.from_arrays(indices, ["x", "y"])
    data = feather_of(label=words)
    assert parse(data, "f").column("label") == list("yxyyxxyx")
    far = indices.copy()
    far[2] = 1 << 30
    with pytest.raises(DataError, match=r"^f: data must be Arrow data, got .*Dictionary indices invalid"):
        parse(changed(data, indices.tobytes(), far.tobytes()), "f")


def test_a_text_that_ends_beyond_its_bytes_is_refused() -> None:
    data = feather_of(text=["ab cd", "ef", "ghi"])
    offsets = np.array([0, 5, 7, 10], np.int32)
    far = np.array([0, 5, 1 << 30, 10], np.int32)
    with pytest.raises(DataError, match=r"^f: data must be Arrow data, got "):
        parse(changed(data, offsets.tobytes(), far.tobytes()), "f")


@pytest.mark.parametrize("kind", ["Parquet", "Arrow", "ORC"])
def test_more_rows_than_the_bytes_can_hold_are_refused(kind: str) -> None:
    """A column of one number again and again takes no room in a file, and gigabytes as values."""
    table = pyarrow.table({"n": np.zeros(9_000_000, np.int64)})
    stream = io.BytesIO()
    if kind == "Parquet":
        pyarrow.parquet.write_table(table, stream)
    elif kind == "ORC":
        orc.write_table(table, stream, compression="zstd")
    else:
        feather.write_feather(table, stream, compression="zstd")
    data = stream.getvalue()
    with pytest.raises(DataError) as caught:
        parse(data, "f")
    assert str(caught.value) == (
        f"f: data must be at most 8,388,608 cells in {len(data):,} bytes, got 9,000,000 rows and 1 columns. "
        "Divide the file, or allow more with BIGRU_MAX_BYTES=BYTES in the environment."
    )
