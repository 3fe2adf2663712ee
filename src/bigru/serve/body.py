"""Bodies of requests: read up to a limit and within a time; what is too large is refused before it is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, NoReturn

import orjson

from .limits import Limits
from .refusal import GoneError, RefusedError, shown

__all__ = ["Headers", "Receive", "Scope", "Send", "check_json", "check_length", "linger", "parse", "read"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]

LINGER = 2.0
"""Seconds for which a refused body is still read, and thrown away: a client that is cut off while it sends may never
read why."""


class Reading:
    """Bytes of the bodies that are being read, of all requests together; a body that came in one piece is none."""

    held = 0
    most = 1 << 28


def check_length(headers: Headers, limits: Limits) -> None:
    """Raise RefusedError if the head of a request says that its body is too large."""
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > limits.body:
        _too_large(limits, int(length))


def _too_large(limits: Limits, got: object) -> NoReturn:
    raise RefusedError(413, "body", f"at most {limits.body} bytes", got, "Send it in parts.")


async def read(headers: Headers, receive: Receive, limits: Limits) -> bytes:
    """Return the body of a request.

    Raises:
        RefusedError: it is too large (413), comes too slowly (408), or too many come at once (503).
        GoneError: the client hung up.
    """
    check_length(headers, limits)
    message = await receive() if headers.get(b"content-length") else None
    if message is not None and message["type"] == "http.request" and not message.get("more_body"):
        return bytes(message["body"])
    try:
        async with asyncio.timeout(limits.sending):
            return await _rest(message, receive, limits)
    except TimeoutError:
        raise RefusedError(408, "body", f"sent within {limits.sending:g} s", "a part of it") from None


async def _rest(message: MutableMapping[str, Any] | None, receive: Receive, limits: Limits) -> bytes:
    parts = bytearray()
    try:
        while True:
            message = await receive() if message is None else message
            if message["type"] != "http.request":
                raise GoneError
            part = message.get("body", b"")
            parts += part
            Reading.held += len(part)
            if len(parts) > limits.body:
                _too_large(limits, "more")
            if not message.get("more_body"):
                return bytes(parts)
            if Reading.held > Reading.most:
                raise RefusedError(503, "bodies", "fewer at once", "too many", headers={"retry-after": "1"})
            message = None
    finally:
        Reading.held -= len(parts)


async def linger(receive: Receive) -> None:
    """Read what a client is still sending, for a moment."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while True:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return


def check_json(headers: Headers) -> None:
    """Raise RefusedError unless a request says that its body is JSON.

    A page of another site may send a browser's other types without asking first.
    """
    kind = headers.get(b"content-type", b"")
    if kind != b"application/json" and kind.partition(b";")[0].strip().lower() != b"application/json":
        remedy = "With curl: -H 'Content-Type: application/json'."
        raise RefusedError(415, "content-type", "application/json", shown(kind.decode("latin-1")), remedy)


def parse(content: bytes) -> dict[str, Any]:
    """Return the object that a body holds.

    Raises:
        RefusedError: it is not UTF-8, not JSON, nested too deep, holds NaN, or is no object.
    """
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise RefusedError(400, "body", "JSON in UTF-8", str(error)) from None
    if type(value) is not dict:
        raise RefusedError(400, "body", "a JSON object", type(value).__name__)
    return value
