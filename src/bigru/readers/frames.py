"""Parquet, data frames and Hugging Face data sets to Examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, DataError, sentence
from .columnar import eager, parquet
from .examples import Examples
from .records import Options, from_records

__all__ = ["from_dataset", "from_frame", "from_parquet"]


def from_parquet(data: bytes, source: str, options: Options) -> Examples:
    """Read the bytes of a Parquet file; lines of the result are rows from 1.

    Raises:
        DataError: the bytes are no Parquet, or a row cannot be used.
        MissingExtraError: pyarrow is not installed.
    """
    return _columns(source, parquet(data, source).to_pydict(), options)


def _columns(source: str, columns: dict[str, list[Any]], options: Options) -> Examples:
    names = list(columns)
    records = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if not records:
        raise DataError(sentence(source, "data", "at least one example", "no rows"))
    return from_records(source, records, range(1, len(records) + 1), options)


def from_frame(
    frame: Any,
    *,
    task: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    scheme: str | None = None,
    require_targets: bool = True,
    multi_label: bool | None = None,
    id_column: str | None = None,
    time_column: str | None = None,
    source: str = "frame",
) -> Examples:
    """Read a pandas, Polars or PyArrow frame; lines are rows from 1. See `readers.read` for the arguments.

    Raises:
        DataError: a column is absent or a row cannot be used.
        ArgumentError: `frame` is no frame.
        MissingExtraError: narwhals is not installed.
    """
    native = eager(frame, "from_frame", "frame")
    options = Options(task, text_column, label_column, scheme, multi_label, require_targets, id_column, time_column)
    columns = {}
    for name in native.columns:
        gaps = native[name].is_null().to_list()
        columns[str(name)] = [None if gap else v for gap, v in zip(gaps, native[name].to_list(), strict=True)]
    return _columns(source, columns, options)


def from_dataset(
    dataset: Any,
    *,
    task: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    scheme: str | None = None,
    require_targets: bool = True,
    multi_label: bool | None = None,
    id_column: str | None = None,
    time_column: str | None = None,
    source: str = "dataset",
) -> Examples:
    """Read one split of a Hugging Face data set; class numbers become names. See `readers.read` for the arguments.

    Raises:
        DataError: a column is absent or a row cannot be used.
        ArgumentError: `dataset` is no split of a data set.
    """
    features = getattr(dataset, "features", None)
    if not isinstance(features, dict) or not hasattr(dataset, "num_rows"):
        splits = f"splits {', '.join(map(str, dataset))}" if isinstance(dataset, dict) else type(dataset).__name__
        raise ArgumentError(sentence("from_dataset", "dataset", "one split of a Hugging Face data set", splits))
    columns = {name: _named_classes(list(dataset[name]), feature) for name, feature in features.items()}
    options = Options(task, text_column, label_column, scheme, multi_label, require_targets, id_column, time_column)
    return _columns(source, columns, options)


def _named_classes(values: Sequence[Any], feature: Any) -> list[Any]:
    """Return class numbers, or lists of them, as names; -1 is the data sets' mark of a missing label."""
    inner = getattr(feature, "feature", None)
    names = getattr(inner if inner is not None else feature, "names", None)
    if names is None:
        return list(values)

    def name(value: Any) -> Any:
        return None if value is None or value == -1 else names[value]

    return [None if v is None else [name(n) for n in v] if inner is not None else name(v) for v in values]
