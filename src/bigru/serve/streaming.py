"""A WebSocket for an input that comes piece by piece; steps are answered as they become certain.

The client's first message is an object of options: `{"lookahead": 8, "chunk": 8, "key": "..."}`, all of them optional
where the model reads forward alone. Every further message is `{"push": PIECE}` (a text, tokens, or rows) or
`{"finish": true}`. Each is answered by `{"answers": [...], "done": false}`, the answers those of
`bigru.runtime.stream.Stream`; after the last, "done" is true and the input ended: the next push begins another.
What cannot be done is answered by `{"error": sentence}` and ends the connection with code 1008.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..errors import BigruError
from ..runtime.answers import rounded
from ..runtime.forecaster import Forecaster
from ..runtime.stream import Stream
from . import inputs
from .body import parse
from .handlers import check_keys
from .limits import Limits
from .models import Model
from .refusal import RefusedError
from .service import Service

__all__ = ["stream"]

POLICY = 1008

AWAY = 1001

DEEPEST = 1 << 12
"""Steps of look-ahead or chunk at most."""


async def stream(service: Service, name: str, socket: WebSocket) -> None:
    """Serve one connection."""
    if not _same_origin(socket):
        await socket.close(POLICY)
        return
    await socket.accept()
    try:
        await _serve(service, name, socket)
    except RefusedError as refusal:
        await _end(socket, str(refusal), POLICY)
    except BigruError as error:
        await _end(socket, str(error), POLICY)
    except TimeoutError:
        await _end(socket, f"serve: message must be sent within {service.limits.idle:g} s, got none.", AWAY)
    except WebSocketDisconnect:
        pass


async def _end(socket: WebSocket, text: str, code: int) -> None:
    # The client may have gone while this was being said.
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(orjson.dumps({"error": text}).decode())
        await socket.close(code)


def _same_origin(socket: WebSocket) -> bool:
    """Tell whether the page that connects, if it is one, came from this server."""
    origin = socket.headers.get("origin")
    return origin is None or origin.partition("://")[2] == socket.headers.get("host")


async def _serve(service: Service, name: str, socket: WebSocket) -> None:
    first = await _message(socket, service)
    key = first.pop("key", None)
    headers = dict(socket.scope["headers"])
    if isinstance(key, str):
        headers[b"x-api-key"] = key.encode()
    service.check_key(headers)
    model = service.served(name).model
    begin = _beginning(model, first)
    current = begin()
    await socket.send_text('{"ready":true}')
    loop = asyncio.get_running_loop()
    while True:
        message = await _message(socket, service)
        check_keys(message, ("push", "finish"))
        finish = message.get("finish") is True
        steps = partial(_advance, current, _piece(model, message, service.limits), finish)
        answers = await loop.run_in_executor(None, steps)
        await socket.send_text(orjson.dumps({"answers": rounded(answers), "done": finish}).decode())
        if finish:
            current = begin()
            if service.draining:
                await socket.close(AWAY)
                return


def _advance(current: Stream, piece: Any, finish: bool) -> list[dict[str, Any]]:
    answers = [] if piece is None else current.push(piece)
    return [*answers, *current.finish()] if finish else answers


async def _message(socket: WebSocket, service: Service) -> dict[str, Any]:
    async with asyncio.timeout(service.limits.idle):
        message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", AWAY))
    text = message.get("text")
    if text is None:
        raise RefusedError(400, "message", "JSON as text", "bytes")
    return parse(text.encode("utf-8", "surrogatepass"))


def _beginning(model: Model, asked: dict[str, Any]) -> Callable[[], Stream]:
    check_keys(asked, ("lookahead", "chunk"))
    predictor = model.predictor
    if isinstance(predictor, Forecaster):
        raise RefusedError(400, "model", "one that can be streamed", "one that forecasts")
    for name, value in asked.items():
        if value is not None and (type(value) is not int or not 0 <= value <= DEEPEST):
            raise RefusedError(400, name, f"a number of steps within 0..{DEEPEST}", repr(value)[:80])
    return partial(predictor.stream, asked.get("lookahead"), chunk=asked.get("chunk"))


def _piece(model: Model, message: dict[str, Any], limits: Limits) -> Any:
    """Return what is pushed as the stream takes it, None for nothing."""
    if "push" not in message:
        return None
    piece = message["push"]
    if inputs.steps_of(model.kind, piece, "push") > limits.length:
        raise RefusedError(413, "push", f"at most {limits.length} steps", "more", "Push it in parts.")
    return inputs.series(piece, "push") if model.kind == "series" else piece
