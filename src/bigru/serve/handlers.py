"""What each request of the API comes to: from the head and the body of a request to a reply."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from . import inputs as checks
from .batching import Batcher
from .body import Headers, Receive, check_json, parse, read
from .limits import Limits
from .refusal import RefusedError, shown
from .service import Served, Service

__all__ = ["JSON", "Reply", "asked_of", "audio", "explain", "options_of", "predict", "reply"]

JSON = b"application/json"

NUMPY = orjson.OPT_SERIALIZE_NUMPY

FRAMES = 100
"""Frames of a second of audio, for the length of a recording."""


class Reply(NamedTuple):
    """A response."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]]


def reply(value: Any, status: int = 200) -> Reply:
    """Return a value as JSON."""
    body = orjson.dumps(value, option=NUMPY)
    return Reply(status, body, [(b"content-type", JSON), (b"content-length", b"%d" % len(body))])


async def asked_of(queue: Batcher, limits: Limits, headers: Headers, receive: Receive) -> dict[str, Any]:
    """Return the object in the body of a request for a queue, which must have room before the body is read."""
    check_json(headers)
    queue.check()
    return parse(await read(headers, receive, limits))


async def predict(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v1/models/{name}/predict`."""
    served = service.served(name)
    asked = await asked_of(served.answers, service.limits, headers, receive)
    check_keys(asked, ("inputs", "options"))
    inputs, timeout = asked.get("inputs"), options_of(asked)
    lengths = checks.check_all(served.model.kind, inputs, service.limits)
    answers = await service.answer(served.answers, inputs or [], lengths, receive, timeout)
    return reply({"model": name, "answers": answers})


async def audio(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v1/models/{name}/audio`."""
    served = service.served(name)
    if served.model.kind != "audio":
        remedy = f"Send {served.model.kind} inputs to /predict."
        raise RefusedError(400, "model", "one that reads audio", f"one that reads {served.model.kind}", remedy)
    served.answers.check()
    content = await read(headers, receive, service.limits)
    if not content:
        raise RefusedError(400, "body", "an audio file", "nothing")
    seconds = checks.check_seconds(content, service.limits)
    answers = await service.answer(served.answers, [content], [int(seconds * FRAMES)], receive)
    return reply({"model": name, "answers": answers})


async def explain(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v1/models/{name}/explain`."""
    served = service.served(name)
    asked = await asked_of(served.explanations, service.limits, headers, receive)
    check_keys(asked, ("input", "options"))
    _check_explainable(served)
    text = asked.get("input")
    if not isinstance(text, str):
        raise RefusedError(400, "input", "a text", type(text).__name__)
    lengths = checks.check_all("text", [text], service.limits)
    # Explaining reads a text in several ways; it never runs in the event loop.
    lengths = [max(lengths[0], 1) * FRAMES]
    found = await service.answer(served.explanations, [text], lengths, receive, options_of(asked))
    return reply(found[0])


def _check_explainable(served: Served) -> None:
    if served.model.kind != "text":
        want = "one that reads texts"
        raise RefusedError(400, "model", want, f"one that reads {served.model.kind}")


def check_keys(asked: dict[str, Any], known: tuple[str, ...]) -> None:
    """Raise RefusedError for a key of a request's body that means nothing."""
    for key in asked:
        if key not in known:
            raise RefusedError(400, "key of the body", "one of " + ", ".join(known), shown(key))


def options_of(asked: dict[str, Any]) -> float | None:
    """Return the seconds after which the client gives up, None where it does not say."""
    options = asked.get("options")
    if options is None:
        return None
    if not isinstance(options, dict):
        raise RefusedError(400, "options", "an object", type(options).__name__)
    for key in options:
        if key != "timeout":
            raise RefusedError(400, "key of options", "timeout", shown(key))
    seconds = options.get("timeout")
    if seconds is None:
        return None
    if type(seconds) not in (int, float) or not seconds > 0:
        raise RefusedError(400, "options timeout", "seconds, greater than 0", shown(seconds))
    return float(seconds)
