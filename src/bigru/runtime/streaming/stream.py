"""Answers while an input is still coming."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...bundle import Bundle
from ...errors import ArgumentError, refusal, sentence
from ...ops.crf.fixed_lag import FixedLag
from ...ops.crf.weights import CrfWeights
from ...ops.recurrent.chunking import Chunking, check_chunking
from ...tasks import task_named
from ..network.sequence import Network
from .logits import LogitStream

__all__ = ["LAG", "Stream", "fixed_lag_decoder", "model_chunking"]

WHERE = "stream"

LAG = 8
"""Steps that a CRF waits for before it decides a tag, unless the call says otherwise."""


def model_chunking(bundle: Bundle, lookahead: int | None, chunk: int | None) -> Chunking | None:
    """Return the window that a model is run in; None for one that reads forward alone, and needs none.

    Raises:
        ArgumentError: no look-ahead is given to a model that reads backward, or one to a model that does not; the
            model cannot be run in chunks; or a size is none.
    """
    if bundle.model.encoder.direction == "forward":
        if lookahead or chunk is not None:
            got = f"lookahead {lookahead}" if lookahead else f"chunk {chunk}"
            remedy = "Every step is final as it is read."
            raise ArgumentError(refusal(WHERE, "window", "for a model that reads forward", got, remedy))
        return None
    if lookahead is None:
        remedy = "Say how many steps it may wait for."
        raise ArgumentError(sentence(WHERE, "lookahead", "given for a model that reads both ways", "none", remedy))
    check_chunking(bundle.model.encoder)
    return Chunking.of_lookahead(lookahead, chunk)


def fixed_lag_decoder(crf: CrfWeights | None, lag: int | None) -> FixedLag | None:
    """Return the decoder of a model's CRF, constrained where a scheme forbids; None where it has none.

    Raises:
        ArgumentError: the lag is given where there is no CRF, or is none.
    """
    if crf is None:
        if lag is not None:
            raise ArgumentError(refusal(WHERE, "lag", "for a model without a CRF", lag))
        return None
    return FixedLag(crf, LAG if lag is None else lag)


class Stream:
    """One input on its way through a model; made by `Predictor.stream`.

    Where each step has a tag, an answer is `{"step", "tag", "confidence"}`, one for every step, in their order. Where
    the whole input has a label, it is what `predict` says of the steps that are certain so far, with their number:
    `{"step", "label", ...}`, one for every push that makes a step certain and one at the end. Of a transcript it is
    `{"symbol", "start", "end", "confidence"}` in seconds, one for each symbol as soon as it has ended: the likeliest of
    each step. (A beam and its language model, which may change their mind, are for whole recordings.)

    A chunk that is refused leaves the stream as it was. Memory does not grow. One thread at a time.

    Args:
        bundle: the model.
        network: the same made ready to run.
        window: the chunk and the look-ahead, None for a model that reads forward alone.
        decoder: of its CRF, if it has one.

    Raises:
        ArgumentError: the model's task or features cannot be streamed, or window and model do not fit.
    """

    def __init__(
        self, bundle: Bundle, network: Network, window: Chunking | None = None, decoder: FixedLag | None = None
    ) -> None:
        features = bundle.config.features
        if not hasattr(features, "pieces"):
            want = "such as can be computed piece by piece"
            raise ArgumentError(sentence(WHERE, "features of the model", want, type(features).__name__))
        self._per_step = bundle.model.per_step
        self._pieces, self._logits = features.pieces(), LogitStream(network, window)
        self._running = task_named(bundle.task).running(bundle.config, decoder)

    def push(self, chunk: Any) -> list[dict[str, Any]]:
        """Take a further piece and return the answers that have become certain.

        Args:
            chunk: steps [T, I] of a series (one step may be [I], and where I is 1 steps may be [T]), a text for a model
                of characters, a list of tokens, or samples [N] of a recording at the model's rate, or (samples, rate).
                It may be empty.

        Raises:
            ArgumentError: it is not what the model reads, a number is not finite, or the stream has ended.
        """
        self._logits.check_open()
        return self._answers(self._logits.push(self._pieces.push(chunk)))

    def finish(self) -> list[dict[str, Any]]:
        """End the input and return the answers that were left.

        Raises:
            ArgumentError: it has ended before.
        """
        self._logits.check_open()
        held = self._logits.push(self._pieces.finish())
        rest = self._logits.finish()
        answers = self._answers(np.concatenate([held, rest]) if self._per_step else rest)
        return [*answers, *self._running.finish()]

    def _answers(self, logits: np.ndarray) -> list[dict[str, Any]]:
        if not len(logits):
            return []
        answers: list[dict[str, Any]] = self._running.push(logits, self._logits.done)
        return answers
