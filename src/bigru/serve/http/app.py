"""The routes, as FastAPI tells them apart and describes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ..._version import __version__
from ..engine.errors import GoneError, RefusedError, fault, quote_client, short_of_memory, wrong_method
from . import handlers, open_inference, schema, static, websocket
from .handlers import Reply, reply
from .middleware import FastPath, refusal_reply, refuse_label_options, respond
from .request_body import Receive, Scope, Send
from .service import Service

__all__ = ["application"]

ABOUT = 'Answers of bigru models. Errors are `{"error": sentence}`.'

VERSIONED = "/v2/models/{name}/versions/{version}"

Handler = Callable[[Service, str, dict[bytes, bytes], Any], Awaitable[Reply]]

SAID = {
    400: "The body is not what the model reads.",
    401: "The key is missing or wrong.",
    404: "There is no such model, or no such path.",
    405: "The path does not take this method.",
    408: "The body came too slowly.",
    413: "Too many inputs, too long a one, or too large a body.",
    415: "The body is of another type.",
    503: "Too much waits, or the server is about to stop.",
    504: "There was no answer in time.",
}


def application(service: Service) -> FastPath:
    """Return the ASGI application of a service."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        # Now and not when a client asks for it first, which would hold up the others.
        _description(app)
        yield
        await service.stop()

    app = FastAPI(
        title="bigru", version=__version__, description=ABOUT, docs_url=None, redoc_url=None, lifespan=lifespan
    )
    _plain(app, service)
    _open_inference(app, service)
    _posts(app, service)

    @app.websocket("/v1/models/{name}/stream")
    async def stream(socket: WebSocket, name: str) -> None:
        await websocket.stream(service, name, socket)

    app.add_exception_handler(HTTPException, _not_found)
    app.add_exception_handler(RefusedError, _refusal_response)
    app.add_exception_handler(GoneError, _gone)
    app.add_exception_handler(MemoryError, _short_of_memory)
    app.add_exception_handler(Exception, _fault)
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]
    return FastPath(service, app)


class Refusing(Response):
    """A refusal of what may still be coming in."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        answer = Reply(self.status_code, bytes(self.body), self.raw_headers)
        if self.status_code == 413:
            await refuse_label_options(answer, receive, send)
        else:
            await respond(answer, send)


class Silent(Response):
    """No response, to a client that has gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


def _response(found: Reply, kind: type[Response] = Response) -> Response:
    response = kind(found.body, found.status)
    response.raw_headers = found.headers
    return response


