"""`bigru serve`: what it says before it serves, and what it refuses."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

SERVE = [sys.executable, "-m", "bigru", "serve"]


def said(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([*SERVE, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize(
    ("arguments", "want"),
    [
        (["nowhere"], "got no such folder. These come with bigru: zh-entities, zh-sentiment."),
        (["a=zh-sentiment", "a=zh-entities"], "got 'a' twice. Name one of them otherwise: NAME=FOLDER."),
        (["=zh-sentiment"], "name of a model must be without / and not empty, got ''."),
        (["zh-sentiment", "--max-inputs", "0"], "inputs must be greater than 0, got 0."),
        (["zh-sentiment", "--timeout", "inf"], "timeout must be at most 1000000, got inf."),
        (
            ["zh-sentiment", "--host", "a..b"],
            "address must be free and of this machine, got a..b:8000: encoding with 'idna' codec failed "
            "(UnicodeError: label empty or too long).",
        ),
        (
            ["zh-sentiment", "--api-key-file", "/dev/zero"],
            "--api-key-file must be a file with one line of at most 4096 characters, got /dev/zero.",
        ),
        (["zh-sentiment", "--api-key-file", "nothing"], "--api-key-file must be a readable text file, got nothing."),
    ],
)
def test_refusals_are_one_sentence(arguments: list[str], want: str) -> None:
    code, answer = said(*arguments)
    assert code == 2
    assert answer.startswith("bigru serve: ")
    assert answer.endswith(want)
    assert "\n" not in answer


def test_a_port_that_is_taken_is_told_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, answer = said("zh-sentiment", "--port", str(port))
    assert code == 2
    assert answer.endswith(f"got 127.0.0.1:{port}: Address already in use. --port 0 takes a port that is free.")


@pytest.mark.parametrize(
    ("host", "key", "warned"), [("0.0.0.0", "", True), ("0.0.0.0", "k", False), ("127.0.0.1", "", False)]
)
def test_an_open_door_is_pointed_out(host: str, key: str, warned: bool, tmp_path: Path) -> None:
    command = [*SERVE, "zh-sentiment", "--port", "0", "--host", host]
    own = os.environ | {"BIGRU_API_KEY": key}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=own)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(f"http://{host}:")
    process.send_signal(signal.SIGINT)
    _, answer = process.communicate(timeout=60)
    assert process.returncode == 0
    assert ("anybody who reaches" in answer) == warned
    assert ("key needed" in answer) == bool(key)
    assert answer.splitlines()[-1] == "stopped; every accepted request was answered."


def test_fewer_descriptors_than_connections_are_fewer_connections() -> None:
    """A model can still be read again, and every request is answered, where every descriptor of a client is taken."""
    command = ["bash", "-c", f"ulimit -n 80; exec {' '.join(SERVE)} zh-sentiment --port 0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline().rsplit(":", 1)[1])
    held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(60)]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
    process.send_signal(signal.SIGHUP)
    assert process.stderr is not None
    assert [process.stderr.readline() for _ in range(2)] == [
        "serving zh-sentiment; Ctrl-C stops.\n",
        "zh-sentiment was read again.\n",
    ]
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[1] == "stopped; every accepted request was answered.\n"
    for client in held:
        client.close()
