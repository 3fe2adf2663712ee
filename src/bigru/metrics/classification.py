"""Accuracy, precision, recall, F1 and confusion, one label per example or several; equal to scikit-learn's."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from .calibration import BINS, brier_score, check_probabilities, expected_calibration_error, reliability
from .inputs import check_labels, check_pairs, numbers
from .intervals import Said, bootstrap_scores, kinds
from .score import Bin, ClassScore, Report, Score, signature

__all__ = [
    "accuracy",
    "class_scores",
    "classification_report",
    "confusion_matrix",
    "macro",
    "micro_f1",
    "multilabel_report",
    "precision_recall_f1",
]


def accuracy(gold: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of N numbers that are equal, 0 of none; a number that is never predicted is missed."""
    return int((gold == predicted).sum()) / max(len(gold), 1)


def micro_f1(gold: np.ndarray, predicted: np.ndarray) -> float:
    """Return F1 over all decisions, from two bool [N, K]."""
    return float(precision_recall_f1(_counts(gold, predicted).reshape(-1, 3).sum(axis=0))[2])


def confusion_matrix(gold: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Count examples by true class (row) and predicted class (column): int64 [K, K] from two int [N]."""
    return np.bincount(gold * classes + predicted, minlength=classes**2).reshape(classes, classes)


def precision_recall_f1(counts: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 [..., 3] from counts [..., 3] of (right, predicted, gold); 0 where undefined.

    F1 = 2 right / (predicted + gold), the harmonic mean of the two (van Rijsbergen 1979).
    """
    right, predicted, gold = np.moveaxis(np.asarray(counts, np.float64), -1, 0)
    parts = [right / np.maximum(n, 1) for n in (predicted, gold)]
    return np.stack([*parts, 2 * right / np.maximum(predicted + gold, 1)], axis=-1)


def macro(counts: np.ndarray, every: bool = False) -> np.ndarray:
    """Mean precision, recall and F1 [..., 3] over classes, from counts [..., K, 3].

    Args:
        counts: (right, predicted, gold) of each class.
        every: whether a class that is neither gold nor predicted counts as 0, or is left out.
    """
    occurs = (counts[..., 1:].sum(axis=-1) > 0) | every
    total = (precision_recall_f1(counts) * occurs[..., None]).sum(axis=-2)
    return total / np.maximum(occurs.sum(axis=-1), 1)[..., None]


def class_scores(labels: Sequence[str], counts: np.ndarray) -> tuple[ClassScore, ...]:
    """One row per class from counts [K, 3] of (right, predicted, gold)."""
    rows = zip(labels, precision_recall_f1(counts).tolist(), counts.astype(int).tolist(), strict=True)
    return tuple(ClassScore(label, p, r, f1, gold, predicted) for label, (p, r, f1), (_, predicted, gold) in rows)


def classification_report(
    gold: Sequence[str],
    predicted: Sequence[str],
    labels: Sequence[str],
    probabilities: np.ndarray | None = None,
    *,
    seed: int = 0,
) -> Report:
    """Score predictions of one label per example.

    `accuracy`; `macro_f1`, `macro_precision` and `macro_recall`, the means over the classes that occur in gold or
    predictions; with probabilities also `ece` (of the predicted label's probability) and `brier`.

    Args:
        gold: N labels.
        predicted: N labels.
        labels: the K labels there are.
        probabilities: [N, K] float in the order of `labels`, or None.
        seed: seed of the bootstrap.

    Raises:
        ArgumentError: there are no examples, lengths differ, there are fewer than two labels, a label is unknown, or
            the probabilities are none.
    """
    where = "metrics.classification_report"
    index = check_labels(where, labels, 2)
    check_pairs(where, gold, predicted)
    truth, guess = numbers(where, "gold", gold, index), numbers(where, "predicted", predicted, index)
    confusion = confusion_matrix(truth, guess, len(labels))
    cells = np.argwhere(confusion)
    counts = _counts(cells[:, 0, None] == np.arange(len(labels)), cells[:, 1, None] == np.arange(len(labels)))
    examples = confusion[tuple(cells.T)]
    whole = np.tensordot(examples, counts, 1)
    mean: Said = {"average": "macro", "classes": int((whole[:, 1:].sum(axis=1) > 0).sum()), "n": len(gold)}
    fields: dict[str, Said] = {
        "accuracy": {"n": len(gold)},
        "macro_f1": mean,
        "macro_precision": mean,
        "macro_recall": mean,
    }
    scores = bootstrap_scores(counts.reshape(len(cells), -1), examples, _scores, fields, seed)
    bins: tuple[Bin, ...] = ()
    if probabilities is not None:
        shares = check_probabilities(where, probabilities, len(gold), len(labels))
        bins = reliability(np.minimum(shares[np.arange(len(guess)), guess], 1), truth == guess)
        ece = Score("ece", expected_calibration_error(bins), signature=signature("ece", bins=BINS, n=len(gold)))
        brier = Score("brier", brier_score(shares, truth), signature=signature("brier", sum="classes", n=len(gold)))
        scores += (ece, brier)
    return Report(scores, class_scores(labels, whole), tuple(labels), tuple(map(tuple, confusion.tolist())), bins)


def multilabel_report(
    gold: Sequence[Collection[str]], predicted: Sequence[Collection[str]], labels: Sequence[str], *, seed: int = 0
) -> Report:
    """Score predictions of any number of labels per example.

    `micro_f1`, `micro_precision`, `micro_recall` over all decisions; `macro_f1`, the mean over all labels;
    `subset_accuracy`, the share of examples whose labels are all right.

    Args:
        gold: N collections of labels, possibly empty.
        predicted: N collections of labels.
        labels: the K labels there are.
        seed: seed of the bootstrap.

    Raises:
        ArgumentError: there are no examples, lengths differ, there is no label, or a label is unknown.
    """
    where = "metrics.multilabel_report"
    index = check_labels(where, labels, 1)
    check_pairs(where, gold, predicted)
    truth, guess = (_marks(where, name, rows, index) for name, rows in (("gold", gold), ("predicted", predicted)))
    exact = (truth == guess).all(axis=1)
    per_example = np.column_stack([exact, np.ones_like(exact), _counts(truth, guess).reshape(len(gold), -1)])
    n: Said = {"n": len(gold)}
    micro: Said = {"average": "micro", **n}
    fields: dict[str, Said] = {
        "micro_f1": micro,
        "macro_f1": {"average": "macro", "classes": len(labels), **n},
        "subset_accuracy": n,
        "micro_precision": micro,
        "micro_recall": micro,
    }
    scores = bootstrap_scores(*kinds(per_example), _multilabel_scores, fields, seed)
    return Report(scores, class_scores(labels, _counts(truth, guess).sum(axis=0)))


def _counts(truth: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """(right, predicted, gold) [N, K, 3] int64 from two bool [N, K]."""
    return np.stack([truth & guess, guess, truth], axis=-1).astype(np.int64)


def _marks(where: str, name: str, rows: Sequence[Collection[str]], index: dict[str, int]) -> np.ndarray:
    """Labels as bool [N, K]."""
    owners = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    columns = numbers(where, name, [label for row in rows for label in row], index, owners)
    marks = np.zeros((len(rows), len(index)), bool)
    marks[owners, columns] = True
    return marks


def _scores(sums: np.ndarray) -> np.ndarray:
    """Accuracy, macro F1, precision and recall [R, 4] from (right, predicted, gold) [R, 3K]."""
    counts = sums.reshape(len(sums), -1, 3)
    accuracy = counts[..., 0].sum(axis=1) / counts[..., 2].sum(axis=1)
    precision, recall, f1 = macro(counts).T
    return np.stack([accuracy, f1, precision, recall], axis=1)


def _multilabel_scores(sums: np.ndarray) -> np.ndarray:
    """The scores of `multilabel_report` [R, 5] from exact, examples and (right, predicted, gold) [R, 2 + 3K]."""
    counts = sums[:, 2:].reshape(len(sums), -1, 3)
    precision, recall, f1 = precision_recall_f1(counts.sum(axis=1)).T
    macro_f1 = macro(counts, every=True)[:, 2]
    return np.stack([f1, macro_f1, sums[:, 0] / sums[:, 1], precision, recall], axis=1)
