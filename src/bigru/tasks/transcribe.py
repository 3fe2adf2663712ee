"""Transcribe: what is said in a recording, by connectionist temporal classification (Graves et al. 2006).

The model puts out K logits per step; logit 0 is the blank, logit n the symbol n - 1. Which steps a symbol stands at is
not known in training: the loss sums over all ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import ArgumentError, DataError, check_array, check_choice, sentence
from ..features.audio import AudioFeatures
from ..features.transcripts import UNITS, spell, symbols
from ..ops.ctc.labelling import Labelling
from ..ops.ctc.language import SymbolModel
from ..ops.ctc.native import beam, greedy
from ..ops.ctc.streaming import StreamingGreedy
from .decision import Decision
from .labels import extend_labels, numbers, place, read_by
from .room import check_room as check_pairs
from .room import has_room

if TYPE_CHECKING:
    from ..config import ModelConfig
    from ..metrics import Report
    from ..readers.examples import Examples

__all__ = [
    "HEAD",
    "NAME",
    "NO_MEAN",
    "SAVED",
    "Config",
    "Transcripts",
    "answer",
    "answer_types",
    "check_pairs",
    "decide",
    "decisions",
    "describe",
    "dev_score",
    "exported",
    "extend",
    "featurise",
    "has_room",
    "prepare",
    "quick_score",
    "required",
    "running",
    "score",
    "symbol_entry",
    "targets",
    "tied",
    "true_labels",
]

WHERE = "transcribe"

NONE = np.zeros(0)

HEAD = "step"
"""A row of logits for each step, of which the front end may have merged several into one."""

NAME = "Transcriber"
"""What a model of this task is called."""

NO_MEAN = "transcripts"
"""What is answered where several answers have no mean; "" where they have one."""

SAVED: dict[str, Any] = {
    "labels": list,
    "unit": str,
    "stride": int,
    "beam": int,
    "language": (dict, type(None)),
    "weight": (int, float),
    "bonus": (int, float),
}
"""The entries of `Config` in config.json, beside its features, and their types."""


@dataclass(frozen=True)
class Config:
    """What a transcriber answers, and what it reads.

    Attributes:
        labels: the symbols, in the order of the logits behind the blank.
        features: how a recording becomes an array.
        unit: what a symbol is, of `data.transcripts.UNITS`.
        stride: frames per step of the model's output.
        beam: prefixes that decoding keeps (`ops.ctc.native.beam`); 1 reads the likeliest symbol of each step.
        language: a language model of the symbols that a beam listens to, or None.
        weight, bonus: what the language model counts, and what each symbol adds.
    """

    labels: tuple[str, ...]
    features: AudioFeatures
    unit: str = "char"
    stride: int = 1
    beam: int = 1
    language: SymbolModel | None = None
    weight: float = 0.5
    bonus: float = 0.0

    objective: ClassVar[str] = "ctc"
    """What a training makes small: see `bigru.train.loop.build`."""

    def __post_init__(self) -> None:
        where = "transcribe.Config"
        check_choice(where, "unit", self.unit, UNITS)
        if not self.labels or len(set(self.labels)) < len(self.labels):
            raise ArgumentError(sentence(where, "labels", "distinct symbols, one at least", repr(self.labels)[:80]))
        for label in self.labels:
            if symbols(label, self.unit) != [label] and label != " ":
                raise ArgumentError(sentence(where, "labels", f"one {self.unit} each", repr(label)))
        for name in ("stride", "beam"):
            if not 1 <= getattr(self, name) <= 1 << 10:
                raise ArgumentError(sentence(where, name, "within 1..1024", getattr(self, name)))
        for name in ("weight", "bonus"):
            if not 0.0 <= getattr(self, name) <= 100.0:
                raise ArgumentError(sentence(where, name, "within 0..100", getattr(self, name)))
        if self.language is not None and (self.beam == 1 or self.language.size != self.outputs):
            got = f"beam {self.beam} and a model of {self.language.size} symbols"
            raise ArgumentError(sentence(where, "language", f"a model of {self.outputs} symbols with a beam", got))

    @property
    def outputs(self) -> int:
        """Width K of the head: the symbols and the blank."""
        return 1 + len(self.labels)

    @property
    def seconds(self) -> float:
        """Seconds per step of the output."""
        return self.stride * self.features.frame_seconds


def extend(config: Config, features: AudioFeatures, texts: Sequence[str]) -> Config:
    """Return the configuration with other features, and with the symbols that it has not behind those that it has.

    Raises:
        DataError: there are such symbols, and the language model does not know them.
    """
    found = sorted({symbol for text in texts for symbol in symbols(text, config.unit)})
    labels = extend_labels(config.labels, found)
    if config.language is not None and labels != config.labels:
        want = "those of the model's language model"
        raise DataError(sentence(WHERE, "symbols", want, repr(labels[len(config.labels)])))
    return replace(config, features=features, labels=labels)


def featurise(config: Config, inputs: Sequence[Any]) -> list[np.ndarray]:
    """Return the model's input for each recording, float32 [T, I]."""
    return config.features.features_many(inputs)


