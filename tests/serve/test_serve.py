"""What a client meets: the predictor's own answers, refusals in a sentence, and a server that loses nothing."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bigru

from .conftest import TEXTS, Server, classifier

pytestmark = pytest.mark.process

PREDICT = "/v1/models/films/predict"


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return round(value, 6) if isinstance(value, float) else value


@pytest.mark.parametrize("name", ["films", "places"])
def test_answers_are_those_of_predict(server: Server, models: Path, name: str) -> None:
    status, _, reply = server.ask(f"/v1/models/{name}/predict", {"inputs": TEXTS})
    assert (status, reply["model"]) == (200, name)
    want = bigru.load(models / name).predict(TEXTS)
    assert [{key: answer[key] for key in want[0]} for answer in reply["answers"]] == rounded(want)


def test_series_are_answered(server: Server, models: Path) -> None:
    series = [[[0.5, 1.0]] * 3, [[1.0, -2.0]]]
    status, _, reply = server.ask("/v1/models/states/predict", {"inputs": series})
    assert status == 200
    assert [len(answer["tags"]) for answer in reply["answers"]] == [3, 1]


def test_many_clients_get_their_own_answers(server: Server, models: Path) -> None:
    texts = [text * n for n in range(1, 30) for text in TEXTS]
    want = {
        text: answer["label"] for text, answer in zip(texts, bigru.load(models / "films").predict(texts), strict=True)
    }

    def one(text: str) -> str:
        return server.ask(PREDICT, {"inputs": [text]})[2]["answers"][0]["label"]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, texts)) == [want[text] for text in texts]


def test_what_is_served_is_listed(server: Server) -> None:
    _, _, reply = server.ask("/v1/models")
    assert [(m["name"], m["task"], m["input"]) for m in reply["models"]] == [
        ("films", "classify", "text"),
        ("places", "tag", "text"),
        ("states", "tag", "series"),
    ]
    assert server.ask("/health")[2] == {"status": "ok", "models": ["films", "places", "states"]}
    assert b"bigru" in server.ask("/metrics")[2]
    paths = server.ask("/openapi.json")[2]["paths"]
    assert "/v2/models/{name}/infer" in paths


def test_an_explanation_adds_up(server: Server) -> None:
    status, _, reply = server.ask("/v1/models/films/explain", {"input": "好电影"})
    assert status == 200
    assert [part["text"] for part in reply["characters"]] == list("好电影")
    for part in reply["characters"]:
        assert part["total"] == pytest.approx(part["forward"] + part["backward"] + part.get("pairs", 0), abs=1e-3)


def test_the_open_inference_protocol(server: Server, models: Path) -> None:
    assert server.ask("/v2/health/live")[0] == server.ask("/v2/health/ready")[0] == 200
    assert server.ask("/v2/models/films/ready")[0] == 200
    assert server.ask("/v2/models/films")[2]["name"] == "films"
    body = {"inputs": [{"name": "text", "shape": [2], "datatype": "BYTES", "data": ["好电影", "坏"]}]}
    status, _, reply = server.ask("/v2/models/films/infer", body)
    assert (status, reply["model_name"]) == (200, "films")
    labels = next(output for output in reply["outputs"] if output["name"] == "label")
    assert labels["data"] == [answer["label"] for answer in bigru.load(models / "films").predict(["好电影", "坏"])]


BAD: list[tuple[str, Any, int]] = [
    (PREDICT, b'{"inputs": [', 400),
    (PREDICT, b'{"inputs": ["\xff\xfe"]}', 400),
    (PREDICT, b'{"inputs": [NaN]}', 400),
    (PREDICT, b'{"inputs": ["\\ud800"]}', 400),
    ("/v1/models/states/predict", b'{"inputs": [[[NaN, 1.0]]]}', 400),
    ("/v1/models/states/predict", b'{"inputs": [[[1e999, 1.0]]]}', 400),
    ("/v1/models/" + "n" * 5000 + "/predict", {"inputs": ["\u597d"]}, 404),
    (PREDICT, b"[" * 50_000, 400),
    (PREDICT, [], 400),
    (PREDICT, {"inputs": "text"}, 400),
    (PREDICT, {"inputs": [1]}, 400),
    (PREDICT, {"input": ["好"]}, 400),
    (PREDICT, {"inputs": ["好"], "options": {"timeout": -1}}, 400),
    (PREDICT, {"inputs": ["好"] * 9}, 413),
    (PREDICT, {"inputs": ["好" * 5001]}, 413),
    (PREDICT, b" " * 100_001, 413),
    ("/v1/models/nobody/predict", {"inputs": ["好"]}, 404),
    ("/v1/models/..%2f..%2fetc/predict", {"inputs": ["好"]}, 404),
    ("/v1/models/films/audio", b"RIFF", 400),
    ("/v1/models/states/explain", {"input": "好"}, 400),
    ("/v1/models/states/predict", {"inputs": [[[1.0, 2.0], [1.0]]]}, 400),
    ("/v1/models/states/predict", {"inputs": [[["a", "b"]]]}, 400),
    ("/v2/models/films/infer", {"inputs": [{"name": "text", "shape": [3], "datatype": "BYTES", "data": ["好"]}]}, 400),
    ("/nothing", {"inputs": []}, 404),
]


@pytest.mark.parametrize(("path", "body", "status"), BAD)
def test_refusals_are_a_sentence(server: Server, path: str, body: Any, status: int) -> None:
    got, _, reply = server.ask(path, body)
    assert got == status, reply
    assert list(reply) == ["error"]
    assert reply["error"].endswith(".")
    assert "\n" not in reply["error"]
    assert "/tmp" not in reply["error"]
    assert "Traceback" not in reply["error"]


def test_another_type_and_method_are_refused(server: Server) -> None:
    assert server.ask(PREDICT, b"x", Content_Type="text/plain")[0] == 415
    assert server.ask(PREDICT)[0] == 405


def test_a_huge_body_is_refused_before_it_is_read(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        head = (
            f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n"
        )
        client.sendall(head.encode())
        assert b" 413 " in client.recv(4096)


def test_a_huge_body_that_does_not_say_so_is_not_kept(start: Callable[..., Server], models: Path) -> None:
    live = start(str(models / "films"))
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    part = b"[" * (1 << 20)
    connection.putrequest("POST", PREDICT)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    for _ in range(100):
        try:
            connection.send(b"%x\r\n%s\r\n" % (len(part), part))
        except OSError:  # refused long before the end
            break
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["error"] == (
        "serve: body must be at most 8388608 bytes, got more. Send it in parts."
    )
    connection.close()
    pages = int(Path(f"/proc/{live.process.pid}/statm").read_text(encoding="ascii").split()[1])
    assert pages * os.sysconf("SC_PAGE_SIZE") < 400 << 20
    assert live.ask(PREDICT, {"inputs": ["好"]})[0] == 200


def test_a_text_of_a_million_characters_is_refused(start: Callable[..., Server], models: Path) -> None:
    live = start(str(models / "films"))
    status, _, reply = live.ask(PREDICT, json.dumps({"inputs": ["好", "好" * 1_000_000]}, ensure_ascii=False).encode())
    want = "serve: inputs[1] must be at most 100000 characters long, got 1000000. Send it in parts."
    assert (status, reply["error"]) == (413, want)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["inputs", "x"]), inner),
            max_leaves=8,
        ),
    )
)
def test_no_body_is_a_fault_of_the_server(server: Server, body: Any) -> None:
    for name in ("films", "states"):
        for action in ("predict", "explain"):
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            assert server.ask(f"/v1/models/{name}/{action}", content)[0] in (200, 400, 413)
    assert server.ask("/v2/models/films/infer", content)[0] in (200, 400, 413)


def test_the_page_and_what_it_loads_come_from_here(server: Server) -> None:
    status, headers, page = server.ask("/")
    assert status == 200
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name in re.findall(r'(?:src|href)="([^"]+)"', page.decode()):
        assert not name.startswith(("http", "//"))
        assert server.ask(f"/{name}")[0] == 200
    assert server.ask("/static/../app.py")[0] == 404
    assert server.ask("/static/%2e%2e/app.py")[0] == 404


def test_a_key_is_asked_for(start: Callable[..., Server], models: Path) -> None:
    kept = start(str(models / "films"), BIGRU_API_KEY="secret-of-ours")
    status, _, reply = kept.ask(PREDICT, {"inputs": ["好"]})
    assert status == 401
    assert "secret-of-ours" not in reply["error"]
    assert kept.ask(PREDICT, {"inputs": ["好"]}, Authorization="Bearer wrong")[0] == 401
    assert kept.ask(PREDICT, {"inputs": ["好"]}, Authorization="Bearer secret-of-ours")[0] == 200
    assert kept.ask("/health")[0] == 200


def test_what_was_accepted_is_answered_before_the_server_stops(start: Callable[..., Server], models: Path) -> None:
    busy = start(str(models / "films"))
    statuses: list[int] = []
    sent, stopping = threading.Event(), threading.Event()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", busy.port, timeout=30)
        body = json.dumps({"inputs": ["这部电影太棒了" * 200] * 16})
        while not stopping.is_set() or len(statuses) < 8:
            try:
                connection.request("POST", PREDICT, body, {"Content-Type": "application/json"})
            except OSError:  # the server no longer listens: nothing was accepted
                break
            sent.set()
            response = connection.getresponse()
            statuses.append(response.status)
            response.read()
            if response.getheader("connection") == "close":
                break
        connection.close()

    clients = [threading.Thread(target=client) for _ in range(8)]
    for one in clients:
        one.start()
    assert sent.wait(30)
    time.sleep(0.5)
    stopping.set()
    code, said = busy.stop()
    for one in clients:
        one.join(30)
    assert code == 0, said
    assert "Traceback" not in said
    assert len(statuses) >= 8
    assert set(statuses) <= {200, 503}


def test_a_new_folder_is_taken_over_and_a_broken_one_is_not(start: Callable[..., Server], tmp_path: Path) -> None:
    folder = classifier(tmp_path / "films", seed=0)
    live = start(str(folder))

    def reply() -> Any:
        return live.ask(PREDICT, {"inputs": TEXTS})[2]["answers"]

    def refusals() -> float:
        found = re.search(rb'bigru_reloads_total{model="films",result="refused"} ([0-9.]+)', live.ask("/metrics")[2])
        return float(found[1]) if found else 0.0

    def until(want: Callable[[], bool]) -> bool:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if want():
                return True
            time.sleep(0.1)
        return False

    first = reply()
    classifier(folder, seed=1)
    assert until(lambda: reply() != first)
    second = reply()
    (folder / "config.json").write_text("{", encoding="utf-8")
    assert until(lambda: refusals() > 0)
    assert reply() == second
    before = refusals()
    shutil.rmtree(folder)
    assert until(lambda: refusals() > before)
    assert reply() == second


def test_one_more_than_can_wait_is_refused_for_now(start: Callable[..., Server], models: Path) -> None:
    small = start(str(models / "films"), "--max-waiting", "2")
    body = {"inputs": ["这部电影太棒了" * 10_000] * 4}
    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(lambda _: small.ask(PREDICT, body), range(48)))
    statuses = {status for status, _, _ in replies}
    assert statuses == {200, 503}
    assert all(int(headers["retry-after"]) >= 1 for status, headers, _ in replies if status == 503)
    assert small.ask(PREDICT, {"inputs": ["好"]})[0] == 200


def test_an_answer_that_takes_too_long_is_given_up(start: Callable[..., Server], models: Path) -> None:
    slow = start(str(models / "films"))
    body = {"inputs": ["这部电影太棒了" * 14_000] * 8, "options": {"timeout": 0.001}}
    assert slow.ask(PREDICT, body)[0] == 504
    assert slow.ask(PREDICT, {"inputs": ["好"]})[0] == 200


def test_steps_are_answered_over_a_websocket(server: Server) -> None:
    async def talk() -> list[Any]:
        async with websockets.connect(f"ws://127.0.0.1:{server.port}/v1/models/states/stream") as socket_:
            await socket_.send(json.dumps({"nonsense": 1}))
            return [json.loads(await asyncio.wait_for(socket_.recv(), 20))]

    (reply,) = asyncio.run(talk())
    assert reply["error"].endswith(".")
