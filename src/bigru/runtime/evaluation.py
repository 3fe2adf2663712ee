"""What a saved model scores on labelled data, or on a table with time: `bigru.evaluate` and `bigru evaluate`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..bundle import Bundle
from ..bundle.configuration import input_kind, token_features
from ..errors import ArgumentError, argument, refusal, sentence, spell_arguments
from ..features.columns import read as values_of
from ..features.series import check_gaps
from ..readers.examples import Examples
from ..readers.reader import read
from ..readers.reading import Reading
from ..readers.summary import describe
from ..readers.tags.settle import fit_characters
from .predictor import Predictor, count_changed, load, ready

if TYPE_CHECKING:
    from ..metrics.score import Report
    from .forecaster import Forecaster

__all__ = [
    "Evaluation",
    "check_features",
    "evaluate",
    "fit_to_model",
    "like_training",
    "note_unknown",
    "read_labelled",
    "refuse_of_tables",
]

Say = Callable[[str], None]

UNREAD = Reading()

MANY = 0.2
"""Share of unknown values of a feature from which a file may not be of the columns that the model reads."""


@dataclass(frozen=True)
class Evaluation:
    """What a model scores, and in fewer bits what these cost.

    Attributes:
        report: the scores.
        count: answers that were scored.
        precision: what the GRU multiplied.
        exact: in another precision than fp32 the scores in fp32, else None.
        changed: in another precision than fp32 the number of answers whose label, labels or tags are others.
    """

    report: Report
    count: int
    precision: str = "fp32"
    exact: Report | None = None
    changed: int = 0

    def __getitem__(self, name: str) -> float:
        """The value of a score.

        Raises:
            KeyError: there is no score of that name.
        """
        return self.report[name]

    @property
    def cost(self) -> dict[str, float]:
        """Each score less that in fp32."""
        exact = self.exact
        return {} if exact is None else {s.name: s.value - exact[s.name] for s in self.report.scores}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: those of the report, and in fewer bits `precision`, `cost` and `changed`."""
        fewer = {"precision": self.precision, "cost": self.cost, "changed": self.changed}
        return self.report.to_json() | (fewer if self.exact is not None else {})


@spell_arguments("python")
def evaluate(
    model: Predictor | Forecaster | str | os.PathLike[str],
    data: Any,
    *,
    reading: Reading = UNREAD,
    precision: str | None = None,
    stride: int = 1,
    say: Say | None = None,
) -> Evaluation:
    """Score a model on labelled data, or a forecaster from the origins of a table. Nothing is printed.

    Args:
        model: a model that is ready to predict, the folder of a saved one, or the name of a shipped one.
        data: a path, a pair (X, y) of inputs and labels, a frame (pandas, Polars, PyArrow), a split of a Hugging Face
            data set, or `Examples`; of a forecaster a path, a frame or a `TimeTable`.
        reading: how a file or a frame is read; what is not decided is inferred, by what the model was trained on.
        precision: "fp32", "bf16" or "int8"; None for that of the model, and for a folder "fp32".
        stride: of a forecaster, rows from one origin to the next.
        say: gets every line on what was read and found.

    Raises:
        DataError: the data cannot be used, or have no labels; the text names file and line.
        ArgumentError: an argument does not fit the model.
        BundleError: the folder holds no model.
    """
    say = say or _ignore
    asked = load(model, precision or "fp32") if isinstance(model, str | os.PathLike) else _precise(model, precision)
    check_features(asked.bundle, reading)
    if not isinstance(asked, Predictor):
        return _forecasts(asked, data, reading, stride, say)
    refuse_of_tables(fill=reading.fill)
    examples = read_labelled(asked, data, reading, say)
    answers = list(asked.predict_iter(examples.inputs))
    report = asked.score(examples, answers)
    if asked.precision == "fp32":
        return Evaluation(report, len(answers))
    whole = Predictor(asked.bundle)
    others = list(whole.predict_iter(examples.inputs))
    exact, differing = whole.score(examples, others), count_changed(answers, others)
    return Evaluation(report, len(answers), asked.precision, exact, differing)


def _precise(model: Predictor | Forecaster, precision: str | None) -> Predictor | Forecaster:
    return model if precision in (None, model.precision) else ready(model.bundle, str(precision))


def _ignore(text: str) -> None:
    """Ignore a line."""


def refuse_of_tables(**options: str | None) -> None:
    """Raise ArgumentError for an option of forecasts that is given for another model."""
    for name, value in options.items():
        if value is not None:
            raise ArgumentError(refusal("bigru", name, "for a model that forecasts nothing", repr(value)))


