"""A training that starts from a model: old rows beside new ones, what is rehearsed, and what was forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ArgumentError, DataError, argument, first_names, refusal, sentence
from ...readers.examples import Examples
from ...runtime.predictor import Predictor
from ...tasks.mismatch import check_varied
from ..start.forgetting import Forgetting, known_rows, measure
from ..start.rehearsal import SHARE, complete_spans, rehearse
from .request import Request

if TYPE_CHECKING:
    from ..data.loader import Targets
    from ..objective.distill import SoftTargets
    from ..recipes import Plan

__all__ = ["join_examples", "measure_forgetting", "prepare_examples", "rehearsal_targets"]

SHOWN = 5
"""Labels that are named before they are only counted."""


def join_examples(new: Examples, old: Examples) -> Examples:
    """Return new and old examples as one, the new ones first."""
    source, findings = f"{new.source} and {old.source}", [*new.findings, *old.findings]
    return replace(new, **new.joined(old), source=source, findings=findings)


def prepare_examples(
    train: Examples, keep: Examples | None, judges: Sequence[Examples | None], request: Request
) -> Examples:
    """Return what is learnt by a training that starts from something: the new examples, and behind them old ones.

    Args:
        train: the new examples.
        keep: old ones, None for none.
        judges: dev and test, as far as they are given.
        request: what is asked for, with its start.

    Raises:
        DataError: they cannot be learnt from there, teach nothing, or have not one label that the model has.
        ArgumentError: a bound below 1 is set on what is forgotten, and there is no old label to measure it on.
    """
    start = request.start
    assert start is not None
    teacher = start.teacher
    if train.soft is not None and (teacher is not None or keep is not None):
        context = "where a training starts from a model, whose answers are soft labels too"
        got = f"those of {first_names(train.soft.labels, SHOWN)}"
        remedy = f"Leave them unread with {argument('reading.soft_labels', False)}."
        raise DataError(refusal(train.source, "soft labels", context, got, remedy))
    train = start.fit(train)
    if teacher is not None:
        train, labels = complete_spans(teacher, train)
        if labels:
            counts = ", ".join(f"{n:,} of {label}" for label, n in Counter(labels).most_common(SHOWN))
            request.say(f"{train.source}: spans that it does not mark are those of the old model: {counts}")
    joined = train if keep is None else join_examples(train, start.fit(keep))
    if keep is not None and (train.groups is None) != (keep.groups is None):
        raise DataError(sentence(keep.source, argument("reading.group"), f"a column, as in {train.source}", "none"))
    check_varied(joined)
    if teacher is None:
        return joined
    _check_overlap(joined, teacher.config.labels, request)
    limit = request.settings.get("forget")
    measured = [len(known_rows(part, teacher.config.labels)) for part in (joined, *judges) if part is not None]
    if limit is not None and limit < 1 and not sum(measured):
        ways = f"{argument('keep')}, {argument('dev')} or {argument('test')}"
        want = f"given with rows of old labels to measure on ({ways})"
        raise ArgumentError(sentence("train", argument("forget"), want, f"{limit:g}"))
    return joined


def _check_overlap(examples: Examples, labels: Sequence[str], request: Request) -> None:
    """Refuse examples that have not one label, or tag, of the model: it would forget all of its own."""
    rows = [[target] if isinstance(target, str) else target for target in examples.targets or []]
    found = sorted({label for row in rows for label in row})
    if set(found) & set(labels) or request.settings.get("forget") == 1:
        return
    want = f"some of the model's ({first_names(labels, SHOWN)}), or old rows given with {argument('keep')}"
    remedy = f"Accept that the old ones are forgotten with {argument('forget', 1)}."
    raise DataError(sentence(examples.source, "labels", want, f"new ones alone: {first_names(found, SHOWN)}", remedy))


def rehearsal_targets(decided: Plan, inputs: Sequence[Any], targets: Targets, request: Request) -> SoftTargets | None:
    """Return what the old model answers to the training examples; None where nothing is rehearsed."""
    teacher = None if request.start is None else request.start.teacher
    if teacher is None:
        return None
    soft = rehearse(teacher, decided, inputs, targets, request.settings.get("rehearsal", SHARE))
    if soft is not None:
        request.say(f"rehearses what the old model answers to {len(inputs):,} examples; it counts {soft.share:g}")
    return soft


def measure_forgetting(
    new: Predictor, judges: Mapping[str, Examples | None], held: np.ndarray | None, count: int, request: Request
) -> Forgetting | None:
    """Return what a model forgot of the one that it was started from, on the first examples that say so.

    These are test, else dev, else what was held out: of the old rows, else of the new ones.

    Args:
        new: the trained model.
        judges: "test" and "dev"; without `held` the latter was given.
        held: which training examples were held out, None for none.
        count: how many of the training examples are new.
        request: what is asked for.
    """
    teacher = None if request.start is None else request.start.teacher
    if teacher is None:
        return None
    old, limit, dev = Predictor(teacher), request.settings.get("forget"), judges.get("dev")
    choices: list[tuple[Examples | None, str, bool]] = [(judges.get("test"), "the test rows", False)]
    if held is None or dev is None:
        choices.append((dev, "the dev rows", False))
    else:
        places = np.arange(len(held))
        choices.append((dev.take(places[held >= count]), "rows held out of the old ones", True))
        choices.append((dev.take(places[held < count]), "rows held out of the new ones", False))
    for part, where, seen in choices:
        found = None if part is None else measure(old, new, part, where, seen=seen, limit=limit)
        if found is not None:
            return found
    return None
