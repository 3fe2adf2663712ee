"""What a server logs: bounded lines without control characters, whatever clients or folders put into them."""

from __future__ import annotations

import logging
import sys

from ...errors import one_line

__all__ = ["start"]

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
