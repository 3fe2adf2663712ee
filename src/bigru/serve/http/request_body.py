"""Bodies of requests: read up to a limit and within a time; what is too large is refused before it is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import orjson

from ..engine.errors import GoneError, RefusedError, quote_client
from ..engine.limits import Limits

__all__ = [
    "JSON",
    "BodyReading",
    "Headers",
    "Receive",
    "Scope",
    "Send",
    "check_json",
    "check_length",
    "linger",
    "parse",
    "read",
    "same_origin",
]  # fmt: skip

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]

JSON = b"application/json"

LINGER_SECONDS = 2.0
"""Seconds for which a refused body is still read, and thrown away: a client that is cut off while it sends may never
read why."""


class BodyReading:
    """Bytes of the bodies that are being read, of all requests together; a small one that came in one piece is none."""

    held = 0
    most = 1 << 28

    @classmethod
    @contextmanager
    def holding(cls, size: int) -> Iterator[None]:
        """Count a body of so many bytes for as long as it takes to make a request of it.

        Raises:
            RefusedError: there are too many.
        """
        if cls.held + size > cls.most:
            raise _too_many()
        cls.held += size
        try:
            yield
        finally:
            cls.held -= size


def check_length(headers: Headers, limits: Limits) -> None:
    """Raise RefusedError if the head of a request says that its body is too large."""
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > limits.body:
        _too_large(limits, int(length))


def _too_many() -> RefusedError:
    return RefusedError(503, "bodies", "fewer at once", "too many", headers={"retry-after": "1"})


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
            BodyReading.held += len(part)
            if len(parts) > limits.body:
                _too_large(limits, "more")
            if not message.get("more_body"):
                return bytes(parts)
            if BodyReading.held > BodyReading.most:
                raise _too_many()
            message = None
    finally:
        BodyReading.held -= len(parts)


async def linger(receive: Receive) -> None:
    """Read what a client is still sending, for a moment."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return


def check_json(headers: Headers, also: bytes = JSON) -> None:
    """Raise RefusedError unless the body of a request is JSON, as far as its head says.

    A page of another site may send a browser's other types, or none, without asking first. So a type must be
    `application/json`, or `also`; and where none is given, no other site may be named as the origin.
    """
    kind = headers.get(b"content-type", b"")
    plain = kind.partition(b";")[0].strip().lower()
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding.strip().lower() != b"identity":
        remedy = "Send the body as it is, without compression."
        raise RefusedError(415, "content-encoding", "absent", quote_client(encoding.decode("latin-1")), remedy)
    if plain not in (JSON, also) and (plain or not same_origin(headers)):
        remedy = "With curl: -H 'Content-Type: application/json'."
        raise RefusedError(415, "content-type", JSON.decode(), quote_client(kind.decode("latin-1")), remedy)


def same_origin(headers: Headers) -> bool:
    """Tell whether a request comes from no page of a browser, or from one of this server."""
    origin = headers.get(b"origin")
    if origin is None:
        return True
    host = origin.partition(b"://")[2]
    return host != b"" and host == headers.get(b"host")


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
