"""How much of anything a server takes before it refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields

from ...errors import ArgumentError, sentence

__all__ = ["ConnectionSlots", "Limits"]

MIB = 1 << 20

MOST = 1 << 40
"""The most that any limit can be."""

MOST_SECONDS = 1_000_000.0
"""The most seconds that a limit of time can be; timers of the system reach no further than some years."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one server.

    Attributes:
        body: bytes of a request's body.
        message: bytes of a message on a WebSocket.
        inputs: inputs of one request.
        length: characters, tokens or rows of one input; steps that one push may cost.
        columns: columns of one table, unless the model reads more.
        seconds: of one recording.
        samples: of one recording, in all its channels.
        waiting: requests of one model that wait or are being answered; one more is refused with 503.
        queued: steps of one model that wait; a large request beyond them is refused with 503.
        wait: seconds of work of one model that may wait, as its last batches took; beyond them, 503.
        timeout: seconds after which an answer is given up, with 504.
        sending: seconds that a client may take to send the head of a request, and its body again.
        idle: seconds that a connection is kept open without a request.
        connections: open at a time; what comes beyond them closes the one that has been waited for longest.
        streams: WebSockets open at a time; what comes beyond them closes the one that has been waited for longest.
    """

    body: int = 8 * MIB
    message: int = MIB
    inputs: int = 1024
    length: int = 100_000
    columns: int = 1024
    seconds: float = 600.0
    samples: int = 600 * 48_000
    waiting: int = 1024
    queued: int = 1 << 22
    wait: float = 2.0
    timeout: float = 30.0
    sending: float = 10.0
    idle: float = 30.0
    connections: int = 4096
    streams: int = 1024

    def __post_init__(self) -> None:
        for field in fields(self):
            value, most = getattr(self, field.name), MOST_SECONDS if field.type == "float" else MOST
            if not value > 0:
                raise ArgumentError(sentence("serve", field.name, "greater than 0", value))
            if value > most:
                raise ArgumentError(sentence("serve", field.name, f"at most {most:.0f}", value))


class ConnectionSlots:
    """A bounded number of places. If one is missing, the client that keeps the server waiting longest loses its own.

    Among the clients, those of the address that holds the most places come first, so that one that takes all places
    and says nothing loses them one by one, and shuts nobody out. A client whose request is complete is never closed.

    Args:
        most: places.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._addresses: dict[Hashable, Hashable] = {}
        self._held: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, Callable[[], None]] = {}

    def enter(self, client: Hashable, address: Hashable, close: Callable[[], None]) -> bool:
        """Give a client a place, and tell whether there was one.

        Args:
            client: one connection.
            address: where it comes from.
            close: takes its place away, should it come to that.
        """
        if len(self._addresses) >= self._most and not self._make_room():
            return False
        self._addresses[client] = address
        self._held[address] += 1
        self.wait(client, close)
        return True

    def wait(self, client: Hashable, close: Callable[[], None]) -> None:
        """Note that the server waits for a client from now on."""
        self._waiting.pop(client, None)
        if client in self._addresses:
            self._waiting[client] = close

    def work(self, client: Hashable) -> None:
        """Note that a client waits for the server."""
        self._waiting.pop(client, None)

    def leave(self, client: Hashable) -> None:
        """Free the place of a client, if it has one."""
        self._waiting.pop(client, None)
        address = self._addresses.pop(client, None)
        if address is not None:
            self._held[address] -= 1
            if not self._held[address]:
                del self._held[address]

    def _make_room(self) -> bool:
        (largest, _), *_ = self._held.most_common(1)
        chosen = next((one for one in self._waiting if self._addresses[one] == largest), None)
        chosen = next(iter(self._waiting), None) if chosen is None else chosen
        if chosen is None:
            return False
        close = self._waiting[chosen]
        self.leave(chosen)
        close()
        return True
