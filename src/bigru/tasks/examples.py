"""Labelled examples out of whatever holds them: files, frames, data sets, pairs of inputs and labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, refusal, sentence
from ..readers.audio.paths import looks_like_transcripts
from ..readers.examples import Examples
from ..readers.frames import from_dataset, from_frame
from ..readers.reader import read
from ..readers.reading import Reading
from ..readers.roles import columns_by_role
from ..readers.tags.settle import settle_scheme

__all__ = ["check_reading", "examples_of", "further", "is_forecast"]

OF_PAIRS: tuple[str, ...] = ("task", "scheme", "multi_label", "strict")
"""What can be decided of inputs and labels that are in memory already."""


def examples_of(data: Any, reading: Reading, *, kind: str | None = None, source: str = "data") -> Examples:
    """Return labelled examples, whatever form they come in.

    Args:
        data: a path; a pair (X, y) of inputs and labels as the estimators take them; a frame (pandas, Polars,
            PyArrow); a split of a Hugging Face data set; or `Examples`, as `bigru.read` returns them.
        reading: what is decided of it; `like` and what a model asks for included (see `check_reading`).
        kind: the kind of inputs that a model takes ("text", "tokens", "series", "audio"), None where any will do.
        source: what errors call data that are no file.

    Raises:
        DataError: the data cannot be used; the text names file and line.
        ArgumentError: they are none of these.
    """
    if isinstance(data, str | os.PathLike):
        return read(os.fspath(data), reading, kind=kind)
    if isinstance(data, Examples):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return _of_pair(*data, reading, source)
    if hasattr(data, "num_rows") and isinstance(getattr(data, "features", None), dict):
        return from_dataset(data, reading, kind=kind, source=source)
    if not any(hasattr(data, name) for name in ("columns", "__arrow_c_stream__", "__narwhals_dataframe__")):
        want = "a path, a pair (X, y), a data frame, a split of a data set or Examples"
        raise ArgumentError(sentence("bigru", source, want, type(data).__name__))
    return from_frame(data, reading, kind=kind, source=source)


def further(train: Examples, reading: Reading) -> Reading:
    """Return how dev and test data are read: the way that the training data turned out to be."""
    many = train.multi_label if train.task == "classify" else None
    like = columns_by_role(train.roles)
    soft = None if reading.soft_labels else reading.soft_labels
    shape = {"scheme": train.scheme, "multi_label": many, "soft_labels": soft}
    return reading.but(task=train.task, like=like, group=None, **shape)


def is_forecast(reading: Reading) -> bool:
    """Tell whether it is decided that a table with time is forecast."""
    return reading.task == "forecast"


def check_reading(data: Any, reading: Reading) -> None:
    """Refuse what a user decides about the reading of data that leave no choice.

    Raises:
        ArgumentError: there is such a thing.
    """
    if isinstance(data, Examples):
        allowed: tuple[str, ...] = ("strict",)
        what = "examples that were read"
    elif isinstance(data, tuple):
        allowed, what = OF_PAIRS, "inputs and labels in memory"
    else:
        return
    for name, value in reading.given().items():
        if name not in allowed:
            raise ArgumentError(refusal("reading", name, f"for {what}", repr(value)))


def _of_pair(X: Any, y: Any, reading: Reading, source: str) -> Examples:
    """Return inputs and their labels as examples; the task, where it is not decided, follows from the labels."""
    # Arrays need libraries that files do not.
    from ..features.arrays import check_labels, is_nested, to_inputs, to_labels, to_rows

    inputs, kind = to_inputs(X)
    nested = is_nested(y) or _per_step(inputs, y)
    given: list[Any] = to_rows(y) if nested else to_labels(y)
    if len(inputs) != len(given):
        raise ArgumentError(sentence(source, "y", f"as long as X ({len(inputs)})", len(given)))
    check_labels([label for row in given for label in row] if nested else given, source)
    targets = [list(map(str, row)) for row in given] if nested else list(map(str, given))
    task = reading.task or _task_of(inputs, kind, targets, nested, source)
    many = task == "classify" and nested
    if nested and not (task == "tag" or (many and reading.multi_label is not False)):
        raise ArgumentError(sentence(source, "y", "one label per input", "lists of labels"))
    if not nested and (task == "tag" or reading.multi_label):
        raise ArgumentError(sentence(source, "y", "one list of labels per input", "one label per input"))
    found = Examples(inputs, targets, kind, list(range(1, len(inputs) + 1)), source, task=task, multi_label=many)
    if task == "tag":
        settle_scheme(found, reading.scheme)
    elif reading.scheme is not None:
        raise ArgumentError(refusal(source, "scheme", "where labels are no span tags", reading.scheme))
    more = {"labels": "any number per example"} if many else {}
    found.inferred = {"kind": kind, "task": task} | found.inferred | more
    return found


def _per_step(inputs: Sequence[Any], y: Any) -> bool:
    """Tell whether y is an array [N, T] for inputs of T steps; marks of 0 and 1 could be labels of inputs elsewhere."""
    return isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] > 1 and {len(x) for x in inputs} == {y.shape[1]}


def _task_of(inputs: Sequence[Any], kind: str, targets: list[Any], nested: bool, source: str) -> str:
    """Return the task that labels speak of.

    Raises:
        ArgumentError: lists of labels may be labels of steps as well as of inputs.
    """
    if not nested:
        return "transcribe" if kind == "audio" and looks_like_transcripts(targets) else "classify"
    if kind == "audio":
        return "classify"
    odd = next((n for n, (x, row) in enumerate(zip(inputs, targets, strict=True)) if len(x) != len(row)), None)
    if odd is None:
        return "tag"
    repeated = next((n for n, row in enumerate(targets) if len(set(row)) < len(row)), None)
    if repeated is None:
        return "classify"
    got = f"{len(targets[odd])} labels for {len(inputs[odd])} steps in row {odd + 1}, and one twice in row "
    got += str(repeated + 1)
    remedy = "Name the task: reading=Reading(task=...)."
    raise ArgumentError(sentence(source, "y", "one label per step, or different labels per input", got, remedy))
