"""Tag: one label for every unit of a text or step of a series, and the spans that the tags spell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import ArgumentError, DataError, check_array, nearest, sentence
from ..features.text import TextFeatures
from ..ops.crf.fixed_lag import FixedLag
from ..ops.crf.native import marginals, viterbi
from ..ops.crf.weights import CrfWeights, constrain
from ..scheme import all_tags, check_tags, continuation_mask, spans, transition_mask, violations
from .decision import Decision
from .entities import add_entities
from .labels import accept_pairs as check_pairs
from .labels import check_labels, extend_labels, numbers, place, read_by
from .probabilities import binary, softmax
from .spanscore import decisions, quick_score

if TYPE_CHECKING:
    from ..config import ModelConfig
    from ..features.series import SeriesFeatures
    from ..metrics import Report
    from ..readers.examples import Examples

__all__ = [
    "HEAD", "NAME", "NO_MEAN", "SAVED", "Config", "answer", "answer_types", "check_pairs",
    "decide", "decisions", "describe", "dev_score", "exported", "extend", "featurise", "prepare", "quick_score",
    "required", "running", "score", "scores", "targets", "tied", "true_labels",
]  # fmt: skip

WHERE = "tag"

HEAD = "step"
"""A row of logits for each step."""

NAME = "Tagger"
"""What a model of this task is called."""

NO_MEAN = ""
"""What is answered where several answers have no mean; "" where they have one."""

SAVED: dict[str, Any] = {
    "labels": list,
    "scheme": (str, type(None)),
    "crf": bool,
    "entity_labels": (list, type(None)),
}
"""The entries of `Config` in config.json, beside its features, and their types."""

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

    objective: ClassVar[str] = "labels"
    """What a training makes small: see `bigru.train.loop.build`."""

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


def extend(config: Config, features: TextFeatures | SeriesFeatures, tags: Sequence[Sequence[str]]) -> Config:
    """Return the configuration with other features, and with the tags that it has not behind those that it has."""
    found = all_tags(set(chain.from_iterable(tags)), config.scheme)
    return replace(config, features=features, labels=extend_labels(config.labels, found))


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


def describe(config: Config, model: ModelConfig) -> tuple[str, str]:
    """Return what the outputs are called, and how a model comes to them, in words."""
    return "labels", f"a label per step{', CRF' if model.crf else ''}"


def prepare(config: Config, weights: Mapping[str, np.ndarray]) -> CrfWeights | None:
    """Return the CRF that a tagger decides with, of the weights of its model; None where it has none.

    Only what the scheme allows is possible in it.
    """
    if not config.crf:
        return None
    crf = CrfWeights(*(weights[f"crf.{name}"] for name in CrfWeights._fields))
    return crf if config.constraints is None else constrain(crf, *config.constraints)


def decide(
    config: Config, logits: np.ndarray, lengths: np.ndarray, weights: CrfWeights | None = None, *, quick: bool = False
) -> Decision:
    """Decide the tags of B inputs: those of the best path with a CRF, else the likeliest of each step.

    Args:
        config: the task.
        logits: [B, T, outputs]; what lies past a length is not read.
        lengths: int64 [B].
        weights: of `prepare`.
        quick: leave out the probabilities, which with a CRF take longer than the path.

    Returns:
        Tags int64 [B, T], and the exact probability of each [B, T].

    Raises:
        ArgumentError: the logits have another shape, or the CRF's weights are missing or too many.
    """
    where = "tag.decide"
    if (weights is not None) != config.crf:
        want = "the CRF's" if config.crf else "None"
        raise ArgumentError(sentence(where, "weights", want, "None" if weights is None else "those of a CRF"))
    logits = check_array(where, "logits", logits, ("B", "T", config.outputs))
    shares = np.zeros(0) if quick and weights is not None else _shares(config, logits, lengths, weights)
    paths = shares.argmax(axis=2) if weights is None else viterbi(logits, weights, lengths)[0]
    own = np.zeros(0) if quick else np.take_along_axis(shares, paths[:, :, None], axis=2)[:, :, 0]
    return Decision(paths, own, lengths, weights)


def _shares(config: Config, logits: np.ndarray, lengths: np.ndarray, weights: CrfWeights | None) -> np.ndarray:
    """Return the exact probability of every tag at every step, float64 [B, T, K]."""
    if weights is not None:
        return marginals(logits, weights, lengths)
    return binary(logits) if config.outputs == 1 else softmax(logits)


def scores(
    config: Config, logits: np.ndarray, lengths: np.ndarray, weights: CrfWeights | None = None
) -> list[list[dict[str, float]]]:
    """Return the exact probability of every tag at each step of B inputs, by tag; with a CRF its marginals.

    Args:
        config: the task.
        logits: [B, T, outputs]; what lies past a length is not read.
        lengths: int64 [B].
        weights: of `prepare`.
    """
    rows = _shares(config, logits, lengths, weights).tolist()
    ends = np.asarray(lengths).tolist()
    return [
        [dict(zip(config.labels, row, strict=True)) for row in one[:end]] for one, end in zip(rows, ends, strict=True)
    ]


def answer(config: Config, decision: Decision, logits: np.ndarray, inputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Turn what was decided into answers.

    Args:
        config: the task.
        decision: of `decide`.
        logits: as given to it, for the probabilities of entities.
        inputs: the inputs themselves, of which entities quote.

    Returns:
        Per example `{"tags", "confidence"}`: the tags of the best path, or the likeliest tag at each step
        without CRF, and the exact probability of each. With a scheme also `"entities"`, each
        `{"text", "label", "start", "end", "confidence"}`: character offsets in a text, positions in a list
        of tokens or a series (which has no `"text"`); the confidence is the exact probability that these
        tags, and no longer span, stand there.
    """
    labels, lengths = config.labels, np.asarray(decision.lengths).tolist()
    found = [
        {"tags": [labels[i] for i in path[:length]], "confidence": shares[:length]}
        for path, shares, length in zip(decision.labels.tolist(), decision.confidence.tolist(), lengths, strict=True)
    ]
    if config.scheme is not None:
        add_entities(config, found, decision, logits, inputs)
    return found


