"""How much of anything a server takes before it refuses."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..errors import ArgumentError, sentence

__all__ = ["Limits"]

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of one server.

    Attributes:
        body: bytes of a request's body.
        inputs: inputs of one request.
        length: characters, tokens or rows of one input.
        seconds: of one recording.
        waiting: requests of one model that wait or are being answered; one more is refused with 503.
        queued: characters, tokens or rows of one model that wait; beyond them, 503.
        wait: seconds of work of one model that may wait, as its last batches took; beyond them, 503.
        timeout: seconds after which an answer is given up, with 504.
        sending: seconds that a client may take to send the head of a request, and its body again.
        idle: seconds that a connection is kept open without a request.
        connections: open at a time; what comes beyond them is closed at once.
    """

    body: int = 8 * MIB
    inputs: int = 1024
    length: int = 100_000
    seconds: float = 600.0
    waiting: int = 1024
    queued: int = 1 << 22
    wait: float = 2.0
    timeout: float = 30.0
    sending: float = 10.0
    idle: float = 30.0
    connections: int = 4096

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ArgumentError(sentence("serve", field.name, "greater than 0", getattr(self, field.name)))
