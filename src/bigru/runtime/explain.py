"""Why a text got its label: what each character adds to the label's score, by the direction that read it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np

from ..config import ModelConfig
from ..config.merges import MERGE_RULES
from ..config.poolings import pools_inputs
from ..errors import ArgumentError, DataError, check_choice, sentence
from ..features.batching import batches, pad
from ..features.text import TextFeatures
from ..tasks import classify
from .network.sequence import Network
from .predictor import STEPS, Predictor

__all__ = ["LIMIT", "PARTS", "PIECES", "explain", "explainable"]

WHERE = "explain"

PARTS = ("forward", "backward", "rest")
"""What a score is the sum of, but for the bias."""

PIECES = 200
"""Pieces that a text is taken apart into at most; a text of more units loses several neighbours at a time."""

LIMIT = 2000
"""Units of a text at most: the time of an explanation is that of reading `PIECES` texts as long."""


def explainable(predictor: Any) -> bool:
    """Tell whether `explain` answers for a loaded model: it reads texts and gives them labels."""
    return predictor.bundle.model.head == "sequence" and isinstance(predictor.bundle.config.features, TextFeatures)


def explain(predictor: Predictor, text: str, label: str | None = None) -> dict[str, Any]:
    """Say what each character of a text adds to the score of its label, and which direction it does so by.

    The score of a label is its log odds (natural logarithm) where there are two labels or any number of them may be
    given, else its logit less the mean of the other logits. The head is linear, so a score is a sum, exactly:

        score = forward + backward + rest + bias

    "forward" and "backward" are what the head makes of the states of the last layer's two directions, pooled; "rest"
    is what it makes of the inputs themselves, and what the linear part of the ids adds. States
    that the directions share (merges that do not leave them side by side) cannot be distinguished and are in "rest".

    A character's weight is what would be lost without it: the score of the text less that of the text from which it
    was taken out, read again as a whole, and so for each part; total = forward + backward + rest. It speaks of this
    text alone, and the weights do not sum to the score: of two words that say the same, either can be spared (leave
    one out, Li et al. 2016, arXiv:1612.08220). A model of words or subwords loses one of those at a time, and of a
    text of more than `PIECES` units, several neighbours are taken out together.

    Args:
        predictor: a loaded classifier of texts.
        text: of at most `LIMIT` units.
        label: whose score; else that of the answer's label, or of its most probable one.

    Returns:
        {"answer": as of `Predictor.predict`, "label", "score", "parts": {"forward", "backward", "rest", "bias"},
        "together": units that were taken out at a time, "characters": [{"text", "start", "end", "forward",
        "backward", "rest", "total"}]}; start and end are offsets in Unicode characters, and what lies between the
        units (the spaces between words) is left out.

    Raises:
        ArgumentError: the model gives no labels to texts, what is given is no text, or the label is none of its.
        DataError: the text is longer than `LIMIT` units.
    """
    if not explainable(predictor):
        got = f"one for {predictor.task} of {_kind(predictor)}"
        raise ArgumentError(sentence(WHERE, "model", "one that gives labels to texts", got))
    if not isinstance(text, str):
        raise ArgumentError(sentence(WHERE, "text", "a text", type(text).__name__))
    config = cast("classify.Config", predictor.bundle.config)
    assert isinstance(config.features, TextFeatures)
    if label is not None:
        check_choice(WHERE, "label", label, config.labels)
    pieces, together = _pieces(config.features, text)
    answer = predictor.predict(text)
    label = label or _label(config, answer)
    coefficients = _coefficients(config, label)
    texts = [text, *(text[:start] + text[end:] for start, end in pieces)]
    parts = _read(predictor, classify.featurise(config, texts)).astype(np.float64) @ coefficients
    bias = float(np.asarray(predictor.bundle.weights["head.bias"], np.float64) @ coefficients)
    weights = parts[0] - parts[1:]
    return {
        "answer": answer,
        "label": label,
        "score": float(parts[0].sum()) + bias,
        "parts": _named(parts[0]) | {"bias": bias},
        "together": together,
        "characters": [
            {"text": text[start:end], "start": start, "end": end, **_named(row), "total": float(row.sum())}
            for (start, end), row in zip(pieces, weights, strict=True)
        ],
    }


def _kind(predictor: Any) -> str:
    return type(predictor.bundle.config.features).__name__.removesuffix("Features").lower()


def _named(row: np.ndarray) -> dict[str, float]:
    return dict(zip(PARTS, row.tolist(), strict=True))


def _pieces(features: TextFeatures, text: str) -> tuple[list[tuple[int, int]], int]:
    """Return the stretches that are taken out one by one, and how many units each of them holds."""
    units = features.units(text)
    if len(units) > LIMIT:
        remedy = "Explain a part of it."
        raise DataError(sentence(WHERE, "text", f"of at most {LIMIT} units", len(units), remedy))
    together = max(1, math.ceil(len(units) / PIECES))
    groups = [units[n : n + together] for n in range(0, len(units), together)]
    return [(group[0][0], group[-1][1]) for group in groups], together


def _label(config: classify.Config, answer: Mapping[str, Any]) -> str:
    """Return the answer's label, or the most probable one where it has none of the model's, or several."""
    if answer.get("label") in config.labels:
        return str(answer["label"])
    return max(config.labels, key=lambda name: answer["scores"][name])


def _coefficients(config: classify.Config, label: str) -> np.ndarray:
    """Return what the logits [K] are multiplied with to give the score of a label."""
    place = config.labels.index(label)
    if config.outputs == 1 and not config.multi_label:
        return np.array([1.0 if place else -1.0])
    others = 0.0 if config.multi_label else -1.0 / (config.outputs - 1)
    coefficients = np.full(config.outputs, others)
    coefficients[place] = 1.0
    return coefficients


_SPLIT: WeakKeyDictionary[Predictor, Network] = WeakKeyDictionary()
"""Networks that were taken apart, as long as their models are in use."""


def _read(predictor: Predictor, features: Sequence[np.ndarray]) -> np.ndarray:
    """Return what each part adds to the logits of each input, float32 [N, 3, K]."""
    network = _SPLIT.get(predictor) or _SPLIT.setdefault(predictor, _split(predictor))
    outputs = np.empty((len(features), network.model.outputs), np.float32)
    rows = max(1, STEPS // max(1, *map(len, features)))
    for indices in batches(features, rows):
        outputs[indices] = network(*pad([features[n] for n in indices]))
    return outputs.reshape(len(features), len(PARTS), -1)


def _split(predictor: Predictor) -> Network:
    """Return the network with a head of its own for each part: its outputs are [3 * K], without the bias."""
    model, weights = cast("ModelConfig", predictor.bundle.model), dict(predictor.bundle.weights)
    head = np.asarray(weights["head.weight"], np.float32)
    owners = _owners(model)
    weights["head.weight"] = np.concatenate([np.where(owners == part, head, 0) for part in range(len(PARTS))])
    weights["head.bias"] = np.zeros(len(PARTS) * model.outputs, np.float32)
    for name in [name for name in weights if name.startswith("wide.")]:
        table = np.asarray(weights[name], np.float32)
        weights[name] = np.concatenate([np.zeros_like(table)] * PARTS.index("rest") + [table], axis=1)
    return Network(replace(model, outputs=len(PARTS) * model.outputs), weights, predictor.precision)


def _owners(model: ModelConfig) -> np.ndarray:
    """Return the place in `PARTS` of each number that the head reads, [P]."""
    encoder = model.encoder
    if encoder.direction != "both":
        states = [PARTS.index(encoder.direction)] * encoder.hidden
    elif MERGE_RULES[encoder.merge].columns == 2:
        states = [0] * encoder.hidden + [1] * encoder.hidden
    else:
        states = [PARTS.index("rest")] * encoder.hidden
    inputs = [PARTS.index("rest")] * model.inputs
    return np.array([owner for kind in model.pooling for owner in (inputs if pools_inputs(kind) else states)])
