"""What a server holds: its models, their queues, its key, and whether it is about to stop."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..errors import BigruError
from ..runtime.explain import explain
from .batching import Batcher
from .body import Headers, Receive
from .limits import Limits
from .metrics import BatchMeter, Metrics
from .models import Model, Outcome, stamp
from .refusal import GoneError, RefusedError, unknown

__all__ = ["Served", "Service"]

logger = logging.getLogger("bigru.serve")

POLL = 1.0
"""Seconds from one look at the folders to the next. A folder is read when two looks in a row found it the same."""

PATIENCE = 0.05
"""Seconds after which a request is watched for a client that hangs up; most are answered before."""


@dataclass
class Served:
    """A model and the queues before it."""

    model: Model
    answers: Batcher
    explanations: Batcher


class Service:
    """The models of one process, to be used in its event loop.

    Args:
        models: in the order in which they are listed; the first is the default.
        limits: of requests.
        key: what clients must show, None where everybody may ask.

    Attributes:
        draining: whether no further connections are taken.
        metrics: what is counted.
    """

    def __init__(self, models: Sequence[Model], limits: Limits, key: str | None = None) -> None:
        self.limits, self.draining, self.metrics = limits, False, Metrics()
        self._models = {model.name: model for model in models}
        self._key = None if key is None else key.encode("utf-8")
        self._served: dict[str, Served] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Set up the queues and begin to watch the folders."""
        for name, model in self._models.items():
            # A thread for each model: of two models, the slow one does not hold up the other.
            pool = ThreadPoolExecutor(1, thread_name_prefix=f"bigru-{name}")
            meter = BatchMeter(self.metrics, name)
            answers = Batcher(model.answer, self.limits, pool, meter)
            explanations = Batcher(partial(_explain, model), self.limits, pool, meter)
            self._served[name] = Served(model, answers, explanations)
            self.metrics.waiting.labels(name).set_function(answers.__len__)
        self._tasks.append(asyncio.create_task(self._watch()))

    async def stop(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()

    @property
    def names(self) -> list[str]:
        """The names of the models."""
        return list(self._models)

    def described(self) -> list[dict[str, Any]]:
        """Return what is said of each model."""
        first = next(iter(self._models), None)
        return [{**model.described(), "default": model.name == first} for model in self._models.values()]

    def served(self, name: str) -> Served:
        """Return a model by its name, or raise RefusedError."""
        found = self._served.get(name)
        if found is None:
            raise unknown(name, self.names)
        return found

    def check_key(self, headers: Headers) -> None:
        """Raise RefusedError unless a request shows the key; comparing takes as long whatever is shown."""
        if self._key is None:
            return
        scheme, _, shown = headers.get(b"authorization", b"").partition(b" ")
        given = shown.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")
        if not hmac.compare_digest(given, self._key):
            want = "the server's, as Authorization: Bearer KEY or X-API-Key: KEY"
            raise RefusedError(401, "key", want, "another" if given else "none", headers={"www-authenticate": "Bearer"})

    async def answer(
        self, queue: Batcher, inputs: list[Any], lengths: list[int], receive: Receive, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """Wait for the answers to a request's inputs.

        Raises:
            RefusedError: the queue is full (503), the time is up (504), or an input does not suit the model (400).
            GoneError: the client hung up.
        """
        future = queue.submit(inputs, lengths)
        watcher = Watcher(future, receive, min(timeout or self.limits.timeout, self.limits.timeout))
        try:
            outcomes = await future
        finally:
            watcher.stop()
        answers: list[dict[str, Any]] = []
        for n, outcome in enumerate(outcomes):
            if isinstance(outcome, BigruError):
                raise RefusedError.of(400, str(outcome).replace("inputs[0]", f"inputs[{n}]")) from None
            answers += outcome if isinstance(outcome, list) else [outcome]
        return answers

    def reload(self) -> None:
        """Read every folder that changed, now."""
        for model in self._models.values():
            if stamp(model.folder) != model.stamp:
                self._reload(model)

    def _reload(self, model: Model) -> None:
        try:
            model.reload()
        except (BigruError, MemoryError) as error:
            self.metrics.reloads.labels(model.name, "refused").inc()
            logger.error("%s stays as it was: %s", model.name, error)
        else:
            self.metrics.reloads.labels(model.name, "done").inc()
            logger.warning("%s was read again.", model.name)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        seen = {name: model.stamp for name, model in self._models.items()}
        while True:
            await asyncio.sleep(POLL)
            for name, model in self._models.items():
                found = await loop.run_in_executor(None, stamp, model.folder)
                if found != model.stamp and found == seen[name]:
                    await loop.run_in_executor(None, self._reload, model)
                seen[name] = found


class Watcher:
    """Gives a request up when its time is over or its client hangs up.

    It begins to look after a moment only: a task for each of thousands of requests a second would cost more than they.
    """

    __slots__ = ("_future", "_receive", "_seconds", "_task", "_timer")

    def __init__(self, future: asyncio.Future[list[Outcome]], receive: Receive, seconds: float) -> None:
        self._future, self._receive, self._seconds = future, receive, seconds
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(min(PATIENCE, seconds), self._begin)

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(self._seconds - min(PATIENCE, self._seconds)):
                while (await self._receive())["type"] == "http.request":
                    pass
            end: Exception = GoneError()
        except TimeoutError:
            want = f"answered within {self._seconds:g} s"
            end = RefusedError(504, "request", want, "no answer yet", "Send less at once, or try again later.")
        if not self._future.done():
            self._future.set_exception(end)


def _explain(model: Model, texts: list[str]) -> list[Outcome]:
    """Explain texts one by one."""
    return [_told(model, text) for text in texts]


def _told(model: Model, text: str) -> Outcome:
    predictor: Any = model.predictor
    try:
        found: dict[str, Any] = explain(predictor, text)
    except BigruError as error:
        return error
    return found
