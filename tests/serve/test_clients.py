"""What the clients of others send, byte by byte, and what they read of the answers.

The requests of tritonclient 2.73 (`tritonclient.http`, whose defaults are binary tensors and no content type) and of
kserve 0.21 (`InferenceRESTClient`) were captured by letting the clients send them to a socket that prints what it
receives; names, texts and lengths are those of the models here.
"""

from __future__ import annotations

import json
import socket
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru
from bigru import bundle
from bigru.config import ChannelConfig
from bigru.features.text import TextFeatures
from bigru.tasks import tag
from tolerances import FLOAT32_STEP, near

from .conftest import Server, save

pytestmark = pytest.mark.process

TRITON = (
    b"POST %s HTTP/1.1\r\nUser-Agent: python/gevent-http-client-2.6.1\r\n"
    b"%sHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
)
LENGTH = b"Inference-Header-Content-Length: %d\r\n"
KSERVE = (
    b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n"
    b"Connection: keep-alive\r\nUser-Agent: python-httpx/0.28.1\r\n%scontent-type: %s\r\nContent-Length: %d\r\n\r\n"
)
FILMS = b"/v2/models/films/infer"
STATES = b"/v2/models/states/infer"
TEXTS = ["好电影", "坏"]


def binary(texts: list[str]) -> bytes:
    return b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in texts)


def triton(document: dict[str, Any], behind: bytes = b"", path: bytes = FILMS) -> bytes:
    """Return a request as tritonclient writes it."""
    own = json.dumps(document, separators=(",", ":")).encode()
    return TRITON % (path, LENGTH % len(own) if behind else b"", len(own + behind)) + own + behind


