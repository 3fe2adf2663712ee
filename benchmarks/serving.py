"""What a server bears: `python benchmarks/serving.py --data FOLDER` writes its result file, and a table in docs/guide.

`bigru serve zh-sentiment` on loopback, asked by a client in a process of its own (`load.py`) with titles of news. First
16 connections that ask one thing after another; then, each with other clients beside them: ten times as much as it can
answer, clients that send a byte a second, clients that are killed, and SIGTERM.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import provenance

import bigru

RESULT = Path(__file__).parent / "results" / "serving.json"
MODEL = "zh-sentiment"
PATH = f"/v1/models/{MODEL}/predict"
LOAD = Path(__file__).parent / "load.py"
CLIENTS = 16
BATCH = 256
"""Texts of one request where a server is to be overloaded: of single texts a client cannot send ten times as many as
are answered, since both cost it the same."""


GUIDES = Path(__file__).parents[1] / "docs" / "guide"
HEADS = {
    "serve.md": "| requests a second | median | 99 % within | cores that the server took | measured |",
    "serve.zh-CN.md": "| 每秒请求数 | 中位数 | 99 % 之内 | 服务器占用的核 | 测量 |",
}
"""Of the table in each guide."""


class Server:
    """A server in a process of its own, and what the system knows about it."""

    def __init__(self, precision: str = "fp32") -> None:
        self.precision = precision
        command = [sys.executable, "-m", "bigru", "serve", MODEL, "--port", "0", "--precision", precision]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.resident: list[float] = []
        self._watching = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._watching.wait(0.05):
            self.resident.append(self.memory())

    def memory(self) -> float:
        """Return the MiB that it holds."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def processor(self) -> float:
        """Return the processor seconds that it has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, texts: list[str]) -> tuple[int, float]:
        """Ask once; return the status and the seconds until the answer."""
        connection, began = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60), time.perf_counter()
        connection.request("POST", PATH, json.dumps({"inputs": texts}), {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, time.perf_counter() - began

    def idle(self, seconds: float = 10) -> float:
        """Return how long it takes until no request waits any more, as its metrics say; `seconds` if it never is so."""
        began = time.perf_counter()
        while self._waiting() and time.perf_counter() < began + seconds:
            time.sleep(0.02)
        return min(round(time.perf_counter() - began, 2), seconds)

    def _waiting(self) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("bigru_waiting_requests{"))

    def stop(self) -> int:
        """End it by SIGTERM; return its exit code."""
        self._watching.set()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        return self.process.returncode


class Load:
    """A client in a process of its own, begun at once."""

    def __init__(self, server: Server, way: str, texts: list[list[str]], **how: Any) -> None:
        asked = {"way": way, "port": server.port, "path": PATH, "texts": texts, "how": how}
        self._process = subprocess.Popen([sys.executable, str(LOAD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode())
        self._process.stdin.close()

    def result(self) -> dict[str, Any]:
        """Wait for what it found."""
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            found: dict[str, Any] = json.load(stream)
        assert self._process.wait() == 0
        return found


def summary(took: list[float]) -> dict[str, float]:
    """Return the percentiles of answers' times in milliseconds."""
    names = {"p50_ms": 50, "p99_ms": 99, "max_ms": 100}
    return {name: round(float(np.percentile(took, q)) * 1e3, 2) for name, q in names.items()}


def steady(server: Server, texts: list[str], seconds: float, warm: float = 1.0) -> dict[str, Any]:
    """16 clients that ask for one text each, one after another; their answers are compared with those of Python."""
    began, before = time.perf_counter(), server.processor()
    found = Load(server, "steady", [[text] for text in texts], clients=CLIENTS, seconds=seconds, warm=warm).result()
    share = (server.processor() - before) / (time.perf_counter() - began)
    heard = {int(n): json.loads(body)["answers"][0] for n, body in found["replies"].items()}
    want = bigru.load(MODEL, precision=server.precision).predict([texts[n] for n in heard])
    differ = sum(a["label"] != b["label"] for a, b in zip(heard.values(), want, strict=True))
    return {
        "requests_per_second": round(len(found["took"]) / found["seconds"]),
        **summary(found["took"]),
        "processor_share": round(share, 2),
        "statuses": found["statuses"],
        "lost": found["lost"],
        "texts_compared": len(heard),
        "labels_that_differ": differ,
        "load_before": round(os.getloadavg()[0], 1),
    }


