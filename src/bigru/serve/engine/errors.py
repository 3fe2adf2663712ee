"""What a request is refused with: a status, and a sentence that shows no path and no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ...errors import nearest, one_line, sentence

__all__ = [
    "GoneError",
    "RefusedError",
    "fault",
    "quote_client",
    "short_of_memory",
    "timed_out",
    "unknown_model",
    "wrong_method",
]

WHERE = "serve"

SHOWN = 80
"""Characters at most that an error repeats of what a client sent."""


class RefusedError(Exception):
    """A request that is not answered.

    Args:
        status: of HTTP.
        name, want, got, remedy: of the sentence, as in `bigru.errors.sentence`.
        headers: beside those that every answer has.
    """

    def __init__(
        self, status: int, name: str, want: str, got: object, remedy: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence(WHERE, name, want, got, remedy))
        self.status, self.headers = status, dict(headers or {})

    @classmethod
    def from_error(cls, status: int, text: str, headers: Mapping[str, str] | None = None) -> RefusedError:
        """Return a refusal with the text of another error, as one line."""
        refusal = cls(status, "", "", "", headers=headers)
        refusal.args = (one_line(text),)
        return refusal

    def body(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps({"error": str(self)})


class GoneError(Exception):
    """The client has hung up: nobody waits for an answer."""


def quote_client(value: Any) -> str:
    """Return what a client sent, as far as an error repeats it."""
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def unknown_model(name: str, known: list[str]) -> RefusedError:
    """Return the refusal of a model that is not served."""
    short = name[:SHOWN]
    return RefusedError(404, "model", "one of " + ", ".join(known), quote_client(name), nearest(short, known))


def wrong_method(got: str, allowed: str) -> RefusedError:
    """Return the refusal of a method."""
    return RefusedError(405, "method", allowed, quote_client(got), headers={"allow": allowed})


def fault() -> RefusedError:
    """Return what is said where bigru itself is at fault; what happened stands in the log."""
    return RefusedError.from_error(
        500, "serve: a fault of bigru, please report it. The log of the server says where it happened."
    )


def short_of_memory() -> RefusedError:
    """Return the refusal of what was too much for the memory of the machine."""
    want = "small enough for the memory that the server has left"
    remedy = "Send it in parts, or try again later."
    return RefusedError(503, "input", want, "a larger one", remedy, {"retry-after": "1"})


def timed_out(seconds: float) -> RefusedError:
    """Return the refusal of what was not answered in time."""
    want = f"answered within {seconds:g} s"
    return RefusedError(504, "request", want, "no answer yet", "Send less at once, or try again later.")
