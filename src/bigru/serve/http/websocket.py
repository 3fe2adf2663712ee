"""A WebSocket for an input that comes piece by piece; steps are answered as they become certain.

The client's first message is an object of options: `{"lookahead": 8, "chunk": 8, "key": "..."}`, all of them optional
where the model reads forward alone. Every further message is `{"push": PIECE}` (a text, tokens, or rows) or
`{"finish": true}`. Each is answered by `{"answers": [...], "done": false}`, the answers those of
`bigru.runtime.streaming.stream.Stream`; after the last, "done" is true and the input ended: the next push begins
another. What cannot be done is answered by `{"error": sentence}` and ends the connection with code 1008, or 1013 where
it may be done later.

A push waits in a queue of its model like any request. What a step costs is what is read for it: with a chunk of C steps
and a look-ahead of R it is 1 + R / C steps. A push is divided into parts of a batch, so that streams take turns, and
none of it is computed once its client is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from math import isqrt
from typing import TYPE_CHECKING, Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from ...errors import BigruError
from ...ops.recurrent.chunking import Chunking
from ...runtime.answers import round_floats
from ...runtime.forecaster import Forecaster
from ...runtime.streaming.stream import Stream
from ..engine import inputs
from ..engine.batcher import BUDGET, isolate
from ..engine.errors import RefusedError, fault, quote_client, timed_out
from ..engine.limits import Limits
from ..engine.models import Asked, Loaded, Outcome, check_finite
from .handlers import check_keys
from .request_body import parse, same_origin

if TYPE_CHECKING:
    from .service import ServedModel, Service

__all__ = ["advance", "stream"]

logger = logging.getLogger("bigru.serve")

POLICY = 1008

AWAY = 1001

LATER = 1013

FAULT = 1011

DEEPEST = 1 << 12
"""Steps of look-ahead or chunk at most."""


class Part:
    """A part of a push: what a batch of streams is made of.

    Args:
        session: the input that it belongs to.
        piece: what is pushed, None for nothing.
        finish: whether the input ends with it.
    """

    __slots__ = ("finish", "piece", "session")

    def __init__(self, session: StreamSession, piece: Any, finish: bool) -> None:
        self.session, self.piece, self.finish = session, piece, finish


class StreamSession:
    """One input on its way, and what one step of it costs.

    Args:
        loaded: the model.
        begin: makes the stream.
        window: its chunk and look-ahead, None where there are none.
    """

    def __init__(self, loaded: Loaded, begin: Callable[[], Stream], window: Chunking | None) -> None:
        self.loaded, self.begin, self.stream, self.failed = loaded, begin, begin(), False
        self.cost = 1 if window is None else -(-window.size // window.chunk)

    def divide(self, piece: Any, finish: bool, limits: Limits) -> tuple[list[Part], list[int]]:
        """Return a push in parts of a batch, and what each costs.

        Raises:
            RefusedError: it costs too much.
        """
        count = 0 if piece is None else len(piece)
        most = max(limits.length // self.cost, 1)
        if count > most:
            want = f"at most {most} steps" + (" with this look-ahead" if self.cost > 1 else "")
            raise RefusedError(413, "push", want, count, "Push it in parts.")
        size = max(BUDGET // self.cost, 1)
        starts = range(0, count, size) if count else range(1)
        parts = [Part(self, None if piece is None else piece[n : n + size], False) for n in starts]
        # The end costs at most as much as a batch, see `_window`.
        parts[-1].finish = finish
        width = max(self.loaded.width, 1)
        return parts, [min(size, count - n) * self.cost * width + inputs.EACH for n in starts]


def advance(asked: list[Asked]) -> list[Outcome]:
    """Take some parts of pushes to their streams; a stream gets nothing that comes after an error."""
    return [isolate(_advance, [part])[0] for _, part in asked]


def _advance(parts: list[Part]) -> list[Outcome]:
    (part,) = parts
    session = part.session
    if session.failed:
        return [[]]
    session.failed = True
    answers = [] if part.piece is None else session.stream.push(part.piece)
    if part.finish:
        answers = [*answers, *session.stream.finish()]
    check_finite(answers)
    session.failed = False
    return [answers]


async def stream(service: Service, name: str, socket: WebSocket) -> None:
    """Serve one connection."""
    if not same_origin(dict(socket.scope["headers"])):
        await socket.close(POLICY)
        return
    await socket.accept()
    try:
        await _enter(service, name, socket)
    except RefusedError as refusal:
        await _end(socket, str(refusal), LATER if refusal.status in (503, 504) else POLICY)
    except BigruError as error:
        await _end(socket, str(error), POLICY)
    except TimeoutError:
        await _end(socket, f"serve: message must be sent within {service.limits.idle:g} s, got none.", AWAY)
    except WebSocketDisconnect:
        pass
    except Exception:
        logger.exception("a stream failed")
        await _end(socket, str(fault()), FAULT)


async def _enter(service: Service, name: str, socket: WebSocket) -> None:
    """Take a place for the connection for as long as it lasts."""
    places, closing = service.streams, set[asyncio.Task[None]]()

    def close() -> None:
        text = "serve: connections must be fewer, got another while this one was idle. Connect again."
        closing.add(asyncio.get_running_loop().create_task(_end(socket, text, LATER)))

    address = socket.client.host if socket.client else ""
    if not places.enter(socket, address, close):
        raise RefusedError(503, "streams", "fewer at once", "too many", "Try again later.")
    try:
        await _serve(service, name, Channel(service, socket, close))
    finally:
        places.leave(socket)


async def _end(socket: WebSocket, text: str, code: int) -> None:
    # The client may have gone while this was being said.
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(orjson.dumps({"error": text}).decode())
        await socket.close(code)


class Channel:
    """The messages of a connection; while one is being answered, the next is already waited for, since it may say that
    the client is gone.
    """

    def __init__(self, service: Service, socket: WebSocket, close: Callable[[], None]) -> None:
        self.service, self.socket, self._close = service, socket, close
        self._next: asyncio.Task[Any] | None = None

    def _message(self) -> asyncio.Task[Any]:
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(_receive(self.socket.receive()))
        return self._next

    async def receive(self) -> tuple[dict[str, Any], int]:
        """Return the next message and its bytes.

        Raises:
            WebSocketDisconnect: the client is gone.
            TimeoutError: none came in time.
            RefusedError: it is no object.
        """
        self.service.streams.wait(self.socket, self._close)
        async with asyncio.timeout(self.service.limits.idle):
            message = await self._message()
        self.service.streams.work(self.socket)
        self._next = None
        _check_there(message)
        text = message.get("text")
        if text is None:
            raise RefusedError(400, "message", "JSON as text", "bytes")
        content = text.encode("utf-8", "surrogatepass")
        return await self.service.read(partial(parse, content), len(content)), len(content)

    async def answered(self, future: asyncio.Future[list[Outcome]]) -> list[Outcome]:
        """Wait for what came of a push; what has not begun is given up if the client goes or the time is over."""
        seconds = self.service.limits.timeout
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait({future, self._message()}, return_when=asyncio.FIRST_COMPLETED)
                if not future.done():
                    _check_there(self._message().result())
                return await future
        except TimeoutError:
            raise timed_out(seconds) from None
        finally:
            future.cancel()

    def stop(self) -> None:
        """Wait for no further message."""
        if self._next is not None:
            self._next.cancel()

    async def send(self, value: dict[str, Any]) -> None:
        """Send an object."""
        await self.socket.send_text(orjson.dumps(value).decode())


async def _receive(message: Awaitable[Any]) -> Any:
    return await message


def _check_there(message: Any) -> None:
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", AWAY))


async def _serve(service: Service, name: str, channel: Channel) -> None:
    try:
        session, served = await _begin(service, name, channel)
        await channel.send({"ready": True})
        while True:
            message, size = await channel.receive()
            check_keys(message, ("push", "finish"))
            finish = message.get("finish") is True
            parts, costs = await service.read(partial(_parts, session, message, finish, service.limits), size)
            future = served.streams.submit([(session.loaded, part) for part in parts], costs)
            answers = _join_answers(session, await channel.answered(future), finish)
            await channel.send({"answers": round_floats(answers), "done": finish})
            if finish:
                session.stream = session.begin()
                if service.draining:
                    await channel.socket.close(AWAY)
                    return
    finally:
        channel.stop()


async def _begin(service: Service, name: str, channel: Channel) -> tuple[StreamSession, ServedModel]:
    """Read the first message: the key and the options of every input on the connection."""
    first, _ = await channel.receive()
    key = first.pop("key", None)
    headers = dict(channel.socket.scope["headers"])
    if isinstance(key, str):
        headers[b"x-api-key"] = key.encode()
    service.check_key(headers)
    served = service.served(name)
    loaded = served.model.loaded
    check_keys(first, ("lookahead", "chunk"))
    predictor = loaded.predictor
    if isinstance(predictor, Forecaster) or loaded.kind == "audio":
        got = "one that forecasts" if loaded.kind == "table" else "one that reads recordings"
        raise RefusedError(400, "model", "one that can be streamed", got)
    for option, value in first.items():
        if value is not None and (type(value) is not int or not 0 <= value <= DEEPEST):
            raise RefusedError(400, option, f"a number of steps within 0..{DEEPEST}", quote_client(value))
    lookahead, chunk = first.get("lookahead"), first.get("chunk")
    window = _window(lookahead, chunk) if predictor.bundle.model.encoder.direction != "forward" else None
    return StreamSession(loaded, partial(predictor.stream, lookahead, chunk=chunk), window), served


def _window(lookahead: int | None, chunk: int | None) -> Chunking | None:
    """Return the window of a stream, refused where the end of an input would cost more than a batch.

    Up to R + C steps wait for the end, and each costs 1 + R / C.
    """
    if lookahead is None or chunk == 0:
        return None
    window = Chunking.of_lookahead(lookahead, chunk)
    if window.size**2 > BUDGET * window.chunk:
        want = f"at most {isqrt(BUDGET * window.chunk) - window.chunk} with a chunk of {window.chunk}"
        raise RefusedError(400, "lookahead", want, lookahead, "A longer chunk costs less.")
    return window


def _parts(
    session: StreamSession, message: dict[str, Any], finish: bool, limits: Limits
) -> tuple[list[Part], list[int]]:
    piece: Any = message.get("push")
    if "push" in message:
        inputs.input_length(session.loaded, piece, "push")
        if session.loaded.kind == "series":
            piece = inputs.series(piece, "push")
    return session.divide(piece, finish, limits)


def _join_answers(session: StreamSession, outcomes: list[Outcome], finish: bool) -> list[dict[str, Any]]:
    """Return the answers to a push.

    Of a model that gives the whole input one label, the last answer of all parts is that to the push; the end has one
    of its own.

    Raises:
        BigruError, RefusedError: a part was refused.
    """
    answers: list[dict[str, Any]] = []
    for outcome in outcomes:
        if isinstance(outcome, BigruError | RefusedError):
            raise RefusedError.from_error(getattr(outcome, "status", 400), str(outcome))
        answers += outcome if isinstance(outcome, list) else [outcome]
    pooled = not session.loaded.predictor.bundle.model.per_step
    return answers[-2 if finish else -1 :] if pooled else answers
