"""Throughput per core: `python benchmarks/scale.py --data FOLDER [MODEL ...]` writes results/scale.json.

Headlines of TNEWS, repeated to a hundred thousand, lie in Parquet files. One process with one thread answers them
through `ArrowPredictor`; then two workers of Ray do, timed from their start to the last answer. `cost.py` makes of
the rate of one core what a billion texts cost.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from provenance import commit, machine, versions
from pyarrow import parquet

from bigru.readers.reader import read
from bigru.readers.reading import Reading

RESULTS = Path(__file__).parent / "results" / "scale.json"
TEXTS = 100_000
FILES = 8
BATCH = 4096
WORKERS = 2


def write(texts: list[str], folder: Path) -> None:
    """Write the texts into as many files as keep all workers busy."""
    folder.mkdir()
    for part in range(FILES):
        parquet.write_table(pa.table({"text": texts[part::FILES]}), folder / f"{part}.parquet")


def alone(model: str, folder: Path, times: int) -> list[float]:
    """Return the texts per second of one process, from reading to the columns of the answers."""
    from bigru.runtime.arrow import ArrowPredictor

    answer = ArrowPredictor(model, keep=[])
    rates = []
    for _ in range(times + 1):
        began, count = time.perf_counter(), 0
        for file in sorted(folder.iterdir()):
            for done in answer.partition(parquet.ParquetFile(file).iter_batches(BATCH)):
                count += done.num_rows
        rates.append(count / (time.perf_counter() - began))
    return rates[1:]  # the first run has the model prepared


def workers(model: str, folder: Path, times: int) -> list[float]:
    """Return the texts per second of Ray's workers, a process each with one thread."""
    import ray

    from bigru.runtime.arrow import ArrowPredictor

    ray.init(num_cpus=WORKERS + 1, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    rates = []
    for _ in range(times):
        dataset = ray.data.read_parquet(str(folder)).map_batches(
            ArrowPredictor,
            fn_constructor_kwargs={"model": model, "keep": []},
            batch_format="pyarrow",
            batch_size=BATCH,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=WORKERS),
        )
        began = time.perf_counter()
        count = sum(table.num_rows for table in dataset.iter_batches(batch_format="pyarrow"))
        rates.append(count / (time.perf_counter() - began))
    ray.shutdown()
    return rates


def measured(kind: str, model: str, folder: Path, times: int) -> list[float]:
    """Measure in a process of its own that has one thread."""
    command = [sys.executable, __file__, "--measure", kind, "--times", str(times), "--data", str(folder), model]
    environment = os.environ | {"BIGRU_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def summary(rates: list[float]) -> dict[str, float]:
    """Return the median with its spread."""
    return {"median": round(statistics.median(rates)), "least": round(min(rates)), "most": round(max(rates))}


def row(model: str, folder: Path, times: int) -> dict[str, Any]:
    """Measure one model both ways."""
    return {
        "one_core": summary(measured("alone", model, folder, times)),
        "ray_two_workers": summary(measured("workers", model, folder, times)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=["zh-sentiment", "zh-entities"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--measure", choices=("alone", "workers"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        made = {"alone": alone, "workers": workers}[arguments.measure]
        print(json.dumps(made(arguments.models[0], arguments.data, arguments.times)))
        return
    titles = read(arguments.data / "TNEWS" / "dev.tsv.gz", Reading(format="tsv")).inputs
    texts = list(islice(cycle(titles), TEXTS))
    with tempfile.TemporaryDirectory() as folder:
        write(texts, Path(folder) / "texts")
        rows = {model: row(model, Path(folder) / "texts", arguments.times) for model in arguments.models}
    result = {
        "rows": rows,
        "texts": {"count": TEXTS, "mean_characters": round(statistics.mean(map(len, texts)), 1), "source": "TNEWS"},
        "machine": machine(),
        "versions": versions(commit()),
        "load": os.getloadavg()[0],
        "command": "python benchmarks/scale.py --data FOLDER",
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
