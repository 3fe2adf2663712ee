"""The file of a teacher's answers: a JSON line each, as `bigru predict` writes them, kept whatever happens.

Beside it lies a small file that says whose they are, and how long the teacher took.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ...bundle.lock import TakenError, locked
from ...errors import ArgumentError, DataError, argument, sentence

__all__ = ["AnswerFile", "key_of"]

BESIDE = ".teacher"
"""Suffix of the file that says whose answers they are."""

TEXT = "text"


def key_of(question: Any) -> bytes:
    """Return what stands for an input, 16 bytes; equal inputs have equal ones."""
    return hashlib.blake2b(json.dumps(question, ensure_ascii=True).encode(), digest_size=16).digest()


class AnswerFile:
    """A file of answers that is open for more.

    Args:
        path: the file; it is made where there is none.
        teacher: what tells the teacher from others.

    Raises:
        ArgumentError: it is no file of this teacher's answers, another process writes to it, or it cannot be written.

    Attributes:
        keys: of the inputs that are answered.
        asked, seconds: how many answers came in how long, over all runs.
    """

    def __init__(self, path: Path, teacher: str) -> None:
        self.path, self._beside, self._teacher = path, path.with_name(path.name + BESIDE), teacher
        self.keys: set[bytes] = set()
        self.asked, self.seconds = 0, 0.0
        if path.is_dir():
            raise ArgumentError(sentence("distil", argument("answers"), "a file", f"{path}, a folder"))
        if path.exists() and path.stat().st_size:
            self._check()
        with ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = stack.enter_context(path.open("ab"))
                stack.enter_context(locked(path))
                os.truncate(path, self._read_keys())
                self._note()
            except TakenError:
                got = f"{path}, to which another process writes"
                raise ArgumentError(sentence("distil", argument("answers"), "free", got)) from None
            except OSError as error:
                got = f"{path}: {error.strerror}"
                raise ArgumentError(
                    sentence("distil", argument("answers"), "a file that can be written", got)
                ) from None
            self._open = stack.pop_all()

    def __enter__(self) -> AnswerFile:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    @property
    def end(self) -> int:
        """Where the answers end, in bytes."""
        self._stream.flush()
        return self.path.stat().st_size

    def add(self, question: Any, answer: dict[str, Any]) -> None:
        """Write an answer to an input, a text or a list of tokens."""
        name = TEXT if isinstance(question, str) else "tokens"
        line = json.dumps({name: question} | answer, ensure_ascii=False) + "\n"
        self._stream.write(line.encode("utf-8", "backslashreplace"))
        self.keys.add(key_of(question))

    def flush(self) -> None:
        """Write what is buffered."""
        self._stream.flush()

    def cut(self, end: int) -> None:
        """Take back the answers behind a place of the file."""
        self._stream.flush()
        os.truncate(self.path, end)

    def settle(self, count: int, seconds: float) -> None:
        """Write what is buffered, and that the teacher has given so many answers more in so many seconds."""
        self._stream.flush()
        self.asked += count
        self.seconds += seconds
        self._note()

    def records(self) -> Iterator[tuple[bytes, dict[str, Any], int]]:
        """Yield the key of each answered input, the answer with its input, and the line."""
        self._stream.flush()
        with self.path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                record = json.loads(line)
                yield key_of(record.get(TEXT, record.get("tokens"))), record, number

    def _check(self) -> None:
        """Refuse a file that is not of this teacher."""
        try:
            known = json.loads(self._beside.read_text(encoding="utf-8"))
            teacher, asked, seconds = known["teacher"], int(known["asked"]), float(known["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            want = f"new, or one with {self._beside.name} beside it"
            raise ArgumentError(sentence("distil", argument("answers"), want, str(self.path))) from None
        if teacher != self._teacher:
            remedy = f"Name another file with {argument('answers')}."
            want, got = f"the teacher of the answers in {self.path}, {teacher!r}", repr(self._teacher)
            raise ArgumentError(sentence("distil", argument("teacher"), want, got, remedy))
        self.asked, self.seconds = asked, seconds

    def _note(self) -> None:
        facts = {"teacher": self._teacher, "asked": self.asked, "seconds": round(self.seconds, 3)}
        fresh = self._beside.with_name(self._beside.name + ".new")
        fresh.write_text(json.dumps(facts, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.replace(self._beside)

    def _read_keys(self) -> int:
        """Note the answered inputs, and return where whole lines end: a process that was killed leaves a torn one.

        Raises:
            DataError: a line is no answer.
        """
        end = 0
        with self.path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    record = json.loads(line)
                    self.keys.add(key_of(record.get(TEXT, record.get("tokens"))))
                except (ValueError, AttributeError):
                    where = f"{self.path}:{number}"
                    raise DataError(sentence(where, "line", "an answer as JSON", repr(line[:80]))) from None
                end += len(line)
        return end
