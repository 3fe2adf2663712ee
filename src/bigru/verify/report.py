"""What a verification found: every pair that was compared, and whether all of them lie within their tolerance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import VerificationError, sentence
from .outcomes import TOLERANCES, Figures, Tolerance

__all__ = ["PREFIX", "EngineRow", "VerificationReport"]

PREFIX = "native "
"""Begins the names of the compiled kernels; instruction set and precision follow."""


@dataclass(frozen=True)
class EngineRow:
    """One pair.

    Attributes:
        engine: that ran the samples, with its instruction set and precision.
        against: the engine that it is compared with, or itself with every sample alone.
        arrangement: how it was given the samples: "alone", "batches", "padded", "mirrored", "first" or "last".
        figures: how far apart the two lie.
        tolerance: what they may.
    """

    engine: str
    against: str
    arrangement: str
    figures: Figures
    tolerance: Tolerance

    @property
    def passed(self) -> bool:
        """Whether the pair lies within its tolerance."""
        figures, (difference, changed) = self.figures, self.tolerance
        return figures.difference <= difference and figures.changed <= changed * figures.labels

    def to_json(self) -> dict[str, Any]:
        """Return the pair as plain JSON values; what lies infinitely far apart has the difference null."""
        figures = asdict(self.figures)
        if figures["difference"] == float("inf"):
            figures["difference"] = None
        own = {"engine": self.engine, "against": self.against, "arrangement": self.arrangement}
        return {**own, **figures, "tolerance": self.tolerance._asdict(), "passed": self.passed}


@dataclass(frozen=True)
class VerificationReport:
    """What a verification found.

    Attributes:
        rows: every pair.
        samples: how many there were: `given`, and beside them made-up ones.
        given: samples of the user's own.
        steps: of the longest sample.
        hub: the engine that all others are compared with.
        notes: what was left out, and why.
    """

    rows: list[EngineRow]
    samples: int
    given: int
    steps: int
    hub: str
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every pair lies within its tolerance."""
        return all(row.passed for row in self.rows)

    @property
    def failures(self) -> list[EngineRow]:
        """The pairs that do not."""
        return [row for row in self.rows if not row.passed]

    def require(self, where: str) -> None:
        """Raise VerificationError unless every pair lies within its tolerance; the worst is named.

        Args:
            where: what is refused then, as "export".
        """
        if self.passed:
            return
        worst = max(self.failures, key=lambda row: (row.figures.difference, row.figures.changed))
        beside = f"beside {worst.against}" if worst.engine != worst.against else "beside every sample alone"
        got = (
            f"{worst.engine}, {worst.arrangement}, {beside}: logits {worst.figures.difference:.1e} apart and "
            f"{worst.figures.changed} of {worst.figures.labels} labels changed"
        )
        want = f"the same within {worst.tolerance.difference:g} on {worst.figures.samples} samples"
        remedy = f"{len(self.failures)} of {len(self.rows)} comparisons fail; nothing is written."
        raise VerificationError(sentence(where, "answers", want, got, remedy))

    def summary(self) -> dict[str, Any]:
        """Return what metrics.json keeps: the samples, and the largest difference and changed labels in float32."""
        exact = [row for row in self.rows if row.tolerance == TOLERANCES["fp32"]]
        return {
            "inputs": self.samples,
            "engines": list(dict.fromkeys(row.engine for row in self.rows)),
            "logits_difference": max((row.figures.difference for row in exact), default=0.0),
            "changed_answers": sum(row.figures.changed for row in exact),
        }

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        head = {"passed": self.passed, "samples": self.samples, "given": self.given, "longest": self.steps}
        return {**head, "rows": [row.to_json() for row in self.rows], "notes": self.notes}

    def table(self) -> list[tuple[str, ...]]:
        """Return a heading and a row for each engine: beside the float32 kernels, and in batches beside itself."""
        heading = ("engine", "difference", "changed", "in batches", "changed", "")
        return [heading, *(self._line(engine) for engine in dict.fromkeys(row.engine for row in self.rows))]

    def _line(self, engine: str) -> tuple[str, ...]:
        rows = [row for row in self.rows if row.engine == engine]
        beside = [row for row in rows if row.against != engine]
        own = [row for row in rows if row.against == engine]
        verdict = "passed" if all(row.passed for row in rows) else "FAILED"
        return (engine.removeprefix(PREFIX), *_format_difference(beside), *_format_difference(own), verdict)

    def section(self) -> str:
        """Return the table as Markdown, for the model card."""
        heading, *rows = self.table()
        lines = [f"| {' | '.join(row)} |" for row in (heading, tuple("---" for _ in heading), *rows)]
        verdict = "Every answer is the same within its tolerance" if self.passed else "**Answers differ**"
        origin = f"{self.given:,} of them given, the others made up" if self.given else "made up for the model"
        introduction = (
            f"{verdict}: {self.samples:,} samples of up to {self.steps:,} steps ({origin}), each alone, in random "
            "batches and their mirror images, beside padding that is not a number, first and last of a batch. Each "
            f"engine stands beside {self.hub.removeprefix(PREFIX)} (the compiled kernels) with every sample alone, "
            "and beside itself. The difference is that of a logit, as a share of the sample's largest or of 1, or of "
            f'a tag\'s confidence; "changed" counts labels. {_tolerances()}'
        )
        return "\n".join([introduction, "", *lines, *(f"\n{note}" for note in self.notes)])


def _tolerances() -> str:
    limits = [f"{name} {t.difference:g} and {t.changed:.0%} of the labels" for name, t in TOLERANCES.items()]
    return f"Tolerances: {', '.join(limits)}; for batches beside alone always that of fp32."


def _format_difference(rows: Iterable[EngineRow]) -> tuple[str, str]:
    """Return the largest difference of some pairs and their changed labels, with ties behind a plus."""
    found = [row.figures for row in rows]
    if not found:
        return "", ""
    labels, ties = sum(figures.labels for figures in found), sum(figures.ties for figures in found)
    changed = f"{sum(f.changed for f in found):,} / {labels:,}" if labels else ""
    return f"{max(f.difference for f in found):.1e}", changed + (f", {ties:,} tied" if ties else "")
