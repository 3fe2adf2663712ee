"""`bigru evaluate`: what a saved model scores on labelled data, and what fewer bits cost it."""

from __future__ import annotations

from pathlib import Path

from ...readers.reading import Reading
from ...runtime.evaluation import Evaluation, read_labelled, refuse_of_tables
from ...runtime.evaluation import evaluate as evaluated
from ...runtime.predictor import Predictor, load
from ..show import print_note, print_scores
from ..streams import print_json
from .forecast import scores_of_forecasts
from .models import warn_if_shadowed

__all__ = ["evaluate"]


def evaluate(
    model: Path,
    data: Path,
    precision: str,
    reading: Reading,
    *,
    stride: int,
    lookahead: str | None,
    chunk: int | None,
) -> None:
    """Print one JSON object of scores on stdout and the same as tables on stderr.

    In another precision than fp32 the model answers in fp32 as well, and the difference is said. With look-aheads the
    scores are those of streams.
    """
    warn_if_shadowed(model)
    predictor = load(model, precision)
    if lookahead is not None and isinstance(predictor, Predictor):
        from .stream import compare

        refuse_of_tables(fill=reading.fill)
        return compare(predictor, read_labelled(predictor, data, reading, print_note), lookahead, chunk)
    found = evaluated(predictor, data, reading=reading, stride=stride, say=print_note)
    show = print_scores if isinstance(predictor, Predictor) else scores_of_forecasts
    show(found.report, str(data))
    if found.exact is not None:
        print_note(_cost(found, found.exact.scores[0].value))
    print_json(found.to_json())


def _cost(found: Evaluation, exact: float) -> str:
    first = found.report.scores[0]
    points = 100 * found.cost[first.name]
    compared = f"{first.name} {first.value:.4f} (fp32 {exact:.4f}, {points:+.2f} points)"
    return f"{found.precision}: {compared}, {found.changed:,} of {found.count:,} answers changed"