def like_training(bundle: Bundle, reading: Reading) -> dict[str, Any]:
    """Return the columns that a model was trained on by what they were read as, those of its features among them.

    Raises:
        ArgumentError: as `check_features`.
    """
    check_features(bundle, reading)
    names = token_features(bundle.config.features)
    known = dict(bundle.metrics.get("training", {}).get("columns") or {})
    return {**known, "feature": names} if names else known


def check_features(bundle: Bundle, reading: Reading) -> None:
    """Raise ArgumentError where other than as many columns of features are named as a model reads."""
    names = token_features(bundle.config.features)
    if reading.features and len(reading.features) != len(names):
        name, got = argument("reading.features"), ", ".join(reading.features)
        if not names:
            raise ArgumentError(refusal("bigru", name, "for a model without features", got))
        count = "one column" if len(names) == 1 else f"{len(names)} columns"
        raise ArgumentError(sentence("bigru", name, f"{count}, for {', '.join(names)}", got))


def note_unknown(model: Predictor, examples: Examples, say: Say) -> None:
    """Say where many values of a feature are none that the model knows: the column may be another."""
    columns = getattr(model.bundle.config.features, "columns", ())
    if not examples.features or not sum(map(len, examples.inputs)):
        return
    _, rows = values_of(examples.features, examples.inputs)
    for name, column, values in zip(examples.features, columns, rows, strict=True):
        unknown = [value for value in values if value not in column.ids]
        if len(unknown) > MANY * len(values):
            share = f"{len(unknown) / len(values):.0%} of the values of feature {name!r}"
            say(f"  {share} are unknown to the model, the first is {unknown[0]!r}")


def read_labelled(model: Predictor, data: Any, reading: Reading, say: Say) -> Examples:
    """Read the examples that a model is scored on, as it reads them itself, and say what was found.

    Raises:
        DataError: they cannot be used, or series lack values where no training series did.
    """
    config = model.bundle.config
    many = getattr(config, "multi_label", None)
    scheme = reading.scheme or getattr(config, "scheme", None)
    like = like_training(model.bundle, reading)
    asked = reading
    reading = reading.but(task=model.task, multi_label=many, scheme=scheme, like=like)
    if isinstance(data, str | os.PathLike):
        found = read(os.fspath(data), reading, kind=input_kind(config.features))
    else:
        # Frames need a library that files do not.
        from ..tasks.examples import check_reading, examples_of

        check_reading(data, asked)
        found = examples_of(data, reading, kind=input_kind(config.features))
    examples = fit_to_model(config, found, reading.strict)
    describe(examples, say)
    note_unknown(model, examples, say)
    check_gaps(config.features, examples)
    return examples


def fit_to_model(config: Any, part: Examples, strict: bool) -> Examples:
    """Return examples to score a model on: tags in its scheme, characters as it reads them; see `fit_labels`."""
    # Answering takes no labels: what fits them to the model is loaded here.
    from ..tasks.mismatch import fit_labels

    fitting = fit_labels(config, part, strict=strict)
    return fit_characters(fitting) if getattr(config.features, "unit", "") == "char" else fitting


def _forecasts(model: Forecaster, data: Any, reading: Reading, stride: int, say: Say) -> Evaluation:
    """Score the forecasts from every `stride`th row of a table."""
    from ..tables.columns import table_of_frame
    from ..tables.timetable import TimeTable
    from ..tasks.forecast import describe_outliers

    if isinstance(data, TimeTable):
        found = data
    elif isinstance(data, str | os.PathLike):
        found = model.read(data, reading)
    else:
        found = model.table(table_of_frame(data, "data"), reading)
    inferred = ", ".join(f"{name} {value}" for name, value in found.inferred.items())
    say(f"{found.source}: {len(found):,} rows; {inferred}")
    cuts = model.cuts(found, stride)
    first = min(cut.series.times[cut.origin] for cut in cuts)
    fresh = not model.config.seen or str(first).replace("T", " ") > model.config.seen
    whose = "all after what training saw" if fresh else "the model was trained on rows of that time, or before it"
    far = describe_outliers(model.config, cuts)
    if far:
        say(f"{found.source}: {far}")
    say(f"{len(cuts):,} forecasts, each origin {stride} row{'s' if stride > 1 else ''} after the one before; {whose}")
    return Evaluation(model.score(cuts), len(cuts), model.precision)
