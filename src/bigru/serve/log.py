"""What a server says on stderr: bounded, one line for each message, and none of a decoder's own.

libmpg123 writes to the descriptor of stderr whatever it thinks of a file, and a client may send any file. While
something is decoded the descriptor leads nowhere, so the server's own messages go through another one.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

from ..errors import one_line

__all__ = ["own_stderr", "silent", "start"]

LINES = 40
"""Lines of a traceback at most, and characters of each of its lines."""

WIDE = 400

CLIENTS = (
    "Invalid HTTP request received.",
    "Invalid UTF-8 sequence received from client.",
    "Unsupported upgrade request.",
)
"""What uvicorn logs of any client that does not speak HTTP; each has got its answer."""


class Formatter(logging.Formatter):
    """One line for each message; a traceback has lines of its own, which are as bounded."""

    def format(self, record: logging.LogRecord) -> str:
        """Return what is written of a record."""
        text = one_line(record.getMessage())
        if record.exc_info:
            lines = self.formatException(record.exc_info).splitlines()
            shown = lines if len(lines) <= LINES else [*lines[: LINES // 2], "  ...", *lines[-LINES // 2 :]]
            text = "\n".join([text, *(one_line(line, WIDE) for line in shown)])
        return text


def start() -> None:
    """Write warnings and errors to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    # On the handler, since a logger's filter does not see what its children log.
    handler.addFilter(lambda record: not record.getMessage().startswith(CLIENTS))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


@contextmanager
def own_stderr() -> Iterator[None]:
    """Let `sys.stderr` be a descriptor of its own, which `silent` does not touch."""
    before = sys.stderr
    try:
        descriptor = os.dup(2)
    except OSError:
        # There is no stderr: nothing is written anyway.
        yield
        return
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1) as stream:
        sys.stderr = stream
        try:
            yield
        finally:
            sys.stderr = before


class Silence:
    """How many decoders run, and where stderr led before the first of them."""

    lock = Lock()
    count = 0
    kept = -1


@contextmanager
def silent() -> Iterator[None]:
    """Drop what a library writes to the descriptor of stderr meanwhile; several threads may ask for that at once."""
    with Silence.lock:
        if Silence.count == 0:
            Silence.kept = _lead_nowhere()
        Silence.count += 1
    try:
        yield
    finally:
        with Silence.lock:
            Silence.count -= 1
            if Silence.count == 0 and Silence.kept >= 0:
                os.dup2(Silence.kept, 2)
                os.close(Silence.kept)


def _lead_nowhere() -> int:
    """Let descriptor 2 lead nowhere; return what leads where it did, -1 where nothing was changed."""
    kept = nowhere = -1
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        kept = os.dup(2)
        os.dup2(nowhere, 2)
    if nowhere >= 0:
        os.close(nowhere)
    return kept
