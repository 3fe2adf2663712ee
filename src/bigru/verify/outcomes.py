"""What an engine said of each sample, and how far two engines lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..bundle import Bundle
from ..bundle.configuration import task_named
from ..ops.crf import reference as crf_reference
from ..ops.crf.weights import CrfWeights

__all__ = ["TOLERANCES", "Decide", "Figures", "Outcome", "Tolerance", "compare", "decider", "precision_of"]


class Tolerance(NamedTuple):
    """What two ways of running a model may differ by.

    Attributes:
        difference: of a logit, as a share of the sample's largest logit or of 1, whichever is more.
        changed: share of all labels.
    """

    difference: float
    changed: float


TOLERANCES = {"fp32": Tolerance(1e-5, 0.0), "bf16": Tolerance(0.05, 0.05), "int8": Tolerance(0.2, 0.1)}
"""By precision: float32 must give the same answers; fewer bits cost what they cost, said in the report, and fail only
where something else than rounding is at work."""


class Outcome(NamedTuple):
    """What an engine said of one sample.

    Attributes:
        logits: [K], [T', K] or [horizon, targets, heads].
        labels: int64: one label, a zero or one for each, one per step, the symbols of a beam; none of a forecast.
        confidence: [T'] of a CRF's tags, else empty: it follows from the logits alone.
    """

    logits: np.ndarray
    labels: np.ndarray
    confidence: np.ndarray


Decide = Callable[[list[np.ndarray], list[np.ndarray] | None], list[Outcome]]
"""From the logits of some samples, and the tags where the engine decided those itself, to outcomes."""


@dataclass
class Figures:
    """How far apart two lists of outcomes lie.

    Attributes:
        samples: compared.
        difference: the largest of a logit as a share of the sample's largest or of 1, and of a tag's confidence.
        labels: compared.
        changed: of them other in the second list, ties left out.
        ties: other as well, but decided by less than twice the tolerance of float32.
    """

    samples: int = 0
    difference: float = 0.0
    labels: int = 0
    changed: int = 0
    ties: int = 0


def precision_of(engine: str) -> str:
    """Return the precision whose tolerance an engine is held to: the last word of its name that is one, else fp32."""
    return next((word for word in reversed(engine.split()) if word in TOLERANCES), "fp32")


def crf_of(bundle: Bundle) -> CrfWeights | None:
    """Return the CRF that a model decodes with; None where it has none."""
    if not bundle.model.crf:
        return None
    found: CrfWeights | None = task_named("tag").crf_of(bundle.config, bundle.weights)
    return found


def decider(bundle: Bundle, exact: bool = False) -> Decide:
    """Return how a task decides: by the same code as predictions, or, of a CRF, by its specification if `exact`."""
    task, config = bundle.task, bundle.config
    chain = crf_of(bundle)
    if task == "forecast":
        choose: Any = _nothing
    elif task == "classify":
        choose = _of_many if getattr(config, "multi_label", False) else _of_one
    elif task == "tag":
        return lambda rows, tags: _tagged(rows, tags, chain, exact)
    else:
        choose = _heard if getattr(config, "beam", 1) > 1 else _of_step

    def decide(rows: list[np.ndarray], _: list[np.ndarray] | None) -> list[Outcome]:
        return [Outcome(row, np.asarray(choose(config, row), np.int64), np.zeros(0)) for row in rows]

    return decide


def _nothing(config: Any, row: np.ndarray) -> np.ndarray:
    return np.zeros(0)


def _of_many(config: Any, row: np.ndarray) -> np.ndarray:
    from ..tasks.probabilities import sigmoid

    return sigmoid(row) >= config.threshold


def _of_one(config: Any, row: np.ndarray) -> list[int]:
    answer = task_named("classify").decode(config, row[None])[0]
    return [config.labels.index(answer["label"])]


def _of_step(config: Any, row: np.ndarray) -> np.ndarray:
    return row.argmax(axis=-1)


def _heard(config: Any, row: np.ndarray) -> list[int]:
    answer = task_named("transcribe").decode(config, [row])[0]
    return [config.labels.index(symbol["symbol"]) for symbol in answer["symbols"]]


def _tagged(
    rows: list[np.ndarray], tags: list[np.ndarray] | None, chain: CrfWeights | None, exact: bool
) -> list[Outcome]:
    """Tag all rows in one padded batch, as predictions do."""
    lengths = np.array([len(row) for row in rows], np.int64)
    batch = np.zeros((len(rows), lengths.max(initial=0), rows[0].shape[1]), rows[0].dtype)
    for n, row in enumerate(rows):
        batch[n, : len(row)] = row
    if chain is not None and exact:
        paths, shares = crf_reference.viterbi(batch, chain, lengths)[0], crf_reference.marginals(batch, chain, lengths)
        confidence = np.take_along_axis(shares, paths[:, :, None], axis=2)[:, :, 0]
    else:
        paths, confidence = task_named("tag").best(batch, lengths, chain)
        confidence = confidence if chain is not None else np.zeros((len(rows), 0))
    found = []
    for n, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        own = paths[n, :length] if tags is None else np.asarray(tags[n], np.int64)[:length]
        found.append(Outcome(row, own, confidence[n, :length]))
    return found


def compare(bundle: Bundle, ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> Figures:
    """Compare what two engines said of the same samples; not a number counts as infinitely far."""
    figures, tie = Figures(), _ties(bundle)
    for one, other in zip(ours, theirs, strict=True):
        scale = max(1.0, float(np.abs(one.logits).max(initial=0.0)))
        figures.samples += 1
        figures.labels += max(len(one.labels), len(other.labels))
        apart = _apart(one.logits, other.logits) / scale
        same = one.labels.shape == other.labels.shape
        differing = np.flatnonzero(one.labels != other.labels) if same else np.zeros(0, np.int64)
        if same and len(one.confidence) == len(other.confidence) == len(one.labels):
            agreed = one.labels == other.labels
            apart = max(apart, _apart(one.confidence[agreed], other.confidence[agreed]))
        figures.difference = max(figures.difference, apart)
        count = len(differing) if same else _edits(one.labels, other.labels)
        slack = 2 * TOLERANCES["fp32"].difference * scale
        if count and same and tie(one, other, differing, slack):
            figures.ties += count
        else:
            figures.changed += count
    return figures


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    if one.shape != other.shape:
        return float("inf")
    apart = float(np.abs(one.astype(np.float64) - other).max(initial=0.0))
    return apart if np.isfinite(apart) else float("inf")


def _edits(one: np.ndarray, other: np.ndarray) -> int:
    """Return how many insertions, deletions and replacements turn one row of labels into another (Levenshtein)."""
    best = np.arange(len(other) + 1)
    for n, label in enumerate(one, 1):
        row = np.concatenate([[n], np.minimum(best[1:] + 1, best[:-1] + (other != label))])
        # An insertion costs one more than the best to its left: a running minimum of what is above the diagonal.
        places = np.arange(len(row))
        best = np.minimum.accumulate(row - places) + places
    return int(best[-1])


def _ties(bundle: Bundle) -> Callable[[Outcome, Outcome, np.ndarray, float], bool]:
    """Return what tells whether the labels in which two outcomes differ were decided by a hair's breadth."""
    config = bundle.config
    if bundle.task == "classify":
        return lambda one, other, differing, slack: _tie_of_labels(config, one, other, differing, slack)
    if bundle.task == "tag" or getattr(config, "beam", 1) == 1:
        chain = crf_of(bundle)
        return lambda one, other, differing, slack: _tie_of_paths(chain, one, other, differing, slack)
    return lambda *_: False


def _tie_of_labels(config: Any, one: Outcome, other: Outcome, differing: np.ndarray, slack: float) -> bool:
    threshold = np.log(config.threshold / (1 - config.threshold))
    if config.multi_label:
        margin = np.abs(one.logits[differing] - threshold)
    elif config.outputs == 1:
        margin = np.abs(one.logits - threshold)
    else:
        margin = np.abs(one.logits[one.labels] - one.logits[other.labels])
    return bool((margin <= slack).all())


def _tie_of_paths(chain: CrfWeights | None, one: Outcome, other: Outcome, differing: np.ndarray, slack: float) -> bool:
    if one.logits.shape[1] == 1:
        return bool((np.abs(one.logits[differing]) <= slack).all())
    steps = np.arange(len(one.labels))
    margin = one.logits[steps, one.labels].astype(np.float64) - one.logits[steps, other.labels]
    if chain is None:
        return bool((margin[differing] <= slack).all())
    return bool(margin.sum() + _moves(chain, one.labels) - _moves(chain, other.labels) <= slack * (len(differing) + 1))


def _moves(chain: CrfWeights, path: np.ndarray) -> float:
    moves = chain.transitions[path[:-1], path[1:]].astype(np.float64)
    return float(moves.sum() + chain.start[path[0]] + chain.end[path[-1]])
