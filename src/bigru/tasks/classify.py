"""Classify: one label, or any number of labels, for a whole text, series or recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import ArgumentError, check_array, sentence
from .decision import Decision
from .labels import accept_pairs as check_pairs
from .labels import check_labels, extend_labels, numbers, place, read_by
from .probabilities import binary, independent, softmax

if TYPE_CHECKING:
    from ..config import ModelConfig
    from ..features.audio import AudioFeatures
    from ..features.series import SeriesFeatures
    from ..features.text import TextFeatures
    from ..metrics import Report
    from ..readers.examples import Examples

__all__ = [
    "HEAD",
    "NAME",
    "NO_MEAN",
    "SAVED",
    "Config",
    "answer",
    "answer_types",
    "check_pairs",
    "decide",
    "decisions",
    "describe",
    "dev_score",
    "exported",
    "extend",
    "featurise",
    "prepare",
    "quick_score",
    "required",
    "running",
    "score",
    "targets",
    "tied",
    "true_labels",
]

WHERE = "classify"

HEAD = "sequence"
"""One row of logits for a whole input."""

NAME = "Classifier"
"""What a model of this task is called."""

NO_MEAN = ""
"""What is answered where several answers have no mean; "" where they have one."""

SAVED: dict[str, Any] = {"labels": list, "multi_label": bool, "threshold": (int, float)}
"""The entries of `Config` in config.json, beside its features, and their types."""


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

    objective: ClassVar[str] = "labels"
    """What a training makes small: see `bigru.train.loop.build`."""

    def __post_init__(self) -> None:
        check_labels("classify.Config", self.labels, 1 if self.multi_label else 2)
        if not 0.0 < self.threshold < 1.0:
            raise ArgumentError(sentence("classify.Config", "threshold", "within 0 < p < 1", self.threshold))

    @property
    def outputs(self) -> int:
        """Width K of the head: two labels need one logit, that of the second."""
        return 1 if len(self.labels) == 2 and not self.multi_label else len(self.labels)


def extend(config: Config, features: TextFeatures | SeriesFeatures | AudioFeatures, labels: Sequence[Any]) -> Config:
    """Return the configuration with other features, and with the labels that it has not behind those that it has."""
    found = set(chain.from_iterable(labels)) if config.multi_label else set(labels)
    return replace(config, features=features, labels=extend_labels(config.labels, sorted(found)))


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


def describe(config: Config, model: ModelConfig) -> tuple[str, str]:
    """Return what the outputs are called, and how a model comes to them, in words."""
    return "labels", f"pooling {' + '.join(model.pooling)}"


def prepare(config: Config, weights: Mapping[str, np.ndarray]) -> None:
    """Return what `decide` needs of a model's weights: nothing."""


def decide(
    config: Config, logits: np.ndarray, lengths: np.ndarray | None = None, weights: None = None, *, quick: bool = False
) -> Decision:
    """Decide the labels of B inputs.

    Args:
        config: the task.
        logits: [B, outputs].
        lengths, weights: not used, as a whole input has one row of logits.
        quick: not used, as probabilities cost nothing here.

    Returns:
        Labels int64 [B], or bool [B, K] when `config.multi_label`; the probability of every label float64 [B, K].

    Raises:
        ArgumentError: the logits have another shape.
    """
    logits = check_array("classify.decide", "logits", logits, ("N", config.outputs))
    if config.multi_label:
        shares = independent(logits)
        return Decision(shares >= config.threshold, shares)
    shares = binary(logits) if config.outputs == 1 else softmax(logits)
    return Decision(_best(config, shares), shares)


def _best(config: Config, shares: np.ndarray) -> np.ndarray:
    """Return the label of each row of probabilities [B, K], int64 [B]."""
    if config.outputs == 1:
        return (shares[:, 1] >= config.threshold).astype(np.int64)
    best: np.ndarray = shares.argmax(axis=1)
    return best


