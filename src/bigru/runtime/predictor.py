"""Answers from a saved model: features, network and decoding put together, without torch."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import bundle as saved
from ..bundle import Bundle
from ..bundle.configuration import features_kind
from ..bundle.weights import shapes
from ..errors import ArgumentError, DataError, refusal, sentence
from ..features.batching import batches, pad
from ..features.text import TextFeatures
from ..ops.library import threads
from ..ops.recurrent.chunking import Chunking
from ..readers.examples import Examples
from ..tasks import task_named
from .engine import build_network
from .network.sequence import Network
from .streaming.stream import Stream, fixed_lag_decoder, model_chunking
from .threads import parallel_for

if TYPE_CHECKING:
    from ..metrics import Report
    from .forecaster import Forecaster

__all__ = ["Predictor", "count_changed", "load", "ready"]

WHERE = "predict"

STEPS = 1 << 15
"""Steps, padding included, that a batch holds at most; long sequences come in smaller batches."""

WORTH = 1 << 22
"""Products of the encoder's weights that one input must call for, before a second thread is woken for it."""

EACH = 4
"""Batches that must be there for each thread, before inputs are shared out among threads."""

FIRST = np.zeros(1, np.int64)
"""The index of the first of the inputs."""

AHEAD = 64
"""Batches read at a time when a stream is answered: enough to put sequences of similar length together."""

Answer = dict[str, Any]
Decode = Callable[[np.ndarray, np.ndarray, list[Any]], list[Answer]]
"""From logits, lengths and inputs of a batch to its answers."""

Run = Callable[[np.ndarray, int], np.ndarray]
"""From indices of inputs and the most threads, 0 for all, to their logits, padded to the longest."""

DECIDED = ("label", "labels", "tags", "text")
"""What an answer decides; the rest of it follows from that, or says how sure it is."""


def load(folder: str | os.PathLike[str], precision: str = "fp32") -> Predictor | Forecaster:
    """Read a saved model and make it ready to answer.

    Args:
        folder: of the model, or the name of one that comes with the package, as `bigru.models.shipped` lists them.
        precision: "fp32", "bf16" or "int8", see `Predictor`.

    Raises:
        BundleError: the folder is missing, damaged, hostile, or newer than this version.
        ArgumentError: the precision is unknown, or not fp32 for a model whose layers are no GRU.
    """
    return ready(saved.load(folder), precision)


def ready(made: Bundle, precision: str = "fp32") -> Predictor | Forecaster:
    """Make a saved model ready to answer; precision and errors as of `load`."""
    if made.model.head != "window":
        return Predictor(made, precision)
    from .forecaster import Forecaster

    return Forecaster(made, precision)


def count_changed(answers: Iterable[Answer], others: Iterable[Answer]) -> int:
    """Count the inputs that two lists of answers, of the same model and inputs, decide differently."""
    pairs = zip(answers, others, strict=True)
    return sum(any(one.get(key) != other.get(key) for key in DECIDED) for one, other in pairs)


