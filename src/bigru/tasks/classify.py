"""Classify: one label, or any number of labels, for a whole text, series or recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, check_array, sentence
from .labels import check_labels, numbers, place
from .probabilities import binary, sigmoid, softmax

if TYPE_CHECKING:
    from ..config import ModelConfig
    from ..features.audio import AudioFeatures
    from ..features.series import SeriesFeatures
    from ..features.text import TextFeatures
    from ..metrics import Report

__all__ = ["Config", "check_pairs", "decode", "describe", "featurise", "score", "targets"]

WHERE = "classify"


@dataclass(frozen=True)
class Config:
    """What a classifier answers, and what it reads.

    Attributes:
        labels: the K labels, in the order of the logits.
        features: how an input becomes an array.
        multi_label: whether an example has any number of labels, none included.
        threshold: the least probability at which a label is given, strictly between 0 and 1: each label
            when `multi_label`, else the second of two labels. Ignored with three labels and more.
    """

    labels: tuple[str, ...]
    features: TextFeatures | SeriesFeatures | AudioFeatures
    multi_label: bool = False
    threshold: float = 0.5

    def __post_init__(self) -> None:
        check_labels("classify.Config", self.labels, 1 if self.multi_label else 2)
        if not 0.0 < self.threshold < 1.0:
            raise ArgumentError(sentence("classify.Config", "threshold", "within 0 < p < 1", self.threshold))

    @property
    def outputs(self) -> int:
        """Width K of the head: two labels need one logit, that of the second."""
        return 1 if len(self.labels) == 2 and not self.multi_label else len(self.labels)


def featurise(config: Config, inputs: Sequence[Any]) -> list[np.ndarray]:
    """Return the model's input for each example: int32 [T, C] for text, else float32 [T, I]."""
    return config.features.features_many(inputs)


def targets(
    config: Config,
    labels: Sequence[Any],
    *,
    source: str = "",
    lines: Sequence[int] | None = None,
    unknown: bool = False,
) -> np.ndarray:
    """Return the numbers that a classifier is trained on.

    Args:
        config: the task.
        labels: per example a label, or a list of labels when `config.multi_label`.
        source, lines: the file and the line of each example, for errors.
        unknown: whether labels that are none of the task's are `labels.UNKNOWN` (left out when `config.multi_label`)
            instead of an error.

    Returns:
        int64 [N], or float32 [N, K] of zeros and ones when `config.multi_label`.

    Raises:
        DataError: a label is unknown; the nearest known one is named.
    """
    rows = labels if config.multi_label else [[label] for label in labels]
    owners = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    flat = list(chain.from_iterable(rows))
    columns = numbers(config.labels, flat, lambda i: (place(WHERE, int(owners[i]), source, lines), "label"), unknown)
    if not config.multi_label:
        return columns
    result = np.zeros((len(rows), len(config.labels)), np.float32)
    known = columns >= 0
    result[owners[known], columns[known]] = 1.0
    return result


def check_pairs(
    config: Config,
    features: Sequence[np.ndarray],
    found: Any,
    *,
    source: str = "",
    lines: Sequence[int] | None = None,
) -> None:
    """Accept every pair of an input and its labels: a label belongs to an input of any length."""


def describe(config: Config, model: ModelConfig) -> tuple[str, str]:
    """Return what the outputs are called, and how a model comes to them, in words."""
    return "labels", f"pooling {' + '.join(model.pooling)}"


def decode(config: Config, logits: np.ndarray) -> list[dict[str, Any]]:
    """Turn logits [N, outputs] into answers.

    Returns:
        Per example `{"label", "confidence", "scores": {label: probability}}`; the confidence is the given
        label's probability. When `config.multi_label`: `{"labels", "scores"}`.

    Raises:
        ArgumentError: the logits have another shape.
    """
    logits = check_array("classify.decode", "logits", logits, ("N", config.outputs))
    if config.multi_label:
        return [_labels(config, row) for row in sigmoid(logits).tolist()]
    scores = binary(logits) if config.outputs == 1 else softmax(logits)
    best = (scores[:, 1] >= config.threshold).astype(int) if config.outputs == 1 else scores.argmax(axis=1)
    labels = config.labels
    return [
        {"label": labels[n], "confidence": row[n], "scores": dict(zip(labels, row, strict=True))}
        for n, row in zip(best.tolist(), scores.tolist(), strict=True)
    ]


def _labels(config: Config, row: list[float]) -> dict[str, Any]:
    scores = dict(zip(config.labels, row, strict=True))
    return {"labels": [label for label, p in scores.items() if p >= config.threshold], "scores": scores}


def score(config: Config, gold: Sequence[Any], predictions: Sequence[dict[str, Any]]) -> Report:
    """Compare answers of `decode` with the true labels; one that is none of the task's counts as missed.

    Args:
        config: the task.
        gold: per example its label, or its labels when `config.multi_label`.
        predictions: per example what `decode` returned; without "scores" the calibration is not scored.

    Raises:
        ArgumentError: nothing to compare, or not one answer per example.
    """
    # Answering takes no scores: what reckons them is loaded here.
    from ..metrics import classification_report, multilabel_report

    given = chain.from_iterable(gold) if config.multi_label else gold
    labels = (*config.labels, *sorted(set(given) - set(config.labels)))
    if config.multi_label:
        return multilabel_report(gold, [answer["labels"] for answer in predictions], labels)
    shares = None
    if all("scores" in answer for answer in predictions):
        shares = np.zeros((len(predictions), len(labels)))
        for row, answer in zip(shares, predictions, strict=True):
            row[: len(config.labels)] = list(answer["scores"].values())
    return classification_report(gold, [answer["label"] for answer in predictions], labels, shares)
