"""What each request of the API comes to: from the head and the body of a request to a reply."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ...runtime.explain import PIECES
from ..engine import inputs as checks
from ..engine.batcher import Batcher
from ..engine.errors import RefusedError, quote_client
from ..engine.limits import Limits
from ..engine.models import Loaded
from .request_body import JSON, Headers, Receive, check_json, parse, read

if TYPE_CHECKING:
    from .service import Service

__all__ = [
    "Ask",
    "Reply",
    "audio",
    "check_keys",
    "explain",
    "predict",
    "predict_instances",
    "read_body",
    "read_options",
    "reply",
    "status",
]  # fmt: skip

NUMPY = orjson.OPT_SERIALIZE_NUMPY

SAMPLES = 80
"""Samples of a recording that cost a step: so many are decoded and resampled in the time."""

VERSION = "1"
"""The version that every model has: that which its folder holds now."""


class Reply(NamedTuple):
    """A response."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]]


class Ask(NamedTuple):
    """A request whose body has been read and checked: its inputs, what each costs, and how long the client waits."""

    inputs: list[Any]
    lengths: list[int]
    timeout: float | None = None


def reply(value: Any, status: int = 200) -> Reply:
    """Return a value as JSON."""
    body = orjson.dumps(value, option=NUMPY)
    return Reply(status, body, [(b"content-type", JSON), (b"content-length", b"%d" % len(body))])


async def read_body(queue: Batcher, limits: Limits, headers: Headers, receive: Receive, also: bytes = JSON) -> bytes:
    """Return the body of a request for a queue, which must have room before it is read."""
    check_json(headers, also)
    queue.check()
    return await read(headers, receive, limits)


async def predict(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v1/models/{name}/predict`."""
    served = service.served(name)
    content = await read_body(served.answers, service.limits, headers, receive)
    loaded = served.model.loaded
    ask = await service.read(partial(_read_request, loaded, content, service.limits), len(content))
    answers = await service.answer(served.answers, loaded, *ask[:2], receive, len(content), ask.timeout)
    return reply({"model": name, "answers": list(chain.from_iterable(answers))})


def _read_request(loaded: Loaded, content: bytes, limits: Limits) -> Ask:
    asked = parse(content)
    check_keys(asked, ("inputs", "options"))
    timeout = read_options(asked)
    inputs = asked.get("inputs")
    lengths = checks.check_all(loaded, inputs, limits)
    return Ask(inputs or [], lengths, timeout)


async def predict_instances(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v1/models/{name}:predict`, as TensorFlow Serving and version 1 of KServe's protocol do."""
    served = service.served(name)
    content = await read_body(served.answers, service.limits, headers, receive)
    loaded = served.model.loaded
    ask = await service.read(partial(_instances, loaded, content, service.limits), len(content))
    answers = await service.answer(served.answers, loaded, *ask[:2], receive, len(content))
    return reply({"predictions": [one[0] if len(one) == 1 else one for one in answers]})


def _instances(loaded: Loaded, content: bytes, limits: Limits) -> Ask:
    asked = parse(content)
    check_keys(asked, ("instances", "signature_name", "parameters"))
    inputs = asked.get("instances")
    if not isinstance(inputs, list):
        raise RefusedError(400, "instances", "a list", type(inputs).__name__)
    if asked.get("signature_name") not in (None, "", "serving_default"):
        raise RefusedError(400, "signature_name", "serving_default", quote_client(asked["signature_name"]))
    if asked.get("parameters"):
        raise RefusedError(400, "parameters", "absent", quote_client(asked["parameters"]))
    return Ask(inputs, checks.check_all(loaded, inputs, limits, "instances"))


def status(service: Service, name: str) -> Reply:
    """Answer `GET /v1/models/{name}`, as TensorFlow Serving and version 1 of KServe's protocol do, and as the list of
    models describes it.
    """
    model = service.served(name).model
    description = next(own for own in service.described() if own["name"] == model.name)
    state = {"error_code": "OK", "error_message": ""}
    versions = [{"version": VERSION, "state": "AVAILABLE", "status": state}]
    return reply({**description, "ready": not service.draining, "model_version_status": versions})


async def audio(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v1/models/{name}/audio`."""
    served = service.served(name)
    _check_kind(served.model.loaded)
    served.answers.check()
    content = await read(headers, receive, service.limits)
    if not content:
        raise RefusedError(400, "body", "an audio file", "nothing")
    loaded = served.model.loaded
    _check_kind(loaded)
    # Even a header may take long to read, and a short recording long to resample: nothing of it in the event loop.
    count = await service.read(partial(checks.check_recording, content, service.limits), len(content), always=True)
    cost = max(count // SAMPLES, checks.INLINE) + checks.EACH
    answers = await service.answer(served.answers, loaded, [content], [cost], receive, len(content))
    return reply({"model": name, "answers": list(chain.from_iterable(answers))})


def _check_kind(loaded: Loaded) -> None:
    if loaded.kind != "audio":
        remedy = f"Send {loaded.kind} inputs to /predict."
        raise RefusedError(400, "model", "one that reads audio", f"one that reads {loaded.kind}", remedy)


async def explain(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v1/models/{name}/explain`."""
    served = service.served(name)
    content = await read_body(served.explanations, service.limits, headers, receive)
    loaded = served.model.loaded
    ask = await service.read(partial(_read_explained, loaded, content, service.limits), len(content))
    found = await service.answer(served.explanations, loaded, *ask[:2], receive, len(content), ask.timeout)
    return reply(found[0][0])


def _read_explained(loaded: Loaded, content: bytes, limits: Limits) -> Ask:
    asked = parse(content)
    check_keys(asked, ("input", "options"))
    if loaded.kind != "text":
        raise RefusedError(400, "model", "one that reads texts", f"one that reads {loaded.kind}")
    text = checks.one_text(asked.get("input"))
    if not isinstance(text, str):
        raise RefusedError(400, "input", "a text", type(text).__name__)
    checks.check_all(loaded, [text], limits)
    return Ask([text], [len(text) * min(len(text), PIECES) + checks.EACH], read_options(asked))


def check_keys(asked: dict[str, Any], known: tuple[str, ...]) -> None:
    """Raise RefusedError for a key of a request's body that means nothing."""
    for key in asked:
        if key not in known:
            raise RefusedError(400, "key of the body", "one of " + ", ".join(known), quote_client(key))


def read_options(asked: dict[str, Any]) -> float | None:
    """Return the seconds after which the client gives up, None where it does not say."""
    options = asked.get("options")
    if options is None:
        return None
    if not isinstance(options, dict):
        raise RefusedError(400, "options", "an object", type(options).__name__)
    for key in options:
        if key != "timeout":
            raise RefusedError(400, "key of options", "timeout", quote_client(key))
    seconds = options.get("timeout")
    if seconds is None:
        return None
    if type(seconds) not in (int, float) or not seconds > 0:
        raise RefusedError(400, "options timeout", "seconds, greater than 0", quote_client(seconds))
    return float(seconds)
