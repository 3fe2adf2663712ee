"""What hostile clients cost the others: `python benchmarks/attack.py` writes its result file.

`bigru serve` on loopback with a model of each kind: texts (`zh-sentiment`), series, tables and recordings (of drawn
weights). First each kind of hostile request of `hostile.py` by itself, none larger than a megabyte: the processor time
and the memory that it takes, and how long the server's health check takes meanwhile. Then all kinds at once, for
`--seconds`, while one model is replaced again and again, beside clients that ask what is right: each of their requests
must be answered, and as it was answered before.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import hostile
import numpy as np
import provenance

from bigru import bundle
from bigru.bundle import Bundle
from bigru.bundle.weights import shapes
from bigru.config import ConvConfig, EncoderConfig, ForecastModelConfig, ModelConfig
from bigru.features.audio import AudioFeatures
from bigru.features.series import SeriesFeatures
from bigru.features.table import TableFeatures
from bigru.models import find
from bigru.tables.times import TimeStep
from bigru.tables.timetable import Series, TimeTable
from bigru.tasks import forecast, tag, transcribe

RESULT = Path(__file__).parent / "results" / "attack.json"
CLIENTS = Path(__file__).parent / "hostile.py"

TEXTS = ["这部电影太棒了，情节扣人心弦", "房间很脏。", "书的内容很好，就是印刷差了一点", ""]
HOURS = 40

BOUNDS = {"good_requests_lost": 0, "mib_of_one_request": 400, "seconds_of_one_request": 1.0, "health_ms": 50}
"""What must not be exceeded; the last two are for a request of a megabyte at most."""


def drawn(model: ModelConfig | ForecastModelConfig, seed: int) -> dict[str, np.ndarray]:
    """Return weights that mean nothing."""
    random = np.random.default_rng(seed)
    return {name: random.normal(0, 0.5, size).astype(np.float32) for name, size in shapes(model).items()}


def states(seed: int = 0) -> Bundle:
    """Return a model of series."""
    config = tag.Config(("0", "1"), SeriesFeatures((0.0, 0.0), (1.0, 1.0)))
    model = ModelConfig(config.outputs, input_size=2, encoder=EncoderConfig(hidden=64))
    return Bundle("tag", model, config, drawn(model, seed))


def digits() -> Bundle:
    """Return a model of recordings."""
    config = transcribe.Config(("a", "b"), AudioFeatures(8000, 40, mean=(0.0,) * 40, std=(1.0,) * 40), stride=2)
    model = ModelConfig(3, input_size=40, encoder=EncoderConfig(hidden=64), conv=(ConvConfig(5, 3, 2),))
    return Bundle("transcribe", model, config, drawn(model, 0))


def table() -> TimeTable:
    """Return hours of two columns."""
    times = np.datetime64("2020-01-01", "s") + np.arange(HOURS) * np.timedelta64(3600, "s")
    values = np.random.default_rng(0).normal(10, 1, (HOURS, 2))
    return TimeTable(
        [Series("", times, values, np.arange(2, HOURS + 2))], ("a", "b"), TimeStep("second", 3600), "", "t.csv"
    )


def forecaster() -> Bundle:
    """Return a model of tables."""
    features = TableFeatures.fit(table(), [HOURS // 2], targets=("a", "b"), past=(), known=(), calendar=())
    model = ForecastModelConfig(
        targets=2, past=0, known=0, lookback=12, horizon=6, segment=3, encoder=EncoderConfig(hidden=32)
    )
    config = forecast.Config(features, 12, 6, model.quantiles, model.levels, "pinball" if model.quantiles else "mae")
    return Bundle("forecast", model, config, {n: np.abs(w) for n, w in drawn(model, 0).items()})


class Server:
    """A server of all the models, and what the system knows about it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, made in (("states", states()), ("digits", digits()), ("next", forecaster())):
            bundle.save(made, root / name)
        shutil.copytree(find("zh-sentiment"), root / "films")
        command = [sys.executable, "-m", "bigru", "serve", "--port", "0"]
        command += [str(root / name) for name in ("films", "states", "digits", "next")]
        self.log = (root / "log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def memory(self, name: str = "VmRSS") -> float:
        """Return the MiB that it holds, or has held at most (`VmHWM`)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024

    def forget(self) -> None:
        """Let the most memory be that which it holds now."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")

    def processor(self) -> float:
        """Return the processor seconds that it has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self, seconds: float = 30) -> None:
        """Wait until it has taken no processor time for a moment."""
        end, before = time.perf_counter() + seconds, -1.0
        while time.perf_counter() < end and self.processor() > before + 0.02:
            before = self.processor()
            time.sleep(0.2)

    def ask(self, path: str, content: bytes, kind: str) -> Any:
        """Return the answers to one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, content, {"Content-Type": kind})
        found = json.loads(connection.getresponse().read())
        connection.close()
        return found["answers"]

    def stop(self) -> dict[str, Any]:
        """End it by SIGTERM; return its exit code, its last line, and how much it has logged."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        with self.log:
            self.log.seek(0)
            lines = self.log.read().splitlines()
        faults = sum("Traceback" in line for line in lines)
        return {"exit_code": self.process.returncode, "last_line": lines[-1], "lines": len(lines), "tracebacks": faults}


class Role:
    """Clients in a process of their own, begun at once."""

    def __init__(self, role: str, server: Server, **how: Any) -> None:
        self._process = subprocess.Popen([sys.executable, str(CLIENTS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"role": role, "port": server.port, "how": how}).encode())
        self._process.stdin.close()

    def result(self) -> dict[str, Any]:
        """Wait for what came of them."""
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            found: dict[str, Any] = json.load(stream)
        assert self._process.wait() == 0
        return found


def percentiles(took: list[float]) -> dict[str, float]:
    """Return milliseconds."""
    names = {"p50_ms": 50, "p99_ms": 99, "max_ms": 100}
    return {name: round(float(np.percentile(took, q)) * 1e3, 1) for name, q in names.items()}


def alone(server: Server, kind: str, times: int) -> dict[str, Any]:
    """Send one kind a few times, one after the other; return what the most expensive cost."""
    worst: dict[str, Any] = {"bytes": 0, "seconds": 0.0, "mib": 0.0, "health_max_ms": 0.0}
    for _ in range(times):
        server.settle()
        server.forget()
        memory, processor = server.memory(), server.processor()
        eyes = Role("watch", server, seconds=2.0)
        time.sleep(0.5)  # until it watches
        sent, status = hostile.KINDS[kind](server.port)
        seen = eyes.result()
        server.settle()
        # What it costs to watch is not the client's.
        seconds = max(server.processor() - processor - watching(server), 0)
        own = {"bytes": sent, "seconds": seconds, "mib": server.memory("VmHWM") - memory}
        own["health_max_ms"] = max(seen["took"]) * 1e3
        worst = {name: max(worst[name], round(value, 2)) for name, value in own.items()} | {"status": status}
    return worst


def watching(server: Server, cost: dict[int, float] = {}) -> float:  # noqa: B006
    """Return the processor seconds of two seconds of watching, measured once for a server."""
    if server.port not in cost:
        server.settle()
        before = server.processor()
        Role("watch", server, seconds=2.0).result()
        cost[server.port] = server.processor() - before
    return cost[server.port]


def requests(server: Server) -> list[dict[str, Any]]:
    """Return what good clients ask, and the answers that each may have."""
    rows = np.random.default_rng(1).normal(0, 1, (20, 2)).round(3).tolist()
    found = table().series[0]
    cells = {
        "time": [str(time) for time in found.times],
        "a": found.values[:, 0].tolist(),
        "b": found.values[:, 1].tolist(),
    }
    tone = (np.sin(np.arange(8000) / 5) * 8000).astype("<i2").tobytes()
    plain = [
        *(("films", {"inputs": [text]}) for text in TEXTS),
        ("films", {"inputs": TEXTS}),
        ("states", {"inputs": [rows]}),
        ("next", {"inputs": [{"columns": cells}]}),
    ]
    asked = [(f"/v1/models/{name}/predict", hostile.dumps(body), "application/json") for name, body in plain]
    asked.append(("/v1/models/digits/audio", hostile.wave(tone, 8000), "audio/wav"))
    return [
        {"path": path, "body": base64.b64encode(body).decode(), "type": kind, "answers": [server.ask(path, body, kind)]}
        for path, body, kind in asked
    ]


def replaced(server: Server, until: threading.Event) -> dict[str, int]:
    """Replace the model of series by the same again and again, whole and with a broken one between."""
    counts = {"replaced": 0, "broken": 0, "signals": 0}
    while not until.wait(1.0):
        fresh, old = server.root / "fresh", server.root / "old"
        bundle.save(states(), fresh)
        broken = counts["replaced"] % 3 == 2
        if broken:
            (fresh / "config.json").write_text("{", encoding="utf-8")
        (server.root / "states").rename(old)
        fresh.rename(server.root / "states")
        shutil.rmtree(old)
        server.process.send_signal(signal.SIGHUP)
        counts["replaced"] += 1
        counts["broken"] += broken
        counts["signals"] += 1
    return counts


def mixed(server: Server, seconds: float, clients: int) -> dict[str, Any]:
    """Let all kinds attack at once, beside good clients and a watch."""
    asked = requests(server)
    server.settle()
    quiet = Role("watch", server, seconds=3.0).result()
    server.forget()
    before = server.memory()
    over, counts = threading.Event(), dict[str, int]()
    replacing = threading.Thread(target=lambda: counts.update(replaced(server, over)))
    replacing.start()
    kinds = list(hostile.KINDS)
    half = len(kinds) // 2
    attackers = [Role("hostile", server, seconds=seconds, kinds=own, pause=0.2) for own in (kinds[:half], kinds[half:])]
    others = Role("good", server, seconds=seconds, requests=asked, clients=clients)
    eyes = Role("watch", server, seconds=seconds)
    report, seen = others.result(), eyes.result()
    sent = {kind: own for attacker in attackers for kind, own in attacker.result().items()}
    over.set()
    replacing.join()
    most = server.memory("VmHWM")
    server.settle()
    statuses = [int(status) for own in sent.values() for status in own["statuses"]]
    return {
        "seconds": seconds,
        "good": {**{name: value for name, value in report.items() if name != "took"}, **percentiles(report["took"])},
        "health": {**percentiles(seen["took"]), "statuses": seen["statuses"]},
        "health_without_attack": percentiles(quiet["took"]),
        "memory_mib": {"before": round(before), "most": round(most), "after": round(server.memory())},
        "answers_500": sum(own["statuses"].get("500", 0) for own in sent.values()),
        "statuses": sorted(set(statuses)),
        "sent": sent,
        "reloads": counts,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="of the attack of all kinds at once")
    parser.add_argument("--rounds", type=int, default=3, help="of each kind by itself")
    parser.add_argument("--clients", type=int, default=8, help="good clients beside it")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            single = {kind: alone(server, kind, arguments.rounds) for kind in hostile.KINDS}
            result: dict[str, Any] = {"bounds": BOUNDS, "one_request": single}
            result["worst_request"] = {
                name: max(single.items(), key=lambda pair: pair[1][name])[0]
                for name in ("seconds", "mib", "health_max_ms")
            }
            result["mixed"] = mixed(server, arguments.seconds, arguments.clients)
            result["end"] = server.stop()
        finally:
            server.process.kill()
    result |= {"machine": provenance.machine(), **provenance.versions(provenance.commit())}
    arguments.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
