"""What a server writes to stderr: bounded, printable, and nothing for a client that speaks no HTTP."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bigru.serve.http.log import LINES, Formatter

from .conftest import Server


def formatted(text: str, error: BaseException | None = None) -> str:
    info = None if error is None else (type(error), error, error.__traceback__)
    return Formatter().format(logging.LogRecord("bigru.serve", logging.ERROR, "", 0, text, None, info))


def test_a_message_is_one_line_that_a_terminal_shows_as_it_is() -> None:
    assert formatted("a\x1b[31m\nb\u202ec\u2028d") == r"a\x1b[31m\nb\u202ec\u2028d"
    assert len(formatted("x" * 10_000_000)) < 3000


def test_a_traceback_is_bounded_too() -> None:
    said = formatted("an input failed", ValueError("\x1b" * 1_000_000 + "\n" * 1000))
    assert "\x1b" not in said
    assert len(said.splitlines()) <= LINES + 2
    assert all(len(line) <= 400 for line in said.splitlines())


@pytest.mark.process
def test_what_is_no_http_is_answered_and_leaves_no_line(start: Callable[..., Server], models: Path) -> None:
    live = start(str(models / "films"))
    for content in (
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/9.9\r\n\r\n" * 3,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
            client.sendall(content)
            assert client.recv(100).startswith(b"HTTP/1.1 4")
    upgrade = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n"
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
        client.sendall(upgrade)
        assert client.recv(100).startswith(b"HTTP/1.1 200")
    _, said = live.stop()
    assert said.splitlines() == ["serving films; Ctrl-C stops.", "stopped; every accepted request was answered."]
