"""What a server holds: its models, their queues, its key, and whether it is about to stop."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ...errors import BigruError
from ...runtime.explain import explain
from ..engine.batcher import Batcher, isolate
from ..engine.errors import GoneError, RefusedError, timed_out, unknown_model
from ..engine.limits import ConnectionSlots, Limits
from ..engine.metrics import BatchMeter, Metrics
from ..engine.models import Asked, Loaded, Outcome, ReloadableModel, Stamp, check_finite, run, stamp
from ..engine.worker import Worker
from .request_body import BodyReading, Headers, Receive
from .websocket import advance

__all__ = ["ServedModel", "Service"]

logger = logging.getLogger("bigru.serve")

POLL_SECONDS = 1.0
"""Seconds from one look at the folders to the next. A folder is read when two looks in a row found it the same."""

MOST_RETRY_SECONDS = 60.0
"""Seconds at most until a folder that could not be read is read again; from one try to the next they double."""

WATCH_SECONDS = 0.05
"""Seconds after which a request is watched for a client that hangs up; most are answered before."""

LARGE_BYTES = 1 << 16
"""Bytes of a body beyond which it is read and checked in a thread."""

BYTES_PER_STEP = 16
"""Bytes of a body that cost a step at least: what waits takes memory, however few steps it has."""

Result = TypeVar("Result")


@dataclass
class ServedModel:
    """A model and the queues before it."""

    model: ReloadableModel
    answers: Batcher
    explanations: Batcher
    streams: Batcher


@dataclass
class ReloadTries:
    """How often a folder could not be read, when it is tried again, and what was logged."""

    failed: int = 0
    after: float = 0.0
    text: str = ""


class Service:
    """The models of one process, to be used in its event loop.

    Args:
        models: in the order in which they are listed; the first is the default.
        limits: of requests.
        key: what clients must show, None where everybody may ask.

    Attributes:
        draining: whether no further connections are taken.
        unanswered: requests that were accepted and whose answers the end of the server cut off.
        metrics: what is counted.
        streams: the places of WebSockets.
    """

    def __init__(self, models: Sequence[ReloadableModel], limits: Limits, key: str | None = None) -> None:
        self.limits, self.draining, self.unanswered, self.metrics = limits, False, 0, Metrics()
        self.streams = ConnectionSlots(limits.streams)
        self._models = {model.name: model for model in models}
        self._key = None if key is None else key.encode("utf-8", "surrogateescape")
        self._served: dict[str, ServedModel] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._workers: list[Worker] = []
        self._tries = {model.name: ReloadTries() for model in models}
        self._reader, self._reloads = self._worker("read"), self._worker("reload")
        self._forced: asyncio.Task[None] | None = None

    def _worker(self, name: str) -> Worker:
        self._workers.append(Worker(f"bigru-{name}"))
        return self._workers[-1]

    async def start(self) -> None:
        """Set up the queues and begin to watch the folders."""
        for name, model in self._models.items():
            # Threads for each model: of two models, the slow one does not hold up the other, and of one model neither
            # do explanations or streams its answers.
            meter = BatchMeter(self.metrics, name)
            answers = Batcher(run, self.limits, self._worker(name), meter)
            explanations = Batcher(_explain_each, self.limits, self._worker(f"{name}-explain"), meter, inline=0)
            streams = Batcher(advance, self.limits, self._worker(f"{name}-stream"), meter, inline=0)
            self._served[name] = ServedModel(model, answers, explanations, streams)
            self.metrics.waiting.labels(name).set_function(answers.__len__)
        self._tasks.append(asyncio.create_task(self._watch()))

    async def stop(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()

    @property
    def busy(self) -> bool:
        """Whether a thread still works at something."""
        return any(worker.busy for worker in self._workers)

    @property
    def names(self) -> list[str]:
        """The names of the models."""
        return list(self._models)

    def described(self) -> list[dict[str, Any]]:
        """Return what is said of each model."""
        first = next(iter(self._models), None)
        return [{**model.loaded.described(), "default": model.name == first} for model in self._models.values()]

    def served(self, name: str) -> ServedModel:
        """Return a model by its name, or raise RefusedError."""
        found = self._served.get(name)
        if found is None:
            raise unknown_model(name, self.names)
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

    async def read(self, work: Callable[[], Result], size: int, always: bool = False) -> Result:
        """Do what makes of a body of so many bytes a checked request: a large one in a thread, so that it does not hold
        up the event loop.

        Raises:
            RefusedError: too many bodies wait for that; or what `work` raises.
        """
        if size <= LARGE_BYTES and not always:
            return work()
        with BodyReading.holding(size):
            return await self._reader.run(work)

    async def answer(
        self,
        queue: Batcher,
        loaded: Loaded,
        inputs: list[Any],
        lengths: list[int],
        receive: Receive,
        size: int,
        timeout: float | None = None,
    ) -> list[list[dict[str, Any]]]:
        """Wait for the answers to a request's inputs: one to each, or one for each series of a table.

        Args:
            queue: of the model.
            loaded: the state of the model that the inputs were checked for.
            inputs, lengths: what is asked, and what each costs.
            receive: of the request.
            size: bytes of its body.
            timeout: seconds that the client waits at most.

        Raises:
            RefusedError: the queue is full (503), the time is up (504), or an input does not suit the model (400).
            GoneError: the client hung up.
        """
        lengths[0] += max(size // BYTES_PER_STEP - sum(lengths), 0)
        future = queue.submit([(loaded, x) for x in inputs], lengths)
        watcher = Watcher(future, receive, min(timeout or self.limits.timeout, self.limits.timeout))
        try:
            outcomes = await future
        finally:
            watcher.stop()
            # See `Worker.run`.
            del future, watcher
        answers: list[list[dict[str, Any]]] = []
        for n, outcome in enumerate(outcomes):
            if isinstance(outcome, RefusedError):
                # Another one, since this frame holds the first.
                raise RefusedError.from_error(outcome.status, str(outcome), outcome.headers)
            if isinstance(outcome, BigruError):
                raise RefusedError.from_error(400, str(outcome).replace("inputs[0]", f"inputs[{n}]")) from None
            answers.append(outcome if isinstance(outcome, list) else [outcome])
        return answers

    def reload(self) -> None:
        """Read every folder now, whether it seems to have changed or not. Asked for again meanwhile, once more is
        enough.
        """
        if self._forced is None or self._forced.done():
            self._forced = asyncio.get_running_loop().create_task(self._reload_all())

    async def _reload_all(self) -> None:
        for model in self._models.values():
            self._tries[model.name] = ReloadTries()
            await self._reload(model)

    async def _reload(self, model: ReloadableModel) -> None:
        """Read a folder; all reading is done by one thread, so two reasons to read it never meet."""
        tries = self._tries[model.name]
        try:
            await self._reloads.run(model.reload)
        except Exception as error:
            tries.failed += 1
            tries.after = asyncio.get_running_loop().time() + min(POLL_SECONDS * 2**tries.failed, MOST_RETRY_SECONDS)
            self.metrics.reloads.labels(model.name, "refused").inc()
            text = str(error) if isinstance(error, BigruError) else f"{type(error).__name__}: {error}"
            if text != tries.text:
                logger.error("%s stays as it was: %s", model.name, text)
            tries.text = text
        else:
            self._tries[model.name] = ReloadTries()
            self.metrics.reloads.labels(model.name, "done").inc()
            logger.warning("%s was read again.", model.name)

    async def _watch(self) -> None:
        seen = {name: model.stamp for name, model in self._models.items()}
        while True:
            await asyncio.sleep(POLL_SECONDS)
            for name, model in self._models.items():
                try:
                    seen[name] = await self._look(model, seen[name])
                except Exception:
                    # As where the system gives no further thread now: the next look comes all the same.
                    logger.exception("the folder of %s could not be looked at", name)

    async def _look(self, model: ReloadableModel, before: Stamp) -> Stamp:
        """Return the state of a folder; one that is new, and the same as at the look before, is read."""
        found = await self._reloads.run(partial(stamp, model.folder))
        tries = self._tries[model.name]
        if found != before:
            # Another folder deserves another try at once.
            tries.after, tries.failed = 0.0, 0
        elif found != model.stamp and asyncio.get_running_loop().time() >= tries.after:
            await self._reload(model)
        return found


class Watcher:
    """Gives a request up when its time is over or its client hangs up.

    It begins to look after a moment only: a task for each of thousands of requests a second would cost more than they.
    """

    __slots__ = ("_future", "_receive", "_seconds", "_task", "_timer")

    def __init__(self, future: asyncio.Future[list[Outcome]], receive: Receive, seconds: float) -> None:
        self._future, self._receive, self._seconds = future, receive, seconds
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(min(WATCH_SECONDS, seconds), self._begin)

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(self._seconds - min(WATCH_SECONDS, self._seconds)):
                while (await self._receive())["type"] == "http.request":
                    pass
            end: Exception = GoneError()
        except TimeoutError:
            end = timed_out(self._seconds)
        if not self._future.done():
            self._future.set_exception(end)


def _explain_each(asked: list[Asked]) -> list[Outcome]:
    """Explain texts one by one."""
    return [isolate(_explain, [one])[0] for one in asked]


def _explain(asked: list[Asked]) -> list[Outcome]:
    predictor: Any = asked[0][0].predictor
    found: dict[str, Any] = explain(predictor, asked[0][1])
    check_finite(found)
    return [found]
