"""Answers over Arrow tables, for Ray Data, Spark and whatever else hands columns to many processes.

    dataset.map_batches(ArrowPredictor, fn_constructor_kwargs={"model": "my-model", "column": "text"},
                        batch_format="pyarrow", compute=ray.data.ActorPoolStrategy(size=2))
    frame.select("text").mapInArrow(ArrowPredictor("my-model", "text", keep=["text"]).partition, schema)

It travels as the name of a folder and a few words; each process loads the model when its first batch comes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, DataError, require, sentence
from ..tasks import task_named

if TYPE_CHECKING:
    import pyarrow as pa

    from .predictor import Predictor

__all__ = ["ArrowPredictor"]

WHERE = "ArrowPredictor"


class ArrowPredictor:
    """A saved model that adds the columns of its answers to Arrow tables.

    The columns are the entries of an answer of `Predictor.predict`, with one type whatever a batch holds:
    `label`, `confidence` and a struct `scores` of a classifier (`labels` and `scores` if it has many), lists `tags`,
    `confidence` and `entities` of a tagger, `text`, `confidence` and `symbols` of a transcriber.

    Args:
        model: folder of the model, at the same place on every machine, or the name of a shipped one.
        column: of the inputs: texts, lists of tokens, series as lists of rows, or paths of recordings.
        keep: columns of the input that stay; all of them unless given.
        precision: see `Predictor`.

    Raises:
        BundleError: the model cannot be loaded.
        ArgumentError: the model forecasts; its input is a table as a whole.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        column: str = "text",
        *,
        keep: Sequence[str] | None = None,
        precision: str = "fp32",
    ) -> None:
        name = os.fspath(model)
        self.model = os.path.abspath(name) if os.path.exists(name) else name
        self.column, self.precision = column, precision
        self.keep = None if keep is None else list(keep)
        self._loaded: Predictor | None = None
        self.schema = _schema(self.predictor)

    @property
    def predictor(self) -> Predictor:
        """The model, loaded once in each process."""
        if self._loaded is None:
            from .predictor import Predictor, load

            loaded = load(self.model, self.precision)
            if not isinstance(loaded, Predictor):
                want = "of a model for sequences in a column"
                raise ArgumentError(sentence(WHERE, "model", want, "a forecaster's", "Call its predict."))
            self._loaded = loaded
        return self._loaded

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_loaded": None, "schema": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.schema = _schema(self.predictor)

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return a table with the columns of the answers behind those that are kept.

        Raises:
            DataError: the column is missing or holds a null, or a kept column has the name of an answer's.
            ArgumentError: an input is not of the kind that the model reads.
        """
        import pyarrow as pa

        kept = table if self.keep is None else table.select([_known(table, name) for name in self.keep])
        for name in self.schema.names:
            if name in kept.column_names:
                remedy = "Rename it, or leave it out of keep."
                raise DataError(sentence(WHERE, "columns", "others than the answers'", repr(name), remedy))
        column = table.column(_known(table, self.column))
        if column.null_count:
            row = column.is_null().to_pylist().index(True)
            raise DataError(sentence(f"{WHERE}: row {row} of the batch", self.column, "a value", "null"))
        answers = self._rows(list(self.predictor.predict_iter(column.to_pylist())))
        made = pa.Table.from_pylist(answers, schema=self.schema)
        for field, values in zip(self.schema, made.columns, strict=True):
            kept = kept.append_column(field, values)
        return kept

    def partition(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Answer the batches of a partition one after the other, as Spark's `mapInArrow` hands them over."""
        import pyarrow as pa

        for batch in batches:
            yield from self(pa.Table.from_batches([batch])).combine_chunks().to_batches()

    def _rows(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the answers as rows of the schema."""
        names = self.schema.names
        return [{name: answer[name] for name in names} for answer in answers]


def _known(table: pa.Table, name: str) -> str:
    if name not in table.column_names:
        raise DataError(sentence(WHERE, "column", f"one of {', '.join(table.column_names)}", repr(name)))
    return name


def _schema(predictor: Predictor) -> pa.Schema:
    """Return the columns that the model's answers have."""
    pa = require("pyarrow", extra="arrow", purpose=WHERE)
    config = predictor.bundle.config
    return pa.schema(list(_arrow(task_named(predictor.task).answer_types(config))))


def _arrow(kind: Any) -> pa.DataType:
    """Return the Arrow type of an entry of an answer, as `answer_types` of a task names it."""
    import pyarrow as pa

    if isinstance(kind, dict):
        return pa.struct([(name, _arrow(entry)) for name, entry in kind.items()])
    if isinstance(kind, list):
        return pa.list_(_arrow(kind[0]))
    return {str: pa.string(), float: pa.float64(), int: pa.int64()}[kind]
