"""The clients of `attack.py`, each role in a process of its own: hostile ones, good ones beside them, and a watch.

A kind of hostile client is a function that sends once what only costs, and returns the bytes that it sent and the
status that it got (0 where there is none). Standard library and `websockets` alone, so that a client costs little.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

__all__ = ["KINDS", "good", "hostile", "watch"]

MIB = 1 << 20
ADDRESS = "127.0.0.2"
"""Where hostile clients come from; the good ones come from 127.0.0.1."""


def post(port: int, path: str, body: bytes, kind: str = "application/json", timeout: float = 60) -> tuple[int, int]:
    """Send one request; return the bytes of its body and its status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(ADDRESS, 0))
    try:
        connection.request("POST", path, body, {"Content-Type": kind})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return len(body), 0
    finally:
        connection.close()
    return len(body), response.status


def wave(data: bytes, rate: int, form: int = 1, bits: int = 16, channels: int = 1) -> bytes:
    """Return a WAV file."""
    width = channels * bits // 8
    fields = struct.pack("<HHIIHH", form, channels, rate, rate * width & 0xFFFFFFFF, width, bits)
    parts = b"WAVEfmt " + struct.pack("<I", len(fields)) + fields + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(parts)) + parts


def gsm() -> bytes:
    """Return a WAV file of GSM 6.10, as telephones make it."""
    data = bytes(random.getrandbits(8) for _ in range(65 * 50))
    fields = struct.pack("<HHIIHHHH", 49, 1, 8000, 1625, 65, 0, 2, 320)
    fact = b"fact" + struct.pack("<II", 4, 320 * 50)
    parts = b"WAVEfmt " + struct.pack("<I", len(fields)) + fields + fact + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(parts)) + parts


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def claimed_shape(port: int) -> tuple[int, int]:
    """Ask for a tensor of 300 million rows without any number."""
    tensor = {"name": "series", "datatype": "FP64", "shape": [1, 300_000_000, 0], "data": []}
    return post(port, "/v2/models/states/infer", dumps({"inputs": [tensor]}))


def loud_recording(port: int) -> tuple[int, int]:
    """Send samples beyond all that a microphone gives."""
    return post(port, "/v1/models/digits/audio", wave(struct.pack("<f", 3e38) * 4000, 8000, 3, 32), "audio/wav")


def telephone(port: int) -> tuple[int, int]:
    """Send GSM."""
    return post(port, "/v1/models/digits/audio", gsm(), "audio/wav")


def odd_rate(port: int) -> tuple[int, int]:
    """Send ten samples at another odd rate each time."""
    rate = random.choice((191_969, 131_071, 99_991, random.randrange(1001, 191_999, 2)))
    return post(port, "/v1/models/digits/audio", wave(bytes(20), rate), "audio/wav")


def impossible_rate(port: int) -> tuple[int, int]:
    """Send ten samples at a rate that no recording has."""
    return post(port, "/v1/models/digits/audio", wave(bytes(20), random.choice((1, 10**9, 655_350))), "audio/wav")


def silence(port: int) -> tuple[int, int]:
    """Send a minute of silence."""
    return post(port, "/v1/models/digits/audio", wave(bytes(2 * 8000 * 60), 8000), "audio/wav")


def wide_row(port: int) -> tuple[int, int]:
    """Send a series of one row of half a million numbers."""
    return post(port, "/v1/models/states/predict", b'{"inputs":[[[' + b"0," * 500_000 + b"0]]]}")


def long_series(port: int) -> tuple[int, int]:
    """Send a series of the width of the model, and of a megabyte."""
    return post(port, "/v1/models/states/predict", b'{"inputs":[[' + b"[0,1]," * 90_000 + b"[0,1]]]}")


def wide_table(port: int) -> tuple[int, int]:
    """Send a table of one row and a hundred thousand columns."""
    return post(port, "/v1/models/next/predict", dumps({"inputs": [{"columns": {str(n): [0] for n in range(90_000)}}]}))


def odd_times(port: int) -> tuple[int, int]:
    """Send a table whose times are digits and no numbers."""
    cells: dict[str, Any] = {"time": ["²"] * 40, "a": [1.0] * 40, "b": [1.0] * 40}
    return post(port, "/v1/models/next/predict", dumps({"inputs": [{"columns": cells}]}))


def far_table(port: int) -> tuple[int, int]:
    """Send a table of numbers that float32 does not hold."""
    times = [f"2020-01-{1 + n // 24:02d} {n % 24:02d}:00" for n in range(40)]
    cells: dict[str, Any] = {"time": times, "a": [1e308] * 40, "b": [1.0] * 40}
    return post(port, "/v1/models/next/predict", dumps({"inputs": [{"columns": cells}]}))


def long_text(port: int) -> tuple[int, int]:
    """Send a megabyte of text in many inputs."""
    return post(port, "/v1/models/films/predict", dumps({"inputs": ["好" * 20_000] * 17}))