class Running:
    """The tags of one input that comes piece by piece; made by `running`."""

    def __init__(self, config: Config, decoder: FixedLag | None) -> None:
        self._config, self._decoder, self._count = config, decoder, 0

    def push(self, logits: np.ndarray, done: int) -> list[dict[str, Any]]:
        """Take the logits [N, outputs] of further steps and return the tags that are decided now."""
        if self._decoder is not None:
            return self._answers(*self._decoder.push(logits))
        decision = decide(self._config, logits[None], np.array([len(logits)]))
        return self._answers(decision.labels[0], decision.confidence[0])

    def finish(self) -> list[dict[str, Any]]:
        """Return the tags of the steps that were waited for."""
        return [] if self._decoder is None else self._answers(*self._decoder.finish())

    def _answers(self, tags: np.ndarray, confidence: np.ndarray) -> list[dict[str, Any]]:
        labels, first = self._config.labels, self._count
        self._count += len(tags)
        return [
            {"step": first + n, "tag": labels[tag], "confidence": float(share)}
            for n, (tag, share) in enumerate(zip(tags, confidence, strict=True))
        ]


def running(config: Config, decoder: FixedLag | None) -> Running:
    """Return what answers while an input is still coming: `{"step", "tag", "confidence"}` for every step.

    Args:
        config: the task.
        decoder: of the model's CRF, if it has one.
    """
    return Running(config, decoder)


def required(config: Config) -> dict[str, Any]:
    """Return what the shape of a model has to be for this task, by name."""
    return {"outputs": config.outputs, **read_by(config.features), "crf": config.crf, "stride": 1, "head": HEAD}


def answer_types(config: Config) -> dict[str, Any]:
    """Return the entries of an answer and their types; a list has one type of entry, a dict is such a dict."""
    found: dict[str, Any] = {"tags": [str], "confidence": [float]}
    if config.scheme is not None:
        found["entities"] = [{"text": str, "label": str, "start": int, "end": int, "confidence": float}]
    return found


def tied(
    config: Config,
    logits: np.ndarray,
    labels: np.ndarray,
    others: np.ndarray,
    slack: float,
    weights: CrfWeights | None = None,
) -> bool:
    """Tell whether other tags of one input are as good as these but for rounding.

    Args:
        config: the task.
        logits: [T, outputs], that decided the tags.
        labels, others: what two engines decided, [T].
        slack: how far logits may lie apart.
        weights: of `prepare`.
    """
    differing = labels != others
    if logits.shape[1] == 1:
        return bool((np.abs(logits[differing]) <= slack).all())
    steps = np.arange(len(labels))
    margin = logits[steps, labels].astype(np.float64) - logits[steps, others]
    if weights is None:
        return bool((margin[differing] <= slack).all())
    moves = _moves(weights, labels) - _moves(weights, others)
    return bool(margin.sum() + moves <= slack * (int(differing.sum()) + 1))


def _moves(chain: CrfWeights, path: np.ndarray) -> float:
    """Return what the transitions of a path add to its score."""
    moves = chain.transitions[path[:-1], path[1:]].astype(np.float64)
    return float(moves.sum() + chain.start[path[0]] + chain.end[path[-1]])


def exported(config: Config, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what an exported file decides, as `Decision.labels`: its `tags`."""
    return outputs["tags"]


def true_labels(config: Config, examples: Examples, answers: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return the tags of examples as `score` takes them: in the model's scheme, one per unit that it reads.

    Raises:
        DataError: not one tag is one that the model has, or there are not as many as the answer has.
    """
    # Answering takes no labels: what fits them to the model is loaded here.
    from .alignment import tags_per_unit
    from .mismatch import fit_labels

    gold: list[list[str]] = fit_labels(config, examples).targets or []
    if isinstance(config.features, TextFeatures):
        gold, _ = tags_per_unit(config.features, examples.inputs, gold, config.scheme)
    for line, tags, one in zip(examples.lines, gold, answers, strict=True):
        if len(tags) != len(one["tags"]):
            where = f"{examples.source or 'evaluate'}:{line}"
            raise DataError(sentence(where, "tags", f"one per unit ({len(one['tags'])})", len(tags)))
    return gold


def dev_score(config: Config) -> str:
    """Return the name of the score of a report that chooses an epoch."""
    return "accuracy" if config.scheme is None else "span_f1"


def score(config: Config, gold: Sequence[Sequence[str]], predictions: Sequence[dict[str, Any]]) -> Report:
    """Compare answers with the true tags: spans where there is a scheme, else tag by tag.

    A true tag that is none of the task's counts as missed.

    Args:
        config: the task.
        gold: per example its tags, in the task's scheme.
        predictions: per example what `answer` returned; without "confidence" the calibration is not scored.

    Raises:
        ArgumentError: nothing to compare, not one answer per example, or not one tag per unit.
    """
    # Answering takes no scores: the code for them is loaded here.
    from ..metrics import tagging_report

    tags = [answer["tags"] for answer in predictions]
    sure = all("confidence" in answer for answer in predictions)
    confidences = [answer["confidence"] for answer in predictions] if sure else None
    return tagging_report(gold, tags, config.scheme, confidences, labels=config.entity_labels)
