"""The speed of the kernels beside their contenders: `make bench-peers` runs it all, `--only` and `--quick` less.

    .venv-peers/bin/python benchmarks/kernels.py
    .venv-peers/bin/python benchmarks/kernels.py --only forward,training --out runs/kernels.json

How it is measured:
- Every family of engines has a process of its own with the same processors (its affinity is the first so many that
  this program has). The engines of a cell take turns, A B C A B C ..., one timed block each, so that noise hits all
  alike; medians and quartiles are over the rounds. A block has as many calls as fill ten milliseconds, at least one.
- A process that is not asked is stopped (SIGSTOP). Threads of OpenMP, onnxruntime or TensorFlow that spin after their
  work then cost nobody else; how they wait (OMP_WAIT_POLICY and the like) stays as their users have it, which for
  bigru's is as its command line sets it. What a stop costs, cold caches and sleeping threads, is paid by a few calls
  before a block, which are not timed.
- Before a cell is timed, the answers of every engine are compared with bigru's: outputs, and in training all
  gradients, within 1e-4 of the largest entry; bf16 within 5e-2, int8 within 1e-1. If one differs the run stops. The
  largest difference stands in the result file.
- The peak is measured in the same rounds: products and sums in registers, on as many threads. GFLOP/s counts the
  products of the layer only: 2 * 3H * (I + H) a step, row and direction, and three times that with backward.
- Every engine does what it is best at: onnxruntime and OpenVINO get static shapes, weights as constants, time first,
  arrays bound once; torch runs in inference mode; Keras trains by train_on_batch, by fit over ten batches and, on
  TensorFlow, both also without XLA, and the fastest of these counts. bigru allocates its results in every call.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from contenders.cells import SEED, TUTORIAL, Cell, layer_of
from contenders.processes import PEAKS, Process, family_of, processes
from provenance import commit, processor

import bigru
from bigru.study.engines import Arrays, NotOfferedError, check_equal
from bigru.study.speed import GRID, Size, operations, take_turns

RESULT = Path(__file__).parent / "results" / "kernels.json"
TRIAL = Path("runs") / "kernels.json"

THREADS = 2
SECONDS, QUICK = 5.0, 0.5
"""Budget of a cell."""

TOLERANCES = {"bf16": 5e-2, "int8": 1e-1}


class Row(NamedTuple):
    """A cell, who does it, and on how many threads."""

    cell: Cell
    engines: tuple[str, ...]
    threads: int = THREADS


FORWARD = ("bigru", "torch", "onnxruntime", "openvino")
TRAINING = ("bigru.nn", "bigru", "torch")
KERAS = tuple(
    f"keras-{way}"
    for way in (
        "tensorflow-batch", "tensorflow-fit", "tensorflow-batch-plain", "tensorflow-fit-plain",
        "jax-batch", "jax-fit", "jax-fit-many",
    )
)  # fmt: skip
BATCHES = [size for size in GRID if size.B > 1]
WIDE = [size for size in GRID if size.H >= 256]
MIDDLE = Size(32, 100, 64, 128)
SCALES = {
    "T": [MIDDLE._replace(T=n) for n in (25, 50, 100, 200, 400)],
    "B": [MIDDLE._replace(B=n) for n in (1, 4, 16, 64)],
    "H": [MIDDLE._replace(H=n) for n in (32, 64, 256, 512)],
}
"""One letter at a time, away from MIDDLE, which is timed once, as a T."""

PARTS: dict[str, list[Row]] = {
    "forward": [Row(Cell("forward", size), FORWARD) for size in GRID],
    "training": [Row(Cell("training", size), TRAINING) for size in GRID],
    "ragged": [
        Row(Cell(kind, size, ragged=True), engines)
        for kind, engines in {"forward": ("bigru", "bigru-dense", "torch"),
                              "training": ("bigru.nn", "bigru.nn-dense", "torch")}.items()
        for size in BATCHES
    ],
    "bf16": [Row(Cell("forward", size), ("bigru", "bigru-bf16", "openvino-bf16", "peak-bf16")) for size in WIDE],
    "bf16-training": [Row(Cell("training", size), ("bigru.nn", "bigru.nn-bf16", "peak-bf16")) for size in WIDE],
    "int8": [Row(Cell("forward", size), ("bigru", "bigru-int8")) for size in GRID],
    "crf": [Row(Cell("crf", size), ("bigru", "pytorch-crf")) for size in (Size(32, 50, 0, 9), Size(64, 128, 0, 57))],
    "step": [
        Row(Cell("step", size), ("bigru", "torch", "onnxruntime"), threads=1)
        for size in (Size(1, 1, 30, 64), Size(1, 1, 128, 128))
    ],
    "model": [Row(Cell("model", TUTORIAL), ("bigru", "torch", *KERAS))],
    "scaling": [
        Row(Cell(kind, size), engines)
        for kind, engines in {"forward": FORWARD, "training": ("bigru.nn", "torch")}.items()
        for sizes in SCALES.values()
        for size in sizes
    ],
    "one-thread": [
        Row(Cell(kind, size), engines, threads=1)
        for kind, engines in {"forward": FORWARD, "training": ("bigru.nn", "torch")}.items()
        for size in GRID
    ],
}  # fmt: skip


def measure(row: Row, started: dict[str, Process], budget: float) -> dict[str, Any]:
    """Check that the engines of a row agree, let them take turns, and return the row of the result file."""
    engines, absent, differences = [], {}, {}
    wanted: Arrays | None = None
    for engine in (e for e in row.engines if e not in PEAKS):
        process = _process(family_of(engine), row.threads, started)
        try:
            answers = process.open(engine, row.cell)
        except NotOfferedError as error:
            absent[engine] = str(error)
            continue
        engines.append(engine)
        if wanted is None:
            wanted = answers
        if not engine.endswith("-dense"):
            differences[engine] = compare(engine, answers, wanted)
    peaks = ["peak", *(e for e in row.engines if e in PEAKS)]
    turns = {e: _turn(started[family_of(e)], e) for e in [*engines, *peaks]}
    taken = take_turns(turns, budget, least=3 if budget < 1 else 5)
    for process in started.values():
        process.clear()
    rates = {e.replace("peak", "peak_gflops").replace("-", "_"): round(taken.pop(e).median / 1e9, 1) for e in peaks}
    return {
        "kind": row.cell.kind,
        **row.cell.size._asdict(),
        **({"ragged": True, "steps": layer_of(row.cell).steps} if row.cell.ragged else {}),
        "threads": row.threads,
        "milliseconds": {engine: timing.in_unit(1e3).to_json() for engine, timing in taken.items()},
        "difference": differences,
        **({"absent": absent} if absent else {}),
        **work(row.cell),
        **rates,
    }


def work(cell: Cell) -> dict[str, float]:
    """Return the operations of a layer's cell in GFLOP; nothing of others, whose products are not all of the work."""
    if cell.kind not in ("forward", "training"):
        return {}
    steps = layer_of(cell).steps if cell.ragged else None
    return {"gflop": round(operations(cell.size, training=cell.kind == "training", steps=steps) / 1e9, 4)}


