"""Tiny models, and servers of them in processes of their own on loopback."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import drawn
from bigru import bundle
from bigru.config import ChannelConfig
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.tasks import classify, tag

TEXTS = ["好电影", "", "这部电影太棒了，情节扣人心弦", "坏", "电影"]
CHARACTERS = TextFeatures.fit(TEXTS, unit="char", channels=(ChannelConfig("unit", 1, 3),))


def save(folder: Path, task: str, config: Any, seed: int = 0, **shape: Any) -> Path:
    """Save a model with random weights."""
    bundle.save(drawn.made(task, config, seed, **shape), folder, force=True)
    return folder


def classifier(folder: Path, seed: int = 0) -> Path:
    """Save a classifier of texts."""
    return save(folder, "classify", classify.Config(("bad", "good"), CHARACTERS), seed, pooling=("max",))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a classifier, a tagger of texts and a tagger of series."""
    root = tmp_path_factory.mktemp("served")
    classifier(root / "films")
    save(root / "places", "tag", tag.Config(("O", "B-LOC", "E-LOC", "S-LOC"), CHARACTERS, "BIOES", True), crf=True)
    save(root / "states", "tag", tag.Config(("0", "1"), SeriesFeatures((0.0, 0.0), (1.0, 1.0))))
    return root


class Server:
    """A server in a process of its own."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        command = [sys.executable, "-m", "bigru", "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
        )
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        if not address:
            raise AssertionError(self.process.communicate()[1])
        self.port = int(address.rsplit(":", 1)[1])

    def ask(
        self, path: str, body: Any = None, method: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Send one request; return status, headers, and the body, read as JSON if it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} | {name.replace("_", "-"): v for name, v in headers.items()}
        connection.request(method or ("GET" if body is None else "POST"), path, content, given)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        kind = response.getheader("content-type", "")
        return response.status, dict(response.getheaders()), json.loads(data) if kind.endswith("json") else data

    def stop(self) -> tuple[int, str]:
        """End it by SIGTERM; return its exit code and what it said."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture(scope="session")
def server(models: Path) -> Iterator[Server]:
    """Serve the three models with tight limits, for as long as tests run."""
    limits = ["--max-body", "100000", "--max-inputs", "8", "--max-length", "5000"]
    made = Server(*(str(models / name) for name in ("films", "places", "states")), *limits)
    yield made
    if made.process.poll() is None:
        made.stop()


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Return what starts a server that the test may end."""
    begun: list[Server] = []

    def begin(*arguments: str, **environment: str) -> Server:
        begun.append(Server(*arguments, **environment))
        return begun[-1]

    yield begin
    for one in begun:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()
