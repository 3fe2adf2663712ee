"""The entities that a tagger's tags spell, and the exact probability of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..features.segment import unspaced
from ..features.text import TextFeatures
from ..ops.crf.native import span_marginals
from ..ops.crf.weights import CrfWeights
from ..scheme import Span, spans
from .decision import Decision

if TYPE_CHECKING:
    from .tag import Config

__all__ = ["add_entities"]


def add_entities(
    config: Config,
    answers: list[dict[str, Any]],
    decision: Decision,
    logits: np.ndarray,
    inputs: Sequence[Any],
) -> None:
    """Give every answer of a tagger with a scheme its entities; see `bigru.tasks.tag.answer`."""
    K = len(config.labels)
    # Without transitions a CRF is one softmax per step, so that one formula serves both.
    weights = decision.weights or CrfWeights(np.zeros((K, K)), np.zeros(K), np.zeros(K))
    index = {label: n for n, label in enumerate(config.labels)}
    found = [
        (n, span)
        for n, answer in enumerate(answers)
        for span in spans(answer["tags"], str(config.scheme))
        if config.entity_labels is None or span.label in config.entity_labels
    ]
    placed = [(n, s.start, [index[tag] for tag in answers[n]["tags"][s.start : s.end]]) for n, s in found]
    confidence = span_marginals(logits, weights, placed, decision.lengths, config.continues)
    for answer in answers:
        answer["entities"] = []
    units: dict[int, list[tuple[int, int]]] = {}
    features = config.features if isinstance(config.features, TextFeatures) else None
    for (n, span), p in zip(found, confidence.tolist(), strict=True):
        if features is not None and n not in units:
            units[n] = features.units(inputs[n])
        source = inputs[n] if features is None else features.words(inputs[n])
        answers[n]["entities"].append(_entity(span, p, source, units.get(n)))


def _entity(span: Span, confidence: float, source: Any, units: list[tuple[int, int]] | None) -> dict[str, Any]:
    if units is None:
        return {"label": span.label, "start": span.start, "end": span.end, "confidence": confidence}
    start, end = units[span.start][0], units[span.end - 1][1]
    text = source[start:end]
    if not isinstance(text, str):
        text = ("" if unspaced(text) else " ").join(text)
    return {"text": text, "label": span.label, "start": start, "end": end, "confidence": confidence}
