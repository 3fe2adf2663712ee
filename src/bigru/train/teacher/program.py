"""A program as a teacher: it reads a text a line on stdin and writes a JSON object a line on stdout, in that order.

Its stdin is a file, so that it may read all at once or line by line, and buffer what it writes as it likes: nothing
waits for anything. It runs in a session of its own, which Ctrl-C does not reach, and is ended with all that it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ...errors import ArgumentError, DataError, TrainingError, argument, one_line, sentence

__all__ = ["TIMEOUT", "MiscountError", "Program"]

TIMEOUT = 600.0
"""Seconds without an answer after which a program is given up: it may load a model, or read everything first."""

LONGEST = 1 << 24
"""Bytes of an answer at most."""

WAITING = 1024
"""Answers that wait to be taken at most."""

KEPT, SHOWN = 20, 200
"""Lines of stderr that are said, and characters of the last one in an error."""

KEYS = ("tokens", "label", "labels", "tags", "scores")
"""What is kept of an answer."""

GRACE = 5.0
"""Seconds that a program has to end once it has answered everything."""

Say = Callable[[str], None]


class MiscountError(DataError):
    """A program gave fewer or more answers than it got lines, so that nobody knows which is whose."""


@dataclass(frozen=True)
class Program:
    """A program that answers.

    Attributes:
        command: the program and its arguments, divided as a shell divides them; no shell runs it.
        timeout: seconds without an answer after which it is given up.

    Raises:
        ArgumentError: the command is empty or has an open quote, or the timeout is not above 0.
    """

    command: str
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        if not 0 < self.timeout < float("inf"):
            raise ArgumentError(sentence("distil", "timeout", "seconds above 0", f"{self.timeout:g}"))
        if not self.arguments:
            raise ArgumentError(sentence("distil", "teacher", "a model or a command", repr(self.command)))

    @property
    def arguments(self) -> list[str]:
        """The program and its arguments."""
        try:
            return shlex.split(self.command)
        except ValueError as error:
            got = f"{self.command!r} ({error})"
            raise ArgumentError(sentence("distil", "teacher", "a command with closed quotes", got)) from None

    @property
    def identity(self) -> str:
        """What tells this teacher from another."""
        return self.command

    def ask(self, questions: Path, count: int, say: Say) -> Iterator[dict[str, Any]]:
        """Yield an answer for each of `count` lines of a file, in their order.

        Args:
            questions: the file, a text a line.
            count: its lines.
            say: gets the first lines that the program writes to stderr.

        Raises:
            TrainingError: the program cannot be started, dies, or gives no answer for `timeout` seconds.
            DataError: an answer is no JSON object with "scores", "label", "labels" or "tags".
            MiscountError: there are fewer or more answers than lines.
        """
        with questions.open("rb") as stdin:
            running = self._start(stdin)
        errors = _Errors(running, say)
        answers = _Answers(running)
        try:
            for number in range(1, count + 1):
                line = answers.take(self.timeout)
                if line is None:
                    raise self._hangs(number, errors)
                if not line:
                    raise self._ended(running, number - 1, count, errors)
                yield parse_answer(line, number)
            if (line := answers.take(min(self.timeout, GRACE))) and line.strip():
                want = f"one per line, {count:,}"
                raise MiscountError(sentence("teacher", "answers", want, "more", self._remedy(errors)))
        finally:
            _end(running)
            answers.close()
            errors.close()

    def _start(self, stdin: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self.arguments,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            got = f"{self.arguments[0]!r}: {reason}"
            remedy = "Name a program, or the folder of a model."
            raise TrainingError(sentence("teacher", "program", "one that can be started", got, remedy)) from None

    def _hangs(self, number: int, errors: _Errors) -> TrainingError:
        got = f"none for {self.timeout:g} s{errors.last()}"
        remedy = f"Let it flush what it writes, or give it longer with {argument('timeout')}."
        return TrainingError(sentence("teacher", f"answer {number:,}", f"there within {self.timeout:g} s", got, remedy))

    def _ended(self, running: subprocess.Popen[bytes], done: int, count: int, errors: _Errors) -> Exception:
        """Return the error of a program whose answers have ended too soon."""
        try:
            code = running.wait(GRACE)
        except subprocess.TimeoutExpired:
            code = 0
        _end(running)
        errors.close()
        if code == 0:
            want = f"one per line, {count:,}"
            return MiscountError(sentence("teacher", "answers", want, f"{done:,}", self._remedy(errors)))
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        got = f"{how} after {done:,} of {count:,} answers{errors.last()}"
        return TrainingError(sentence("teacher", "program", "running until it has answered", got))

    @staticmethod
    def _remedy(errors: _Errors) -> str:
        return f"Nothing of this run is kept, as nobody knows which line an answer belongs to{errors.last()}."


def parse_answer(line: bytes, number: int) -> dict[str, Any]:
    """Return what an answer says, by key.

    Raises:
        DataError: it is no JSON object, or says nothing.
    """
    where, want = "teacher", 'a JSON object with "scores", "label", "labels" or "tags"'
    if len(line) > LONGEST:
        raise DataError(sentence(where, f"answer {number:,}", f"at most {LONGEST:,} bytes", "a longer line"))
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        got = one_line(line[:SHOWN].decode("utf-8", "replace").strip())
        remedy = "What is for people belongs on stderr."
        raise DataError(sentence(where, f"answer {number:,}", want, repr(got), remedy)) from None
    if not isinstance(value, dict) or not any(value.get(key) is not None for key in KEYS[1:]):
        raise DataError(sentence(where, f"answer {number:,}", want, one_line(json.dumps(value))[:SHOWN]))
    return {key: value[key] for key in KEYS if value.get(key) is not None}


class _Answers:
    """Reads stdout in a thread, so that waiting for it can end."""

    def __init__(self, running: subprocess.Popen[bytes]) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(WAITING)
        self._stream = running.stdout
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._stream is not None
        while line := self._stream.readline(LONGEST + 1):
            self._queue.put(line)
        self._queue.put(b"")

    def take(self, timeout: float) -> bytes | None:
        """Return the next line, b"" at the end, None where there is none in time."""
        try:
            return self._queue.get(timeout=timeout)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Let the thread end once the program has; something that outlived it may still hold its stdout."""
        assert self._stream is not None
        until = time.monotonic() + GRACE
        while self._thread.is_alive() and time.monotonic() < until:
            self.take(0.01)
        if not self._thread.is_alive():
            self._stream.close()


class _Errors:
    """Says the first lines of stderr and keeps the last."""

    def __init__(self, running: subprocess.Popen[bytes], say: Say) -> None:
        self._stream, self._say = running.stderr, say
        self._last: deque[str] = deque(maxlen=1)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._stream is not None
        count = 0
        while line := self._stream.readline(LONGEST):
            text = one_line(line.decode("utf-8", "replace").strip())
            if text:
                self._last.append(text)
                count += 1
            if text and count <= KEPT:
                self._say(f"teacher: {text}")
        if count > KEPT:
            self._say(f"teacher: {count - KEPT:,} more lines on stderr")

    def last(self) -> str:
        """Return the last line as the end of a sentence."""
        return f"; it said last: {self._last[0][:SHOWN]!r}" if self._last else ""

    def close(self) -> None:
        """Wait until all is read; something that outlived the program may still hold its stderr."""
        assert self._stream is not None
        self._thread.join(GRACE)
        if not self._thread.is_alive():
            self._stream.close()


def _end(running: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it started."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(0.2)
    try:
        os.killpg(running.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        running.kill()
    running.wait()
