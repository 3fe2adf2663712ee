"""Threads that never hold up the end of the process: each is a daemon, and runs one thing at a time.

An executor of the standard library is waited for when the interpreter ends, however long its work takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from ...errors import BigruError
from .errors import RefusedError

__all__ = ["Worker", "bare", "hand_over"]

Result = TypeVar("Result")


class Worker:
    """One thread that does what it is given in its order; it begins with the first piece of work.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread: Thread | None = None
        self._given = self._done = 0

    @property
    def busy(self) -> bool:
        """Whether anything waits or runs."""
        return self._given > self._done

    def submit(self, work: Callable[[], None]) -> None:
        """Do a piece of work when its turn comes; it must not raise. To be called in one thread."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._given += 1
        self._waiting.put(work)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do a piece of work and return what it returns, or raise what it raises; called in an event loop.

        A caller that is cancelled no longer waits. Work that has not begun by then is not done.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self.submit(partial(_whole, work, loop, future))
        try:
            return await future
        finally:
            # An error holds its frames: were it held by one of them, megabytes of a request would wait for the garbage
            # collector.
            del future

    def _work(self) -> None:
        while True:
            work = self._waiting.get()
            work()
            # What was done may hold a request of megabytes, and the next may come in an hour.
            del work
            self._done += 1


def _whole(work: Callable[[], Result], loop: asyncio.AbstractEventLoop, future: asyncio.Future[Result]) -> None:
    if future.cancelled():
        return
    try:
        result = work()
    except BaseException as error:
        hand_over(loop, partial(_settle, future, future.set_exception, bare(error)))
    else:
        hand_over(loop, partial(_settle, future, future.set_result, result))


def _settle(future: asyncio.Future[Any], settle: Callable[[Any], None], value: Any) -> None:
    if not future.done():
        settle(value)


def bare(error: BaseException) -> BaseException:
    """Return an error without the frames that it was raised in, which hold what was asked, if it is one of bigru's own
    sentences: where it was raised matters to nobody.
    """
    return error.with_traceback(None) if isinstance(error, BigruError | RefusedError) else error


def hand_over(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Let an event loop call something; one that has been closed, since the server has ended, calls nothing."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
