"""`bigru verify`: does a saved model answer the same whatever runs it, and however it is asked?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..bundle import annotate
from ..bundle.card import VERIFICATION
from ..errors import ArgumentError, sentence
from ..runtime.predictor import Predictor, load
from ..verify import Report
from ..verify import verify as verified
from .predict import refuse_of_tables, sources
from .show import note, table

__all__ = ["verify"]


def verify(
    model: Path, data: Path | None, *, most: int | None, write: bool, fill: str | None, **options: str | None
) -> int:
    """Print every comparison as JSON on stdout and a table on stderr, and write it into the model card.

    Args:
        model: the folder.
        data: file of samples, None for made-up ones.
        most: samples of the file that are taken at most.
        write: whether the card is written.
        fill, options: of reading the file, as for predictions.

    Returns:
        1 where answers differ by more than they may, else 0.
    """
    predictor = load(model)
    if data is not None and not data.exists():
        raise ArgumentError(sentence("verify", "data", "a file or folder that exists", repr(str(data))))
    if most is not None and most < 1:
        raise ArgumentError(sentence("verify", "--most", "at least 1", most))
    report = verified(
        predictor, None if data is None else _inputs(predictor, data, fill, **options), most=most, say=note
    )
    show(report)
    if write:
        annotate(model, VERIFICATION, report.section())
        note(f"Written into the card of {model}.")
    print(json.dumps({"model": str(model), **report.to_json()}, ensure_ascii=False))
    return 0 if report.passed else 1


def show(report: Report) -> None:
    """Print the table and what else is to be said, on stderr."""
    table(report.table())
    for text in report.notes:
        note(text)
    note("Every answer is the same within its tolerance." if report.passed else "ANSWERS DIFFER.")


def _inputs(predictor: Any, data: Path, fill: str | None, **options: str | None) -> Sequence[Any]:
    """Return the samples of a file; of a table, a cut wherever past and future are known."""
    if not isinstance(predictor, Predictor):
        from . import forecast

        given = forecast.reading(options)
        return predictor.cuts(predictor.read(data, fill=fill, **given), unseen=False)
    refuse_of_tables(fill=fill)
    return list(sources(predictor, [str(data)], **options))
