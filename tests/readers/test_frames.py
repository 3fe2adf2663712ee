from __future__ import annotations

import io
import sys
from pathlib import Path

import datasets
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bigru.errors import ArgumentError, DataError, MissingExtraError
from bigru.readers import columnar
from bigru.readers.reader import Reading, from_dataset, from_frame, read


def parquet(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def test_parquet_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(parquet(pa.table({"text": ["好", None, "坏"], "label": [1, 0, 0]})))
    examples = read(path)
    assert (examples.inputs, examples.targets, examples.lines) == (["好", "坏"], ["1", "0"], [1, 3])
    assert [finding.line for finding in examples.findings] == [2]
    assert examples.inferred["format"] == "parquet"


def test_parquet_with_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(pa.table({"tokens": [["EU", "no"]], "tags": [["B-ORG", "O"]]})))
    assert read(path).targets == [["B-ORG", "O"]]
    path.write_bytes(parquet(pa.table({"values": [[[1.0], [2.0]]], "label": ["x"]})))
    assert read(path).inputs[0].tolist() == [[1.0], [2.0]]


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 broken")
    with pytest.raises(DataError, match=r"a\.parquet: data must be a Parquet table, got "):
        read(path)
    path.write_bytes(parquet(pa.table({"text": pa.array([], pa.string())})))
    with pytest.raises(DataError, match=r"a\.parquet: data must be at least one example, got no rows"):
        read(path)


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_pandas_with_gaps(dtype: str) -> None:
    frame = pd.DataFrame({"review": ["a", "b", "c"], "label": pd.Series(["x", None, "y"], dtype=dtype)})
    examples = from_frame(frame)
    assert (examples.inputs, examples.targets, examples.lines) == (["a", "c"], ["x", "y"], [1, 3])
    assert [str(finding) for finding in examples.findings] == ["frame:2: empty row: 'label' is empty; left out"]


def test_integers_with_gaps_stay_integers() -> None:
    frame = pd.DataFrame({"text": ["a", "b", "c"], "label": [1, None, 0]})
    assert frame["label"].dtype == float
    assert from_frame(frame).targets == ["1", "0"]


def test_arrow_tables_are_frames_too() -> None:
    examples = from_frame(pa.table({"text": ["a"], "labels": [["x", "y"]]}), source="mine")
    assert (examples.targets, examples.multi_label, examples.source) == ([["x", "y"]], True, "mine")


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^from_frame: frame must be a data frame, got dict"):
        from_frame({"text": ["a"]})


def test_class_numbers_become_names() -> None:
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])})
    data = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)
    examples = from_dataset(data)
    assert (examples.inputs, examples.targets) == (["a", "b"], ["pos", "neg"])
    assert [finding.line for finding in examples.findings] == [3]


def test_lists_of_class_numbers_become_tags() -> None:
    names = datasets.ClassLabel(names=["O", "B-X", "I-X"])
    features = datasets.Features({"tokens": [datasets.Value("string")], "ner_tags": datasets.Sequence(names)})
    data = datasets.Dataset.from_dict({"tokens": [["a", "b"], ["c"]], "ner_tags": [[1, 2], [0]]}, features=features)
    examples = from_dataset(data)
    assert (examples.targets, examples.scheme) == ([["B-X", "I-X"], ["O"]], "BIO")


def test_what_is_no_split_is_refused() -> None:
    data = datasets.Dataset.from_dict({"text": ["a"], "label": [1]})
    whole = datasets.DatasetDict({"train": data, "test": data})
    message = r"^from_dataset: dataset must be one split of a Hugging Face data set, got splits train, test"
    with pytest.raises(ArgumentError, match=message):
        from_dataset(whole)
    with pytest.raises(ArgumentError, match=r"data set, got list"):
        from_dataset([])


@pytest.mark.parametrize("package", ["pyarrow", "narwhals"])
def test_missing_packages_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"needs the package {package}, .* pip install 'bigru\[train\]'"):
        read(path) if package == "pyarrow" else from_frame(None)


def packed(**columns: object) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, compression="none", use_dictionary=False)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        packed(text=["ab", "cd"], labelname=["x", "y"]).replace(b"labelname", b"label\xd9\xffme"),
        packed(text=["abcdefgh", "cd"], label=["x", "y"]).replace(b"abcdefgh", b"abc\xff\xfffgh"),
        packed(text=["ab"], t=pa.array([1 << 60], pa.timestamp("ms"))),
        packed(text=["ab"])[:-20],
        b"PAR1",
    ],
)
def test_damaged_parquet_is_a_sentence(data: bytes) -> None:
    with pytest.raises(DataError, match=r"^f\.parquet: data must be a Parquet table, got ") as caught:
        columnar.parquet(data, "f.parquet")
    assert "\n" not in str(caught.value)


def test_names_of_several_levels_are_joined() -> None:
    names = pd.MultiIndex.from_tuples([("text", ""), ("label", "of it")])
    frame = pd.DataFrame([["so it was", "a"], ["so it is", "b"]] * 12, columns=names)
    found = from_frame(frame, Reading(label="label of it"))
    assert found.inputs[0] == "so it was"
    assert found.targets is not None
    assert found.targets[:2] == ["a", "b"]
