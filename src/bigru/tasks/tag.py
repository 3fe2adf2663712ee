"""Tag: one label for every unit of a text or step of a series, and the spans that the tags spell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, DataError, check_array, nearest, sentence
from ..features.batching import pad
from ..features.segment import unspaced
from ..features.text import TextFeatures
from ..ops.crf.native import marginals, span_marginals, viterbi
from ..ops.crf.weights import CrfWeights, constrain
from ..scheme import Span, check_tags, continuation_mask, spans, transition_mask, violations
from .labels import check_labels, numbers, place
from .probabilities import binary, softmax

if TYPE_CHECKING:
    from ..config import ModelConfig
    from ..features.series import SeriesFeatures
    from ..metrics import Report

__all__ = [
    "Config",
    "answers",
    "best",
    "check_pairs",
    "constrained",
    "crf_of",
    "decode",
    "describe",
    "featurise",
    "score",
    "targets",
]

WHERE = "tag"

MOST = 1 << 12
"""Tags at most where pairs of them matter: a table of all pairs is 128 MB then."""

Masks = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Config:
    """What a tagger answers, and what it reads.

    Attributes:
        labels: the K tags, in the order of the logits.
        features: how an input becomes an array.
        scheme: how tags spell spans, of `bigru.scheme.SCHEMES`; None where they spell none (parts of
            speech, states of a machine).
        crf: whether tags are decoded jointly by a linear-chain CRF; with a scheme only legal sequences are.
        entity_labels: the span labels that are reported and scored, None for all.
    """

    labels: tuple[str, ...]
    features: TextFeatures | SeriesFeatures
    scheme: str | None = None
    crf: bool = False
    entity_labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        where = "tag.Config"
        check_labels(where, self.labels, 2)
        if self.scheme is not None:
            check_tags(where, self.labels, self.scheme)
        if (self.scheme is not None or self.crf) and len(self.labels) > MOST:
            remedy = "Every pair of tags is looked at."
            raise ArgumentError(
                sentence(where, "labels", f"at most {MOST} with a scheme or a CRF", len(self.labels), remedy)
            )
        if self.entity_labels is not None:
            known = set() if self.scheme is None else {span.label for span in spans(self.labels, self.scheme)}
            strange = sorted(set(self.entity_labels) - known)
            if strange:
                want = "labels of the tags, " + (", ".join(sorted(known)) or "which spell no spans without a scheme")
                remedy = nearest(strange[0], known)
                raise ArgumentError(sentence(where, "entity_labels", want, repr(strange[0]), remedy))

    @property
    def outputs(self) -> int:
        """Width K of the head: two plain labels need one logit, that of the second."""
        return 1 if len(self.labels) == 2 and not (self.crf or self.scheme) else len(self.labels)

    @cached_property
    def constraints(self) -> Masks | None:
        """What the scheme allows a CRF: transitions [K, K], first tags [K], last tags [K]; None without scheme."""
        return None if self.scheme is None else transition_mask(self.labels, self.scheme)

    @cached_property
    def continues(self) -> np.ndarray | None:
        """Which tag after which belongs to the same span, bool [K, K]; None without scheme."""
        return None if self.scheme is None else continuation_mask(self.labels, self.scheme)


def featurise(config: Config, inputs: Sequence[Any]) -> list[np.ndarray]:
    """Return the model's input for each example: int32 [T, C] for text, float32 [T, I] for series."""
    return config.features.features_many(inputs)


def targets(
    config: Config,
    tags: Sequence[Sequence[str]],
    *,
    source: str = "",
    lines: Sequence[Any] | None = None,
    unknown: bool = False,
) -> list[np.ndarray]:
    """Return the numbers that a tagger is trained on, int64 [T] per example.

    Args:
        config: the task.
        tags: per example one tag per unit or step.
        source, lines: the file and the line of each example, or of each of its units ([T]), for errors.
        unknown: whether tags that are none of the task's are `labels.UNKNOWN` instead of an error.

    Raises:
        DataError: a tag is unknown (the nearest known one is named), or a CRF could never give a sequence
            because its scheme forbids it.
    """
    owners = np.repeat(np.arange(len(tags)), [len(row) for row in tags])
    offsets = np.cumsum([0, *(len(row) for row in tags)])

    def named(i: int) -> tuple[str, str]:
        n = int(owners[i])
        position = int(i - offsets[n])
        own = None if lines is None else [int(np.broadcast_to(lines[n], len(tags[n]))[position])]
        return place(WHERE, 0 if own else n, source, own), f"tag {position + 1}"

    flat = numbers(config.labels, list(chain.from_iterable(tags)), named, unknown)
    if config.crf and config.scheme:
        for n, row in enumerate(tags):
            for position, complaint in violations(row, config.scheme)[:1]:
                remedy = "Correct the tags, or train without a CRF (crf=false)."
                where, name = named(int(offsets[n]) + position)
                raise DataError(sentence(where, name, f"legal in {config.scheme}", complaint, remedy))
    return np.split(flat, offsets[1:-1]) if len(tags) else []


def check_pairs(
    config: Config,
    features: Sequence[np.ndarray],
    found: Any,
    *,
    source: str = "",
    lines: Sequence[Any] | None = None,
) -> None:
    """Accept every pair of an input and its tags: training compares their numbers itself (`bigru.train.checks`)."""


def describe(config: Config, model: ModelConfig) -> tuple[str, str]:
    """Return what the outputs are called, and how a model comes to them, in words."""
    return "labels", f"a label per step{', CRF' if model.crf else ''}"


