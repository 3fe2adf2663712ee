"""What an engine said of each sample, and how far two engines lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..bundle import Bundle
from ..ops.crf import reference as crf_reference
from ..tasks import task_named

__all__ = ["TOLERANCES", "Figures", "Judge", "Outcome", "Tolerance", "engine_precision"]

NONE = np.zeros(0)


class Tolerance(NamedTuple):
    """What two ways of running a model may differ by.

    Attributes:
        difference: of a logit, as a share of the sample's largest logit or of 1, whichever is more.
        changed: share of all labels.
    """

    difference: float
    changed: float


TOLERANCES = {"fp32": Tolerance(1e-5, 0.0), "bf16": Tolerance(0.05, 0.05), "int8": Tolerance(0.2, 0.1)}
"""By precision: float32 must give the same answers; fewer bits cost what they cost, said in the report, and fail only
where something else than rounding is at work."""


class Outcome(NamedTuple):
    """What an engine said of one sample.

    Attributes:
        logits: [K], [T', K] or [horizon, targets, heads].
        labels: int64: one label, a zero or one for each, one per step, the symbols of a beam; none of a forecast.
        confidence: [T'] of a CRF's tags, else empty: it follows from the logits alone.
    """

    logits: np.ndarray
    labels: np.ndarray
    confidence: np.ndarray


@dataclass
class Figures:
    """How far apart two lists of outcomes lie.

    Attributes:
        samples: compared.
        difference: the largest of a logit as a share of the sample's largest or of 1, and of a tag's confidence.
        labels: compared.
        changed: of them other in the second list, ties left out.
        ties: other as well, but decided by less than twice the tolerance of float32.
    """

    samples: int = 0
    difference: float = 0.0
    labels: int = 0
    changed: int = 0
    ties: int = 0


def engine_precision(engine: str) -> str:
    """Return the precision whose tolerance an engine is held to: the last word of its name that is one, else fp32."""
    return next((word for word in reversed(engine.split()) if word in TOLERANCES), "fp32")


class Judge:
    """What decides for a model, by the code of its task as predictions do, and compares what was decided.

    Args:
        bundle: the model.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.model = bundle.model
        self._config, self._task = bundle.config, task_named(bundle.task)
        self._weights = self._task.prepare(bundle.config, bundle.weights)

    def fits(self, row: np.ndarray) -> bool:
        """Tell whether logits of one sample have a shape that can be decided."""
        return row.shape[1:] == (self.model.outputs,) if self.model.per_step else row.size == self.model.outputs

    def decide(
        self,
        rows: Sequence[np.ndarray],
        labels: Sequence[np.ndarray] | None = None,
        confidence: Sequence[np.ndarray] | None = None,
    ) -> list[Outcome]:
        """Return what is decided of samples.

        Args:
            rows: the logits of each, of the steps that it has.
            labels: a row for each, where the engine decided them itself; None lets the task decide.
            confidence: of a CRF's tags, where the engine has those too.
        """
        steps = [len(row) if self.model.per_step else None for row in rows]
        if labels is None or (confidence is None and self.model.crf):
            lengths = np.array([len(row) for row in rows], np.int64)
            logits = _padded(rows, lengths) if self.model.per_step else np.stack(rows)
            decision = self._task.decide(self._config, logits, lengths, self._weights)
            labels = decision.rows() if labels is None else labels
            confidence = decision.confidence if self.model.crf else None
        labels = [np.asarray(row, np.int64).reshape(-1)[:end] for row, end in zip(labels, steps, strict=True)]
        sure = [NONE] * len(rows)
        if confidence is not None:
            sure = [row[:end] for row, end in zip(confidence, steps, strict=True)]
        return [Outcome(*found) for found in zip(rows, labels, sure, strict=True)]

    def specify(self, row: np.ndarray) -> Outcome:
        """Return what is decided of one sample, where a CRF decides by its specification."""
        if not self.model.crf:
            return self.decide([row])[0]
        batch, lengths = row[None], np.array([len(row)])
        paths = crf_reference.viterbi(batch, self._weights, lengths)[0]
        shares = crf_reference.marginals(batch, self._weights, lengths)
        confidence = np.take_along_axis(shares, paths[:, :, None], axis=2)[:, :, 0]
        return self.decide([row], list(paths), list(confidence))[0]

    def compare(self, ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> Figures:
        """Compare what two engines said of the same samples; not a number counts as infinitely far."""
        figures = Figures()
        for one, other in zip(ours, theirs, strict=True):
            scale = max(1.0, float(np.abs(one.logits).max(initial=0.0)))
            figures.samples += 1
            figures.labels += max(len(one.labels), len(other.labels))
            apart = _difference(one.logits, other.logits) / scale
            same = one.labels.shape == other.labels.shape
            agreed = one.labels == other.labels if same else np.zeros(0, bool)
            if same and len(one.confidence) == len(other.confidence) == len(one.labels):
                apart = max(apart, _difference(one.confidence[agreed], other.confidence[agreed]))
            figures.difference = max(figures.difference, apart)
            count = int((~agreed).sum()) if same else _edits(one.labels, other.labels)
            slack = 2 * TOLERANCES["fp32"].difference * scale
            if count and same and self._tied(one, other, slack):
                figures.ties += count
            else:
                figures.changed += count
        return figures

    def _tied(self, one: Outcome, other: Outcome, slack: float) -> bool:
        """Tell whether two outcomes differ in labels that were decided by a hair's breadth."""
        both = np.concatenate([one.labels, other.labels])
        # What an engine decides itself may be anything; -1 stands for what cannot be decided.
        if both.min() < 0 or both.max() >= max(self.model.outputs, 2):
            return False
        tied: bool = self._task.tied(self._config, one.logits, one.labels, other.labels, slack, self._weights)
        return tied


def _padded(rows: Sequence[np.ndarray], lengths: np.ndarray) -> np.ndarray:
    """Stack logits [T, K], in their own precision: those of the specification have twice as many bits."""
    batch = np.zeros((len(rows), lengths.max(initial=0), rows[0].shape[1]), rows[0].dtype)
    for n, row in enumerate(rows):
        batch[n, : len(row)] = row
    return batch


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    if one.shape != other.shape:
        return float("inf")
    apart = float(np.abs(one.astype(np.float64) - other).max(initial=0.0))
    return apart if np.isfinite(apart) else float("inf")


def _edits(one: np.ndarray, other: np.ndarray) -> int:
    """Return how many insertions, deletions and replacements turn one row of labels into another (Levenshtein)."""
    best = np.arange(len(other) + 1)
    for n, label in enumerate(one, 1):
        row = np.concatenate([[n], np.minimum(best[1:] + 1, best[:-1] + (other != label))])
        # An insertion costs one more than the best to its left: a running minimum of what is above the diagonal.
        places = np.arange(len(row))
        best = np.minimum.accumulate(row - places) + places
    return int(best[-1])
