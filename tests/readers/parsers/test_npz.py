from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

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


def damaged(change: Callable[[bytearray], None], **options: Any) -> bytes:
    """Return an archive of one array x with bytes changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as made:
        made.writestr("x.npy", npy(np.ones((50, 40))))
    content = bytearray(stream.getvalue())
    change(content)
    return bytes(content)


def npy(array: np.ndarray, shape: bytes = b"") -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    content = stream.getvalue()
    return content.replace(b"(50, 40)", shape) if shape else content


def at(place: int, value: int) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        content[place] = value

    return change


def flag(bits: int) -> Callable[[bytearray], None]:
    """Set flags in the local header and in the directory."""

    def change(content: bytearray) -> None:
        content[6] |= bits
        content[content.index(b"PK\x01\x02") + 8] |= bits

    return change


def version(content: bytearray) -> None:
    content[content.index(b"PK\x01\x02") + 6] = 99


def method(content: bytearray) -> None:
    content[content.index(b"PK\x01\x02") + 10] = 77


def deflated(content: bytearray) -> None:
    content[60:70] = b"\xff" * 10


DEFLATED = {"compression": zipfile.ZIP_DEFLATED}
REFUSED = r"^f: data must be an \.npz archive of plain arrays, got .*"


@pytest.mark.parametrize(
    "data",
    [
        damaged(flag(1)),
        damaged(flag(32)),
        damaged(version),
        damaged(method),
        damaged(deflated, **DEFLATED),
        damaged(at(45, 0)),
        damaged(at(200, 9)),
    ],
)
def test_every_damage_of_the_archive_is_a_sentence(data: bytes) -> None:
    with pytest.raises(DataError, match=REFUSED):
        parse(data, "f", require_targets=False)


@pytest.mark.parametrize(
    "shape",
    [b"(5000000000000,)", b"(-50, 40)", b"(-50, -40)", b"(2" + b"0" * 5000 + b",)", b"(1.5, 2)", b"(50, 40", b"x()"],
)
def test_what_a_header_claims_is_checked_before_it_is_allocated(shape: bytes) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("x.npy", npy(np.ones((50, 40)), shape=shape))
    with pytest.raises(DataError, match=REFUSED):
        parse(stream.getvalue(), "f", require_targets=False)


@pytest.mark.slow
def test_a_bomb_is_refused_by_its_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, x=np.zeros((1 << 12, 1 << 12)))
    with pytest.raises(DataError, match=REFUSED + r"134,217,856 bytes in 'x\.npy', unpacked; BIGRU_MAX_BYTES allows"):
        parse(stream.getvalue(), "f", require_targets=False)
    monkeypatch.setenv("BIGRU_MAX_BYTES", "200000000")
    assert len(parse(stream.getvalue(), "f", require_targets=False).inputs) == 1 << 12


def test_arrays_in_every_order_and_version_are_read() -> None:
    stream, second = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array(second, np.asfortranarray(X), (2, 0))
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("x.npy", second.getvalue())
    np.testing.assert_array_equal(parse(stream.getvalue(), "f", require_targets=False).inputs[1], X[1])


@pytest.mark.parametrize("order", ["<", ">"])
def test_texts_beyond_unicode_are_refused(order: str) -> None:
    texts = np.array([0x110000, 0x61], f"{order}u4").view(f"{order}U1")
    with pytest.raises(DataError, match="got texts with characters beyond Unicode"):
        parse(archive(x=X, y=texts), "f")
    texts = np.array([0x10FFFF, 0x61], f"{order}u4").view(f"{order}U1")
    assert parse(archive(x=X, y=texts), "f").targets == [chr(0x10FFFF), "a"]