def tensor(shape: list[int], size: int | None = None, data: Any = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": "text", "shape": shape, "datatype": "BYTES"} | more
    made |= {} if size is None else {"parameters": {"binary_data_size": size}}
    return made | ({} if data is None else {"data": data})


class Found:
    """An answer as tritonclient reads it: JSON, and behind it the tensors that have a `binary_data_size`."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers = status, headers
        length = int(headers.get("inference-header-content-length", len(body)))
        self.reply, place = json.loads(body[:length]), length
        self.outputs: dict[str, Any] = {}
        for output in self.reply.get("outputs", []):
            size = output.get("parameters", {}).get("binary_data_size")
            if size is None:
                self.outputs[output["name"]] = output["data"]
                continue
            assert "data" not in output
            part, place = body[place : place + size], place + size
            if output["datatype"] == "FP64":
                self.outputs[output["name"]] = np.frombuffer(part, "<f8").tolist()
            else:
                self.outputs[output["name"]] = texts_of(part)
        assert place == len(body)


def texts_of(part: bytes) -> list[str]:
    found = []
    while part:
        (size,) = struct.unpack("<I", part[:4])
        found.append(part[4 : 4 + size].decode())
        part = part[4 + size :]
    return found


def send(server: Server, content: bytes) -> Found:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(content)
        with client.makefile("rb") as stream:
            status = int(stream.readline().split()[1])
            headers = {}
            while line := stream.readline().strip():
                name, _, value = line.decode().partition(": ")
                headers[name.lower()] = value
            return Found(status, headers, stream.read(int(headers["content-length"])))


@pytest.fixture(scope="module")
def want(models: Path) -> list[dict[str, Any]]:
    return bigru.load(models / "films").predict(TEXTS)


@pytest.mark.parametrize("shape", [[2], [2, 1]])
@pytest.mark.parametrize("version", [b"", b"/versions/1"])
def test_tritonclient_is_answered_as_it_comes(
    server: Server, want: list[dict[str, Any]], shape: list[int], version: bytes
) -> None:
    path = b"/v2/models/films" + version + b"/infer"
    raw = binary(TEXTS)
    document = {"id": "7", "inputs": [tensor(shape, len(raw))], "parameters": {"binary_data_output": True}}
    found = send(server, triton(document, raw, path))
    assert found.status == 200
    assert found.headers["content-type"] == "application/octet-stream"
    assert (found.reply["model_name"], found.reply["model_version"], found.reply["id"]) == ("films", "1", "7")
    assert found.outputs["label"] == [answer["label"] for answer in want]
    scores = [answer["scores"][label] for answer in want for label in ("bad", "good")]
    assert found.outputs["scores"] == near(scores, FLOAT32_STEP)
    assert [json.loads(text)["text"] for text in found.outputs["answer"]] == TEXTS
    assert all("parameters" in output for output in found.reply["outputs"])


def test_tritonclient_may_choose_for_each_tensor(server: Server, want: list[dict[str, Any]]) -> None:
    outputs = [
        {"name": "label", "parameters": {"binary_data": True}},
        {"name": "scores", "parameters": {"binary_data": False}},
    ]
    found = send(server, triton({"inputs": [tensor([2, 1], data=TEXTS)], "outputs": outputs}))
    assert [sorted(output) for output in found.reply["outputs"]] == [
        ["datatype", "name", "parameters", "shape"],
        ["data", "datatype", "name", "shape"],
    ]
    assert found.outputs["label"] == [answer["label"] for answer in want]
    # Neither input nor output in binary: JSON alone, without a content type.
    plain = send(server, triton({"inputs": [tensor([2], data=TEXTS)]}))
    assert plain.headers["content-type"] == "application/json"
    assert plain.outputs["label"] == found.outputs["label"]


@pytest.mark.parametrize("datatype", ["FP32", "FP64", "FP16", "INT8", "INT64", "UINT16"])
def test_numbers_come_in_binary(server: Server, models: Path, datatype: str) -> None:
    kind = {"FP32": "<f4", "FP64": "<f8", "FP16": "<f2", "INT8": "<i1", "INT64": "<i8", "UINT16": "<u2"}[datatype]
    series = np.array([[[1, 2], [3, 0]], [[4, 1], [0, 5]]], kind)
    raw = series.tobytes()
    made = tensor([2, 2, 2], len(raw), name="series", datatype=datatype)
    found = send(server, triton({"inputs": [made]}, raw, STATES))
    want = bigru.load(models / "states").predict(list(series.astype(np.float64)))
    assert [json.loads(text)["tags"] for text in found.outputs["answer"]] == [answer["tags"] for answer in want]


def test_kserve_is_answered_as_it_comes(server: Server, want: list[dict[str, Any]]) -> None:
    raw = binary(TEXTS)
    made = {"id": "a", "model_name": "films", "inputs": [tensor([2], len(raw))]}
    own = json.dumps(made).encode()
    length = b"inference-header-content-length: %d\r\n" % len(own)
    head = KSERVE % (FILMS, length, b"application/octet-stream", len(own + raw))
    found = send(server, head + own + raw)
    assert (found.reply["id"], found.outputs["label"]) == ("a", [answer["label"] for answer in want])
    own = json.dumps({"inputs": [tensor([2], data=TEXTS)]}, ensure_ascii=False).encode()
    assert send(server, KSERVE % (FILMS, b"", b"application/json", len(own)) + own).outputs == found.outputs


RAW = binary(TEXTS)
ODD: list[tuple[dict[str, Any], bytes, str]] = [
    (tensor([2], len(RAW) - 1), RAW, "binary_data_size must be the 20 bytes behind the JSON, got 19. "),
    (tensor([2]), RAW, "body must be JSON alone, as no tensor is binary, got 20 bytes more. "),
    (tensor([2], len(RAW), TEXTS), RAW, "data is not allowed with binary_data_size (got both)."),
    (
        tensor([3], len(RAW)),
        RAW,
        "data must be flat or nested as the shape [3] says, 3 in all, got 2.",
    ),
    (
        tensor([1], 6),
        b"\xff\xff\xff\xffab",
        "data must be texts behind the four bytes of their length, got an end within one.",
    ),
    (tensor([1], 3), b"abc", "data must be texts behind the four bytes of their length, got an end within one."),
    (tensor([1], 5), b"\x01\x00\x00\x00\xff", "data[0] must be a text in UTF-8, got other bytes."),
    (tensor([2], 2**62), RAW, "binary_data_size must be the 20 bytes behind the JSON, got 4611686018427387904. "),
    (
        tensor([1], parameters={"shared_memory_region": "r"}),
        b"",
        "data must be sent with the request, got a region of shared memory.",
    ),
]


@pytest.mark.parametrize(("made", "behind", "sentence"), ODD)
def test_bytes_that_do_not_fit_are_refused(server: Server, made: Any, behind: bytes, sentence: str) -> None:
    found = send(server, triton({"inputs": [made]}, behind))
    assert found.status == 400
    assert found.reply["error"].startswith(f"serve: {sentence}")


@pytest.mark.parametrize("length", ["-1", "1e3", "999999", "", "9" * 5000])
def test_a_length_of_the_json_that_is_none_is_refused(server: Server, length: str) -> None:
    status, _, reply = server.ask(FILMS.decode(), b"{}", Inference_Header_Content_Length=length)
    assert (status, reply["error"][:42]) == (400, "serve: inference-header-content-length mus")


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (
            {"outputs": [{"name": "label", "parameters": {"classification": 2}}]},
            "serve: parameters of an output must be binary_data alone, got 'classification'. "
            "The output scores has all classes.",
        ),
        (
            {"parameters": {"sequence_id": 5}},
            "serve: parameters must be without a sequence, got sequence_id. Every request is answered by itself.",
        ),
        (
            {"parameters": {"timeout": -1}},
            "serve: parameter timeout must be microseconds, greater than 0, got -1.",
        ),
    ],
)
def test_what_would_change_the_answer_is_refused(server: Server, extra: dict[str, Any], sentence: str) -> None:
    found = send(server, triton({"inputs": [tensor([2], data=TEXTS)]} | extra))
    assert (found.status, found.reply["error"]) == (400, sentence)


def test_a_compressed_body_is_refused_by_name(server: Server) -> None:
    status, _, reply = server.ask(FILMS.decode(), b"\x1f\x8b", Content_Encoding="gzip")
    want = "serve: content-encoding must be absent, got 'gzip'. Send the body as it is, without compression."
    assert (status, reply["error"]) == (415, want)


def outputs(server: Server, name: str, made: dict[str, Any]) -> Any:
    status, _, reply = server.ask(f"/v2/models/{name}/infer", {"inputs": [made]})
    return [output["data"] for output in reply["outputs"]] if status == 200 else reply["error"]


def test_nested_data_means_what_flat_data_means(server: Server, models: Path) -> None:
    flat = outputs(server, "films", tensor([2], data=TEXTS))
    assert outputs(server, "films", tensor([2, 1], data=[[text] for text in TEXTS])) == flat
    assert outputs(server, "films", tensor([2, 1], data=TEXTS)) == flat
    series = {"name": "series", "datatype": "FP64"}
    nested = [[[0.5, 1.0], [1.0, None or -2.0]], [[1.0, 1.0], [0.0, 0.5]]]
    wide = outputs(server, "states", tensor([2, 2, 2], data=nested, **series))
    assert outputs(server, "states", tensor([2, 2, 2], data=list(np.ravel(nested)), **series)) == wide
    assert outputs(server, "states", tensor([2, 2], data=nested[0], **series))[0] == wide[0][:1]
    odd = "serve: data must be flat or nested as the shape [2, 2, 2] says, 8 in all, got another nesting."
    assert outputs(server, "states", tensor([2, 2, 2], data=[[[0.5], [1, 2]], [[1, 2], [1]]], **series)) == odd
    odd = "serve: shape must be [N] or [N, 1], as the model reads texts and no tokens, got [1, 2]."
    assert outputs(server, "films", tensor([1, 2], data=[TEXTS])) == odd


def test_tokens_are_the_second_axis_of_a_model_that_reads_tokens(start: Any, tmp_path: Path) -> None:
    rows = [["John", "lives"], ["in", "York"]]
    features = TextFeatures.fit(rows, unit="token", channels=(ChannelConfig("unit", 1, 3),))
    save(tmp_path / "names", "tag", tag.Config(("O", "B-LOC"), features))
    live = start(str(tmp_path / "names"))
    want = bigru.load(tmp_path / "names").predict(rows)
    for data in (rows, [token for row in rows for token in row]):
        (found,) = outputs(live, "names", tensor([2, 2], data=data))
        assert [json.loads(text)["tags"] for text in found] == [answer["tags"] for answer in want]
        assert [json.loads(text)["tokens"] for text in found] == rows


def test_a_type_is_not_asked_for_where_no_page_of_another_site_asks(server: Server) -> None:
    body = json.dumps({"inputs": TEXTS}).encode()
    path = "/v1/models/films/predict"

    def ask(*headers: str) -> int:
        head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: here:8000", f"Content-Length: {len(body)}", *headers])
        return send(server, head.encode() + b"\r\n\r\n" + body).status

    assert ask() == 200
    assert ask("Origin: http://here:8000") == 200
    assert ask("Origin: http://elsewhere") == 415
    assert ask("Origin: null") == 415
    assert ask("Origin: http://elsewhere", "Content-Type: text/plain") == 415
    assert ask("Content-Type: text/plain") == 415
    assert ask("Content-Type: application/octet-stream") == 415
    assert ask("Content-Type: Application/JSON; charset=utf-8") == 200


def test_versions_are_there_as_they_are_listed(server: Server) -> None:
    assert server.ask("/v2")[2]["extensions"] == ["binary_tensor_data"]
    described = server.ask("/v2/models/films")[2]
    assert described["versions"] == ["1"]
    assert server.ask("/v2/models/films/versions/1")[2] == described
    for path in ("/v2/models/films/ready", "/v2/models/films/versions/1/ready"):
        assert server.ask(path)[::2] == (200, {"name": "films", "ready": True})
    for path in ("/v2/models/films/versions/2", "/v2/models/films/versions/2/ready", "/v1/models/films/versions/0"):
        status, _, reply = server.ask(path)
        assert status == 404
        assert reply["error"].startswith("serve: version must be 1, got '")
    assert server.ask("/v2/models/nobody/versions/1/ready")[0] == 404


def test_instances_are_answered_as_tensorflow_serving_does(server: Server, want: list[dict[str, Any]]) -> None:
    instances = [TEXTS[0], {"text": TEXTS[1]}, list(TEXTS[0])]
    for path in ("/v1/models/films:predict", "/v1/models/films/versions/1:predict"):
        status, _, reply = server.ask(path, {"signature_name": "serving_default", "instances": instances})
        assert status == 200
        labels = [answer["label"] for answer in want]
        assert [answer["label"] for answer in reply["predictions"]] == [*labels, labels[0]]
    status, _, reply = server.ask("/v1/models/states:predict", {"instances": [[[0.5, 1.0]] * 3, [[1.0, -2.0]]]})
    assert [len(answer["tags"]) for answer in reply["predictions"]] == [3, 1]
    status, _, reply = server.ask("/v1/models/films")
    assert (reply["name"], reply["ready"], reply["task"]) == ("films", True, "classify")
    version = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert reply["model_version_status"] == [version]
    assert server.ask("/v1/models/films/versions/1")[2] == reply


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"instances": "a"}, "serve: instances must be a list, got str."),
        ({"instances": []}, "serve: instances must be at least one, got an empty list."),
        ({"instances": ["a", 5]}, "serve: instances[1] must be a text, or a list of tokens, got a number."),
        ({"instances": [{"b64": "YQ=="}]}, "serve: instances[0] must be a text, or a list of tokens, got an object."),
        (
            {"inputs": ["a"]},
            "serve: key of the body must be one of instances, signature_name, parameters, got 'inputs'.",
        ),
        ({"instances": ["a"], "signature_name": "x"}, "serve: signature_name must be serving_default, got 'x'."),
    ],
)
def test_instances_that_are_none_are_refused(server: Server, body: Any, sentence: str) -> None:
    status, _, reply = server.ask("/v1/models/films:predict", body)
    assert (status, reply["error"]) == (400, sentence)


def test_a_text_may_stand_in_an_object(server: Server) -> None:
    plain = server.ask("/v1/models/films/predict", {"inputs": TEXTS})
    wrapped = server.ask("/v1/models/films/predict", {"inputs": [{"text": text} for text in TEXTS]})
    assert wrapped[::2] == plain[::2]
    plain = server.ask("/v1/models/films/explain", {"input": TEXTS[0]})
    assert server.ask("/v1/models/films/explain", {"input": {"text": TEXTS[0]}})[::2] == plain[::2]
    status, _, reply = server.ask("/v1/models/films/predict", {"inputs": [{"text": "a", "label": "b"}]})
    assert (status, reply["error"]) == (400, "serve: inputs[0] must be a text, or a list of tokens, got an object.")


def test_a_table_of_several_series_is_one_prediction(start: Any, tmp_path: Path) -> None:
    from tables import forecaster, hourly

    table = hourly(30, ids=("x", "y"))
    bundle.save(forecaster(table, {"targets": ("a", "b")}), tmp_path / "next")
    live = start(str(tmp_path / "next"))
    cells: dict[str, list[Any]] = {"id": [], "time": [], "a": [], "b": []}
    for series in table.series:
        cells["id"] += [series.id] * len(series)
        cells["time"] += [str(time) for time in series.times]
        cells["a"] += series.values[:, 0].tolist()
        cells["b"] += series.values[:, 1].tolist()
    status, _, reply = live.ask("/v1/models/next:predict", {"instances": [{"columns": cells}]})
    assert status == 200, reply
    assert [[answer["series"] for answer in one] for one in reply["predictions"]] == [["x", "y"]]