def many_texts(port: int) -> tuple[int, int]:
    """Send a thousand empty texts."""
    return post(port, "/v1/models/films/predict", dumps({"inputs": [""] * 1024}))


def empty_lists(port: int) -> tuple[int, int]:
    """Send a megabyte of empty lists."""
    return post(port, "/v1/models/films/predict", b'{"inputs":[' + b"[]," * 340_000 + b"[]]}")


def long_key(port: int) -> tuple[int, int]:
    """Send a key of a megabyte that would turn a terminal around."""
    return post(port, "/v1/models/films/predict", dumps({"\u202e\x1b[31m" * 100_000: 1}))


def explanation(port: int) -> tuple[int, int]:
    """Ask for the longest explanation."""
    return post(port, "/v1/models/films/explain", dumps({"input": "好电影太棒" * 400}))


def binary_tensor(port: int) -> tuple[int, int]:
    """Send a tensor whose texts claim four gigabytes."""
    own = dumps(
        {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 8}}]}
    )
    head = f"POST /v2/models/films/infer HTTP/1.1\r\nHost: x\r\nInference-Header-Content-Length: {len(own)}\r\n"
    return raw(port, f"{head}Content-Length: {len(own) + 8}\r\n\r\n".encode() + own + b"\xff\xff\xff\xff....")


def trailers(port: int) -> tuple[int, int]:
    """Send key and type behind the body."""
    head = b"POST /v1/models/films/predict HTTP/1.1\r\nHost: x\r\n"
    head += b"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n"
    return raw(port, head + b'\r\n10\r\n{"inputs":["a"]}\r\n0\r\nContent-Type: application/json\r\n\r\n')


def no_http(port: int) -> tuple[int, int]:
    """Send what is no HTTP."""
    return raw(port, bytes(random.getrandbits(8) for _ in range(200)) + b"\r\n\r\n")


