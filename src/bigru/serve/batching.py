"""Requests that wait are answered together: whatever has come while the last batch ran is the next batch.

Nothing waits for others to come. A single request is answered at once; under load the batches grow by themselves, up to
a budget of steps, so that a long text delays the short ones behind it by one batch at most. All of this lives in the
event loop; only the model runs elsewhere, and small batches do not even do that, because handing them to a thread takes
longer than a few short texts.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from .limits import Limits
from .metrics import BatchMeter
from .models import Outcome
from .refusal import RefusedError, fault

__all__ = ["Batcher"]

logger = logging.getLogger("bigru.serve")

BUDGET = 1 << 14
"""Steps of a batch: some ten milliseconds of work. A single input may have more."""

INLINE = 1 << 10
"""Steps up to which a batch is run in the event loop itself: one or two milliseconds."""

MEMORY = 0.9
"""Share of the old estimate in the seconds that a step takes."""


class Waiting:
    """A request: its inputs, how many of them are under way, and what came of them."""

    __slots__ = ("done", "future", "inputs", "lengths", "outcomes", "taken")

    def __init__(self, inputs: list[Any], lengths: list[int], future: asyncio.Future[list[Outcome]]) -> None:
        self.inputs, self.lengths, self.future = inputs, lengths, future
        self.outcomes: list[Any] = [None] * len(inputs)
        self.taken = self.done = 0


Taken = list[tuple[Waiting, int]]
"""The inputs of a batch: each as its request and its number there."""


class Batcher:
    """A queue before one model. To be used in one event loop.

    Args:
        run: from inputs to what came of each, in their order; called in one thread at a time.
        limits: `waiting`, `queued` and `wait` bound the queue.
        executor: where batches run that are not small.
        meter: told of every batch.
    """

    def __init__(
        self, run: Callable[[list[Any]], list[Outcome]], limits: Limits, executor: Executor, meter: BatchMeter
    ) -> None:
        self._run, self._limits, self._executor, self._meter = run, limits, executor, meter
        self._queue: deque[Waiting] = deque()
        self._busy = self._planned = False
        self._steps = self._open = 0
        self._pace = self._last = 0.0
        self._loop = asyncio.get_running_loop()

    def __len__(self) -> int:
        """Return the number of requests that wait or are being answered."""
        return self._open

    def submit(self, inputs: list[Any], lengths: list[int]) -> asyncio.Future[list[Outcome]]:
        """Put a request into the queue and return what will hold the outcome of each input.

        Whoever cancels the future, or sets it, gives the request up: what of it has not begun will not.

        Raises:
            RefusedError: the queue is full; 503, with the seconds after which it may have room.
        """
        steps = sum(lengths)
        self.check(steps)
        future: asyncio.Future[list[Outcome]] = self._loop.create_future()
        self._open += 1
        self._steps += steps
        self._queue.append(Waiting(inputs, lengths, future))
        future.add_done_callback(self._close)
        self._plan()
        return future

    def check(self, steps: int = 0) -> None:
        """Raise RefusedError, as `submit` does, if so many steps more have no room now.

        To be asked before a body is read: a refusal must cost far less than an answer, or a server that has too much to
        do has no time to do it. Where nothing waits, there is room for anything.
        """
        limits, waits = self._limits, self._steps
        full = self._open >= limits.waiting
        if not full and self._queue:
            full = waits + steps > limits.queued or self._pace * waits > limits.wait
        if full:
            after = str(self.seconds())
            got = f"{self._open} that wait"
            raise RefusedError(
                503, "requests", "fewer", got, f"Try again in {after} s.", headers={"retry-after": after}
            )

    def seconds(self) -> int:
        """Return the whole seconds, 1 to 60, in which what waits now may be answered."""
        return min(max(math.ceil(self._pace * self._steps), 1), 60)

    def _close(self, _: asyncio.Future[list[Outcome]]) -> None:
        self._open -= 1

    def _plan(self) -> None:
        # By the next turn of the loop, whatever has been read from other connections in this one has joined.
        if not (self._busy or self._planned):
            self._planned = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._planned = False
        taken, steps = self._take()
        if not taken:
            return
        if steps <= INLINE:
            self._deliver(taken, steps, *self._ran(taken))
        else:
            self._busy = True
            self._loop.run_in_executor(self._executor, self._away, taken, steps)
            return
        if self._queue:
            self._plan()

    def _take(self) -> tuple[Taken, int]:
        """Take inputs from the requests in turn until the budget is spent; what was given up is passed over."""
        taken: Taken = []
        steps = own = 0
        while self._queue and (steps < BUDGET or not taken):
            request = self._queue[0]
            length = request.lengths[request.taken]
            if request.future.done():
                self._queue.popleft()
                self._steps -= sum(request.lengths[request.taken :])
                continue
            if taken and steps + length > BUDGET:
                break
            own = length + (own if taken and taken[-1][0] is request else 0)
            taken.append((request, request.taken))
            steps += length
            self._steps -= length
            request.taken += 1
            if request.taken == len(request.inputs):
                self._queue.popleft()
        if own > BUDGET // 2 and self._queue and self._queue[0] is taken[-1][0]:
            # A request of many inputs goes on behind those that came after it; one that was merely cut does not.
            self._queue.rotate(-1)
        return taken, steps

    def _ran(self, taken: Taken) -> tuple[list[Outcome] | None, float]:
        began = time.perf_counter()
        try:
            outcomes = self._run([request.inputs[n] for request, n in taken])
        except Exception:
            logger.exception("a batch of %d failed", len(taken))
            return None, time.perf_counter() - began
        return outcomes, time.perf_counter() - began

    def _away(self, taken: Taken, steps: int) -> None:
        outcomes, seconds = self._ran(taken)
        self._loop.call_soon_threadsafe(self._back, taken, steps, outcomes, seconds)

    def _back(self, taken: Taken, steps: int, outcomes: list[Outcome] | None, seconds: float) -> None:
        self._busy = False
        self._deliver(taken, steps, outcomes, seconds)
        if self._queue:
            self._plan()

    def _deliver(self, taken: Taken, steps: int, outcomes: list[Outcome] | None, seconds: float) -> None:
        self._meter.batch(len(taken), seconds)
        # While requests wait, a batch takes as long as it is since the last one: reading bodies and writing answers is
        # in it, and whatever else the machine does.
        now = time.perf_counter()
        span = now - self._last if self._last else seconds
        self._last = now if self._queue else 0.0
        self._pace = MEMORY * self._pace + (1 - MEMORY) * span / max(steps, 1)
        if outcomes is None:
            for request, _ in taken:
                if not request.future.done():
                    request.future.set_exception(fault())
            return
        for (request, n), outcome in zip(taken, outcomes, strict=True):
            request.outcomes[n] = outcome
            request.done += 1
            if request.done == len(request.inputs) and not request.future.done():
                request.future.set_result(request.outcomes)