def compare(engine: str, got: Arrays, wanted: Arrays) -> float:
    """Return the largest difference, relative to the array's largest entry or 1; raise where it is too large."""
    tolerance = TOLERANCES.get(engine.rpartition("-")[2], 1e-4)
    check_equal(engine, got, {name: wanted[name] for name in got}, tolerance)
    worst = max(np.abs(a - wanted[name]).max() / max(1.0, np.abs(wanted[name]).max()) for name, a in got.items())
    return float(f"{worst:.2g}")


def _process(family: str, threads: int, started: dict[str, Process]) -> Process:
    if family not in started:
        started[family] = Process(family, threads)
    return started[family]


def _turn(process: Process, engine: str) -> Any:
    return lambda: process.turn(engine)


def run(parts: list[str], budget: float) -> dict[str, Any]:
    """Measure parts and return the contents of a result file."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in parts}
    versions: dict[str, str] = {"bigru": bigru.__version__, "numpy": np.__version__}
    start, load = time.time(), os.getloadavg()[0]
    for threads in (THREADS, 1):
        chosen = [(name, row) for name in parts for row in PARTS[name] if row.threads == threads]
        with processes() as started:
            for name, row in chosen:
                rows[name].append(measure(row, started, budget))
                say(name, rows[name][-1])
                for process in started.values():
                    versions |= process.facts
    return {"signature": signature(versions, parts, budget, load, time.time() - start), "parts": rows}


def say(part: str, row: dict[str, Any]) -> None:
    """Print a row for who waits."""
    times = ", ".join(f"{engine} {timing['median']:.4g}" for engine, timing in row["milliseconds"].items())
    size = ",".join(str(row[letter]) for letter in "BTIH")
    print(f"{part} {row['kind']} {size} on {row['threads']}: {times} ms", flush=True)


def signature(versions: dict[str, str], parts: list[str], budget: float, load: float, seconds: float) -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "versions": {name: versions[name] for name in sorted(versions) if name != "isa"},
        "isa": versions.get("isa"),
        "processor": processor(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "commit": commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "seed": SEED,
        "whole": parts == list(PARTS) and budget == SECONDS,
        "seconds_per_cell": budget,
        "load_before": round(load, 2),
        "seconds": round(seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Time the kernels beside their contenders.", epilog=f"parts: {', '.join(PARTS)}"
    )
    parser.add_argument("--only", help="parts, separated by commas")
    parser.add_argument("--quick", action="store_true", help="half a second per cell, for a first impression")
    parser.add_argument(
        "--out", type=Path, help=f"result file; {RESULT.name} of results/ for a whole run, else {TRIAL}"
    )
    arguments = parser.parse_args()
    parts = arguments.only.split(",") if arguments.only else list(PARTS)
    unknown = [name for name in parts if name not in PARTS]
    if unknown:
        parser.error(f"--only must be some of {', '.join(PARTS)}, got {unknown[0]!r}.")
    whole = not arguments.only and not arguments.quick
    out = arguments.out or (RESULT if whole else TRIAL)
    out.parent.mkdir(parents=True, exist_ok=True)
    result = run(parts, QUICK if arguments.quick else SECONDS)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{out}: {result['signature']['seconds']} s")


if __name__ == "__main__":
    main()