def raw(port: int, content: bytes) -> tuple[int, int]:
    """Send bytes; return their number and the status of what comes back."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10, (ADDRESS, 0)) as client:
            client.sendall(content)
            found = client.recv(64)
    except OSError:
        return len(content), 0
    return len(content), int(found[9:12]) if found[9:12].isdigit() else 0


def hang_up(port: int) -> tuple[int, int]:
    """Ask for much and go."""
    body = dumps({"inputs": ["好" * 20_000] * 4})
    head = "POST /v1/models/films/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}"
    try:
        with socket.create_connection(("127.0.0.1", port), 10, (ADDRESS, 0)) as client:
            client.sendall(head.encode() + b"\r\n\r\n" + body)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    return len(body), 0


def slow_head(port: int) -> tuple[int, int]:
    """Send a head byte by byte, for two seconds."""
    sent = 0
    try:
        with socket.create_connection(("127.0.0.1", port), 10, (ADDRESS, 0)) as client:
            for byte in b"POST /v1/models/films/predict":
                client.sendall(bytes([byte]))
                sent += 1
                time.sleep(0.07)
    except OSError:
        pass
    return sent, 0


def idle(port: int, count: int = 4200) -> tuple[int, int]:
    """Open more connections than there are places, and say nothing for two seconds."""
    held = []
    try:
        for _ in range(count):
            held.append(socket.create_connection(("127.0.0.1", port), 10, (ADDRESS, 0)))
    except OSError:
        pass
    time.sleep(2)
    for client in held:
        client.close()
    return 0, 0


def stream_hog(port: int) -> tuple[int, int]:
    """Push as much as is taken into a stream of many looks ahead, and hang up."""
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    options = random.choice(({"lookahead": 127, "chunk": 1}, {"lookahead": 4096, "chunk": 1}, {"lookahead": 8}))
    content = "好" * (780 if options["lookahead"] == 127 else 50_000 if options["lookahead"] == 8 else 100_000)
    address = f"ws://127.0.0.1:{port}/v1/models/films/stream"
    try:
        sock = socket.create_connection(("127.0.0.1", port), 10, (ADDRESS, 0))
        with connect(address, sock=sock, max_size=None, close_timeout=0.1) as client:
            client.send(json.dumps(options))
            client.recv(timeout=30)
            client.send(json.dumps({"push": content}, ensure_ascii=False))
            time.sleep(0.05)
            sock.shutdown(socket.SHUT_RDWR)
    except (OSError, WebSocketException):
        pass
    return len(content.encode()), 0


def odd_frames(port: int) -> tuple[int, int]:
    """Upgrade to a WebSocket and send what is no frame."""
    key = base64.b64encode(os.urandom(16)).decode()
    head = "GET /v1/models/films/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    content = f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    frame = random.choice((b"\x81\xff" + b"\xff" * 8, b"\x81\x82\0\0\0\0\xff\xfe", b"\xff\xff\xff", b"\x01\x05abcde"))
    return raw(port, content + frame)


KINDS: dict[str, Callable[[int], tuple[int, int]]] = {
    kind.__name__: kind
    for kind in (
        claimed_shape, loud_recording, telephone, odd_rate, impossible_rate, silence, wide_row, long_series, wide_table,
        odd_times, far_table, long_text, many_texts, empty_lists, long_key, explanation, binary_tensor, trailers,
        no_http, hang_up, slow_head, idle, stream_hog, odd_frames,
    )
}  # fmt: skip


def hostile(port: int, seconds: float, kinds: list[str], pause: float) -> dict[str, Any]:
    """Let each kind send again and again, all at once; return how often, how many bytes, and the statuses."""
    end = time.perf_counter() + seconds
    found = {name: {"times": 0, "bytes": 0, "statuses": Counter[int]()} for name in kinds}

    def run(name: str) -> None:
        own: dict[str, Any] = found[name]
        while time.perf_counter() < end:
            sent, status = KINDS[name](port)
            own["times"] += 1
            own["bytes"] += sent
            if status:
                own["statuses"][status] += 1
            time.sleep(pause)

    threads = [threading.Thread(target=run, args=(name,)) for name in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Good:
    """Clients that ask one thing after another on connections that are kept, each until it is answered.

    What is refused for now (503) is asked again when the server says. A request is lost if it gets another status, an
    answer that it must not have, or none within a minute.
    """

    def __init__(self, port: int, seconds: float, requests: list[dict[str, Any]]) -> None:
        self.port, self.end, self.requests = port, time.perf_counter() + seconds, requests
        self.counts = Counter[str](asked=0, lost=0, refused_for_now=0, connections_renewed=0)
        self.took: list[float] = []
        self.odd: Counter[str] = Counter()
        self._lock = threading.Lock()

    def run(self, number: int) -> None:
        """Ask until the time is over."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while time.perf_counter() < self.end:
            request, began = self.requests[number % len(self.requests)], time.perf_counter()
            number += 1
            problem = self._whole(connection, request)
            with self._lock:
                self.counts["asked"] += 1
                self.took.append(time.perf_counter() - began)
                if problem:
                    self.counts["lost"] += 1
                    self.odd[f"{request['path']}: {problem}"] += 1
            time.sleep(0.01)
        connection.close()

    def _whole(self, connection: http.client.HTTPConnection, request: dict[str, Any]) -> str:
        """Ask until there is an answer; return what went wrong, "" for nothing."""
        until, problem = time.perf_counter() + 60, "no answer"
        while time.perf_counter() < until:
            try:
                status, after, content = self._once(connection, request)
            except (OSError, http.client.HTTPException) as error:
                # A kept connection may be closed while nothing is asked on it; a client then asks again.
                problem = type(error).__name__
                connection.close()
                self._count("connections_renewed")
                continue
            if status != 503:
                return self._judge(request, status, content)
            self._count("refused_for_now")
            time.sleep(min(after, 5))
        return problem

    def _once(self, connection: http.client.HTTPConnection, request: dict[str, Any]) -> tuple[int, float, bytes]:
        body = base64.b64decode(request["body"])
        connection.request("POST", request["path"], body, {"Content-Type": request["type"]})
        response = connection.getresponse()
        return response.status, float(response.getheader("retry-after", "1")), response.read()

    def _judge(self, request: dict[str, Any], status: int, content: bytes) -> str:
        if status != 200:
            return f"{status} {content[:200].decode()}"
        return "" if json.loads(content)["answers"] in request["answers"] else "another answer"

    def _count(self, name: str) -> None:
        with self._lock:
            self.counts[name] += 1


def good(port: int, seconds: float, requests: list[dict[str, Any]], clients: int) -> dict[str, Any]:
    """Let good clients ask; return how much was asked and lost, and what each answer took."""
    made = Good(port, seconds, requests)
    threads = [threading.Thread(target=made.run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {**made.counts, "what_was_lost": dict(made.odd.most_common(10)), "took": made.took}


def watch(port: int, seconds: float) -> dict[str, Any]:
    """Ask for the health of the server a hundred times a second; return what each answer took."""
    end, took, statuses = time.perf_counter() + seconds, [], Counter[int]()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.perf_counter() < end:
        began = time.perf_counter()
        try:
            connection.request("GET", "/health")
            response = connection.getresponse()
            response.read()
            statuses[response.status] += 1
        except (OSError, http.client.HTTPException):
            connection.close()
            statuses[0] += 1
        took.append(time.perf_counter() - began)
        time.sleep(0.01)
    connection.close()
    return {"took": took, "statuses": statuses}


ROLES: dict[str, Callable[..., dict[str, Any]]] = {"hostile": hostile, "good": good, "watch": watch}


def main() -> None:
    """Read what is to be done as JSON, and write what came of it."""
    asked = json.loads(sys.stdin.read())
    json.dump(ROLES[asked["role"]](asked["port"], **asked["how"]), sys.stdout)


if __name__ == "__main__":
    main()
