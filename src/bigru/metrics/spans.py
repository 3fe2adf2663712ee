"""Scores of tag sequences: F1 of spans as `conlleval` counts it, accuracy of tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import ArgumentError, sentence
from ..scheme import continuation_mask, spans
from .calibration import BINS, expected_calibration_error, reliability
from .classification import class_scores, confusion_matrix, macro, precision_recall_f1
from .inputs import check_pairs
from .intervals import Said, bootstrap_scores, kinds
from .score import Bin, Report, Score, signature

__all__ = ["count_spans", "span_f1", "tagging_report"]

Tags = Sequence[Sequence[str]]
"""One sequence of tags per example."""


class _Tags(NamedTuple):
    """All sequences end to end.

    Attributes:
        gold, predicted: [M] int64, tags as numbers.
        owners: [M] int64, the sequence of each.
        sizes: [N] int64, the length of each sequence.
        names: the tags that occur, sorted: the names of the numbers.
    """

    gold: np.ndarray
    predicted: np.ndarray
    owners: np.ndarray
    sizes: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, gold: Tags, predicted: Tags) -> _Tags:
        flat = [[tag for tags in sequences for tag in tags] for sequences in (gold, predicted)]
        index = {tag: number for number, tag in enumerate(sorted({*flat[0], *flat[1]}))}
        truth, guess = (np.fromiter((index[tag] for tag in tags), np.int64, len(tags)) for tags in flat)
        return cls._joined(truth, guess, np.array([len(tags) for tags in gold], np.int64), tuple(index))

    @classmethod
    def of_numbers(cls, gold: Sequence[np.ndarray], predicted: Sequence[np.ndarray], names: Sequence[str]) -> _Tags:
        truth, guess = (np.concatenate([np.zeros(0, np.int64), *rows]) for rows in (gold, predicted))
        return cls._joined(truth, guess, np.array([len(tags) for tags in gold], np.int64), tuple(names))

    @classmethod
    def _joined(cls, gold: np.ndarray, predicted: np.ndarray, sizes: np.ndarray, names: tuple[str, ...]) -> _Tags:
        return cls(gold, predicted, np.repeat(np.arange(len(sizes)), sizes), sizes, names)


def _span_counts(tags: _Tags, scheme: str, labels: Sequence[str] | None) -> tuple[tuple[str, ...], np.ndarray]:
    """Count the spans of each sequence; a span is right if label, start and end are.

    Illegal sequences are read as `scheme.spans` reads them.

    Returns:
        The L span labels, sorted (or as given), and (right, predicted, gold) [N, L, 3] int64.
    """
    label_of = [span[0].label if (span := spans([name], scheme)) else None for name in tags.names]
    known = tuple(sorted({label for label in label_of if label is not None})) if labels is None else tuple(labels)
    index = {label: place for place, label in enumerate(known)}
    column = np.array([index.get(label, -1) if label is not None else -1 for label in label_of], np.int64)
    outside = np.array([label is None for label in label_of])
    continues = continuation_mask(tags.names, scheme)
    truth, guess = (_find(numbers, tags.owners, outside, continues) for numbers in (tags.gold, tags.predicted))
    # A span is known by where it starts, so that the one that gold has there, if any, is the only candidate.
    gold_end = np.full(len(tags.gold) + 1, -1)
    gold_end[truth[0]] = truth[1]
    same = (gold_end[guess[0]] == guess[1]) & (column[tags.gold[guess[0]]] == column[tags.predicted[guess[0]]])
    counts = np.zeros((len(tags.sizes), len(known), 3), np.int64)
    places = ((guess[0][same], tags.predicted), (guess[0], tags.predicted), (truth[0], tags.gold))
    for kind, (starts, numbers) in enumerate(places):
        kept = starts[column[numbers[starts]] >= 0]
        np.add.at(counts[..., kind], (tags.owners[kept], column[numbers[kept]]), 1)
    return known, counts


def _find(
    numbers: np.ndarray, owners: np.ndarray, outside: np.ndarray, continues: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`scheme.spans` for all sequences at once: where spans start, and where they end (exclusive)."""
    joined = continues[numbers[:-1], numbers[1:]] & (owners[:-1] == owners[1:])
    inside = ~outside[numbers]
    starts = np.flatnonzero(inside & ~np.r_[False, joined])
    ends = np.flatnonzero(inside & ~np.r_[joined, False]) + 1
    return starts, ends


def span_f1(
    gold: Sequence[np.ndarray],
    predicted: Sequence[np.ndarray],
    names: Sequence[str],
    scheme: str,
    labels: Sequence[str] | None = None,
) -> float:
    """Return the `span_f1` of `tagging_report`, without an interval; 0 where there are no spans at all.

    Args:
        gold, predicted: N sequences of tags as numbers, int [T].
        names: the tag of each number.
        scheme: how tags spell spans.
        labels: the span labels that count, or None for all.
    """
    counts = _span_counts(_Tags.of_numbers(gold, predicted, names), scheme, labels)[1]
    return float(precision_recall_f1(counts.sum(axis=(0, 1)))[2])


def count_spans(
    tags: Sequence[np.ndarray], names: Sequence[str], scheme: str, labels: Sequence[str] | None = None
) -> int:
    """Return how many spans sequences of tags spell; arguments as of `span_f1`."""
    return int(_span_counts(_Tags.of_numbers(tags, tags, names), scheme, labels)[1][..., 2].sum())


