"""How fast a saved model answers short texts: `python benchmarks/predict.py --data FOLDER` writes its result file.

The texts are the titles of TNEWS, the models those that come with bigru (how good they are stands in their cards), or
folders given by `--model`. Every measurement runs in a process of its own. `--python` names an environment without
torch: its size, and what it takes to import bigru and to answer one text, are measured there.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provenance import commit, machine, versions

from bigru.bundle import load as bundle_of
from bigru.config import to_dict
from bigru.ops.library import threads
from bigru.runtime.predictor import load

RESULT = Path(__file__).parent / "results" / "predict.json"

MODELS = ("zh-sentiment", "zh-entities")
PRECISIONS = ("fp32", "int8")
SENTENCE = "这部电影太棒了，演员的表演让人落泪。"
MILLION = 1_000_000
ROUND = 50_000
"""Texts between two looks at the memory; the last `LONE` of them are answered one by one."""
LONE = 2_000
PAGE = os.sysconf("SC_PAGE_SIZE")


def titles(folder: Path) -> list[str]:
    """Return the texts of TNEWS's training part."""
    with gzip.open(folder / "TNEWS" / "train.tsv.gz", "rt", encoding="utf-8") as stream:
        return [line.split("\t")[0] for line in stream]


def spread(values: Sequence[float], digits: int = 0) -> dict[str, float]:
    """Return the median, the quartiles and both ends of figures."""
    low, median, high = statistics.quantiles(values, n=4)
    named = {"median": median, "quartiles": [low, high], "least": min(values), "most": max(values)}
    return {name: _rounded(value, digits) for name, value in named.items()}


def _rounded(value: Any, digits: int) -> Any:
    return [round(v, digits or None) for v in value] if isinstance(value, list) else round(value, digits or None)


def one(model: str, precision: str, texts: list[str]) -> dict[str, Any]:
    """Time single texts, warm, in turn with the sentence; microseconds."""
    predictor = load(model, precision)
    taken: dict[str, list[float]] = {"titles": [], "sentence": []}
    for text in texts[:5000]:
        for name, asked in (("titles", text), ("sentence", SENTENCE)):
            start = time.perf_counter()
            predictor.predict(asked)
            taken[name].append(1e6 * (time.perf_counter() - start))
    return {f"{name}_us": spread(times[500:], 1) for name, times in taken.items()}


def many(model: str, precision: str, texts: list[str]) -> dict[str, Any]:
    """Time calls for many texts; texts per second of the wall clock, and microseconds of a processor per text."""
    predictor, part = load(model, precision), texts[:20_000]
    predictor.predict(part[:2000])
    wall, spent = [], []
    for _ in range(15):
        start, before = time.perf_counter(), time.process_time()
        predictor.predict(part)
        wall.append(len(part) / (time.perf_counter() - start))
        spent.append(1e6 * (time.process_time() - before) / len(part))
    return {"threads": threads(), "texts_per_second": spread(wall), "processor_us_per_text": round(min(spent), 2)}


