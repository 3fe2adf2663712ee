"""The machinery of the speed benchmarks: contenders in processes, what is compared and counted, the tables."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru.study.engines import layer
from bigru.study.speed import Size

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


QUEUE = """
import os, sys, time
from pathlib import Path
from rounds import rounds

def train(name, folder, seed, threads):
    (folder / str(os.getpid())).touch()
    time.sleep(60)

def nothing(*all):
    pass

if __name__ == "__main__":
    rounds(["a"], Path(sys.argv[1]), [1, 2], 2, train, nothing, nothing)
"""


@pytest.mark.process
def test_no_worker_outlives_a_queue_that_is_killed(tmp_path: Path) -> None:
    script, started = tmp_path / "queue_of_two.py", tmp_path / "started"
    script.write_text(QUEUE, encoding="utf-8")
    started.mkdir()
    own = {**os.environ, "PYTHONPATH": str(BENCHMARKS)}
    queue = subprocess.Popen([sys.executable, str(script), str(started)], env=own, start_new_session=True)
    workers = _until(lambda: [int(file.name) for file in started.iterdir()], lambda found: len(found) == 2)
    os.kill(queue.pid, signal.SIGKILL)
    queue.wait()
    _until(lambda: [pid for pid in workers if Path(f"/proc/{pid}").exists()], lambda left: not left)


def _until(look: Callable[[], list[int]], enough: Callable[[list[int]], bool]) -> list[int]:
    """Return what is seen as soon as it is enough."""
    end = time.monotonic() + 40
    while not enough(found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_a_cell_is_measured_by_engines_in_processes_of_their_own() -> None:
    import kernels
    from contenders.cells import Cell
    from contenders.processes import processes

    row = kernels.Row(Cell("training", Size(3, 5, 2, 4), ragged=True), ("bigru.nn", "torch"), threads=1)
    with processes() as started:
        result = kernels.measure(row, started, budget=0.01)
        assert set(started) == {"bigru", "torch"}
        # Both are stopped, "T", until they are asked again.
        states = {Path(f"/proc/{p._process.pid}/stat").read_text(encoding="utf-8").split()[2] for p in started.values()}
        with pytest.raises(RuntimeError, match="KeyError"):
            started["torch"].open("no such engine", row.cell)
        os.kill(started["torch"]._process.pid, signal.SIGKILL)
        with pytest.raises(RuntimeError, match="the process ended with code -9"):
            started["torch"].clear()
    assert states == {"T"}
    assert {p._process.exitcode for p in started.values()} == {-9}
    steps = int(layer(Size(3, 5, 2, 4), ragged=True).steps)
    assert (result["steps"], result["gflop"]) == (steps, round(3 * 2 * 2 * 12 * 6 * steps / 1e9, 4))
    assert set(result["milliseconds"]) == set(result["difference"]) == {"bigru.nn", "torch"}
    assert 0 <= result["difference"]["torch"] < 1e-4
    assert result["milliseconds"]["torch"]["rounds"] >= 2
    assert result["peak_gflops"] > 0


@pytest.mark.process
def test_every_script_finds_what_it_imports() -> None:
    names = sorted(path.stem for path in BENCHMARKS.glob("*.py") if path.stem != "plot")  # which needs matplotlib
    assert "wallclock" in names
    subprocess.run([sys.executable, "-B", "-c", f"import {', '.join(names)}"], cwd=BENCHMARKS, check=True)


def test_every_engine_of_every_part_has_a_process() -> None:
    import kernels
    from contenders.processes import FAMILIES, PEAKS, family_of

    engines = {engine for rows in kernels.PARTS.values() for row in rows for engine in row.engines}
    assert {family_of(engine) for engine in engines} == set(FAMILIES)
    assert {family_of(engine) for engine in PEAKS} == {"bigru"}


def test_answers_that_differ_stop_the_run_and_coarse_types_may_differ_more() -> None:
    import kernels

    wanted = {"y": np.full(3, 2, np.float32), "dx": np.zeros(1, np.float32)}
    assert kernels.compare("torch", {"y": wanted["y"] + np.float32(1e-4)}, wanted) == pytest.approx(5e-5, rel=0.05)
    assert kernels.compare("openvino-bf16", {"y": wanted["y"] + np.float32(0.05)}, wanted) == 0.025
    with pytest.raises(RuntimeError, match=r"openvino: y differs by 0\.05"):
        kernels.compare("openvino", {"y": wanted["y"] + np.float32(0.05)}, wanted)


def row(kind: str, size: Size, times: dict[str, float], **more: Any) -> dict[str, Any]:
    milliseconds = {engine: {"median": ms, "low": ms, "high": ms, "rounds": 5} for engine, ms in times.items()}
    return {"kind": kind, **size._asdict(), "threads": 2, "milliseconds": milliseconds, **more}


def test_a_whole_run_becomes_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import render

    size = Size(32, 100, 30, 64)
    four = {"bigru": 2.0, "torch": 8.0, "onnxruntime": 7.0, "openvino": 4.0}
    parts = {
        "forward": [row("forward", size, four, gflop=0.3, peak_gflops=300.0)],
        "training": [row("training", size, {"bigru.nn": 4.0, "torch": 40.0}, gflop=0.6, peak_gflops=300.0)],
        "model": [row("model", size, {"bigru": 5, "torch": 50, "keras-jax-fit": 21, "keras-jax-batch": 20})],
        "ragged": [row("training", size, {"bigru.nn": 1, "bigru.nn-dense": 2, "torch": 30})],
        "bf16": [row("forward", size, {"bigru": 1, "openvino-bf16": 2})],
        "bf16-training": [row("training", size, {"bigru.nn": 3, "bigru.nn-bf16": 1})],
        "int8": [],
        "crf": [row("crf", Size(64, 128, 0, 57), {"bigru": 2, "pytorch-crf": 41})],
        "step": [row("step", Size(1, 1, 30, 64), {"bigru": 0.002, "torch": 0.05, "onnxruntime": 0.01})],
    }
    signature = {"whole": True, "processor": "P", "isa": "avx2", "date": "D", "commit": "C"}
    (tmp_path / "results").mkdir()
    file = tmp_path / "results" / "kernels.json"
    monkeypatch.setattr(render, "HERE", tmp_path)
    file.write_text(json.dumps({"signature": signature, "parts": parts}), encoding="utf-8")
    lines = render.speed("benchmarks.md").splitlines()
    assert "P, avx2, 2 threads, D, commit C" in lines[0]
    assert "| 32, 100, 30, 64 | 2 | 8 | 7 | 4 | 50 % | 4 | 40 | 10.0× | 50 % |" in lines
    assert "| tutorial model, one training step | **5** | PyTorch 50, Keras/JAX 20 | 10.0×, 4.0× |" in lines
    assert "| 32, 100, 30, 64 forward and backward, lengths 1..T, beside packed | **1** | PyTorch 30 | 30.0× |" in lines
    assert "| 32, 100, 30, 64 forward and backward in bf16, beside fp32 | **1** | bigru 3 | 3.0× |" in lines
    assert "| CRF, forward and backward: B, T, K = 64, 128, 57 | **2** | pytorch-crf 41 | 20.5× |" in lines
    assert not any("in bf16 |" in line for line in lines)  # no bf16 of ours in this run
    assert len(render.speed("benchmarks.zh-CN.md").splitlines()) == len(lines)
    signature["whole"] = False
    file.write_text(json.dumps({"signature": signature, "parts": parts}), encoding="utf-8")
    assert render.speed("benchmarks.md") == "A whole run of `make bench-peers` writes the figures here."


def test_the_picture_is_drawn_from_the_result_file() -> None:
    import hashlib

    file = BENCHMARKS / "results" / "kernels.json"
    text = file.read_bytes() if file.exists() else b'{"signature": {"whole": false}}'
    if not json.loads(text)["signature"]["whole"]:
        pytest.skip("there is no result of a whole run, and others are not drawn")
    picture = (BENCHMARKS.parent / "docs" / "speed.svg").read_text(encoding="utf-8")
    assert re.findall("sha256 ([0-9a-f]{64})", picture) == [hashlib.sha256(text).hexdigest()]


def test_the_picture_of_labels_is_drawn_from_the_result_files() -> None:
    import how_good
    import provenance

    found, picture = how_good.results("classify"), BENCHMARKS.parent / "docs" / "few-labels.svg"
    drawn = re.findall("sha256 ([0-9a-f]{64})", picture.read_text(encoding="utf-8")) if picture.exists() else []
    assert drawn == ([provenance.digest(found)] if found else [])


@pytest.mark.parametrize("page", ["deploy.md", "deploy.zh-CN.md"])
def test_the_cost_of_a_billion_texts_follows_from_the_measured_rate(page: str) -> None:
    import cost

    assert cost.hours(1e6) == pytest.approx(1 / 3.6)
    text = (cost.GUIDES / page).read_text(encoding="utf-8")
    assert text == cost.rendered(text, page)


@pytest.mark.parametrize("page", ["benchmarks.md", "benchmarks.zh-CN.md"])
def test_figures_of_the_benchmarks_are_those_of_the_result_files(page: str) -> None:
    import render

    text = (BENCHMARKS.parent / "docs" / page).read_text(encoding="utf-8")
    assert text == render.rendered(text, page)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_figures_of_the_readmes_are_those_of_the_result_files(page: str) -> None:
    import front

    text = (BENCHMARKS.parent / page).read_text(encoding="utf-8")
    assert text == front.rendered(text, page)
    assert len(text.splitlines()) <= 100
