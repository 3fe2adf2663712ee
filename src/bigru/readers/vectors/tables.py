"""Vectors as a table with a vocabulary: safetensors, as in folders of model2vec, and KeyedVectors of gensim."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from safetensors import SafetensorError, safe_open

from ...errors import DataError, sentence

__all__ = ["read_keyed_vectors", "read_table"]

VOCABULARIES = ("tokenizer.json", "vocabulary.json", "vocab.json")
"""Files that can hold the vocabulary, the first that is there counts."""

MOST_BYTES = 1 << 28
"""Bytes of a vocabulary at most."""

KINDS = ("F32", "F16", "F64")


def read_table(path: Path, sought: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors of the units sought.

    Args:
        path: a folder with one file of safetensors and a vocabulary, or that file; the table is its only matrix.
        sought: the units.

    Raises:
        DataError: no such files, not as many rows as units, or a vector is not finite.
        OSError: a file cannot be read.
    """
    folder = path if path.is_dir() else path.parent
    tables = sorted(folder.glob("*.safetensors")) if path.is_dir() else [path]
    if len(tables) != 1:
        raise DataError(sentence(str(path), "vectors", "a folder with one file of safetensors", f"{len(tables)}"))
    place, vocabulary = _vocabulary(folder)
    source = str(tables[0])
    try:
        with safe_open(source, framework="numpy") as stream:
            slices = {name: stream.get_slice(name) for name in stream.keys()}  # noqa: SIM118 (no mapping)
            wide = [name for name, one in slices.items() if len(one.get_shape()) == 2]
            if len(wide) != 1 or slices[wide[0]].get_dtype() not in KINDS:
                got = ", ".join(f"{n} {s.get_dtype()} {s.get_shape()}" for n, s in slices.items())
                raise DataError(sentence(source, "arrays", "one matrix of F32, F16 or F64", got))
            table = stream.get_tensor(wide[0])
    except SafetensorError as error:
        raise DataError(sentence(source, "file", "valid safetensors", str(error)[:200])) from None
    if len(table) < len(vocabulary) or max(vocabulary.values(), default=-1) >= len(table):
        want = f"at least {len(vocabulary)}, a row for each unit of {place}"
        raise DataError(sentence(source, "rows", want, len(table)))
    return _rows(table, {unit: vocabulary[unit] for unit in sought if unit in vocabulary}, source)


def _vocabulary(folder: Path) -> tuple[str, dict[str, int]]:
    """Return the units of a vocabulary and their rows: a list of units, an object of units and rows, or the model of a
    Hugging Face tokenizer."""
    path = next((folder / name for name in VOCABULARIES if (folder / name).is_file()), None)
    if path is None:
        raise DataError(sentence(str(folder), "vocabulary", " or ".join(VOCABULARIES), "none of them"))
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DataError(sentence(str(path), "vocabulary", f"at most {MOST_BYTES:,} bytes", "more"))
    try:
        values: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(sentence(str(path), "vocabulary", "JSON", error)) from None
    if isinstance(values, dict) and isinstance(values.get("model"), dict):
        values = values["model"].get("vocab")
    if isinstance(values, list):
        names = [one[0] if isinstance(one, list) and one else one for one in values]
        values = {name: row for row, name in enumerate(names) if isinstance(name, str)}
    if not isinstance(values, dict) or not all(type(row) is int and row >= 0 for row in values.values()):
        raise DataError(sentence(str(path), "vocabulary", "units and their rows", "something else"))
    return path.name, values


def _rows(table: np.ndarray, rows: dict[str, int], source: str) -> dict[str, np.ndarray]:
    found = {}
    for unit, row in rows.items():
        vector = table[row].astype(np.float32)
        if not np.isfinite(vector).all():
            raise DataError(sentence(f"{source}: {unit}", "vector", "finite numbers", vector[~np.isfinite(vector)][0]))
        found[unit] = vector
    return found


class _Object:
    """Stands for an object of gensim: its attributes alone are read."""

    def __setstate__(self, state: Any) -> None:
        self.__dict__.update(state if isinstance(state, dict) else {})


def _empty(*_given: Any) -> np.ndarray:
    """Return an array to be filled by its state, whatever size a file claims."""
    return np.empty(0, np.float32)


def _scalar(dtype: np.dtype, content: bytes) -> Any:
    return np.frombuffer(content, dtype, 1)[0]


SAFE: dict[tuple[str, str], Any] = {("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype}
SAFE |= {(f"numpy.{core}.multiarray", "_reconstruct"): _empty for core in ("core", "_core")}
SAFE |= {(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")}
"""What a file may name beside objects of gensim: a file that names anything else is not opened any further."""


class _Unpickler(pickle.Unpickler):
    """Reads arrays, lists and dictionaries, and runs no code that a file names."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "gensim":
            return _Object
        if (module, name) not in SAFE:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return SAFE[module, name]

    def persistent_load(self, pid: Any) -> NoReturn:
        raise pickle.UnpicklingError("it refers to other objects")


def read_keyed_vectors(path: Path, sought: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors of the units sought from what `gensim.models.KeyedVectors.save` wrote, gensim 4 or later.

    A large table lies in a file of its own, with `.vectors.npy` behind the name.

    Raises:
        DataError: it is no such file, names anything but arrays, or a vector is not finite.
        OSError: the file cannot be read.
    """
    source = str(path)
    try:
        loaded = _Unpickler(io.BytesIO(path.read_bytes())).load()
        values = vars(getattr(loaded, "wv", loaded)) if isinstance(loaded, _Object) else {}
        table = values.get("vectors")
        beside = path.with_name(f"{path.name}.vectors.npy")
        if table is None and beside.is_file():
            table = np.load(beside, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:
        raise DataError(sentence(source, "file", "KeyedVectors of gensim", str(error)[:200])) from None
    names = values.get("index_to_key")
    matrix = isinstance(table, np.ndarray) and table.ndim == 2 and table.dtype.kind == "f"
    if not matrix or not isinstance(names, list) or len(names) != len(np.asarray(table)):
        got = f"{len(names) if isinstance(names, list) else 'no'} units and {getattr(table, 'shape', 'no vectors')}"
        raise DataError(sentence(source, "vectors", "a row for each unit", got))
    rows = {name: row for row, name in enumerate(names) if isinstance(name, str) and name in sought}
    return _rows(np.asarray(table), rows, source)