def flat(model: str, precision: str, texts: list[str]) -> dict[str, Any]:
    """Answer a million texts, the same ones over and over: in lists, as a stream and one by one; megabytes resident.

    Growth is what the last quarter has more than the third, medians of both: the rounds before fill the allocator.
    """

    def resident() -> float:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE / 1e6

    predictor, part, seen = load(model, precision), texts[: (ROUND - LONE) // 2], []
    start = time.perf_counter()
    for _ in range(MILLION // ROUND):
        predictor.predict(part)
        for _ in predictor.predict_iter(iter(part)):
            pass
        for text in part[:LONE]:
            predictor.predict(text)
        seen.append(resident())
    quarter = len(seen) // 4
    grown = statistics.median(seen[-quarter:]) - statistics.median(seen[2 * quarter : 3 * quarter])
    return {
        "resident_mb": [round(megabytes, 1) for megabytes in seen],
        "growth_mb": round(grown, 1),
        "seconds": round(time.perf_counter() - start, 1),
    }


MEASURES = {"one": one, "many": many, "flat": flat}


def apart(name: str, model: str, precision: str, folder: Path, count: int | None = None) -> dict[str, Any]:
    """Run a measurement in a process of its own, on so many threads, or all."""
    environment = os.environ | ({} if count is None else {"BIGRU_THREADS": str(count)})
    command = [sys.executable, __file__, "--data", str(folder), "--model", model, "--measure", name, precision]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def timed(command: list[str], times: int = 15) -> dict[str, Any]:
    """Run a command several times; seconds of the wall clock, and of the processor."""
    wall, spent = [], []
    for _ in range(times + 1):
        before, start = os.times(), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd="/")
        after = os.times()
        wall.append(time.perf_counter() - start)
        spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
    # The first run fills the caches of the disk.
    return {"seconds": spread(wall[1:], 4), "processor_seconds": spread(spent[1:], 4)}


def environment(python: Path, models: Sequence[str]) -> dict[str, Any]:
    """Return the size of an environment, and what a new process of its Python takes to import bigru and to answer."""
    name = str(python.absolute())
    # Installed as editable, the package itself lies elsewhere.
    where = "import numpy, bigru; print(numpy.__file__, bigru.__file__, sep='\\n')"
    found = subprocess.run([name, "-c", where], capture_output=True, text=True, check=True, cwd="/").stdout.split()
    site, package = (Path(file).parents[up] for file, up in zip(found, (1, 0), strict=True))
    ours = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
    files = {path for path in site.rglob("*") if path.relative_to(site).parts[0].split("-")[0] not in ours}
    files |= set(package.rglob("*"))
    result: dict[str, Any] = {"installed_mb": round(sum(f.stat().st_size for f in files if f.is_file()) / 1e6, 1)}
    result["python alone"] = timed([name, "-c", "pass"])
    for module in ("bigru", "bigru.runtime.predictor"):
        result[f"import {module}"] = timed([name, "-c", f"import {module}"])
    for model in models:
        result[f"bigru predict {Path(model).name}"] = timed([name, "-m", "bigru", "predict", model, SENTENCE])
    return result


def measured(model: str, folder: Path) -> dict[str, Any]:
    """Return all figures of a model."""
    made = bundle_of(model)
    result: dict[str, Any] = {"model": to_dict(made.model), "storage": made.storage}
    for precision in PRECISIONS:
        result[precision] = {
            "one": apart("one", model, precision, folder),
            "one_thread": apart("many", model, precision, folder, 1),
            "all_threads": apart("many", model, precision, folder),
            "million": apart("flat", model, precision, folder),
        }
        print(model, precision, json.dumps(result[precision]), file=sys.stderr)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--model", nargs="+", default=MODELS, help="names or folders of saved models")
    parser.add_argument("--python", type=Path, help="Python of an environment without torch")
    parser.add_argument("--out", type=Path, default=RESULT, help="result file")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    texts = titles(arguments.data)
    if arguments.measure:
        name, precision = arguments.measure
        print(json.dumps(MEASURES[name](arguments.model[0], precision, texts)))
        return
    models = [str(Path(name).absolute()) if Path(name).is_dir() else name for name in arguments.model]
    at, load_before = commit(), round(os.getloadavg()[0], 2)
    result: dict[str, Any] = {"models": {Path(model).name: measured(model, arguments.data) for model in models}}
    if arguments.python:
        result["environment"] = environment(arguments.python, models)
    result |= {
        "texts": {
            "name": "titles of TNEWS",
            "count": len(texts),
            "characters": round(statistics.fmean(map(len, texts)), 1),
        },
        "machine": machine(),
        "load": load_before,
        "versions": versions(at),
        "command": "python benchmarks/predict.py --data FOLDER --python .venv-runtime/bin/python",
    }
    arguments.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
