"""Chunks with a bounded look-ahead: how an encoder that reads both ways can answer before a sequence has ended.

A sequence is cut into chunks of C steps. The window of a chunk is the chunk and the R steps behind it, as far as the
sequence goes. The walk forward is carried from chunk to chunk as if there were none; the walk backward starts again, at
zero, at the end of every window. Of stacked layers each runs over the whole window, on what the layer below made of
the same window, so that nothing further than R steps behind a chunk is ever looked at, however many layers there are.

Latency-controlled recurrent networks: Zhang et al. 2016, "Highway long short-term memory RNNs for distant speech
recognition", arXiv:1510.08983; Xue & Yan 2017, "Improving latency-controlled BLSTM acoustic models for online speech
recognition", ICASSP. `chunk_reference.py` says in the plainest way what is computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...config import EncoderConfig
from ...errors import ArgumentError, refusal, sentence

__all__ = ["Chunking", "check_chunking"]


@dataclass(frozen=True)
class Chunking:
    """The sizes of chunk and look-ahead, in steps.

    Attributes:
        chunk: C, at least 1.
        lookahead: R, at least 0.
    """

    chunk: int
    lookahead: int

    def __post_init__(self) -> None:
        for name, value, least in (("lookahead", self.lookahead, 0), ("chunk", self.chunk, 1)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ArgumentError(sentence("Window", name, f"a whole number, at least {least}", repr(value)))

    @classmethod
    def of_lookahead(cls, lookahead: int, chunk: int | None = None) -> Chunking:
        """Return the window of a look-ahead; its chunk, unless given, is as long, so that each step is read twice."""
        return cls(max(lookahead, 1) if chunk is None else chunk, lookahead)

    @property
    def delay(self) -> int:
        """Steps that must follow a step, at most, before what is made of it stands: C - 1 + R."""
        return self.chunk - 1 + self.lookahead

    @property
    def size(self) -> int:
        """Steps of a whole window: C + R."""
        return self.chunk + self.lookahead

    def shrunk(self, steps: int) -> int:
        """Return how many steps, whole chunks, have windows of about `steps` steps together."""
        return max(steps // self.size, 1) * self.chunk

    def count(self, steps: int) -> int:
        """Return how many chunks so many steps make, the last one whole or not."""
        return -(-steps // self.chunk)

    def lengths(self, lengths: np.ndarray, count: int) -> np.ndarray:
        """Return the steps of each window, int64 [B * count], the windows of a sequence one after the other."""
        return self._within(lengths, count, 0, self.size)

    def ahead(self, lengths: np.ndarray, count: int) -> np.ndarray:
        """Return the steps of each window that lie behind its chunk, int64 [B * count]."""
        return self._within(lengths, count, self.chunk, self.lookahead)

    def places(self, count: int, time: int) -> np.ndarray:
        """Return where the steps behind each chunk lie, int64 [count * R]; what lies past T - 1 is T - 1."""
        first = np.arange(1, count + 1)[:, None] * self.chunk
        return np.minimum(first + np.arange(self.lookahead), max(time - 1, 0)).ravel()

    def _within(self, lengths: np.ndarray, count: int, skipped: int, most: int) -> np.ndarray:
        starts = np.arange(count) * self.chunk + skipped
        return np.clip(lengths[:, None] - starts, 0, most).astype(np.int64).ravel()


def check_chunking(encoder: EncoderConfig) -> None:
    """Refuse chunks where nothing is read backward, and for the LSTM, whose cells are not kept step by step.

    Raises:
        ArgumentError: the encoder is such a one.
    """
    if encoder.direction == "forward":
        remedy = "It needs no look-ahead: every step is final as it is read."
        raise ArgumentError(refusal("encoder", "window", "where nothing is read backward", "one", remedy))
    if encoder.cell == "lstm":
        raise ArgumentError(sentence("encoder", "cell", "gru or rnn, to be run in chunks", "lstm"))
