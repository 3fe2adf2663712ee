"""uvicorn, set up to close slow connections, to refuse in sentences, and to stop without losing a request."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ...errors import ArgumentError, sentence
from ..engine.errors import RefusedError
from ..engine.limits import ConnectionSlots, Limits
from .app import application
from .middleware import refusal_reply
from .service import Service

__all__ = ["DRAIN_SECONDS", "listen", "run"]

logger = logging.getLogger("bigru.serve")

DRAIN_SECONDS = 0.5
"""Seconds for which a server that is stopping still takes what comes, and closes each connection after its answer:
a request that was under way when the signal came finds somebody there."""

HEAD_BYTES = 1 << 16
"""Bytes of the head of a request at most."""

BACKLOG = 2048

SWITCH_SECONDS = 0.0005
"""Seconds after which a thread gives the interpreter to another that waits for it."""


class JoinedWrites:
    """A transport that sends the head of a response with the body that follows it: uvicorn writes them one by one, and
    each write is a call of the system that takes as long as a short text takes the model."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held: bytes | None = None
        self._handle: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """Keep the first piece for the second, which comes within the same turn of the loop or not at all."""
        if self._handle is None:
            self._held, self._handle = data, self._loop.call_soon(self._flush)
        elif self._held is None:
            self._transport.write(data)
        else:
            self._handle.cancel()
            data, self._held = self._held + data, None
            self._transport.write(data)

    def _flush(self) -> None:
        if self._held is not None:
            data, self._held = self._held, None
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection behind what was written."""
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """A connection that is closed if a request does not come to its end, and whose head is bounded.

    Headers behind the body (trailers) are passed over: nothing that decides about a request may stand where a proxy,
    which has passed the head on already, does not look.
    """

    limits = Limits()
    places = ConnectionSlots(limits.connections)

    def connection_made(self, transport: Any) -> None:
        """Begin; a connection that says nothing is closed as well."""
        super().connection_made(transport)
        self._partial, self._in_head, self._head = True, True, 0
        self._timer: asyncio.TimerHandle | None = None
        if not self.places.enter(self, self.client[0] if self.client else "", transport.abort):
            transport.abort()
            return
        self._arm()

    def _arm(self) -> None:
        # The body has a time of its own, after which it is refused in words; this is for what never gets so far.
        self._timer = self.loop.call_later(2 * self.limits.sending, self._late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Parse what came; a request that came in part has a time to be completed in."""
        super().data_received(data)
        if not self._partial:
            self._disarm()
        elif self._timer is None and not self.transport.is_closing():
            self._arm()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Note that the client sends no more; one that has asked still gets its answer, and the connection is closed
        behind it.
        """
        if self._partial or self.cycle is None or self.cycle.response_complete:
            return False
        self.cycle.keep_alive = False
        return True

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on."""
        self._disarm()
        self._partial = False
        self.places.leave(self)
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._disarm()
        self.places.leave(self)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._partial, self._in_head, self._head = True, True, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the path."""
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header of the head."""
        self._grow(len(name) + len(value))
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the head."""
        self._in_head = False
        super().on_headers_complete()

    def _grow(self, count: int) -> None:
        self._head += count
        if self._head > HEAD_BYTES:
            raise ValueError("too long a head")

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        cycle.transport = JoinedWrites(cycle.transport, self.loop)
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        """End a request: from now on its client waits."""
        self._partial = False
        self.places.work(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """End an answer: from now on the client is waited for, unless it has asked already."""
        super().on_response_complete()
        if self.cycle is None or self.cycle.response_complete:
            self.places.wait(self, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        answer = refusal_reply(RefusedError(400, "request", "HTTP/1.1 with a head of 64 KiB at most", "something else"))
        head = b"".join(b"%s: %s\r\n" % pair for pair in answer.headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head + b"connection: close\r\n\r\n" + answer.body)
        self.transport.close()


class HttpServer(uvicorn.Server):
    """uvicorn's server with a lame phase between the signal and the end, and a second signal that ends it at once."""

    def __init__(self, config: uvicorn.Config, service: Service, lame: float, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service, self._lame, self._ready = service, lame, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so only when requests can be answered."""
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGHUP, self._service.reload)
        # What lives from here on is not looked at again: a collection of all of it would delay dozens of requests.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        # Threads that check bodies in Python would each hold up the event loop by the usual 5 ms at every turn.
        sys.setswitchinterval(SWITCH_SECONDS)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what was accepted; see `DRAIN_SECONDS`."""
        self._service.draining = True
        if not self.force_exit:
            await asyncio.sleep(self._lame)
        await super().shutdown(sockets)
        if self.force_exit:
            # Left out by uvicorn, which then logs that it was cancelled.
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Take a signal, which says all there is to say: it is not raised again when the server has ended."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        ArgumentError: the address is taken, or none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # A client that does not read its answer for so long is cut off.
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000)
        found.bind(address)
        found.listen(BACKLOG)
    except (OSError, UnicodeError, ValueError) as error:
        # A name that is none is refused by Python before the system sees it.
        got = f"{host}:{port}: {getattr(error, 'strerror', None) or error}"
        taken = getattr(error, "errno", None) == errno.EADDRINUSE
        remedy = "--port 0 takes a port that is free." if taken else ""
        raise ArgumentError(sentence("serve", "address", "free and of this machine", got, remedy)) from None
    found.setblocking(False)
    return found


def run(service: Service, sock: socket.socket, ready: Callable[[], None], lame: float = DRAIN_SECONDS) -> bool:
    """Serve until SIGTERM or SIGINT, then finish what was accepted and return.

    Args:
        service: what is served.
        sock: as of `listen`.
        ready: called once requests and signals are answered.
        lame: see `DRAIN_SECONDS`.

    Returns:
        Whether a second signal ended it at once. What was not finished is counted in `service.unanswered`.
    """
    limits = service.limits
    config = uvicorn.Config(
        application(service),
        loop="uvloop",
        http=type("BoundProtocol", (Protocol,), {"limits": limits, "places": ConnectionSlots(limits.connections)}),
        ws="websockets-sansio",
        ws_max_size=limits.message,
        # What a kilobyte could unfold to is not worth the bandwidth of a push.
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=round(limits.idle),
        timeout_graceful_shutdown=round(limits.timeout) + 5,
        backlog=BACKLOG,
    )
    server = HttpServer(config, service, lame, ready)
    server.run([sock])
    return server.force_exit
