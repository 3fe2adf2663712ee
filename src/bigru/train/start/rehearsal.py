"""What an earlier model knew, rehearsed on new examples: its answers become soft targets, and spans that are missing.

Learning without forgetting (Li & Hoiem 2016, arXiv:1606.09282): the old outputs are held to what the old model answers,
among themselves, so that new labels are free to take their place beside them. Where tags spell spans, a new file marks
what it is about and leaves the rest O: spans of labels that it never marks are those that the old model finds
(Monaikul et al. 2021, "Continual learning for named entity recognition").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ...bundle import Bundle
from ...readers.examples import Examples
from ...runtime.predictor import Predictor
from ...scheme import Span, spans, spans_to_tags
from ..recipes import Plan

if TYPE_CHECKING:
    from ...config import ModelConfig
    from ..data.loader import Targets
    from ..objective.distill import SoftTargets

__all__ = ["SHARE", "Completed", "complete_spans", "rehearse"]

SHARE = 0.5
"""What the old model's answers count beside the new targets, unless the setting "rehearsal" says otherwise."""


class Completed(NamedTuple):
    """Examples with spans that an old model found, and the labels of these spans, one for each."""

    examples: Examples
    labels: tuple[str, ...] = ()


def complete_spans(teacher: Bundle, examples: Examples) -> Completed:
    """Return tagged examples with the old model's spans of the labels that no example has.

    A span that overlaps one of the examples' own is left out. Examples without a scheme come back as they are.
    """
    scheme = getattr(teacher.config, "scheme", None)
    if scheme is None or not examples.targets:
        return Completed(examples)
    given = [spans(tags, scheme) for tags in examples.targets]
    marked = {span.label for row in given for span in row}
    missing = {span.label for tag in teacher.config.labels for span in spans([tag], scheme)} - marked
    if not missing:
        return Completed(examples)
    model = Predictor(teacher)
    targets, labels = [], []
    for x, tags, own, answer in zip(
        examples.inputs, examples.targets, given, model.predict_iter(examples.inputs), strict=True
    ):
        places = _places(teacher.config.features, x, len(tags))
        found = [
            Span(span.label, places[span.start][0], places[span.end - 1][1])
            for span in spans(answer["tags"], scheme)
            if span.label in missing
        ]
        fitting = [new for new in found if not any(new.start < old.end and old.start < new.end for old in own)]
        targets.append(spans_to_tags([*own, *fitting], len(tags), scheme) if fitting else tags)
        labels += [span.label for span in fitting]
    return Completed(replace(examples, targets=targets), tuple(labels))


def _places(features: Any, x: Any, count: int) -> Sequence[tuple[int, int]]:
    """Return where the tags of each unit lie: at its characters where a text has a tag for each, else at itself."""
    if isinstance(x, str):
        return cast("list[tuple[int, int]]", features.units(x))
    return [(n, n + 1) for n in range(count)]


def rehearse(
    teacher: Bundle, decided: Plan, inputs: Sequence[Any], targets: Targets, share: float
) -> SoftTargets | None:
    """Return what an old model answers to training examples, as soft targets of a grown one.

    With a softmax they are about the old outputs alone, which come first. A CRF's are about all: a step whose target
    is new has that target.

    Args:
        teacher: the old model.
        decided: the grown one.
        inputs: the training examples' inputs.
        targets: their targets, as numbers.
        share: what the answers count beside the targets.

    Returns:
        None where the task's answers are no probabilities of its outputs, or the share is 0.
    """
    if decided.task.NO_MEAN or not share:
        return None
    import torch

    from ..ensemble.mean import MeanModel, answer_all
    from ..objective.distill import SoftTargets

    old, shape = teacher.config, cast("ModelConfig", teacher.model)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = MeanModel(old, shape, [dict(teacher.weights)], device)
    rows = answer_all(model, decided.task.featurise(old, inputs), None)
    if len(old.labels) == 2 and old.outputs == 1 and decided.model.outputs > 1:
        rows = _each(rows, lambda row: np.concatenate([1.0 - row, row], axis=-1))
    if decided.model.crf and decided.model.outputs > old.outputs:
        rows = [_widen(row, gold, decided.model.outputs) for row, gold in zip(rows, targets, strict=True)]
    return SoftTargets(rows, share)


def _each(rows: Targets, change: Any) -> Targets:
    return change(rows) if isinstance(rows, np.ndarray) else [change(row) for row in rows]


def _widen(row: np.ndarray, gold: np.ndarray, outputs: int) -> np.ndarray:
    """Return probabilities [T, K] of more tags: 0 for a new one, but 1 where it is the target."""
    wide = np.zeros((len(row), outputs), np.float32)
    wide[:, : row.shape[1]] = row
    new = np.flatnonzero(gold >= row.shape[1])
    wide[new] = 0.0
    wide[new, gold[new]] = 1.0
    return wide
