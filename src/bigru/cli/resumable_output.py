"""The file of answers of a long prediction: written line by line, and resumed after any interruption."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..bundle.lock import TakenError, locked
from ..errors import ArgumentError, DataError, sentence

__all__ = ["ResumableOutput", "fingerprint", "input_fingerprint"]

BESIDE = ".run"
"""Suffix of the file that stands beside unfinished answers and says of what they are."""

HEAD_BYTES = 1 << 20
"""Bytes at both ends of an input by which it is known again."""

BLOCK = 1 << 20


class ResumableOutput:
    """Answers, one line each, in a file that holds whole lines or, after a crash, a torn last one.

    Beside it lies a small file that says of which model, input and options the answers are. It goes when all are there.

    Args:
        path: the file.
        of: what the answers are of, as JSON values.
        resume: go on behind the whole lines that the file holds; without such a file, begin it.
        force: write over what is there.

    Raises:
        ArgumentError: the file is there and neither was asked for, or its answers are not of the same.

    Attributes:
        done: answers that the file holds.
        last: the last of them, without its line end.
    """

    def __init__(self, path: Path, of: dict[str, Any], resume: bool = False, force: bool = False) -> None:
        if path.is_dir():
            raise ArgumentError(sentence("predict", "--out", "a file", f"{path}, a folder"))
        self.path, self._beside = path, path.with_name(path.name + BESIDE)
        self.done, self.last = 0, b""
        there = path.exists()
        if there and not resume and not force:
            remedy = "Go on with it by --resume, write over it by --force."
            raise ArgumentError(sentence("predict", "--out", "a new file", str(path), remedy))
        if there and resume:
            self._check(of)
        with ExitStack() as stack:
            try:
                self._stream = stack.enter_context(path.open("ab"))
                if path.is_file():
                    stack.enter_context(locked(path))
                    os.truncate(path, self._count() if there and resume else 0)
                if not (there and resume):
                    self._beside.write_text(json.dumps(of, ensure_ascii=False) + "\n", encoding="utf-8")
            except TakenError:
                remedy = "Wait until it has ended, or give another --out."
                got = f"{path}, to which another prediction writes"
                raise ArgumentError(sentence("predict", "--out", "free", got, remedy)) from None
            except OSError as error:
                want = "a file that can be written"
                raise ArgumentError(sentence("predict", "--out", want, f"{path}: {error.strerror}")) from error
            self._open = stack.pop_all()

    def __enter__(self) -> ResumableOutput:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is None:
            os.fsync(self._stream.fileno())
        if kind is None:
            self._beside.unlink(missing_ok=True)
        self._open.close()

    def write(self, lines: list[str]) -> None:
        """Write answers; they are in the file, whatever becomes of this process, when the call is over."""
        self._stream.write("".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace"))
        self._stream.flush()
        self.done += len(lines)

    def _check(self, of: dict[str, Any]) -> None:
        """Refuse to go on with answers of something else."""
        try:
            before = json.loads(self._beside.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            want = f"one that a run left unfinished, with {self._beside.name} beside it"
            remedy = "It is finished, or of other making; --force writes over it."
            raise ArgumentError(sentence("predict", "--out", want, str(self.path), remedy)) from None
        for key, value in of.items():
            if before.get(key) != value:
                want = f"the same as of the answers in {self.path}"
                remedy = "Give another --out, or --force to begin again."
                raise ArgumentError(sentence("predict", key, want, "another", remedy))

    def _count(self) -> int:
        """Count the whole lines and return where they end."""
        end, at, tail = 0, 0, b""
        with self.path.open("rb") as stream:
            while block := stream.read(BLOCK):
                self.done += block.count(b"\n")
                if b"\n" in block:
                    end = at + block.rfind(b"\n") + 1
                    whole = (tail + block)[: len(tail) + block.rfind(b"\n")]
                    self.last, tail = whole[whole.rfind(b"\n") + 1 :], block[block.rfind(b"\n") + 1 :]
                else:
                    tail += block
                at += len(block)
        return end


def fingerprint(bundle: Bundle) -> str:
    """Return what tells a model from any other: a digest of its shape, its labels and its weights."""
    digest = hashlib.sha256(repr((bundle.task, bundle.model, bundle.config.labels)).encode())
    for name in sorted(bundle.weights):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(bundle.weights[name]).tobytes())
    return digest.hexdigest()


def input_fingerprint(inputs: list[str]) -> dict[str, Any]:
    """Return what tells an input from another: size and both ends of a file, the texts themselves; nothing of stdin.

    Raises:
        DataError: the file cannot be read.
    """
    if len(inputs) != 1 or inputs == ["-"] or not Path(inputs[0]).is_file():
        return {"input": "-" if inputs == ["-"] else hashlib.sha256(json.dumps(inputs).encode()).hexdigest()}
    path = Path(inputs[0])
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            digest = hashlib.sha256(stream.read(HEAD_BYTES))
            stream.seek(max(size - HEAD_BYTES, 0))
            digest.update(stream.read(HEAD_BYTES))
    except OSError as error:
        raise DataError(sentence(str(path), "data", "a readable file", error.strerror)) from error
    return {"input": f"{size} bytes, {digest.hexdigest()}"}
