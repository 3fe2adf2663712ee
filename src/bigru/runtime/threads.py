"""Work shared out among threads of Python: what computes releases the interpreter lock, so that all cores work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Thread
from typing import TypeVar

__all__ = ["parallel_for"]

Job = TypeVar("Job")


def parallel_for(work: Callable[[Job], None], jobs: Iterable[Job], workers: int) -> None:
    """Do every job once, on so many threads, the caller's among them; they end with the call, so that none is forked.

    Raises:
        BaseException: what a job raised first; jobs that had not begun are left undone.
    """
    waiting, raised = iter(list(jobs)), list[BaseException]()

    def go() -> None:
        try:
            for job in waiting:
                if raised:
                    return
                work(job)
        except BaseException as error:
            raised.append(error)

    helpers = [Thread(target=go, name="bigru-predict", daemon=True) for _ in range(workers - 1)]
    for helper in helpers:
        helper.start()
    go()
    for helper in helpers:
        helper.join()
    if raised:
        raise raised[0]
