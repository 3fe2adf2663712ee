"""Soft labels of examples as the soft targets of a training: in the order of the model's outputs, and softened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ArgumentError, DataError, first_names, nearest, refusal, sentence
from ...readers.examples import Examples, SoftLabels

if TYPE_CHECKING:
    from ..objective.distill import SoftTargets
    from ..recipes import Plan

__all__ = ["SETTINGS", "check_soft_settings", "soft_facts", "soft_remarks", "soft_targets"]

SETTINGS = ("soft_weight", "temperature")
"""The settings of soft labels."""

SHOWN = 12
"""Labels that an error names."""


def check_soft_settings(settings: Mapping[str, Any], examples: Examples | None = None) -> None:
    """Refuse settings of soft labels that are out of bounds, or, once examples are read, have nothing to weigh.

    Raises:
        ArgumentError: there is one.
    """
    for name in SETTINGS:
        value = settings.get(name)
        if value is None:
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name == "soft_weight" and not (number and 0.0 <= value <= 1.0):
            raise ArgumentError(sentence("train", name, "within 0..1", repr(value)))
        if name == "temperature" and not (number and 0.0 < value < float("inf")):
            raise ArgumentError(sentence("train", name, "above 0", repr(value)))
        if examples is not None and examples.soft is None:
            raise ArgumentError(refusal("train", name, "without soft labels", f"{value:g}"))


def soft_targets(
    decided: Plan, train: Examples, features: Sequence[np.ndarray], settings: Mapping[str, Any]
) -> SoftTargets | None:
    """Return the soft targets of training examples; None where they have none.

    Without a weight, soft labels count `distill.SHARE` beside labels, and alone where no example has a label.

    Raises:
        DataError: a soft label is none of the model's, or the model reads other units than have soft labels.
        ArgumentError: a temperature with a CRF, whose transitions have none.
    """
    soft = train.soft
    if soft is None:
        return None
    from ..objective.distill import SoftTargets, soften

    config, model = decided.config, decided.model
    temperature = float(settings.get("temperature") or 1.0)
    if model.crf and temperature != 1.0:
        remedy = "Train without a CRF (crf=false) to soften tags."
        raise ArgumentError(sentence("train", "temperature", "1 with a CRF", f"{temperature:g}", remedy))
    rows = [_in_order(config.labels, soft, row, train.source) for row in soft.rows]
    _check_units(train, rows, features)
    if model.outputs == 1:
        rows = [row[..., 1:] for row in rows]
    independent = model.outputs == 1 or train.multi_label
    softened = [soften(row, temperature, independent) for row in rows]
    rows_of_all = softened if soft.per_step else np.stack(softened)
    return SoftTargets(rows_of_all, _weight(soft, settings), None, temperature)


def _weight(soft: SoftLabels, settings: Mapping[str, Any]) -> float:
    from ..objective.distill import SHARE

    weight = settings.get("soft_weight")
    return float(weight) if weight is not None else SHARE if any(soft.given) else 1.0


def _in_order(labels: Sequence[str], soft: SoftLabels, row: np.ndarray, source: str) -> np.ndarray:
    """Return the probabilities of a model's labels, [..., K]; 0 of a tag that has none."""
    places = {name: n for n, name in enumerate(labels)}
    for name in soft.labels:
        if name not in places:
            want = f"of the labels {first_names(labels, SHOWN)}"
            raise DataError(sentence(source, "soft labels", want, repr(name), nearest(name, labels)))
    found = np.zeros((*row.shape[:-1], len(labels)), np.float32)
    found[..., [places[name] for name in soft.labels]] = row
    return found


def _check_units(train: Examples, rows: Sequence[np.ndarray], features: Sequence[np.ndarray]) -> None:
    for row, steps, line in zip(rows, features, train.lines, strict=True):
        if row.ndim == 2 and len(row) != len(steps):
            want = f"one per unit that the model reads, {len(steps)}"
            raise DataError(sentence(f"{train.source}:{line}", "soft labels", want, len(row)))


def soft_facts(train: Examples, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what metrics.json keeps of the soft labels of a training: their weight, and how many rows had a label."""
    soft = train.soft
    if soft is None:
        return {}
    temperature = float(settings.get("temperature") or 1.0)
    facts = {"weight": _weight(soft, settings), "temperature": temperature, "labelled": sum(soft.given)}
    return {"soft_labels": facts}


def soft_remarks(dev: Examples | None) -> list[str]:
    """Return a line that says what a dev score is worth of which examples have no labels of their own."""
    if dev is None or dev.soft is None:
        return []
    own, count = sum(dev.soft.given), len(dev)
    if own == count:
        return []
    whose = "no dev row has a label" if not own else f"{count - own:,} of {count:,} dev rows have no label"
    return [f"{whose}: its score says how often the model answers as the soft labels do, not how often it is right"]
