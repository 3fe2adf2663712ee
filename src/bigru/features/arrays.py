"""What Python programs hold - lists, arrays, columns of frames - as lists of inputs and of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from ..errors import ArgumentError, sentence
from ..readers.audio.recordings import Recording, is_audio, is_unreadable
from .audio import is_recording

__all__ = ["check_labels", "is_block", "is_multilabel", "is_nested", "to_inputs", "to_labels", "to_rows"]


PADDING = -100
"""What torch and Hugging Face write into labels past the end of an input."""


def check_labels(labels: Sequence[Any], where: str) -> None:
    """Refuse what are no classes: missing values and continuous numbers.

    Raises:
        ArgumentError: there is one.
    """
    for n, label in enumerate(labels, 1):
        if label is None or type(label).__name__ in ("NAType", "NaTType") or label != label:
            remedy = "Leave such examples out."
            raise ArgumentError(sentence(where, f"label {n}", "a class", f"a missing value ({label})", remedy))
        if isinstance(label, float) and not label.is_integer():
            got, remedy = f"{label!r}: the labels are continuous", "Classes have names or whole numbers."
            raise ArgumentError(sentence(where, f"label {n}", "a class", got, remedy))


def to_inputs(X: Any) -> tuple[list[Any], str]:
    """Return the inputs and their kind.

    Args:
        X: texts, lists of tokens, series [T, I] or [T], or recordings (paths of audio files, or pairs of samples
            [N] and their rate): a list of them, an array [N, T, I] or [N, T] of
            numbers, an array [N] or [N, 1] of texts, a frame of one column or of numbers, a frame's column. Time
            comes before channels; aeon and sktime have [N, channels, T] (`X.swapaxes(1, 2)`). Integers are
            measurements, not numbers of words.

    Returns:
        A list, and "text", "tokens", "series" or "audio".

    Raises:
        ArgumentError: X is none of these.
    """
    values = _column(X)
    if is_block(values):
        return list(values), "series"
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    scalar = isinstance(values, np.ndarray) and values.ndim == 0
    if scalar or isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
        raise ArgumentError(sentence("X", "X", "a list of inputs", type(X).__name__))
    inputs = list(values)
    if inputs and all(_names_recording(one) for one in inputs):
        return inputs, "audio"
    kinds = {_kind(one) for one in inputs}
    if len(kinds) > 1 or None in kinds:
        odd = next(one for one in inputs if _kind(one) is None or _kind(one) != _kind(inputs[0]))
        want = "all texts, all lists of tokens, or all series of numbers"
        raise ArgumentError(sentence("X", "inputs", want, f"{type(odd).__name__} {str(odd)[:40]!r}"))
    kind = kinds.pop() if kinds else "text"
    if kind == "series":
        return [np.asarray(one) for one in inputs], kind
    return [str(one) if kind == "text" else [str(token) for token in one] for one in inputs], str(kind)


def is_block(X: Any) -> bool:
    """Tell whether X is one array of series of equal length."""
    return isinstance(X, np.ndarray) and X.dtype.kind in "iufb" and X.ndim in (2, 3)


def to_rows(y: Any, name: str = "y") -> list[list[Any]]:
    """Return labels per step as lists of plain values.

    Raises:
        ArgumentError: y is no list of lists and no array of two axes.
    """
    values = _column(y)
    rows = values.tolist() if isinstance(values, np.ndarray) else values
    if isinstance(rows, str) or not isinstance(rows, Sequence) or any(not _is_row(row) for row in rows):
        raise ArgumentError(sentence(name, name, "a list with one list of labels per input", _short(y)))
    plain = [[_plain(label) for label in row] for row in rows]
    for n, row in enumerate(plain, 1):
        if any(type(label) is int and label == PADDING for label in row):
            remedy = "Cut each row to the length of its input."
            raise ArgumentError(sentence(name, f"row {n}", "labels alone", f"{PADDING}, which marks padding", remedy))
    return plain


def to_labels(y: Any, name: str = "y") -> list[Any]:
    """Return labels of inputs as a list of plain values.

    Raises:
        ArgumentError: y is no list of labels, or an array of more than one axis.
    """
    values = _column(y)
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    labels = values.tolist() if isinstance(values, np.ndarray) else values
    if isinstance(values, np.ndarray) and values.ndim == 2 and _are_marks(values):
        remedy = (
            "Give numbers, as y.argmax(axis=1), or for any number of labels lists, as [row.nonzero()[0] for row in y]."
        )
        got = f"an indicator matrix {list(values.shape)}"
        raise ArgumentError(
            sentence(name, name, "a list with one label, or one list of labels, per input", got, remedy)
        )
    if isinstance(labels, str) or not isinstance(labels, Sequence) or any(_is_row(label) for label in labels):
        raise ArgumentError(sentence(name, name, "a list with one label per input", _short(y)))
    return [_plain(label) for label in labels]


def is_multilabel(y: Any) -> bool:
    """Tell whether y has lists of labels; those in an array of two axes are labels per step, not many labels."""
    values = _column(y)
    return not isinstance(values, np.ndarray) and isinstance(values, Sequence) and any(_is_row(row) for row in values)


def is_nested(y: Any) -> bool:
    """Tell whether y has a list of labels for each input, of its steps or of itself."""
    values = _column(y)
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.ndim == 2 and values.shape[1] > 1 and not _are_marks(values)
    return is_multilabel(list(values) if isinstance(values, np.ndarray) else values)


def _column(values: Any) -> Any:
    """Return a frame's column as a list, its numbers and any array as one of NumPy's; else what came."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        got = f"{np.ma.count_masked(values)} masked values"
        remedy = "Fill them, as x.astype(float).filled(numpy.nan); in series NaN is a missing value."
        raise ArgumentError(sentence("X", "array", "without a mask", got, remedy))
    if hasattr(values, "toarray"):
        raise ArgumentError(sentence("X", "X", "dense", "a sparse matrix", "Sparse input is not supported."))
    native = nw.from_native(values, eager_only=True, allow_series=True, pass_through=True)
    if isinstance(native, nw.DataFrame):
        if all(dtype.is_numeric() for dtype in native.schema.values()):
            return native.to_numpy()
        if len(native.columns) != 1:
            got = f"the columns {', '.join(map(str, native.columns))}"
            remedy = "Choose the column, as X['text']."
            raise ArgumentError(sentence("X", "X", "numbers, or a frame of one column", got, remedy))
        native = native[native.columns[0]]
    if isinstance(native, nw.Series):
        return native.to_list()
    return np.asarray(values) if hasattr(values, "__array__") else values


def _kind(one: Any) -> str | None:
    """Return the kind of one input."""
    if isinstance(one, str):
        return "text"
    if isinstance(one, np.ndarray) and one.dtype.kind in "iufb":
        return "series"
    if not isinstance(one, (Sequence, np.ndarray)):
        return None
    if all(isinstance(token, str) for token in one):
        return "tokens"
    return "series" if np.asarray(one[0]).dtype.kind in "iufb" else None


def _names_recording(one: Any) -> bool:
    """Tell recordings, which say what they are, from texts and series."""
    if isinstance(one, str):
        return is_audio(one) or is_unreadable(one)
    return isinstance(one, (Path, Recording, tuple)) and is_recording(one)


def _are_marks(values: np.ndarray) -> bool:
    """Tell whether a matrix of two or more columns holds nothing but 0 and 1."""
    return values.shape[1] > 1 and values.dtype.kind in "iufb" and bool(np.isin(values, (0, 1)).all())


def _is_row(row: Any) -> bool:
    return isinstance(row, (Sequence, np.ndarray, set, frozenset)) and not isinstance(row, str)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def _short(values: Any) -> str:
    shape = getattr(values, "shape", None)
    return f"{type(values).__name__} {list(shape) if shape is not None else repr(values)[:60]}"
