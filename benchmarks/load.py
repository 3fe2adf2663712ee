"""The client of `serving.py`, in a process of its own: connections that ask one after another, or as a clock says.

It speaks HTTP/1.1 over sockets and one poller, since a client that costs as much as the server would measure itself.
Never is a second request on a connection before the first is answered.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Client", "killed", "paced", "request", "slow", "steady"]

HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bigru\r\nAccept: */*\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)


def request(path: str, inputs: list[str]) -> bytes:
    """Return a request for the answers to some texts."""
    body = json.dumps({"inputs": inputs}, ensure_ascii=False).encode()
    return HEAD.format(path=path, length=len(body)).encode() + body


@dataclass
class Client:
    """A connection and what it has read of the answer that it waits for."""

    socket: socket.socket
    sent: float = 0.0
    number: int = -1
    read: bytearray = field(default_factory=bytearray)

    @classmethod
    def connected(cls, port: int) -> Client:
        """Open a connection."""
        made = socket.create_connection(("127.0.0.1", port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(made)

    def ask(self, content: bytes, number: int) -> None:
        """Send a request."""
        self.number, self.sent = number, time.perf_counter()
        self.socket.sendall(content)

    def answer(self) -> tuple[int, bytes, bytes] | None:
        """Read what there is; return status, head and body once they are whole.

        Raises:
            ConnectionError: the server hung up before.
        """
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionResetError
        self.read += part
        end = self.read.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.read[:end])
        at = head.index(b"content-length: ") + 16
        length = int(head[at:].partition(b"\r")[0])
        if len(self.read) < end + 4 + length:
            return None
        body = bytes(self.read[end + 4 : end + 4 + length])
        self.read.clear()
        return int(head[9:12]), head, body


class Fleet:
    """Clients under one poller."""

    def __init__(self, port: int) -> None:
        self._port, self._poller = port, select.epoll()
        self._clients: dict[int, Client] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def add(self) -> Client:
        """Open a connection."""
        client = Client.connected(self._port)
        self._clients[client.socket.fileno()] = client
        self._poller.register(client.socket, select.EPOLLIN)
        return client

    def drop(self, client: Client) -> None:
        """Close a connection."""
        del self._clients[client.socket.fileno()]
        self._poller.unregister(client.socket)
        client.socket.close()

    def answers(self, seconds: float) -> Iterator[tuple[Client, tuple[int, bytes, bytes] | None]]:
        """Wait for answers; yield each with its client, None where the server hung up."""
        for number, _ in self._poller.poll(seconds):
            client = self._clients[number]
            try:
                found = client.answer()
            except ConnectionError:
                yield client, None
                continue
            if found is not None:
                yield client, found


def steady(port: int, contents: list[bytes], clients: int, seconds: float, warm: float) -> dict[str, Any]:
    """Let clients ask one after another for a time, or until the server closes their connections.

    Returns:
        What each answer took in seconds, after the time for warming up; the statuses; one answer to each content; how
        many requests got no answer, since the server hung up.
    """
    fleet, began = Fleet(port), time.perf_counter() + warm
    took: list[float] = []
    statuses: Counter[int] = Counter()
    replies: dict[int, str] = {}
    asked = lost = 0
    for _ in range(clients):
        fleet.add().ask(contents[asked % len(contents)], asked)
        asked += 1
    while len(fleet) and time.perf_counter() < began + seconds:
        for client, found in fleet.answers(1):
            if found is None:
                lost += 1
                fleet.drop(client)
                continue
            status, head, body = found
            if client.sent >= began:
                took.append(time.perf_counter() - client.sent)
            statuses[status] += 1
            replies.setdefault(client.number % len(contents), body.decode())
            if b"connection: close" in head:
                fleet.drop(client)
                continue
            client.ask(contents[asked % len(contents)], asked)
            asked += 1
    # Requests that still wait when the time is over are no loss.
    spent = time.perf_counter() - began
    return {"took": took, "seconds": spent, "statuses": statuses, "replies": replies, "lost": lost}


def paced(port: int, contents: list[bytes], rate: float, seconds: float, most: int) -> dict[str, Any]:
    """Ask at a rate, answered or not, over as many connections as that takes; wait for every answer at the end.

    Returns:
        How many were asked and answered with what, what the accepted ones took, how many got no answer (the server hung
        up, or said nothing for a minute), and how many could not be asked because `most` connections were busy.
    """
    fleet, free, began = Fleet(port), [], time.perf_counter()
    took: list[float] = []
    statuses: Counter[int] = Counter()
    asked = lost = late = busy = without = 0
    now = 0.0
    while now < seconds or (busy and now < seconds + 60):
        for _ in range(int(min(now, seconds) * rate) - asked - late):
            if not free and len(fleet) >= most:
                late += 1
                continue
            client = free.pop() if free else fleet.add()
            client.ask(contents[asked % len(contents)], asked)
            asked += 1
            busy += 1
        for client, found in fleet.answers(0.001):
            if client.number < 0:
                # The server closes connections on which nothing was asked for long.
                free.remove(client)
                fleet.drop(client)
                continue
            busy -= 1
            if found is None:
                lost += 1
                fleet.drop(client)
                continue
            status, head, _ = found
            statuses[status] += 1
            without += status == 503 and b"retry-after: " not in head
            if status == 200:
                took.append(time.perf_counter() - client.sent)
            client.number = -1
            free.append(client)
        now = time.perf_counter() - began
    return {
        "asked": asked, "statuses": statuses, "took": took, "lost": lost + busy, "late": late, "without": without,
        "drained": now - seconds,
    }  # fmt: skip


def slow(port: int, contents: list[bytes], clients: int, seconds: float) -> dict[str, Any]:
    """Send the head of a request and a byte of its body each second; count what comes of it.

    Returns:
        How many were refused in words, how many were closed without, how many are still open.
    """
    made = [Client.connected(port) for _ in range(clients)]
    end = contents[0].index(b"\r\n\r\n") + 4
    for client in made:
        client.socket.sendall(contents[0][:end])
    refused: Counter[int] = Counter()
    closed, began = 0, time.perf_counter()
    while made and time.perf_counter() < began + seconds:
        time.sleep(1)
        for client in list(made):
            try:
                client.socket.sendall(b" ")
                client.socket.settimeout(0)
                found = client.answer()
            except BlockingIOError:
                continue
            except ConnectionError:
                closed += 1
                made.remove(client)
                continue
            if found is not None:
                refused[found[0]] += 1
                made.remove(client)
    return {"refused": refused, "closed": closed, "open": len(made)}


def killed(port: int, contents: list[bytes], clients: int, seconds: float) -> dict[str, Any]:
    """Ten times a second, open connections, ask, and cut them off without waiting for the answer."""
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        made = [Client.connected(port) for _ in range(clients)]
        for client in made:
            client.ask(contents[count % len(contents)], count)
            # A reset, as from a process that was killed, not a farewell.
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
            count += 1
        time.sleep(0.1)
    return {"killed": count}


WAYS: dict[str, Callable[..., dict[str, Any]]] = {"steady": steady, "paced": paced, "slow": slow, "killed": killed}


def main() -> None:
    """Read what is to be done as JSON, and write what came of it."""
    asked = json.loads(sys.stdin.read())
    contents = [request(asked["path"], texts) for texts in asked["texts"]]
    json.dump(WAYS[asked["way"]](asked["port"], contents, **asked["how"]), sys.stdout)


if __name__ == "__main__":
    main()
