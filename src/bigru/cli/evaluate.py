"""`bigru evaluate`: what a saved model scores on labelled data, and what fewer bits cost it."""

from __future__ import annotations

from pathlib import Path

from ..bundle.configuration import inputs_of
from ..features.series import check_gaps
from ..metrics.score import Report
from ..readers.examples import Examples
from ..readers.reader import read
from ..readers.reading import Reading
from ..readers.tags.settle import fit_characters
from ..runtime.forecaster import Forecaster
from ..runtime.predictor import Predictor, changed, load
from ..tasks.mismatch import fit_labels
from .models import say_if_shadowed
from .predict import check_features, like_training, note_unknown, refuse_of_tables
from .show import describe, note, scores
from .streams import emit

__all__ = ["evaluate", "labelled"]


def evaluate(
    model: Path,
    data: Path,
    precision: str,
    reading: Reading,
    *,
    fill: str | None,
    stride: int,
    lookahead: str | None,
    chunk: int | None,
) -> None:
    """Print one JSON object of scores on stdout and the same as tables on stderr.

    In another precision than fp32 the model answers in fp32 as well, and the difference is said. With look-aheads the
    scores are those of streams.
    """
    say_if_shadowed(model)
    predictor = load(model, precision)
    check_features(predictor.bundle, reading)
    if isinstance(predictor, Forecaster):
        from . import forecast

        forecast.evaluate(predictor, data, stride, reading, fill)
        return
    refuse_of_tables(fill=fill)
    examples = labelled(predictor, data, reading)
    if lookahead is not None:
        from .stream import compare

        return compare(predictor, examples, lookahead, chunk)
    answers = list(predictor.predict_iter(examples.inputs))
    report = predictor.score(examples, answers)
    result = report.to_json()
    scores(report, str(data))
    if precision != "fp32":
        whole = Predictor(predictor.bundle)
        others = list(whole.predict_iter(examples.inputs))
        exact, differing = whole.score(examples, others), changed(answers, others)
        note(_cost(precision, report, exact, f"{differing:,} of {len(answers):,}"))
        cost = {score.name: score.value - exact[score.name] for score in report.scores}
        result |= {"precision": precision, "cost": cost, "changed": differing}
    emit(result)


def labelled(predictor: Predictor, data: Path, reading: Reading) -> Examples:
    """Read the examples that a model shall be scored on, as it reads them itself, and say what was found."""
    config = predictor.bundle.config
    many = getattr(config, "multi_label", None)
    scheme = reading.scheme or getattr(config, "scheme", None)
    like = like_training(predictor.bundle, reading)
    reading = reading.but(task=predictor.task, multi_label=many, scheme=scheme, like=like)
    examples = read(data, reading, kind=inputs_of(config.features))
    examples = fit_labels(config, examples, strict=reading.strict)
    if getattr(config.features, "unit", "") == "char":
        examples = fit_characters(examples)
    describe(examples)
    note_unknown(predictor, examples)
    check_gaps(config.features, examples)
    return examples


def _cost(precision: str, report: Report, exact: Report, differing: str) -> str:
    first = report.scores[0]
    points = 100 * (first.value - exact[first.name])
    compared = f"{first.name} {first.value:.4f} (fp32 {exact[first.name]:.4f}, {points:+.2f} points)"
    return f"{precision}: {compared}, {differing} answers changed"