def overload(server: Server, texts: list[str], seconds: float, times: float = 10.0) -> dict[str, Any]:
    """Many times as many requests as it can answer, at a steady rate, whatever comes back."""
    requests = [texts[n : n + BATCH] for n in range(0, len(texts) - BATCH + 1, BATCH)]
    found = Load(server, "steady", requests, clients=CLIENTS, seconds=min(seconds, 5), warm=0.5).result()
    capacity = len(found["took"]) / found["seconds"]
    before, server.resident = server.memory(), []
    found = Load(server, "paced", requests, rate=times * capacity, seconds=seconds, most=3000).result()
    status, after = server.ask(texts[:1])
    return {
        "texts_per_request": BATCH,
        "capacity_per_second": round(capacity, 1),
        "seconds": seconds,
        "asked": found["asked"],
        "asked_per_second": round(found["asked"] / seconds, 1),
        "not_asked_as_all_connections_were_busy": found["late"],
        "statuses": found["statuses"],
        "answered_per_second": round(found["statuses"].get("200", 0) / (seconds + found["drained"]), 1),
        "accepted": summary(found["took"]),
        "without_an_answer": found["lost"],
        "refused_without_retry_after": found["without"],
        "seconds_until_all_was_answered": round(found["drained"], 2),
        "next_request": {"status": status, "ms": round(after * 1e3, 1)},
        "memory_mib": {"before": round(before), "most": round(max(server.resident)), "after": round(server.memory())},
    }


def beside(server: Server, texts: list[str], seconds: float, way: str, clients: int) -> dict[str, Any]:
    """Clients of a bad kind beside 16 good ones."""
    before, server.resident = server.memory(), []
    bad = Load(server, way, [[text] for text in texts], clients=clients, seconds=seconds)
    try:
        good = steady(server, texts, max(seconds - 2, 1), 0.5)
    finally:
        found = bad.result()
    return {
        "they": found,
        "beside_them": good,
        "seconds_until_nothing_waits": server.idle(),
        "memory_mib": {"before": round(before), "most": round(max(server.resident)), "after": round(server.memory())},
    }


def terminated(server: Server, texts: list[str], seconds: float) -> dict[str, Any]:
    """SIGTERM while 16 clients ask for 16 texts each, one after another, until the server closes their connections."""
    requests = [texts[n : n + 16] for n in range(0, len(texts) - 15, 16)]
    clients = Load(server, "steady", requests, clients=CLIENTS, seconds=60, warm=0)
    time.sleep(seconds)
    began = time.perf_counter()
    code = server.stop()
    ended = time.perf_counter() - began
    found = clients.result()
    return {
        "exit_code": code,
        "seconds_to_the_end": round(ended, 2),
        "statuses": found["statuses"],
        "without_an_answer": found["lost"],
    }


def titles(data: Path, count: int) -> list[str]:
    """Return titles of news."""
    with gzip.open(data / "TNEWS" / "dev.tsv.gz", "rt", encoding="utf-8") as lines:
        return [line.split("\t")[0] for _, line in zip(range(count), lines, strict=False)]


def rendered(text: str, page: str) -> str:
    """Return a guide with the table between its marks."""
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    begin, end = "<!-- serving -->", "<!-- /serving -->"
    steady, words = result["steady"], [result["machine"], f"bigru {result['bigru']}", result["commit"]]
    figures = f"| {steady['requests_per_second']:,} | {steady['p50_ms']} ms | {steady['p99_ms']} ms "
    row = (
        f"{figures}| {steady['processor_share']} | {', '.join(words)}: [json](../../benchmarks/results/serving.json) |"
    )
    return f"{text.split(begin)[0]}{begin}\n{HEADS[page]}\n|---|---|---|---|---|\n{row}\n{end}{text.split(end)[1]}"


def measured(server: Server, texts: list[str], arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all figures; the server has ended afterwards."""
    rounds = [steady(server, texts, arguments.seconds) for _ in range(arguments.rounds)]
    fewer = Server("int8")
    in_int8 = steady(fewer, texts, arguments.seconds)
    fewer.stop()
    return {
        "what": f"{CLIENTS} keep-alive clients on loopback, one title of TNEWS a request, {MODEL}",
        "steady": max(rounds, key=lambda one: one["requests_per_second"]),
        "rounds": rounds,
        "steady_in_int8": in_int8,
        "overload": overload(server, texts, arguments.overload),
        "slow": beside(server, texts, 24.0, "slow", 500),
        "killed": beside(server, texts, 10.0, "killed", 100),
        "steady_after_all": steady(server, texts, arguments.seconds),
        "terminated": terminated(server, texts, 2.0),
        "characters_of_a_title": round(float(np.mean([len(text) for text in texts])), 1),
        "machine": provenance.machine(),
        **provenance.versions(provenance.commit()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each round of the steady load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--overload", type=float, default=60.0, help="seconds of the overload")
    arguments = parser.parse_args()
    texts = titles(arguments.data, 8192)
    server = Server()
    try:
        result = measured(server, texts, arguments)
    finally:
        if server.process.poll() is None:
            server.stop()
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))
    for page in HEADS:
        path = GUIDES / page
        path.write_text(rendered(path.read_text(encoding="utf-8"), page), encoding="utf-8")


if __name__ == "__main__":
    main()
