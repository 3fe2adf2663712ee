"""What a request is refused with: a status, and a sentence that shows no path and no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ..errors import nearest, sentence

__all__ = ["GoneError", "RefusedError", "fault", "method", "unknown"]

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
    def of(cls, status: int, text: str) -> RefusedError:
        """Return a refusal that says what another error said."""
        refusal = cls(status, "", "", "")
        refusal.args = (text,)
        return refusal

    def body(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps({"error": printable(str(self))})


class GoneError(Exception):
    """Whoever asked has hung up: there is nobody to answer."""


def printable(text: str) -> str:
    """Return a text that UTF-8 can write: halves of surrogate pairs become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def shown(value: Any) -> str:
    """Return what a client sent, as far as an error repeats it."""
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def unknown(name: str, known: list[str]) -> RefusedError:
    """Return the refusal of a model that is not served."""
    short = name[:SHOWN]
    return RefusedError(404, "model", "one of " + ", ".join(known), shown(name), nearest(short, known))


def method(got: str, allowed: str) -> RefusedError:
    """Return the refusal of a method."""
    return RefusedError(405, "method", allowed, shown(got), headers={"allow": allowed})


def fault() -> RefusedError:
    """Return what is said where bigru itself is at fault; what happened stands in the log."""
    return RefusedError.of(
        500, "serve: a fault of bigru, please report it. The log of the server says where it happened."
    )
