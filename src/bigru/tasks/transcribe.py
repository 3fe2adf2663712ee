"""Transcribe: what is said in a recording, by connectionist temporal classification (Graves et al. 2006).

The model puts out K logits per step; logit 0 is the blank, logit n the symbol n - 1. Which steps a symbol stands at is
not told in training: the loss sums over all ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, DataError, check_array, check_choice, sentence
from ..features.audio import AudioFeatures
from ..features.batching import pad
from ..features.transcripts import UNITS, spelled, symbols
from ..ops.ctc.labelling import Labelling, frames_needed
from ..ops.ctc.language import SymbolModel
from ..ops.ctc.native import beam, greedy
from .labels import numbers, place

if TYPE_CHECKING:
    from ..config import ModelConfig
    from ..metrics import Report

__all__ = ["Config", "check_pairs", "decode", "describe", "featurise", "fits", "score", "targets"]

WHERE = "transcribe"


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


def fits(config: Config, frames: np.ndarray, target: np.ndarray) -> bool:
    """Tell whether a recording has a step for each symbol, and one between equal neighbours."""
    return -(-len(frames) // config.stride) >= frames_needed(target)


def check_pairs(
    config: Config,
    features: Sequence[np.ndarray],
    found: Sequence[np.ndarray],
    *,
    source: str = "",
    lines: Sequence[int] | None = None,
) -> None:
    """Refuse a transcript that is longer than its recording allows.

    Args:
        config: the task.
        features, found: what `featurise` and `targets` returned.
        source, lines: the file and the line of each example, for errors.

    Raises:
        DataError: the symbols and the blanks between equal neighbours are more than the steps.
    """
    for n, (frames, target) in enumerate(zip(features, found, strict=True)):
        if fits(config, frames, target):
            continue
        steps, seconds = -(-len(frames) // config.stride), len(frames) * config.features.frame_seconds
        want = f"of at most {steps} symbols, as {seconds:.2f} s have {steps} steps"
        got = f"{len(target)} symbols, which need {frames_needed(target)} steps"
        remedy = "Correct the transcript or the recording, or leave the row out."
        raise DataError(sentence(place(WHERE, n, source, lines), "transcript", want, got, remedy))


def describe(config: Config, model: ModelConfig) -> tuple[str, str]:
    """Return what the outputs are called, and how a model comes to them, in words."""
    symbols_of = {"char": "characters", "token": "tokens"}
    return symbols_of[config.unit], f"CTC, a step every {1000 * config.seconds:g} ms"


def decode(config: Config, logits: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """Turn logits into transcripts.

    Args:
        config: the task.
        logits: per example [T', outputs].

    Returns:
        Per example `{"text", "confidence", "symbols"}`: the probability of this text among all, and for each symbol
        `{"symbol", "start", "end", "confidence"}` in seconds; its confidence is its greatest probability at a step.

    Raises:
        ArgumentError: the logits have another shape.
    """
    if not len(logits):
        return []
    padded, lengths = pad([check_array("transcribe.decode", "logits", rows, ("T", config.outputs)) for rows in logits])
    answers = []
    for found in _heard(config, padded, lengths):
        names = [config.labels[n - 1] for n in found.symbols.tolist()]
        times = zip(names, found.starts.tolist(), found.ends.tolist(), found.confidences.tolist(), strict=True)
        answers.append(
            {
                "text": spelled(names, config.unit),
                "confidence": float(np.exp(found.log_probability)),
                "symbols": [
                    {"symbol": name, "start": a * config.seconds, "end": b * config.seconds, "confidence": p}
                    for name, a, b, p in times
                ],
            }
        )
    return answers


def _heard(config: Config, logits: np.ndarray, lengths: np.ndarray) -> list[Labelling]:
    """Return the best labelling of each sequence."""
    if config.beam == 1:
        return greedy(logits, lengths)
    language, weight, bonus = config.language, config.weight, config.bonus
    found = beam(logits, lengths, width=config.beam, model=language, weight=weight, bonus=bonus)
    return [best[0] for best in found]


def score(config: Config, gold: Sequence[str], predictions: Sequence[dict[str, Any]]) -> Report:
    """Compare answers of `decode` with the true transcripts; symbols that the task does not know count as missed.

    Args:
        config: the task.
        gold: per example its transcript.
        predictions: per example what `decode` returned.

    Raises:
        ArgumentError: nothing to compare, not one answer per example, or an empty transcript.
    """
    # Answering takes no scores: what reckons them is loaded here.
    from ..metrics import transcription_report

    return transcription_report(gold, [answer["text"] for answer in predictions], config.unit)
