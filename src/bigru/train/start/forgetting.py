"""What a training that went on from a model cost it: every old class before and after, on rows that neither learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...metrics.score import Report
from ...readers.examples import Examples
from ...runtime.predictor import Predictor, count_changed
from ...scheme import spans

__all__ = ["Forgetting", "OldClass", "known_rows", "measure"]


@dataclass(frozen=True)
class OldClass:
    """A class, or a label of spans, that the old model had.

    Attributes:
        label: its name.
        rows: how often it comes in what is measured on.
        before, after: F1 of the old and of the new model; None where it does not come.
    """

    label: str
    rows: int
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Forgetting:
    """What became of what a model knew.

    Attributes:
        rows: examples that were measured on: those whose labels the old model has, all of them.
        where: which examples these are, in words.
        remembered: whether `before` are the old model's figures on its own dev examples, as it learnt from these.
        score: the name of the score.
        before, after: the score of the old and of the new model.
        changed: of how many of the rows the new model's answer is another.
        classes: the old classes.
        limit: how far the score may fall; None for any loss.
    """

    rows: int
    where: str
    remembered: bool
    score: str
    before: float
    after: float
    changed: int
    classes: tuple[OldClass, ...]
    limit: float | None = None

    @property
    def lost(self) -> float:
        """How far the score fell, a fraction; below 0 where it rose."""
        return self.before - self.after

    @property
    def exceeded(self) -> bool:
        """Whether more was lost than may be; a rounding of the last digits is no loss."""
        return self.limit is not None and self.lost > self.limit + 1e-9

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**asdict(self), "classes": [asdict(one) for one in self.classes], "lost": self.lost}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Forgetting:
        """Return what `to_json` described."""
        rest = {name: value for name, value in values.items() if name not in ("lost", "classes")}
        return cls(**rest, classes=tuple(OldClass(**one) for one in values["classes"]))

    def table(self) -> list[tuple[str, ...]]:
        """Return rows of text for printing, the heading first: the old classes, then all of them together."""
        rows: list[tuple[str, ...]] = [("old class", "before", "after", "change", "rows")]
        for one in self.classes:
            rows.append((one.label, *_figures(one.before, one.after), str(one.rows)))
        return [*rows, (f"all ({self.score})", *_figures(self.before, self.after), str(self.rows))]

    def lines(self) -> list[str]:
        """Return in words what was measured, and on what."""
        own = ", before on the old model's own dev rows" if self.remembered else ""
        found = [f"old classes are measured on {self.where}{own}; {self.changed:,} of {self.rows:,} answers changed"]
        if self.limit is not None:
            verdict = "more than" if self.exceeded else "within"
            found.append(f"old classes lost {self.lost:.4f} of {self.score}, {verdict} the bound of {self.limit:g}")
        return found

    def section(self) -> str:
        """Return the table and the lines as Markdown."""
        heading, *rows = self.table()
        cells = [heading, ("---", *["--:"] * (len(heading) - 1)), *rows]
        return "\n".join([*(f"| {' | '.join(row)} |" for row in cells), "", *(f"{line}." for line in self.lines())])


def _figures(before: float | None, after: float | None) -> tuple[str, str, str]:
    if before is None or after is None:
        return "", "", ""
    return f"{before:.4f}", f"{after:.4f}", f"{after - before:+.4f}"


def known_rows(examples: Examples, labels: Sequence[str]) -> np.ndarray:
    """Return which examples have no labels, or tags, but those given, int64."""
    known = set(labels)
    rows = [[target] if isinstance(target, str) else target for target in examples.targets or []]
    return np.array([n for n, row in enumerate(rows) if known.issuperset(row)], np.int64)


def measure(
    old: Predictor, new: Predictor, examples: Examples, where: str, *, seen: bool, limit: float | None
) -> Forgetting | None:
    """Compare what two models answer to the examples whose labels the old one has.

    Args:
        old, new: the models.
        examples: with labels, in the scheme of both.
        where: what the examples are, in words.
        seen: whether the old model may have learnt from them; its own dev figures then stand for its score.
        limit: how far the score may fall.

    Returns:
        None where the old model has the labels of no example.
    """
    chosen = known_rows(examples, old.labels)
    if not len(chosen):
        return None
    part = examples.take(chosen)
    answers = [list(model.predict_iter(part.inputs)) for model in (old, new)]
    before, after = old.score(part, answers[0]), new.score(part, answers[1])
    own = old.metrics.get("dev") if seen else None
    if own is not None:
        before = Report.from_json(own)
    then, now = ({row.label: row for row in report.classes} for report in (before, after))
    classes = tuple(
        OldClass(name, now[name].gold, then[name].f1, now[name].f1)
        if name in then and name in now and now[name].gold
        else OldClass(name, 0, None, None)
        for name in _classes(old.bundle.config)
    )
    score = before.scores[0].name
    return Forgetting(
        rows=len(part),
        where=where,
        remembered=own is not None,
        score=score,
        before=before[score],
        after=after[score],
        changed=count_changed(*answers),
        classes=classes,
        limit=limit,
    )


def _classes(config: Any) -> Sequence[str]:
    """Return what a report has a row for: labels, or those of the spans that tags spell."""
    scheme = getattr(config, "scheme", None)
    if scheme is None:
        return tuple(config.labels)
    return config.entity_labels or sorted({span.label for tag in config.labels for span in spans([tag], scheme)})
