"""A process per family of engines, asked in turn; all but the one that is asked are stopped."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from bigru.study.engines import Arrays, NotOfferedError
from bigru.study.speed import Stopwatch

from .cells import Cell

FAMILIES = {
    "bigru": ("pytorch", {"OMP_WAIT_POLICY": "PASSIVE"}),
    "torch": ("pytorch", {}),
    "graph": ("graph", {}),
    "keras-tensorflow": ("tutorial", {"KERAS_BACKEND": "tensorflow"}),
    "keras-jax": ("tutorial", {"KERAS_BACKEND": "jax"}),
}
"""Per process the module whose ENGINES it runs, and what it finds in its environment: bigru's is as its command line
sets it, the others' as their users have it."""

PEAKS = {"peak": "fp32", "peak-bf16": "bf16"}
"""Turns that measure the machine's rate of products instead of a case."""


def family_of(engine: str) -> str:
    """Return the process that an engine runs in."""
    for family in ("keras-tensorflow", "keras-jax", "bigru"):
        if engine.startswith(family):
            return family
    if engine in PEAKS:
        return "bigru"
    return "graph" if engine.startswith(("onnxruntime", "openvino")) else "torch"


class Process:
    """One process, stopped (SIGSTOP) while it is not asked: then none of its threads can spin."""

    def __init__(self, family: str, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, family, threads), daemon=True)
        self._process.start()
        theirs.close()
        self.facts: dict[str, str] = self._ask("facts")

    def _ask(self, *question: Any) -> Any:
        pid = self._process.pid
        assert pid is not None
        os.kill(pid, signal.SIGCONT)
        try:
            self._connection.send(question)
            kind, value = self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            raise RuntimeError(f"{question}: the process ended with code {self._process.exitcode}") from None
        os.kill(pid, signal.SIGSTOP)
        # The signal is on its way when kill returns; it has arrived when the process can be waited for.
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if kind == "absent":
            raise NotOfferedError(value)
        if kind == "failed":
            raise RuntimeError(f"{question}: {value}")
        return value

    def open(self, engine: str, cell: Cell) -> Arrays:
        """Build a case and return its answers; raise NotOfferedError where the engine lacks it."""
        answers: Arrays = self._ask("open", engine, cell)
        return answers

    def turn(self, engine: str) -> float:
        """Time a block of an open case, in seconds; of a peak return the operations per second, or 0."""
        return float(self._ask("turn", engine))

    def clear(self) -> None:
        """Forget all cases."""
        self._ask("clear")

    def kill(self) -> None:
        """End the process, stopped or not."""
        self._process.kill()
        self._process.join()


@contextlib.contextmanager
def processes() -> Iterator[dict[str, Process]]:
    """Give a dictionary to keep started processes in; they end with the block."""
    started: dict[str, Process] = {}
    try:
        yield started
    finally:
        for process in started.values():
            process.kill()


def _serve(connection: Connection, family: str, threads: int) -> None:
    """Answer questions until the other end is closed."""
    module, environment = FAMILIES[family]
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(
            1, signal.SIGKILL
        )  # PR_SET_PDEATHSIG: a stopped process would outlive the one that asks
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    served = _Server(importlib.import_module(f"contenders.{module}"), threads)
    while True:
        try:
            name, *arguments = connection.recv()
        except EOFError:
            return
        try:
            connection.send(("done", getattr(served, name)(*arguments)))
        except NotOfferedError as error:
            connection.send(("absent", str(error)))
        except Exception as error:
            connection.send(("failed", f"{type(error).__name__}: {error}"))


class _Server:
    """What a process can be asked."""

    def __init__(self, module: Any, threads: int) -> None:
        self._module, self._threads = module, threads
        self._clocks: dict[str, tuple[Stopwatch, int]] = {}

    def facts(self) -> dict[str, str]:
        versions: dict[str, str] = self._module.facts()
        return versions

    def open(self, engine: str, cell: Cell) -> Arrays:
        case = self._module.ENGINES[engine](cell, self._threads)
        answers: Arrays = case.answers()
        self._clocks[engine] = Stopwatch(case.run), case.times
        return answers

    def turn(self, engine: str) -> float:
        if engine in PEAKS:
            from bigru.ops.library import product_rate

            return product_rate(PEAKS[engine], self._threads) or 0.0
        clock, times = self._clocks[engine]
        return clock.turn() / times

    def clear(self) -> None:
        self._clocks.clear()
