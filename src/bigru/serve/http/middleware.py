"""The door of the server, in front of FastAPI: keys, refusals, counting, and the one route that must be fast."""

from __future__ import annotations

import logging
import time
from asyncio import CancelledError
from collections.abc import MutableMapping
from typing import Any

from ..engine.errors import GoneError, RefusedError, fault, short_of_memory
from .handlers import Reply, predict
from .request_body import Headers, Receive, Scope, Send, linger
from .service import Service

__all__ = ["FastPath", "refusal_reply", "refuse_label_options", "respond"]

logger = logging.getLogger("bigru.serve")

FREE = ("/", "/health", "/openapi.json", "/v2/health/live", "/v2/health/ready")
"""What is answered without the key, beside the files of the page."""

PREFIX, SUFFIX = "/v1/models/", "/predict"

PREDICT = "/v1/models/{name}/predict"

CLOSE = (b"connection", b"close")


class FastPath:
    """An ASGI application in front of another.

    `POST /v1/models/{name}/predict` is answered here by the same handler that FastAPI would call: matching routes and
    resolving dependencies takes FastAPI longer than a short text takes the model.
    """

    def __init__(self, service: Service, inner: Any) -> None:
        self._service, self._inner = service, inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] == "http":
            path = scope["path"]
            if path.endswith(SUFFIX) and path.startswith(PREFIX) and scope["method"] == "POST":
                await self._predict(path[len(PREFIX) : -len(SUFFIX)], scope, receive, send)
            else:
                await self._other(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _predict(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        service = self._service
        headers: Headers = dict(scope["headers"])
        model = name
        try:
            service.check_key(headers)
            answer = await predict(service, name, headers, receive)
        except RefusedError as refusal:
            answer = refusal_reply(refusal)
            model = name if name in service.names else ""
        except CancelledError:
            answer = interrupted(service)
        except GoneError:
            service.metrics.request(PREDICT, model, 499, time.perf_counter() - began)
            return
        except MemoryError:
            answer = refusal_reply(short_of_memory())
        except Exception:
            logger.exception("a request failed")
            answer = refusal_reply(fault())
        service.metrics.request(PREDICT, model, answer.status, time.perf_counter() - began)
        if service.draining:
            answer.headers.append(CLOSE)
        if answer.status == 413:
            await refuse_label_options(answer, receive, send)
        else:
            await respond(answer, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 499
        service = self._service

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if service.draining:
                    message["headers"] = [*message["headers"], CLOSE]
            await send(message)

        path = scope["path"]
        try:
            if path not in FREE and not path.startswith("/static/"):
                service.check_key(dict(scope["headers"]))
        except RefusedError as refusal:
            await respond(refusal_reply(refusal), watched)
        else:
            try:
                await self._inner(scope, receive, watched)
            except CancelledError:
                if status == 499:
                    await respond(interrupted(service), watched)
        route = getattr(scope.get("route"), "path", "")
        name = scope.get("path_params", {}).get("name", "")
        service.metrics.request(route, name if name in service.names else "", status, time.perf_counter() - began)


def interrupted(service: Service) -> Reply:
    """Return what is answered to a request that the end of the server cuts off, and count it."""
    service.unanswered += 1
    want, got = "running until the answer", "the order to stop before it"
    return refusal_reply(RefusedError(503, "server", want, got, headers={"retry-after": "1"}))


def refusal_reply(refusal: RefusedError) -> Reply:
    """Return a refusal as a response."""
    body = refusal.body()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    headers += [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    return Reply(refusal.status, body, headers)


async def respond(answer: Reply, send: Send) -> None:
    """Send a response."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


async def refuse_label_options(answer: Reply, receive: Receive, send: Send) -> None:
    """Send a response while the body of the request is still coming, and close the connection."""
    headers = [*answer.headers, CLOSE]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    await linger(receive)
    await send({"type": "http.response.body", "body": b""})