async def _refusal_response(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return _response(refusal_reply(error), Refusing)


async def _gone(request: Request, error: Exception) -> Response:
    return Silent()


async def _not_found(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    if status == 405:
        allowed = (getattr(error, "headers", None) or {}).get("Allow", "another")
        return _response(refusal_reply(wrong_method(request.method, allowed)))
    want = "one that /openapi.json names"
    return _response(refusal_reply(RefusedError(status, "path", want, quote_client(request.url.path))))


async def _fault(request: Request, error: Exception) -> Response:
    return _response(refusal_reply(fault()))


async def _short_of_memory(request: Request, error: Exception) -> Response:
    return _response(refusal_reply(short_of_memory()))


def _description_of(*codes: int) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": schema.Problem, "description": SAID[code]} for code in codes}


def _plain(app: FastAPI, service: Service) -> None:
    """Add the routes that need no model."""

    @app.get("/health", response_model=schema.Health, responses={503: {"model": schema.Health}}, tags=["server"])
    async def health() -> Response:
        """Tell whether requests are taken."""
        status = "draining" if service.draining else "ok"
        return _response(reply({"status": status, "models": service.names}, 503 if service.draining else 200))

    @app.get("/metrics", response_class=Response, tags=["server"], responses=_description_of(401))
    async def metrics() -> Response:
        """Return the counters, as Prometheus reads them."""
        service.metrics.draining.set(service.draining)
        return Response(service.metrics.text(), media_type=service.metrics.content_type)

    @app.get("/v1/models", response_model=schema.Models, tags=["models"], responses=_description_of(401))
    async def models() -> Response:
        """List the models."""
        return _response(reply({"models": service.described()}))

    @app.get("/v1/models/{name}", response_model=schema.Status, tags=["models"], responses=_description_of(401, 404))
    async def status_of(name: str) -> Response:
        """Describe a model, and tell whether it takes requests."""
        return _response(handlers.status(service, name))

    @app.get(
        "/v1/models/{name}/versions/{version}",
        response_model=schema.Status,
        tags=["models"],
        responses=_description_of(401, 404),
    )
    async def status_of_version(name: str, version: str) -> Response:
        """Describe the only version of a model, and tell whether it takes requests."""
        open_inference.check_version(version)
        return _response(handlers.status(service, name))

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return _response(static.file("index.html", dict(request.scope["headers"])))

    @app.get("/static/{name}", include_in_schema=False)
    async def file(request: Request, name: str) -> Response:
        return _response(static.file(name, dict(request.scope["headers"])))


def _open_inference(app: FastAPI, service: Service) -> None:
    """Add what the Open Inference Protocol asks with GET."""
    tags: list[Any] = ["open inference"]

    @app.get("/v2", response_model=schema.Server, tags=tags, responses=_description_of(401))
    async def server() -> Response:
        """Describe the server."""
        return _response(reply(open_inference.server()))

    @app.get("/v2/health/live", response_model=schema.Live, tags=tags)
    async def live() -> Response:
        """Tell whether the server lives."""
        return _response(reply({"live": True}))

    @app.get("/v2/health/ready", response_model=schema.Ready, responses={503: {"model": schema.Ready}}, tags=tags)
    async def ready() -> Response:
        """Tell whether requests are taken."""
        return _response(reply({"ready": not service.draining}, 503 if service.draining else 200))

    @app.get("/v2/models/{name}", response_model=schema.Metadata, tags=tags, responses=_description_of(400, 401, 404))
    async def model(name: str) -> Response:
        """Describe a model."""
        return _response(reply(open_inference.metadata(service.served(name).model.loaded)))

    @app.get(VERSIONED, response_model=schema.Metadata, tags=tags, responses=_description_of(400, 401, 404))
    async def model_version(name: str, version: str) -> Response:
        """Describe the only version of a model."""
        open_inference.check_version(version)
        return _response(reply(open_inference.metadata(service.served(name).model.loaded)))

    unready = {**_description_of(401, 404), 503: {"model": schema.ModelReady}}

    @app.get("/v2/models/{name}/ready", response_model=schema.ModelReady, tags=tags, responses=unready)
    async def model_ready(name: str) -> Response:
        """Tell whether a model takes requests."""
        return _response(open_inference.ready(service, name))

    @app.get(VERSIONED + "/ready", response_model=schema.ModelReady, tags=tags, responses=unready)
    async def version_ready(name: str, version: str) -> Response:
        """Tell whether the only version of a model takes requests."""
        open_inference.check_version(version)
        return _response(open_inference.ready(service, name))


def _posts(app: FastAPI, service: Service) -> None:
    """Add what takes a body."""
    _post(app, service, "/v1/models/{name}/predict", handlers.predict, schema.Predict, schema.Answers)
    _post(app, service, "/v1/models/{name}/audio", handlers.audio, None, schema.Answers)
    _post(app, service, "/v1/models/{name}/explain", handlers.explain, schema.Explain, schema.Explanation)
    _post(app, service, "/v2/models/{name}/infer", open_inference.infer, schema.Infer, schema.Inferred)
    _post(app, service, VERSIONED + "/infer", open_inference.infer, schema.Infer, schema.Inferred)
    instances = handlers.predict_instances
    _post(app, service, "/v1/models/{name}:predict", instances, schema.Instances, schema.Predictions)
    _post(app, service, "/v1/models/{name}/versions/{version}:predict", instances, schema.Instances, schema.Predictions)


def _post(app: FastAPI, service: Service, path: str, handler: Handler, asked: Any, answered: Any) -> None:
    async def endpoint(request: Request, name: str) -> Response:
        return _response(await handler(service, name, dict(request.scope["headers"]), request.receive))

    async def versioned(request: Request, name: str, version: str) -> Response:
        open_inference.check_version(version)
        return await endpoint(request, name)

    media: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    if asked is not None:
        reference = f"#/components/schemas/{asked.__name__}"
        media = {"application/json": {"schema": {"$ref": reference}}}
    app.add_api_route(
        path,
        versioned if "{version}" in path else endpoint,
        methods=["POST"],
        name=handler.__name__,
        description=(handler.__doc__ or "").strip(),
        response_model=answered,
        responses=_description_of(400, 401, 404, 408, 413, 415, 503, 504),
        openapi_extra={"requestBody": {"required": True, "content": media}},
        tags=["open inference" if path.startswith("/v2") else "models"],
    )


def _description(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the bodies that the handlers read themselves and the key as it is shown."""
    if app.openapi_schema:
        return app.openapi_schema
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = found["components"]["schemas"]
    for asked in (schema.Predict, schema.Explain, schema.Infer, schema.Instances):
        own = asked.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= own.pop("$defs", {}) | {asked.__name__: own}
    for operations in found["paths"].values():
        for operation in operations.values():
            # The handlers check by hand and answer 400 where FastAPI would answer 422.
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    found["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    found["security"] = [{}, {"bearer": []}, {"header": []}]
    app.openapi_schema = found
    return found