def decode(
    config: Config, logits: Sequence[np.ndarray], crf: CrfWeights | None, inputs: Sequence[Any]
) -> list[dict[str, Any]]:
    """Turn logits into answers.

    Args:
        config: the task.
        logits: per example [T, outputs].
        crf: the weights of the CRF, without constraints (they are applied here); None without CRF.
        inputs: the inputs themselves, of which entities quote.

    Returns:
        Per example `{"tags", "confidence"}`: the tags of the best path, or the likeliest tag at each step
        without CRF, and the exact probability of each. With a scheme also `"entities"`, each
        `{"text", "label", "start", "end", "confidence"}`: character offsets in a text, positions in a list
        of tokens or a series (which has no `"text"`); the confidence is the exact probability that these
        tags, and no longer span, stand there.

    Raises:
        ArgumentError: the logits have another shape, or the CRF's weights are missing or too many.
    """
    where = "tag.decode"
    if (crf is not None) != config.crf:
        want = "the CRF's weights" if config.crf else "None"
        raise ArgumentError(sentence(where, "crf", want, "None" if crf is None else "weights"))
    if not len(logits):
        return []
    emissions, lengths = pad([check_array(where, "logits", rows, ("T", config.outputs)) for rows in logits])
    return answers(config, emissions, lengths, None if crf is None else constrained(config, crf), inputs)


def constrained(config: Config, crf: CrfWeights) -> CrfWeights:
    """Return the weights of a CRF in which only what the scheme allows is possible."""
    return crf if config.constraints is None else constrain(crf, *config.constraints)


def crf_of(config: Config, weights: Mapping[str, np.ndarray]) -> CrfWeights | None:
    """Return the CRF that a tagger decodes with, of the weights of its model: constrained; None where it has none."""
    if not config.crf:
        return None
    return constrained(config, CrfWeights(*(weights[f"crf.{name}"] for name in CrfWeights._fields)))


def answers(
    config: Config, emissions: np.ndarray, lengths: np.ndarray, crf: CrfWeights | None, inputs: Sequence[Any]
) -> list[dict[str, Any]]:
    """Turn padded logits [B, T, outputs] into answers, as `decode`; `crf` is what `crf_of` returned."""
    labels = config.labels
    paths, confidence = best(emissions, lengths, crf)
    found = [
        {"tags": [labels[i] for i in path[:length]], "confidence": shares[:length]}
        for path, shares, length in zip(paths.tolist(), confidence.tolist(), lengths.tolist(), strict=True)
    ]
    if config.scheme is not None:
        _add_entities(config, found, emissions, lengths, crf, inputs)
    return found


def best(emissions: np.ndarray, lengths: np.ndarray, crf: CrfWeights | None) -> tuple[np.ndarray, np.ndarray]:
    """Return tag numbers [B, T] and the probability of each [B, T]: the best path's, or step by step without CRF."""
    if crf is None:
        shares = binary(emissions) if emissions.shape[2] == 1 else softmax(emissions)
        paths = shares.argmax(axis=2)
    else:
        shares = marginals(emissions, crf, lengths)
        paths = viterbi(emissions, crf, lengths)[0]
    return paths, np.take_along_axis(shares, paths[:, :, None], axis=2)[:, :, 0]


def _add_entities(
    config: Config,
    answers: list[dict[str, Any]],
    emissions: np.ndarray,
    lengths: np.ndarray,
    crf: CrfWeights | None,
    inputs: Sequence[Any],
) -> None:
    """Give every answer its entities."""
    K = len(config.labels)
    # Without transitions a CRF is one softmax per step, so that one formula serves both.
    weights = CrfWeights(np.zeros((K, K)), np.zeros(K), np.zeros(K)) if crf is None else crf
    index = {label: n for n, label in enumerate(config.labels)}
    found = [
        (n, span)
        for n, answer in enumerate(answers)
        for span in spans(answer["tags"], str(config.scheme))
        if config.entity_labels is None or span.label in config.entity_labels
    ]
    placed = [(n, s.start, [index[tag] for tag in answers[n]["tags"][s.start : s.end]]) for n, s in found]
    confidence = span_marginals(emissions, weights, placed, lengths, config.continues)
    for answer in answers:
        answer["entities"] = []
    units: dict[int, list[tuple[int, int]]] = {}
    for (n, span), p in zip(found, confidence.tolist(), strict=True):
        if n not in units and isinstance(config.features, TextFeatures):
            units[n] = config.features.units(inputs[n])
        answers[n]["entities"].append(_entity(span, p, inputs[n], units.get(n)))


def _entity(span: Span, confidence: float, source: Any, units: list[tuple[int, int]] | None) -> dict[str, Any]:
    if units is None:
        return {"label": span.label, "start": span.start, "end": span.end, "confidence": confidence}
    start, end = units[span.start][0], units[span.end - 1][1]
    text = source[start:end]
    if not isinstance(text, str):
        text = ("" if unspaced(text) else " ").join(text)
    return {"text": text, "label": span.label, "start": start, "end": end, "confidence": confidence}


def score(config: Config, gold: Sequence[Sequence[str]], predictions: Sequence[dict[str, Any]]) -> Report:
    """Compare answers of `decode` with the true tags: spans where there is a scheme, else tag by tag.

    A true tag that is none of the task's counts as missed.

    Args:
        config: the task.
        gold: per example its tags, in the task's scheme.
        predictions: per example what `decode` returned; without "confidence" the calibration is not scored.

    Raises:
        ArgumentError: nothing to compare, not one answer per example, or not one tag per unit.
    """
    # Answering takes no scores: what reckons them is loaded here.
    from ..metrics import tagging_report

    tags = [answer["tags"] for answer in predictions]
    sure = all("confidence" in answer for answer in predictions)
    confidences = [answer["confidence"] for answer in predictions] if sure else None
    return tagging_report(gold, tags, config.scheme, confidences, labels=config.entity_labels)
