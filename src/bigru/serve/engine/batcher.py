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
from typing import Any

from ...errors import BigruError
from .errors import RefusedError, fault, short_of_memory
from .inputs import INLINE
from .limits import Limits
from .metrics import BatchMeter
from .models import Outcome
from .worker import Worker, bare, hand_over

__all__ = ["BUDGET", "Batcher"]

logger = logging.getLogger("bigru.serve")

BUDGET = 1 << 14
"""Steps of a batch: some ten milliseconds of work. A single input may have more."""

MEMORY = 0.9
"""Weight of the batches before in the seconds that a step takes, to that of the last one."""


class QueuedRequest:
    """A request: its inputs, how many of them are under way, what came of them, the steps that wait (`left`), and those
    of them (`near`) after which it lets others go first.
    """

    __slots__ = ("done", "future", "inputs", "left", "lengths", "near", "outcomes", "taken")

    def __init__(self, inputs: list[Any], lengths: list[int], future: asyncio.Future[list[Outcome]], near: int) -> None:
        self.inputs, self.lengths, self.future, self.near = inputs, lengths, future, near
        self.left = sum(lengths)
        self.outcomes: list[Any] = [None] * len(inputs)
        self.taken = self.done = 0


Taken = list[tuple[QueuedRequest, int]]
"""The inputs of a batch: each as its request and its number there."""


class Batcher:
    """A queue before one model. To be used in one event loop.

    Args:
        run: from inputs to what came of each, in their order; called in one thread at a time. Where it raises for
            several inputs, they are divided until the guilty one is alone, and only that one has no answer.
        limits: `waiting`, `queued` and `wait` bound the queue.
        worker: where batches run that are not small.
        meter: counts every batch.
        inline: steps up to which a batch is small; 0 where none is.
    """

    def __init__(
        self,
        run: Callable[[list[Any]], list[Outcome]],
        limits: Limits,
        worker: Worker,
        meter: BatchMeter,
        inline: int = INLINE,
    ) -> None:
        self._run, self._limits, self._worker, self._meter, self._inline = run, limits, worker, meter, inline
        self._queue: deque[QueuedRequest] = deque()
        self._busy = self._planned = False
        self._steps = self._near = self._open = 0
        self._pace = self._last = self._spans = self._counted = 0.0
        self._loop = asyncio.get_running_loop()

    def __len__(self) -> int:
        """Return the number of requests that wait or are being answered."""
        return self._open

    def submit(self, inputs: list[Any], lengths: list[int]) -> asyncio.Future[list[Outcome]]:
        """Put a request into the queue and return what will hold the outcome of each input.

        Who cancels the future, or sets it, gives the request up: what of it has not begun will not be run.

        Raises:
            RefusedError: the queue is full; 503, with the seconds after which it may have room.
        """
        steps = sum(lengths)
        self.check(steps)
        future: asyncio.Future[list[Outcome]] = self._loop.create_future()
        self._open += 1
        self._steps += steps
        near = min(steps, max(BUDGET, *lengths))
        self._near += near
        request = QueuedRequest(inputs, lengths, future, near)
        self._queue.append(request)
        future.add_done_callback(lambda _: self._close(request))
        self._plan()
        return future

    def check(self, steps: int = 0) -> None:
        """Raise RefusedError, as `submit` does, if so many steps more have no room now.

        To be asked before a body is read: a refusal must cost far less than an answer, or a server that has too much to
        do has no time to do it. Where nothing waits, there is room for anything. Of a large request that waits, only a
        batch counts for those behind it, since it lets them go first after that: one client with much to ask does not
        have the others refused.
        """
        limits = self._limits
        full = self._open >= limits.waiting
        if not full and self._queue:
            large = steps > BUDGET and self._steps + steps > limits.queued
            full = large or self._pace * self._near > limits.wait
        if full:
            after = str(self.seconds())
            got = f"{self._open} that wait"
            raise RefusedError(
                503, "requests", "fewer", got, f"Try again in {after} s.", headers={"retry-after": after}
            )

    def seconds(self) -> int:
        """Return the whole seconds, 1 to 60, in which what waits now may be answered."""
        return min(max(math.ceil(self._pace * self._near), 1), 60)

    def _close(self, request: QueuedRequest) -> None:
        # What was given up holds nobody up, though it may stay in the queue for a while.
        self._open -= 1
        self._steps -= request.left
        self._near -= request.near
        request.left = request.near = 0

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
        if steps <= self._inline:
            self._deliver(taken, steps, *self._ran(taken))
        else:
            self._busy = True
            self._worker.submit(lambda: self._away(taken, steps))
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
                continue
            if taken and steps + length > BUDGET:
                break
            own = length + (own if taken and taken[-1][0] is request else 0)
            taken.append((request, request.taken))
            steps += length
            self._steps -= length
            request.left -= length
            request.taken += 1
            if request.taken == len(request.inputs):
                self._queue.popleft()
                self._near -= request.near
                request.near = 0
        if own > BUDGET // 2 and self._queue and self._queue[0] is taken[-1][0]:
            # A request of many inputs goes on behind those that came after it; one that was merely cut does not.
            self._queue.rotate(-1)
        return taken, steps

    def _ran(self, taken: Taken) -> tuple[list[Outcome], float]:
        began = time.perf_counter()
        outcomes = isolate(self._run, [request.inputs[n] for request, n in taken])
        return outcomes, time.perf_counter() - began

    def _away(self, taken: Taken, steps: int) -> None:
        # What was given up while the batch waited for the thread, or the server that has stopped, needs no answers.
        given_up = all(request.future.done() for request, _ in taken)
        outcomes, seconds = ([], 0.0) if given_up else self._ran(taken)
        hand_over(self._loop, lambda: self._back(taken, steps, outcomes, seconds))

    def _back(self, taken: Taken, steps: int, outcomes: list[Outcome], seconds: float) -> None:
        self._busy = False
        if outcomes:
            self._deliver(taken, steps, outcomes, seconds)
        if self._queue:
            self._plan()

    def _deliver(self, taken: Taken, steps: int, outcomes: list[Outcome], seconds: float) -> None:
        self._meter.batch(len(taken), seconds)
        # While requests wait, a batch takes as long as it is since the last one: reading bodies and writing answers is
        # in it, and whatever else the machine does.
        now = time.perf_counter()
        span = now - self._last if self._last else seconds
        self._last = now if self._queue else 0.0
        # Steps weigh, not batches: what surrounds a batch of one short text says nothing of a long one.
        self._spans = MEMORY * self._spans + span
        self._counted = MEMORY * self._counted + max(steps, 1)
        self._pace = self._spans / self._counted
        for (request, n), outcome in zip(taken, outcomes, strict=True):
            request.outcomes[n] = outcome
            request.done += 1
            if request.done == len(request.inputs) and not request.future.done():
                request.future.set_result(request.outcomes)


def isolate(run: Callable[[list[Any]], list[Outcome]], inputs: list[Any]) -> list[Outcome]:
    """Return what came of each input; where it takes an error to say, the error of that input alone."""
    try:
        return run(inputs)
    except Exception as error:
        if len(inputs) == 1:
            return [_outcome(error)]
    half = len(inputs) // 2
    return [*isolate(run, inputs[:half]), *isolate(run, inputs[half:])]


def _outcome(error: Exception) -> Outcome:
    if isinstance(error, BigruError | RefusedError):
        bare(error)
        return error
    if isinstance(error, MemoryError):
        return short_of_memory()
    logger.exception("an input failed")
    return fault()