def targets(
    config: Config,
    transcripts: Sequence[str],
    *,
    source: str = "",
    lines: Sequence[int] | None = None,
    unknown: bool = False,
) -> list[np.ndarray]:
    """Return the symbols of each transcript as numbers from 1, int64 [L].

    Args:
        config: the task.
        transcripts: what is said.
        source, lines: the file and the line of each example, for errors.
        unknown: not used: a transcript with an unknown symbol is an error wherever it stands.

    Raises:
        DataError: a transcript is empty, or holds a symbol that is unknown; the nearest known one is named.
    """
    result = []
    for n, text in enumerate(transcripts):
        where = place(WHERE, n, source, lines)
        found = symbols(text, config.unit)
        if not found:
            raise DataError(sentence(where, "transcript", "not empty", repr(text), "Leave the row out."))
        result.append(numbers(config.labels, found, partial(_named, where)) + 1)
    return result


def _named(where: str, position: int) -> tuple[str, str]:
    return where, f"symbol {position + 1} of the transcript"


def describe(config: Config, model: ModelConfig) -> tuple[str, str]:
    """Return what the outputs are called, and how a model comes to them, in words."""
    symbols_of = {"char": "characters", "token": "tokens"}
    return symbols_of[config.unit], f"CTC, a step every {1000 * config.seconds:g} ms"


@dataclass(frozen=True)
class Transcripts(Decision):
    """What is decided of B recordings.

    Its labels are the likeliest symbol of each step, 0 the blank, int64 [B, T']; with a beam the symbols themselves,
    which belong to no step. What decides a transcript has no confidence per step.

    Attributes:
        found: the best labelling of each recording.
    """

    found: Sequence[Labelling] = ()


def prepare(config: Config, weights: Mapping[str, np.ndarray]) -> None:
    """Return what `decide` needs of a model's weights: nothing, as a language model is part of the task."""


def decide(
    config: Config, logits: np.ndarray, lengths: np.ndarray, weights: None = None, *, quick: bool = False
) -> Transcripts:
    """Decide the symbols of B recordings.

    Args:
        config: the task.
        logits: [B, T', outputs]; what lies past a length is not read.
        lengths: int64 [B], steps of the output.
        weights: not used.
        quick: read the likeliest symbol of each step even where answers come from a beam, and nothing but that.

    Raises:
        ArgumentError: the logits have another shape.
    """
    logits = check_array("transcribe.decide", "logits", logits, ("B", "T", config.outputs))
    if config.beam == 1 or quick:
        return Transcripts(logits.argmax(axis=2), NONE, lengths, found=() if quick else greedy(logits, lengths))
    language, weight, bonus = config.language, config.weight, config.bonus
    best = beam(logits, lengths, width=config.beam, model=language, weight=weight, bonus=bonus)
    found = [rows[0] for rows in best]
    counts = np.array([len(one.symbols) for one in found], np.int64)
    symbols = np.zeros((len(found), counts.max(initial=0)), np.int64)
    for row, one in zip(symbols, found, strict=True):
        row[: len(one.symbols)] = one.symbols
    return Transcripts(symbols, NONE, counts, found=found)


