"""What an evaluation returns: scores with intervals and signatures, and the tables behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from .._version import __version__

__all__ = ["Bin", "ClassScore", "Report", "Score", "signature"]


def signature(name: str, **fields: object) -> str:
    """Return how a score was computed, in the manner of sacrebleu: `name|key:value|...|v:VERSION`.

    >>> signature("accuracy", n=3).rsplit("|", 1)[0]
    'accuracy|n:3'
    """
    return "|".join([name, *(f"{key}:{value}" for key, value in fields.items()), f"v:{__version__}"])


@dataclass(frozen=True)
class Score:
    """One number.

    Attributes:
        name: `accuracy`, `macro_f1`, `span_f1`, ...
        value: a fraction.
        low, high: its 95 % interval, or None where none is computed.
        signature: how it was computed.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    signature: str = ""


class ClassScore(NamedTuple):
    """Scores of one class, or of one span label."""

    label: str
    precision: float
    recall: float
    f1: float
    gold: int
    predicted: int


class Bin(NamedTuple):
    """One bin of a reliability diagram: confidences within low < c <= high."""

    low: float
    high: float
    examples: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Report:
    """The result of an evaluation.

    Attributes:
        scores: the scores, the most telling first.
        classes: per class, tag or span label.
        labels, confusion: the confusion matrix, gold label (row) by predicted label (column); empty if there is none.
        bins: the reliability diagram; empty if no confidence was given.
    """

    scores: tuple[Score, ...]
    classes: tuple[ClassScore, ...] = ()
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    bins: tuple[Bin, ...] = ()

    def __getitem__(self, name: str) -> float:
        """The value of a score.

        Raises:
            KeyError: there is no score of that name.
        """
        return {score.name: score.value for score in self.scores}[name]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: every score by its name, and beside them

        `intervals` {name: [low, high]}, `signature` {name: text}, `classes` [{label, precision, ...}], and, where
        there are any, `confusion` {labels, matrix} and `reliability` [{low, high, examples, confidence, accuracy}].
        """
        values: dict[str, Any] = {score.name: score.value for score in self.scores}
        values["intervals"] = {s.name: [s.low, s.high] for s in self.scores if s.low is not None}
        values["signature"] = {s.name: s.signature for s in self.scores}
        values["classes"] = [row._asdict() for row in self.classes]
        if self.confusion:
            values["confusion"] = {"labels": list(self.labels), "matrix": [list(row) for row in self.confusion]}
        if self.bins:
            values["reliability"] = [row._asdict() for row in self.bins]
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Report:
        """Return the report that `to_json` described."""
        scores = []
        for name, text in values["signature"].items():
            low, high = values.get("intervals", {}).get(name, (None, None))
            scores.append(Score(name, values[name], low, high, text))
        matrix = values.get("confusion", {"labels": (), "matrix": ()})
        return cls(
            tuple(scores),
            tuple(ClassScore(**row) for row in values.get("classes", ())),
            tuple(matrix["labels"]),
            tuple(map(tuple, matrix["matrix"])),
            tuple(Bin(**row) for row in values.get("reliability", ())),
        )

    def table(self) -> list[tuple[str, ...]]:
        """Return rows of text for printing, the heading first: score, value, interval."""
        rows: list[tuple[str, ...]] = [("score", "value", "95 % interval")]
        for s in self.scores:
            interval = "" if s.low is None or s.high is None else f"{s.low:.4f} to {s.high:.4f}"
            rows.append((s.name, f"{s.value:.4f}", interval))
        return rows

    def class_table(self) -> list[tuple[str, ...]]:
        """Return rows of text for printing, the heading first: the scores of each class."""
        rows: list[tuple[str, ...]] = [ClassScore._fields]
        for c in self.classes:
            rows.append(
                (c.label, f"{c.precision:.4f}", f"{c.recall:.4f}", f"{c.f1:.4f}", str(c.gold), str(c.predicted))
            )
        return rows