class Predictor:
    """A model that answers. It holds no state between calls and may be shared by threads.

    Args:
        bundle: the saved model.
        precision: what the GRU multiplies: numbers of "fp32", "bf16", or "int8" with a scale for each row. Fewer bits
            are faster where the processor multiplies them and may change answers; `bigru evaluate --precision` says
            how many.

    Raises:
        ArgumentError: the precision is unknown, or not fp32 for a model whose layers are no GRU.

    Attributes:
        bundle: the saved model.
        task: "classify", "tag" or "transcribe".
        labels: the labels, or the tags, in the order of the logits.
        metrics: what was measured when the model was made.
        precision: as given.
    """

    def __init__(self, bundle: Bundle, precision: str = "fp32") -> None:
        self.bundle = bundle
        self.task = bundle.task
        self.labels = bundle.config.labels
        self.metrics = bundle.metrics
        self.precision = precision
        self._task = task_named(bundle.task)
        if bundle.model.head == "window":
            raise ArgumentError(sentence("Predictor", "model", "one for classify or tag", f"one for {bundle.task}"))
        self._network: Network = build_network(bundle, precision)
        matrices = [shape for name, shape in shapes(bundle.model).items() if name.startswith("encoder.")]
        self._products = sum(math.prod(shape) for shape in matrices if len(shape) > 1)
        self._weights = self._task.prepare(bundle.config, bundle.weights)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the saved model, not what was made ready of it: another process packs the weights for its machine."""
        return Predictor, (self.bundle, self.precision)

    def predict(self, inputs: Any, batch_size: int = 64, *, scores: bool = False) -> Any:
        """Answer one input or many.

        An answer depends on its input alone: not on the others, their order, or the size of the batches.

        Args:
            inputs: a text, a list of tokens or a series [T, I], or any number of such inputs, as the model was
                trained on them. Strings in a list are texts, unless the model reads tokens: then a list of strings
                is one input. A list of arrays is many series, a list of lists of numbers one. A recording is a path,
                samples [N] at the model's rate, or a pair (samples, rate). A dict with the key "text" or "tokens", as
                servers take it, stands for the value of that key.
            batch_size: sequences per batch at most.
            scores: whether answers with tags get "scores" too, the exact probability of every tag at each step; answers
                with labels have those of the labels anyway.

        Returns:
            For one input its answer, for many a list of answers, in their order; see `answer` of
            `bigru.tasks.classify`, `tag` and `transcribe`.

        Raises:
            ArgumentError: an input is not of the kind that the model reads, or scores of transcripts are asked for.
        """
        decode = self._scored if scores else None
        if self._is_one(inputs):
            return self._answers([inputs], batch_size, decode)[0]
        return self._answers(list(inputs), batch_size, decode)

    def predict_iter(self, inputs: Iterable[Any], batch_size: int = 64, *, scores: bool = False) -> Iterator[Answer]:
        """Answer a stream of inputs in its order, reading a bounded number of them ahead.

        Args and errors as `predict`, where every element is one input.
        """
        stream = iter(inputs)
        while chunk := list(islice(stream, AHEAD * batch_size)):
            yield from self._answers(chunk, batch_size, self._scored if scores else None)

    def stream(self, lookahead: int | None = None, *, chunk: int | None = None, lag: int | None = None) -> Stream:
        """Begin an input that comes piece by piece.

        A model that reads forward alone answers each step as it is read, with what `predict` says of it (a label of
        the whole input: of the input so far). One that reads both ways answers chunk by chunk; see
        `bigru.ops.recurrent.chunking` for what it makes of them.

        Args:
            lookahead: steps read behind a chunk before it is answered; needed by a model that reads both ways.
            chunk: steps that are answered together; as many as are looked ahead to (at least 1) unless given.
            lag: steps that a CRF waits for before it decides a tag, 8 unless given; see `bigru.ops.crf.fixed_lag`.

        Raises:
            ArgumentError: an argument does not suit the model, or the model cannot be streamed.
        """
        decoder = fixed_lag_decoder(self._weights, lag)
        return Stream(self.bundle, self._network, model_chunking(self.bundle, lookahead, chunk), decoder)

    def predict_streamed(
        self,
        inputs: Iterable[Any],
        lookahead: int | None = None,
        *,
        chunk: int | None = None,
        lag: int | None = None,
        batch_size: int = 64,
    ) -> list[Answer]:
        """Answer whole inputs as streams of them would, in batches: the last answers of labels, all tags in one.

        Args and errors as `stream`; every element of `inputs` is one input, and features need not come piece by piece.
        Answers as those of `predict`, but a CRF's tags come without entities.
        """
        window = model_chunking(self.bundle, lookahead, chunk)
        decoder = fixed_lag_decoder(self._weights, lag)
        decode = self._decode if decoder is None else partial(self._settle, lag)
        return self._answers(list(inputs), batch_size, decode, window)

    def evaluate(self, examples: Examples, batch_size: int = 64) -> Report:
        """Answer labelled examples and score the answers; errors as `score`, and as `predict` for the inputs."""
        return self.score(examples, self._answers(list(examples.inputs), batch_size))

    def score(self, examples: Examples, answers: Sequence[Answer]) -> Report:
        """Score the answers to labelled examples.

        Tags in another scheme than the model's are rewritten into it first; illegal ones are read as `conlleval` reads
        them, and a label that is none of the model's counts as missed (`tasks.mismatch.fit_labels` lists both). Tags of
        characters are moved to the units that the model reads; a span that begins or ends within one counts as missed.

        Raises:
            DataError: the examples have no labels, not one that the model has, or tags that are not one per unit.
        """
        config = self.bundle.config
        if examples.targets is None:
            raise DataError(sentence(examples.source or "evaluate", "examples", "labelled", "no labels"))
        return self._task.score(config, self._task.true_labels(config, examples, answers), answers)

    def _is_one(self, inputs: Any) -> bool:
        features = self.bundle.config.features
        kind = features_kind(features)
        if isinstance(inputs, str | dict) or (kind == "audio" and _is_recording(inputs)):
            return True
        if not isinstance(inputs, Iterable):
            raise ArgumentError(sentence(WHERE, "inputs", "an input or a list of inputs", type(inputs).__name__))
        if kind == "series":
            return _is_one_series(inputs)
        if kind == "audio":
            return False
        tokens = getattr(features, "unit", "") == "token" and isinstance(inputs, Sequence) and len(inputs) > 0
        return tokens and all(isinstance(token, str) for token in inputs)

    def _answers(
        self, inputs: list[Any], batch_size: int, decode: Decode | None = None, window: Chunking | None = None
    ) -> list[Answer]:
        decode = decode or self._decode
        inputs = [_of_dict(x) if isinstance(x, dict) else x for x in inputs]
        run, lengths = self._ready(inputs, window)
        if len(inputs) == 1:
            return decode(run(FIRST, 1 if lengths[0] * self._products < WORTH else 0), lengths, inputs)
        cut = list(self._batches(lengths, batch_size, window))
        workers = min(threads(), len(cut) // EACH)
        alone = 0 if workers < 2 else 1
        answers: list[Answer] = [{}] * len(inputs)

        def work(indices: np.ndarray) -> None:
            logits = run(indices, alone)
            found = decode(logits, lengths[indices], [inputs[i] for i in indices])
            for i, answer in zip(indices.tolist(), found, strict=True):
                answers[i] = answer

        parallel_for(work, cut[::-1], workers)
        return answers

    def _ready(self, inputs: list[Any], window: Chunking | None) -> tuple[Run, np.ndarray]:
        """Return what computes the logits of some of the inputs, and the lengths [N] of all."""
        features, network = self.bundle.config.features, self._network
        if isinstance(features, TextFeatures):
            rows, lengths = features.rows(inputs)
            starts = np.cumsum(lengths) - lengths

            def looked_up(indices: np.ndarray, most: int) -> np.ndarray:
                return network.rows(rows, starts[indices], lengths[indices], window, threads=most)

            return looked_up, lengths
        sequences = self._task.featurise(self.bundle.config, inputs)

        def padded(indices: np.ndarray, _most: int) -> np.ndarray:
            return network(*pad([sequences[i] for i in indices]), window)

        return padded, np.array([len(sequence) for sequence in sequences], np.int64)

    def _batches(self, lengths: np.ndarray, batch_size: int, window: Chunking | None = None) -> Iterator[np.ndarray]:
        """Yield indices of sequences of similar length, at most `STEPS` steps together unless one alone has more."""
        steps = STEPS if window is None else window.shrunk(STEPS)
        for indices in batches(lengths, batch_size):
            rows = max(1, steps // max(int(lengths[indices[-1]]), 1))
            for start in range(0, len(indices), rows):
                yield indices[start : start + rows]

    def _decode(self, logits: np.ndarray, lengths: np.ndarray, inputs: list[Any]) -> list[Answer]:
        config, steps = self.bundle.config, self._network.model.steps(lengths)
        decision = self._task.decide(config, logits, steps, self._weights)
        answers: list[Answer] = self._task.answer(config, decision, logits, inputs)
        return answers

    def _scored(self, logits: np.ndarray, lengths: np.ndarray, inputs: list[Any]) -> list[Answer]:
        """Decode, and add what every tag of every step is likely."""
        if self._task.NO_MEAN:
            raise ArgumentError(refusal(WHERE, "scores", "for a model without them", self.task))
        answers = self._decode(logits, lengths, inputs)
        steps = self._network.model.steps(lengths)
        if answers and "scores" not in answers[0]:
            found = self._task.scores(self.bundle.config, logits, steps, self._weights)
            for answer, rows in zip(answers, found, strict=True):
                answer["scores"] = rows
        return answers

    def _settle(self, lag: int | None, logits: np.ndarray, lengths: np.ndarray, inputs: list[Any]) -> list[Answer]:
        """Decode with a CRF as a stream does, each tag once and for all."""
        answers = []
        for row, length in zip(logits, lengths, strict=True):
            decoder = fixed_lag_decoder(self._weights, lag)
            assert decoder is not None
            parts = zip(decoder.push(row[:length]), decoder.finish(), strict=True)
            paths, confidence = (np.concatenate(part) for part in parts)
            answers.append({"tags": [self.labels[tag] for tag in paths], "confidence": confidence.tolist()})
        return answers


def _of_dict(x: dict[Any, Any]) -> Any:
    """Return the input that a dict holds.

    Raises:
        ArgumentError: it holds none, or two.
    """
    found = [key for key in ("text", "tokens") if key in x]
    if len(found) != 1:
        got = "one with " + (", ".join(map(repr, x)) or "no key")
        raise ArgumentError(sentence(WHERE, "dict", 'one with the key "text" or "tokens"', got))
    return x[found[0]]


def _is_recording(inputs: Any) -> bool:
    from ..features.audio import is_recording

    return is_recording(inputs)


def _is_one_series(inputs: Any) -> bool:
    """Tell one series from many: an array of one or two axes, or a list of numbers or of lists of numbers."""
    if isinstance(inputs, np.ndarray):
        return inputs.ndim < 3 and inputs.dtype.kind in "iufb"
    first = inputs[0] if isinstance(inputs, Sequence) and len(inputs) else np.zeros(0)
    return not isinstance(first, np.ndarray) and np.ndim(first) < 2