def tagging_report(
    gold: Tags,
    predicted: Tags,
    scheme: str | None,
    confidences: Sequence[Sequence[float] | np.ndarray] | None = None,
    *,
    labels: Sequence[str] | None = None,
    seed: int = 0,
) -> Report:
    """Score predicted tag sequences. Intervals resample sequences, not tags.

    With a scheme: `span_f1`, `span_precision`, `span_recall` over all spans (micro), `span_macro_f1` (mean over the
    labels that occur) and `accuracy` of tags; the classes are the span labels. Without: `accuracy` and `macro_f1` of
    tags; the classes are the tags. With confidences also `ece` of tags.

    Args:
        gold, predicted: N sequences of tags, of equal lengths each.
        scheme: how tags spell spans, or None if they spell none.
        confidences: N sequences, the probability of each predicted tag, or None.
        labels: the span labels that count, or None for all.
        seed: seed of the bootstrap.

    Raises:
        ArgumentError: there are no sequences or no tags at all, lengths differ, the scheme is unknown, a tag is none
            of its family, or a confidence is outside 0..1.
    """
    where = "metrics.tagging_report"
    check_pairs(where, gold, predicted)
    _check_lengths(where, "predicted", gold, predicted)
    tags = _Tags.of(gold, predicted)
    if not len(tags.gold):
        raise ArgumentError(sentence(where, "gold", "at least one tag", 0))
    right = tags.gold == tags.predicted
    hits = np.bincount(tags.owners, right, len(gold)).astype(np.int64)

    n: Said = {"n": len(gold)}
    fields: dict[str, Said] = {"accuracy": {"tags": len(right), **n}}
    matrix: tuple[tuple[int, ...], ...] = ()
    if scheme is None:
        names = tags.names
        counts = _tag_counts(tags)
        fields["macro_f1"] = {"average": "macro", "classes": len(names), **n}
        matrix = tuple(map(tuple, confusion_matrix(tags.gold, tags.predicted, len(names)).tolist()))
    else:
        names, counts = _span_counts(tags, scheme, labels)
        occurring = int((counts.sum(axis=0)[:, 1:].sum(axis=1) > 0).sum())
        micro: Said = {"scheme": scheme, "average": "micro", "reading": "conlleval", **n}
        fields = {f"span_{name}": micro for name in ("f1", "precision", "recall")} | fields
        fields["span_macro_f1"] = {**micro, "average": "macro", "classes": occurring}
    per_sequence = np.column_stack([hits, tags.sizes, counts.reshape(len(gold), -1)])
    scores = bootstrap_scores(*kinds(per_sequence), _tag_scores if scheme is None else _span_scores, fields, seed)
    bins: tuple[Bin, ...] = ()
    if confidences is not None:
        _check_lengths(where, "confidences", gold, confidences)
        values = np.concatenate([np.asarray(row, np.float64) for row in confidences])
        bins = reliability(values, right)
        text = signature("ece", bins=BINS, tags=len(values), **n)
        scores += (Score("ece", expected_calibration_error(bins), signature=text),)
    return Report(scores, class_scores(names, counts.sum(axis=0)), names if matrix else (), matrix, bins)


def _check_lengths(where: str, name: str, gold: Tags, others: Sequence[Sequence[object] | np.ndarray]) -> None:
    if len(others) != len(gold):
        raise ArgumentError(sentence(where, name, f"as long as gold ({len(gold)})", len(others)))
    for place, (one, other) in enumerate(zip(gold, others, strict=True)):
        if len(one) != len(other):
            want = f"as long as its gold ({len(one)} tags)"
            raise ArgumentError(sentence(where, f"{name} {place + 1}", want, len(other)))


def _tag_counts(tags: _Tags) -> np.ndarray:
    """(right, predicted, gold) of each tag in each sequence, [N, K, 3] int64."""
    shape = len(tags.sizes), len(tags.names)
    truth, guess = (tags.owners * shape[1] + numbers for numbers in (tags.gold, tags.predicted))
    parts = (truth[truth == guess], guess, truth)
    return np.stack([np.bincount(part, minlength=shape[0] * shape[1]).reshape(shape) for part in parts], axis=-1)


def _tag_scores(sums: np.ndarray) -> np.ndarray:
    """Accuracy and macro F1 [R, 2] from right, all and (right, predicted, gold) of each tag [R, 2 + 3K]."""
    counts = sums[:, 2:].reshape(len(sums), -1, 3)
    return np.stack([_share(sums), macro(counts)[:, 2]], axis=1)


def _span_scores(sums: np.ndarray) -> np.ndarray:
    """F1, precision, recall, tag accuracy and macro F1 [R, 5], from the same of each span label."""
    counts = sums[:, 2:].reshape(len(sums), -1, 3)
    precision, recall, f1 = precision_recall_f1(counts.sum(axis=1)).T
    return np.stack([f1, precision, recall, _share(sums), macro(counts)[:, 2]], axis=1)


def _share(sums: np.ndarray) -> np.ndarray:
    """Accuracy [R] from right and all; a resample of empty sequences alone has none, and 0 by definition."""
    share: np.ndarray = sums[:, 0] / np.maximum(sums[:, 1], 1)
    return share
