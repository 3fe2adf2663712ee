"""The logits of a sequence that comes piece by piece: what every kind of streaming is built on."""

from __future__ import annotations

import numpy as np

from ...errors import ArgumentError, check_array, sentence
from ...ops.recurrent.chunking import Chunking, check_chunking
from ..network.chunked import Encoded, encode
from ..network.conv import FrontStream
from ..network.layers import State, visible_state
from ..network.sequence import Network
from .pooling import RunningPool

__all__ = ["LogitStream"]

WHERE = "stream"

SLAB = 1 << 13
"""Steps that are run at once, so that a long chunk takes no more memory than its logits."""


class LogitStream:
    """One sequence on its way through a network. It keeps the states of the walks forward, the steps that a window or
    a convolution still waits for, and what pooling has of the steps so far: memory that does not grow.

    What the steps add up to is `network(rows, lengths, window)`: with GRU layers to the last bit for logits per step
    and for the poolings last and max; sums are more exact here (see `RunningPool`).

    Args:
        network: the model.
        window: the chunk and the look-ahead of an encoder that reads backward; None for one that does not.

    Raises:
        ArgumentError: the window is missing, or the encoder has no use for one.

    Attributes:
        read: steps pushed so far.
    """

    def __init__(self, network: Network, window: Chunking | None = None) -> None:
        model = network.model
        if window is not None:
            check_chunking(model.encoder)
        elif model.encoder.direction != "forward":
            want = "given for a model that reads backward as well"
            raise ArgumentError(sentence(WHERE, "lookahead", want, "none", "Say how many steps it may wait for."))
        self._network, self._window = network, window
        self._kind, self._width = ("int", len(model.channels)) if model.channels else ("float", model.input_size)
        self._front = FrontStream(network.front, model.embedded)
        self._waiting = np.zeros((0, model.inputs), np.float32)
        self._beside = np.zeros((0, model.outputs), np.float32)
        self._total = np.zeros(model.outputs)
        self._carried: list[State] = [None] * len(network.layers)
        self._pool = RunningPool(model, network.attend) if model.pooling else None
        self._ends = np.zeros((len(network.layers[-1].walks), model.encoder.hidden), np.float32)
        self.read = self._encoded = 0
        self._finished = False

    @property
    def done(self) -> int:
        """Steps whose logits stand; where a front end merges steps, all of what was merged."""
        return min(self._encoded * self._network.model.stride, self.read)

    def push(self, rows: np.ndarray) -> np.ndarray:
        """Take further steps.

        Args:
            rows: features [T, C] int or [T, I] float.

        Returns:
            The logits [N, K] of the N steps that are certain now. For a pooled model [1, K], those of all certain steps
            together, or [0, K] if none has become certain.

        Raises:
            ArgumentError: another width or kind, an id outside its channel, or the stream has ended.
        """
        self.check_open()
        rows = check_array(WHERE, "chunk", rows, ("T", self._width), self._kind)
        before = self._encoded
        slab = SLAB if self._window is None else self._window.shrunk(SLAB)
        parts = [self._take(self._front.push(self._embed(rows[n : n + slab]))) for n in range(0, len(rows), slab)]
        if self._pool is None:
            return np.concatenate([self._none(), *parts])
        return self._pool_steps() if self._encoded > before else self._none()

    def finish(self) -> np.ndarray:
        """End the sequence. Returns as `push`, for a pooled model always [1, K].

        Raises:
            ArgumentError: the stream has ended before.
        """
        self.check_open()
        self._finished = True
        parts = [self._take(self._front.finish(np.zeros((0, self._network.model.embedded), np.float32)))]
        if len(self._waiting):
            parts.append(self._run(self._waiting, None))
        return np.concatenate(parts) if self._pool is None else self._pool_steps()

    def check_open(self) -> None:
        """Refuse to go on behind the end.

        Raises:
            ArgumentError: `finish` has been called.
        """
        if self._finished:
            raise ArgumentError(sentence(WHERE, "stream", "open", "one that was finished", "Begin another."))

    def _embed(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows as numbers [T, I]; what the linear part says of them goes to the steps, or to their sum."""
        network, x = self._network, self._network.embed(rows)
        if network.model.wide_linear:
            wide = network.wide(rows)
            if self._pool is None:
                self._beside = np.concatenate([self._beside, wide])
            self._total += wide.sum(axis=0, dtype=np.float64)
        self.read += len(rows)
        return x

    def _take(self, x: np.ndarray) -> np.ndarray:
        """Run what is certain with these steps [N, I]; the rest waits."""
        window, waiting = self._window, np.concatenate([self._waiting, x]) if len(self._waiting) else x
        steps = len(waiting)
        if window is not None:
            steps = max(steps - window.lookahead, 0) // window.chunk * window.chunk
        logits = self._run(waiting, steps) if steps else self._none()
        # A slice would keep the chunk that it is of alive.
        self._waiting = waiting[steps:].copy()
        return logits

    def _run(self, waiting: np.ndarray, steps: int | None) -> np.ndarray:
        """Return the logits of the first so many steps, [N, K], or [0, K] where they are pooled; None is all."""
        network, count = self._network, len(waiting) if steps is None else steps
        states, ends, self._carried = self._encode(waiting[None], steps)
        for n, walk in enumerate(network.layers[-1].walks):
            # The walk backward of the whole ends at the first step, long since behind us.
            if walk == "forward" or not self._encoded:
                self._ends[n] = ends[n, 0]
        self._encoded += count
        x = waiting[:count]
        if self._pool is not None:
            self._pool.add(x, states[0])
            return self._none()
        logits = network.steps(states, x[None])[0]
        if network.model.wide_linear:
            logits += self._beside[:count]
            self._beside = self._beside[count:].copy()
        return logits

    def _encode(self, x: np.ndarray, steps: int | None) -> Encoded:
        lengths = np.array([x.shape[1]])
        if self._window is not None:
            return encode(self._network.layers, x, lengths, self._window, steps, self._carried)
        carried = []
        for layer, start in zip(self._network.layers, self._carried, strict=True):
            y, state = layer.run(x, lengths, start)
            x = layer.join([y])
            carried.append(state)
        return Encoded(x, visible_state(carried[-1]), carried)

    def _pool_steps(self) -> np.ndarray:
        network, pool = self._network, self._pool
        assert pool is not None
        logits = network.head(pool.value(network.layers[-1].join(list(self._ends))))
        if network.model.wide_linear:
            logits += (self._total / np.sqrt(max(self.read, 1))).astype(np.float32)
        return logits

    def _none(self) -> np.ndarray:
        return np.zeros((0, self._network.model.outputs), np.float32)
