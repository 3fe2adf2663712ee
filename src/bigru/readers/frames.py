"""Data frames and Hugging Face data sets to Examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, sentence
from .columnar import eager, to_table
from .examples import Examples
from .layouts.verdict import build, choose
from .reading import Reading
from .table import Table

__all__ = ["from_dataset", "from_frame"]

UNREAD = Reading()


def from_frame(
    frame: Any,
    reading: Reading = UNREAD,
    *,
    require_targets: bool = True,
    kind: str | None = None,
    source: str = "frame",
) -> Examples:
    """Read a pandas, Polars or PyArrow frame; lines are rows from 1. See `reader.read` for the arguments.

    Raises:
        DataError: a column is absent or a row cannot be used.
        ArgumentError: `frame` is no frame.
        MissingExtraError: narwhals is not installed.
    """
    native = eager(frame, "from_frame", "frame")
    columns = {}
    for name in native.columns:
        gaps = native[name].is_null().to_list()
        columns[str(name)] = [None if gap else v for gap, v in zip(gaps, native[name].to_list(), strict=True)]
    return _examples(to_table(columns, source), reading, require_targets, kind)


def from_dataset(
    dataset: Any,
    reading: Reading = UNREAD,
    *,
    require_targets: bool = True,
    kind: str | None = None,
    source: str = "dataset",
) -> Examples:
    """Read one split of a Hugging Face data set; class numbers become names. See `reader.read` for the arguments.

    Raises:
        DataError: a column is absent or a row cannot be used.
        ArgumentError: `dataset` is no split of a data set.
    """
    features = getattr(dataset, "features", None)
    if not isinstance(features, dict) or not hasattr(dataset, "num_rows"):
        splits = f"splits {', '.join(map(str, dataset))}" if isinstance(dataset, dict) else type(dataset).__name__
        raise ArgumentError(sentence("from_dataset", "dataset", "one split of a Hugging Face data set", splits))
    columns = {name: _named_classes(list(dataset[name]), feature) for name, feature in features.items()}
    return _examples(to_table(columns, source), reading, require_targets, kind)


def _examples(table: Table, reading: Reading, required: bool, kind: str | None) -> Examples:
    chosen, view = choose(table, reading, required, kind)
    result = build(table, chosen, view)
    result.inferred |= {"task": result.task} | ({"labels": "any number per example"} if result.multi_label else {})
    return result


def _named_classes(values: Sequence[Any], feature: Any) -> list[Any]:
    """Return class numbers, or lists of them, as names; -1 is the data sets' mark of a missing label."""
    inner = getattr(feature, "feature", None)
    names = getattr(inner if inner is not None else feature, "names", None)
    if names is None:
        return list(values)

    def name(value: Any) -> Any:
        return None if value is None or value == -1 else names[value]

    return [None if v is None else [name(n) for n in v] if inner is not None else name(v) for v in values]
