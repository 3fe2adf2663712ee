from __future__ import annotations

import io

import numpy as np
import pytest

from bigru.errors import DataError
from bigru.readers.parsers.npz import parse


def archive(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


X = np.arange(12.0).reshape(2, 3, 2)


def test_one_label_each() -> None:
    examples = parse(archive(X=X, Y=np.array([1, 0]), other=np.zeros(9)), "f")
    assert examples.targets == ["1", "0"]
    assert examples.lines == [1, 2]
    assert (examples.kind, examples.task) == ("series", "classify")
    assert examples.inputs[1].dtype == np.float32
    np.testing.assert_array_equal(examples.inputs[1], X[1])


@pytest.mark.parametrize("y", [np.array([[0, 1, 1], [1, 0, 0]]), np.array([[[0.0], [1], [1]], [[1], [0], [0]]])])
def test_one_label_per_step(y: np.ndarray) -> None:
    examples = parse(archive(x=X, y=y), "f")
    assert examples.targets == [["0", "1", "1"], ["1", "0", "0"]]
    assert examples.task == "tag"


def test_padding_past_the_lengths_is_never_read() -> None:
    x = X.copy()
    x[0, 1:] = np.nan
    examples = parse(archive(x=x, y=np.array([["a", "", ""], ["b", "c", "d"]]), lengths=np.array([1, 3])), "f")
    assert [len(series) for series in examples.inputs] == [1, 3]
    assert examples.targets == [["a"], ["b", "c", "d"]]


def test_one_value_per_step_and_column_labels() -> None:
    examples = parse(archive(x=np.ones((2, 3), np.int64), y=np.array([["a"], ["b"]])), "f")
    assert examples.inputs[0].tolist() == [[1.0], [1.0], [1.0]]
    assert examples.targets == ["a", "b"]
    assert parse(archive(x=np.ones((2, 1)), y=np.array([["a"], ["b"]])), "f").targets == [["a"], ["b"]]


def test_without_labels_for_prediction() -> None:
    assert parse(archive(x=X), "f", require_targets=False).targets is None


def test_labels_with_stray_spaces_are_listed() -> None:
    examples = parse(archive(x=X, y=np.array([" a", "a"])), "f")
    assert examples.targets == ["a", "a"]
    assert [str(finding) for finding in examples.findings] == ["f:1: stray spaces: label ' a' is read as 'a', 1 in all"]


def with_value(value: float) -> np.ndarray:
    x = X.copy()
    x[1, 2, 0] = value
    return x


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": [1]}, r"f: x must be numbers \[N, T, I\] or \[N, T\], got nothing"),
        ({"x": np.ones(3)}, r"f: x must be numbers \[N, T, I\] or \[N, T\], got shape \[3\]"),
        ({"x": np.ones((0, 3))}, r"f: x must be numbers \[N, T, I\] or \[N, T\], got shape \[0, 3\]"),
        ({"x": np.array([["a"]])}, r"f: x must be numbers, got dtype <U1"),
        ({"x": X}, r"f: y must be in the archive, got only x"),
        ({"x": X, "y": np.ones(3)}, r"f: y must be of shape \[2\] or \[2, 3\], got \[3\]"),
        ({"x": X, "y": np.ones((2, 4))}, r"f: y must be of shape \[2\] or \[2, 3\], got \[2, 4\]"),
        ({"x": X, "y": np.array([1, np.nan])}, r"f:2: label must be text or a number, got nan"),
        ({"x": X, "y": np.ones(2), "lengths": np.ones(2)}, r"f: lengths must be integers \[2\], got float64 \[2\]"),
        ({"x": X, "y": np.ones(2), "lengths": np.array([1])}, r"f: lengths must be integers \[2\], got int64 \[1\]"),
        ({"x": X, "y": np.ones(2), "lengths": np.array([3, 4])}, r"f:2: length must be within 0\.\.3, got 4"),
        ({"x": X, "y": np.ones(2), "lengths": np.array([-1, 3])}, r"f:1: length must be within 0\.\.3, got -1"),
        ({"x": with_value(1e39), "y": np.ones(2)}, r"f:2: x step 3 column 1 must be finite, got inf\. A missing value"),
    ],
)
def test_faulty_archives_are_refused(arrays: dict, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(archive(**arrays), "f")


def test_the_task_may_be_named() -> None:
    with pytest.raises(DataError, match=r"^f: y must be of shape \[2, 3\], got \[2\]"):
        parse(archive(x=X, y=np.ones(2)), "f", task="tag")


@pytest.mark.parametrize("data", [b"PK\x03\x04 broken", b"text", archive(x=np.array([[1], [2, 3]], dtype=object))])
def test_what_is_no_archive_of_plain_arrays_is_refused(data: bytes) -> None:
    with pytest.raises(
        DataError, match=r"^f: data must be an \.npz archive of plain arrays, got .* Python objects are"
    ):
        parse(data, "f")