def answer(config: Config, decision: Decision, logits: np.ndarray, inputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Turn what was decided into answers; neither logits nor inputs are needed for it.

    Returns:
        Per example `{"label", "confidence", "scores": {label: probability}}`; the confidence is the given
        label's probability. When `config.multi_label`: `{"labels", "scores"}`.
    """
    labels = config.labels
    pairs = zip(decision.labels.tolist(), decision.confidence.tolist(), strict=True)
    if config.multi_label:
        return [
            {
                "labels": [label for label, chosen in zip(labels, given, strict=True) if chosen],
                "scores": dict(zip(labels, row, strict=True)),
            }
            for given, row in pairs
        ]
    return [
        {"label": labels[n], "confidence": row[n], "scores": dict(zip(labels, row, strict=True))} for n, row in pairs
    ]


class Running:
    """The labels of one input that comes piece by piece; made by `running`."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def push(self, logits: np.ndarray, done: int) -> list[dict[str, Any]]:
        """Take logits [1, outputs] of all steps that are certain so far, and their number, and return the answer."""
        found = answer(self._config, decide(self._config, logits), logits, [])
        return [{"step": done, **one} for one in found]

    def finish(self) -> list[dict[str, Any]]:
        """Return what was waited for: nothing."""
        return []


def running(config: Config, decoder: None) -> Running:
    """Return what answers while an input is still coming: for what is certain so far, with the number of its steps.

    Args:
        config: the task.
        decoder: not used, as there is no CRF.
    """
    return Running(config)


def required(config: Config) -> dict[str, Any]:
    """Return what the shape of a model has to be for this task, by name."""
    return {"outputs": config.outputs, **read_by(config.features), "crf": False, "head": HEAD}


def answer_types(config: Config) -> dict[str, Any]:
    """Return the entries of an answer and their types; a list has one type of entry, a dict is such a dict."""
    scores = dict.fromkeys(config.labels, float)
    return (
        {"labels": [str], "scores": scores}
        if config.multi_label
        else {"label": str, "confidence": float, "scores": scores}
    )


def tied(
    config: Config, logits: np.ndarray, labels: np.ndarray, others: np.ndarray, slack: float, weights: None = None
) -> bool:
    """Tell whether other labels of one input are as good as these but for rounding.

    Args:
        config: the task.
        logits: [outputs], that decided the labels.
        labels, others: what two engines decided, as a row of `Decision.rows`.
        slack: how far logits may lie apart.
        weights: not used.
    """
    threshold = np.log(config.threshold / (1 - config.threshold))
    if config.multi_label:
        margin = np.abs(logits[labels != others] - threshold)
    elif config.outputs == 1:
        margin = np.abs(logits - threshold)
    else:
        margin = np.abs(logits[labels] - logits[others])
    return bool((margin <= slack).all())


def exported(config: Config, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what an exported file decides of its `probabilities`, as `Decision.labels`."""
    shares = outputs["probabilities"]
    return shares >= config.threshold if config.multi_label else _best(config, shares)


def true_labels(config: Config, examples: Examples, answers: Sequence[dict[str, Any]]) -> Sequence[Any]:
    """Return the labels of examples as `score` takes them.

    Raises:
        DataError: not one label is one that the model has.
    """
    # Answering takes no labels: what fits them to the model is loaded here.
    from .mismatch import fit_labels

    return fit_labels(config, examples).targets or []


def dev_score(config: Config) -> str:
    """Return the name of the score of a report that chooses an epoch."""
    return "micro_f1" if config.multi_label else "accuracy"


def quick_score(config: Config, gold: np.ndarray, found: Sequence[np.ndarray]) -> float:
    """Return the score that `dev_score` names, to the bit that of the report.

    Args:
        config: the task.
        gold: of `targets`.
        found: of `Decision.rows`, a row per example.
    """
    # Answering takes no scores: the code for them is loaded here.
    from ..metrics.classification import accuracy, micro_f1

    rows = np.stack(found)
    return micro_f1(np.asarray(gold) > 0, rows > 0) if config.multi_label else accuracy(np.asarray(gold), rows[:, 0])


def decisions(config: Config, gold: np.ndarray, steps: int) -> int:
    """Return how many decisions a score of these targets rests on: one per example."""
    return len(gold)


def score(config: Config, gold: Sequence[Any], predictions: Sequence[dict[str, Any]]) -> Report:
    """Compare answers with the true labels; one that is none of the task's counts as missed.

    Args:
        config: the task.
        gold: per example its label, or its labels when `config.multi_label`.
        predictions: per example what `answer` returned; without "scores" the calibration is not scored.

    Raises:
        ArgumentError: nothing to compare, or not one answer per example.
    """
    # Answering takes no scores: the code for them is loaded here.
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
