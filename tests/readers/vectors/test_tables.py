"""Vectors as a table with a vocabulary."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from bigru.errors import DataError
from bigru.readers.vectors.files import read_vectors

TABLE = np.array([[1, -2], [3, 4], [5, 6]], np.float32)


def folder(path: Path, vocabulary: Any, name: str = "tokenizer.json", table: np.ndarray = TABLE) -> Path:
    path.mkdir(exist_ok=True)
    save_file({"embeddings": table, "counts": np.zeros(3)}, str(path / "model.safetensors"))
    (path / name).write_text(json.dumps(vocabulary), "utf-8")
    return path


@pytest.mark.parametrize(
    ("vocabulary", "name"),
    [
        ({"model": {"type": "WordPiece", "vocab": {"a": 0, "##b": 1, "c": 2}}}, "tokenizer.json"),
        ({"model": {"type": "Unigram", "vocab": [["a", -1.0], ["b", -2.0], ["c", -3.0]]}}, "tokenizer.json"),
        (["a", "b", "c"], "vocabulary.json"),
        ({"a": 0, "b": 1, "c": 2}, "vocab.json"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64])
def test_a_table_is_read(vocabulary: Any, name: str, dtype: Any, tmp_path: Path) -> None:
    made = folder(tmp_path / "m", vocabulary, name, TABLE.astype(dtype))
    for path in (made, made / "model.safetensors"):
        found = read_vectors(path, {"a", "c", "x"})
        assert set(found) == {"a", "c"}
        assert found["c"].dtype == np.float32
        np.testing.assert_array_equal(found["c"], [5, 6])


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        (["a", "b", "c", "d"], r"rows must be at least 4, a row for each unit of tokenizer\.json, got 3\.$"),
        ({"a": 3}, r"rows must be at least 1, a row for each unit of tokenizer\.json, got 3\.$"),
        ({"a": -1}, r"tokenizer\.json: vocabulary must be units and their rows, got something else\.$"),
        ({"a": True}, r"tokenizer\.json: vocabulary must be units and their rows, got something else\.$"),
        (7, r"tokenizer\.json: vocabulary must be units and their rows, got something else\.$"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(vocabulary: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read_vectors(folder(tmp_path / "m", vocabulary), {"a"})


def test_tables_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    made = folder(tmp_path / "m", ["a", "b", "c"], table=np.full((3, 2), np.inf, np.float32))
    with pytest.raises(DataError, match=r"safetensors: a: vector must be finite numbers, got inf\.$"):
        read_vectors(made, {"a"})
    (made / "model.safetensors").write_bytes((made / "model.safetensors").read_bytes()[:-3])
    with pytest.raises(DataError, match=r"model\.safetensors: file must be valid safetensors, got "):
        read_vectors(made, {"a"})
    save_file({"a": TABLE, "b": TABLE}, str(made / "model.safetensors"))
    with pytest.raises(DataError, match=r"arrays must be one matrix of F32, F16 or F64, got a F32 \[3, 2\], b F32"):
        read_vectors(made, {"a"})
    (made / "tokenizer.json").write_text("{", "utf-8")
    with pytest.raises(DataError, match=r"tokenizer\.json: vocabulary must be JSON, got "):
        read_vectors(made, {"a"})
    (made / "tokenizer.json").unlink()
    with pytest.raises(DataError, match=r"vocabulary must be tokenizer\.json or vocabulary\.json or vocab\.json, got"):
        read_vectors(made, {"a"})
    (made / "more.safetensors").write_bytes(b"")
    with pytest.raises(DataError, match=r"vectors must be a folder with one file of safetensors, got 2\.$"):
        read_vectors(made, {"a"})


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class of the name that gensim's has, so that a file names it."""

    class KeyedVectors:
        pass

    for name in ("gensim", "gensim.models", "gensim.models.keyedvectors"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    KeyedVectors.__module__, KeyedVectors.__qualname__ = "gensim.models.keyedvectors", "KeyedVectors"
    monkeypatch.setattr(sys.modules["gensim.models.keyedvectors"], "KeyedVectors", KeyedVectors, raising=False)
    return KeyedVectors


def dump(kind: type, path: Path, **values: Any) -> Path:
    made = kind()
    vars(made).update(values)
    path.write_bytes(pickle.dumps(made, protocol=4))
    return path


def test_keyed_vectors_are_read(keyed: type, tmp_path: Path) -> None:
    whole = dump(keyed, tmp_path / "a.kv", vectors=TABLE, index_to_key=["a", "b", "c"], key_to_index={"a": np.int64(0)})
    apart = dump(keyed, tmp_path / "b.kv", vectors=None, index_to_key=["a", "b", "c"])
    np.save(tmp_path / "b.kv.vectors.npy", TABLE)
    model = dump(keyed, tmp_path / "c.model", wv=pickle.loads(whole.read_bytes()))
    for path in (whole, apart, model):
        found = read_vectors(path, {"b", "x"})
        assert set(found) == {"b"}
        np.testing.assert_array_equal(found["b"], [3, 4])


class Command:
    def __reduce__(self) -> Any:
        return os.mkdir, ("made-by-a-file",)


def test_a_file_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.kv").write_bytes(pickle.dumps(Command(), protocol=4))
    with pytest.raises(DataError, match=r"file must be KeyedVectors of gensim, got it names (posix|nt)\.mkdir\.$"):
        read_vectors(tmp_path / "a.kv", {"a"})
    assert not (tmp_path / "made-by-a-file").exists()


def test_keyed_vectors_that_do_not_fit_are_refused(keyed: type, tmp_path: Path) -> None:
    path = dump(keyed, tmp_path / "a.kv", vectors=TABLE, index_to_key=["a", "b"])
    with pytest.raises(DataError, match=r"vectors must be a row for each unit, got 2 units and \(3, 2\)\.$"):
        read_vectors(path, {"a"})
    path = dump(keyed, tmp_path / "a.kv", index_to_key=["a", "b"])
    with pytest.raises(DataError, match=r"vectors must be a row for each unit, got 2 units and no vectors\.$"):
        read_vectors(path, {"a"})
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match=r"file must be KeyedVectors of gensim, got pickle data was truncated\.$"):
        read_vectors(path, {"a"})
