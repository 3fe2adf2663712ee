"""The streams of the process: progress that cannot be written is dropped, answers that cannot be written end it."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from ..errors import DataError, sentence

__all__ = ["Progress", "answer_json", "discard_buffer", "open_streams", "print_json"]


class Progress(io.TextIOBase):
    """Stderr as the commands write to it: once it fails (its reader has gone, the disk is full), it says no more.

    What is written there is for people. Nobody being there to read it must neither end the work nor make it look done.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop what cannot be written."""
        try:
            self._stream.write(text)
        except (OSError, ValueError):  # ValueError: it was closed
            discard_buffer(self._stream)
        return len(text)

    def flush(self) -> None:
        """Flush, or drop what cannot be written."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            discard_buffer(self._stream)

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return not self._stream.closed and self._stream.isatty()

    def fileno(self) -> int:
        """Return its descriptor."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Its encoding."""
        return self._stream.encoding

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def open_streams() -> bool:
    """Make the streams of the process fit to be written to; return whether there is a stdout."""
    for descriptor in (0, 1, 2):
        _occupy(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = Progress(sys.stderr)
    if sys.stdout is None:
        return False
    # JSON is UTF-8 whatever the locale; half of a surrogate pair becomes the escape that JSON has for it.
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    return True


def _occupy(descriptor: int) -> None:
    """Open nothing under a closed standard descriptor, so that no file gets its number and foreign words with it."""
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)


def discard_buffer(stream: TextIO) -> None:
    """Let what is still buffered go nowhere: Python would complain again when it closes the stream."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def print_json(facts: Any) -> None:
    """Print as a line of JSON what came of a work; numbers that are not finite, as of an undefined score, are null.

    That its reader has gone changes nothing of the work, nor of the exit code that says how it went.
    """
    try:
        text = json.dumps(facts, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_replace_gaps(facts), ensure_ascii=False, allow_nan=False)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        discard_buffer(sys.stdout)


def answer_json(answer: Any, name: str = "answer") -> str:
    """Return an answer as a line of JSON.

    Raises:
        DataError: a number of it is not finite, for which JSON has no word: its input is not what a model can answer.
    """
    try:
        return json.dumps(answer, ensure_ascii=False, allow_nan=False)
    except ValueError:
        name, value = next(_gaps(answer, name))
        remedy = "The input lies too far from what the model was trained on."
        raise DataError(sentence("predict", name, "a finite number", value, remedy)) from None


def _gaps(value: Any, name: str) -> Iterator[tuple[str, float]]:
    """Yield the numbers that are not finite, with their places."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _gaps(entry, f"{name} {key}")
    elif isinstance(value, (list, tuple)):
        for n, entry in enumerate(value, 1):
            yield from _gaps(entry, f"{name} {n}")
    elif isinstance(value, float) and not math.isfinite(value):
        yield name, value


def _replace_gaps(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _replace_gaps(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replace_gaps(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