def answer(config: Config, decision: Transcripts, logits: np.ndarray, inputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Turn what was decided into transcripts; neither logits nor inputs are needed for it.

    Returns:
        Per example `{"text", "confidence", "symbols"}`: the probability of this text among all, and for each symbol
        `{"symbol", "start", "end", "confidence"}` in seconds; its confidence is its greatest probability at a step.
    """
    answers = []
    for found in decision.found:
        times = zip(
            found.symbols.tolist(), found.starts.tolist(), found.ends.tolist(), found.confidences.tolist(), strict=True
        )
        symbols = [symbol_entry(config, *one) for one in times]
        answers.append(
            {
                "text": spell([one["symbol"] for one in symbols], config.unit),
                "confidence": float(np.exp(found.log_probability)),
                "symbols": symbols,
            }
        )
    return answers


def symbol_entry(config: Config, symbol: int, start: int, end: int, confidence: float) -> dict[str, Any]:
    """Return the entry of an answer for a symbol that stands from one step of the output to before another."""
    seconds = config.seconds
    return {
        "symbol": config.labels[symbol - 1],
        "start": start * seconds,
        "end": end * seconds,
        "confidence": confidence,
    }


class Running:
    """The symbols of one recording that comes piece by piece; made by `running`."""

    def __init__(self, config: Config) -> None:
        self._config, self._greedy = config, StreamingGreedy()

    def push(self, logits: np.ndarray, done: int) -> list[dict[str, Any]]:
        """Take the logits [N, outputs] of further steps and return the symbols that have ended."""
        return [symbol_entry(self._config, *one) for one in self._greedy.push(logits)]

    def finish(self) -> list[dict[str, Any]]:
        """Return the symbol that no step has ended, if there is one."""
        return [symbol_entry(self._config, *one) for one in self._greedy.finish()]


def running(config: Config, decoder: None) -> Running:
    """Return what answers while a recording is still coming: an entry of `symbols` as soon as it has ended.

    It is the likeliest symbol of each step; a beam, which may change its mind, is for whole recordings.

    Args:
        config: the task.
        decoder: not used, as there is no CRF.
    """
    return Running(config)


def required(config: Config) -> dict[str, Any]:
    """Return what the shape of a model has to be for this task, by name."""
    read = read_by(config.features)
    return {"outputs": config.outputs, **read, "crf": False, "stride": config.stride, "head": HEAD}


def answer_types(config: Config) -> dict[str, Any]:
    """Return the entries of an answer and their types; a list has one type of entry, a dict is such a dict."""
    symbol = {"symbol": str, "start": float, "end": float, "confidence": float}
    return {"text": str, "confidence": float, "symbols": [symbol]}


def tied(
    config: Config, logits: np.ndarray, labels: np.ndarray, others: np.ndarray, slack: float, weights: None = None
) -> bool:
    """Tell whether other symbols of the steps of one input are as good as these but for rounding; never of a beam.

    Args:
        config: the task.
        logits: [T', outputs], that decided the labels.
        labels, others: what two engines decided, as a row of `Decision.rows`.
        slack: how far logits may lie apart.
        weights: not used.
    """
    if config.beam > 1:
        return False
    steps = np.arange(len(labels))
    return bool((logits[steps, labels].astype(np.float64) - logits[steps, others] <= slack).all())


def exported(config: Config, outputs: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Return what an exported file decides, as `Decision.labels`; None of a beam, for which a file has no symbols.

    Its `symbols` say where each symbol begins. A step where they say otherwise than the file's own logits is -1.
    """
    if "symbols" not in outputs:
        return None
    best = outputs["logits"].argmax(axis=2)
    begins = np.where(np.diff(best, prepend=0, axis=1) != 0, best, 0)
    return np.where(begins == outputs["symbols"], best, -1)


def true_labels(config: Config, examples: Examples, answers: Sequence[dict[str, Any]]) -> Sequence[Any]:
    """Return the transcripts of examples as `score` takes them."""
    return examples.targets or []


def dev_score(config: Config) -> str:
    """Return the name of the score that chooses an epoch: 1 less the edits per symbol."""
    return "symbol_accuracy"


def quick_score(config: Config, gold: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float:
    """Return the score that `dev_score` names.

    Args:
        config: the task.
        gold: of `targets`.
        found: of `Transcripts.rows`, a row per example, decided quickly.
    """
    # Answering takes no scores: the code for them is loaded here.
    from ..metrics.transcription import symbol_accuracy

    return symbol_accuracy([row.tolist() for row in gold], [_spell(row).tolist() for row in found])


def _spell(path: np.ndarray) -> np.ndarray:
    """Return the symbols that the symbols of the steps spell: runs of one become one, blanks none."""
    return path[(np.diff(path, prepend=0) != 0) & (path != 0)]


def decisions(config: Config, gold: Sequence[np.ndarray], steps: int) -> int:
    """Return how many decisions a score of these targets rests on: the steps."""
    return steps


def score(config: Config, gold: Sequence[str], predictions: Sequence[dict[str, Any]]) -> Report:
    """Compare answers with the true transcripts; symbols that the task does not know count as missed.

    Args:
        config: the task.
        gold: per example its transcript.
        predictions: per example what `answer` returned.

    Raises:
        ArgumentError: nothing to compare, not one answer per example, or an empty transcript.
    """
    # Answering takes no scores: the code for them is loaded here.
    from ..metrics import transcription_report

    return transcription_report(gold, [answer["text"] for answer in predictions], config.unit)
