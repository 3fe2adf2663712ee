"""Streams over a WebSocket: the answers of Python's, in a queue, with a bounded cost, and none for those who left."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import websockets

import bigru

from .conftest import Server

pytestmark = pytest.mark.process

TEXT = "这部电影太棒了，情节扣人心弦" * 400


def talk(server: Server, name: str, *messages: Any) -> list[Any]:
    """Send messages one after the other; return what each is answered by."""

    async def whole() -> list[Any]:
        address = f"ws://127.0.0.1:{server.port}/v1/models/{name}/stream"
        answers = []
        async with websockets.connect(address, max_size=None) as socket:
            for message in messages:
                await socket.send(message if isinstance(message, bytes) else json.dumps(message))
                answers.append(json.loads(await asyncio.wait_for(socket.recv(), 30)))
                if "error" in answers[-1]:
                    await asyncio.wait_for(socket.wait_closed(), 30)
                    answers.append(socket.close_code)
                    break
        return answers

    return asyncio.run(whole())


def rounded(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return json.loads(json.dumps(answers), parse_float=lambda text: round(float(text), 6))


@pytest.mark.parametrize("name", ["films", "places"])
def test_a_push_in_parts_is_answered_as_python_answers_it(
    start: Callable[..., Server], models: Path, name: str
) -> None:
    live = start(str(models / name))
    options = {"lookahead": 3, "chunk": 2}
    pushes = [TEXT[:9], TEXT, ""]
    ready, *answer = talk(live, name, options, *({"push": one} for one in pushes), {"push": TEXT[:5], "finish": True})
    assert ready == {"ready": True}
    stream = bigru.load(models / name).stream(3, chunk=2)
    want = [stream.push(one) for one in pushes]
    want.append([*stream.push(TEXT[:5]), *stream.finish()])
    assert [one["answers"] for one in answer] == [rounded(one) for one in want]
    assert [one["done"] for one in answer] == [False, False, False, True]


def test_a_series_is_streamed_as_python_streams_it(server: Server, models: Path) -> None:
    rows = [[0.5, 1.0], [1.0, -2.0], [0.25, 0.75]] * 3
    _, answer = talk(server, "states", {"lookahead": 2}, {"push": rows, "finish": True})
    stream = bigru.load(models / "states").stream(2)
    assert answer["answers"] == rounded([*stream.push(rows), *stream.finish()])


REFUSED: list[tuple[str, tuple[Any, ...], str]] = [
    (
        "films",
        ({"lookahead": 4096, "chunk": 1},),
        "serve: lookahead must be at most 127 with a chunk of 1, got 4096. A longer chunk costs less.",
    ),
    (
        "films",
        ({"lookahead": 4097, "chunk": 4097},),
        "serve: lookahead must be a number of steps within 0..4096, got 4097.",
    ),
    (
        "films",
        ({"lookahead": 8, "chunk": 8}, {"push": "好" * 2501}),
        "serve: push must be at most 2500 steps with this look-ahead, got 2501. Push it in parts.",
    ),
    (
        "states",
        ({"lookahead": 8}, {"push": [[0.5] * 100_000]}),
        "serve: push row 0 must be 2 numbers wide, as the model reads it, got 100000 wide.",
    ),
    ("films", ({"lookahead": 8}, {"push": 5}), "serve: push must be a text, or a list of tokens, got a number."),
    ("films", (b"{}",), "serve: message must be JSON as text, got bytes."),
    ("films", ({"lookahead": True},), "serve: lookahead must be a number of steps within 0..4096, got True."),
    ("films", ({"\u202e\x1b[31m": 1},), r"serve: key of the body must be one of lookahead, chunk, got "),
]


@pytest.mark.parametrize(("name", "messages", "sentence"), REFUSED)
def test_what_is_too_much_is_refused(server: Server, name: str, messages: tuple[Any, ...], sentence: str) -> None:
    *_, answer, code = talk(server, name, *messages)
    assert (answer["error"][: len(sentence)], code) == (sentence, 1008)
    assert answer["error"].isprintable()


def test_the_most_that_an_end_may_cost_is_answered_at_once(server: Server) -> None:
    *_, answer = talk(server, "films", {"lookahead": 127, "chunk": 1}, {"push": "好" * 30, "finish": True})
    assert answer["done"]


def test_a_stream_whose_client_has_gone_is_not_computed(start: Callable[..., Server], models: Path) -> None:
    live = start(str(models / "films"))

    async def hang_up() -> None:
        address = f"ws://127.0.0.1:{live.port}/v1/models/films/stream"
        socket = await websockets.connect(address, max_size=None, ping_interval=None)
        await socket.send(json.dumps({"lookahead": 127, "chunk": 1}))
        await socket.recv()
        await socket.send(json.dumps({"push": "好" * 781}))
        socket.transport.abort()

    for _ in range(50):
        asyncio.run(hang_up())
    # What is left of fifty such streams is less than a batch of one.
    code, said = live.stop()
    assert code == 0
    assert said.splitlines()[-1] == "stopped; every accepted request was answered."


def test_streams_wait_for_their_turn_and_are_refused_beyond_their_queue(
    start: Callable[..., Server], models: Path
) -> None:
    live = start(str(models / "films"), "--max-waiting", "2")

    async def whole() -> list[Any]:
        address = f"ws://127.0.0.1:{live.port}/v1/models/films/stream"
        sockets = [await websockets.connect(address) for _ in range(8)]
        for socket in sockets:
            await socket.send(json.dumps({"lookahead": 127, "chunk": 1}))
            await socket.recv()
        for socket in sockets:
            await socket.send(json.dumps({"push": "好" * 780}))
        answer = [json.loads(await asyncio.wait_for(socket.recv(), 30)) for socket in sockets]
        for socket in sockets:
            await socket.close()
        return answer

    answer = asyncio.run(whole())
    refused = [one["error"] for one in answer if "error" in one]
    assert 0 < len(refused) < 8
    assert {text.partition("Try")[0] for text in refused} == {"serve: requests must be fewer, got 2 that wait. "}


def test_a_stream_more_than_there_are_places_closes_the_one_that_is_idle_longest(models: Path) -> None:
    # So few descriptors leave three places for streams.
    command = [sys.executable, "-m", "bigru", "serve", "--port", "0", str(models / "films")]
    limited = ["bash", "-c", f"ulimit -n 80; exec {shlex.join(command)}"]
    process = subprocess.Popen(limited, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = f"ws://127.0.0.1:{process.stdout.readline().strip().rsplit(':', 1)[1]}/v1/models/films/stream"

    async def whole() -> list[Any]:
        sockets = []
        for _ in range(4):
            sockets.append(await websockets.connect(address))
            await sockets[-1].send(json.dumps({"lookahead": 1}))
            await sockets[-1].recv()
        first = json.loads(await asyncio.wait_for(sockets[0].recv(), 10))
        await asyncio.wait_for(sockets[0].wait_closed(), 10)
        answer = [first["error"], sockets[0].close_code]
        for socket in sockets[1:]:
            await socket.send(json.dumps({"push": "好电影", "finish": True}))
            answer.append(json.loads(await asyncio.wait_for(socket.recv(), 10))["done"])
            await socket.close()
        return answer

    want = "serve: connections must be fewer, got another while this one was idle. Connect again."
    assert asyncio.run(whole()) == [want, 1013, True, True, True]
    process.terminate()
    process.communicate(timeout=20)


def test_two_signals_end_a_server_at_once_and_the_last_line_is_true(start: Callable[..., Server], models: Path) -> None:
    live = start(str(models / "places"))
    answers: list[Any] = []
    body = json.dumps({"inputs": ["好" * 99_000] * 26}, ensure_ascii=False).encode()
    asking = threading.Thread(target=lambda: answers.append(live.ask("/v1/models/places/predict", body)))
    asking.start()
    waiting = 'bigru_waiting_requests{model="places"} 1.0'
    end = time.monotonic() + 20
    while waiting.encode() not in live.ask("/metrics")[2] and time.monotonic() < end:
        time.sleep(0.01)
    live.process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    live.process.send_signal(signal.SIGINT)
    _, said = live.process.communicate(timeout=20)
    asking.join(20)
    assert said.splitlines()[-1] == "stopped before the end; 1 accepted request was not answered."
    assert live.process.returncode == 130
    want = "serve: server must be running until the answer, got the order to stop before it."
    assert [(status, answer["error"]) for status, _, answer in answers] == [(503, want)]
    assert "Traceback" not in said


def test_a_signal_to_read_reads_though_nothing_changed(start: Callable[..., Server], models: Path) -> None:
    live = start(str(models / "films"))
    os.kill(live.process.pid, signal.SIGHUP)
    end = time.monotonic() + 20
    done = b'bigru_reloads_total{model="films",result="done"} 1.0'
    while done not in live.ask("/metrics")[2] and time.monotonic() < end:
        time.sleep(0.05)
    _, said = live.stop()
    assert "films was read again." in said
