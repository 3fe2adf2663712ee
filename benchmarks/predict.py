"""How fast a saved model answers short texts: `python benchmarks/predict.py --data FOLDER` writes its result file.

The texts are the titles of TNEWS. Without `--model` a classifier of the recipe of ChnSentiCorp and a tagger of that of
Resume NER are trained first (minutes) and kept in `runs/`; both are scored, so that a figure is that of a model that
works. Every measurement runs in a process of its own. `--python` names an environment without torch, whose size and
import time are measured as well.
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
from pathlib import Path
from typing import Any

from provenance import commit, machine, versions

RESULT = Path(__file__).parent / "results" / "predict.json"
RUNS = Path(__file__).parents[1] / "runs"

SCORED = {"chnsenticorp": "accuracy", "resume": "span_f1"}
PRECISIONS = ("fp32", "int8")
MILLION = 1_000_000
PAGE = os.sysconf("SC_PAGE_SIZE")


def titles(folder: Path) -> list[str]:
    """Return the texts of TNEWS's training part."""
    with gzip.open(folder / "TNEWS" / "train.tsv.gz", "rt", encoding="utf-8") as stream:
        return [line.split("\t")[0] for line in stream]


def trained(row: str, folder: Path) -> tuple[Path, float]:
    """Return a model of a row of the accuracy table, trained if it is not there yet, and its score on test."""
    from accuracy import ROWS, learn, prepared

    from bigru.bundle import save
    from bigru.data.examples import Examples
    from bigru.runtime.predictor import load

    target = RUNS / f"predict-{row}"
    split, scheme = prepared(ROWS[row], folder)
    if not target.exists():
        made, *_ = learn(ROWS[row], split, scheme, folder, {"seed": 1})
        RUNS.mkdir(exist_ok=True)
        save(made, target)
    kind = "text" if isinstance(split.test[0][0], str) else "tokens"
    lines = list(range(1, len(split.test[0]) + 1))
    report = load(target).evaluate(Examples(*split.test, kind, lines, "test", scheme))
    return target, report[SCORED[row]]


def one(model: Path, precision: str, texts: list[str]) -> dict[str, float]:
    """Time single texts, warm; microseconds."""
    from bigru.runtime.predictor import load

    predictor = load(model, precision)
    taken = []
    for text in texts[:5000]:
        start = time.perf_counter()
        predictor.predict(text)
        taken.append(1e6 * (time.perf_counter() - start))
    taken = sorted(taken[500:])
    return {
        "median_us": round(statistics.median(taken), 1),
        "p99_us": round(taken[int(0.99 * len(taken))], 1),
        "least_us": round(taken[0], 1),
    }


def many(model: Path, precision: str, texts: list[str]) -> dict[str, float]:
    """Time one call for many texts; texts per second, the best and the median of several."""
    from bigru.ops.gru.native import threads
    from bigru.runtime.predictor import load

    predictor, part = load(model, precision), texts[:20_000]
    taken = []
    for _ in range(9):
        start, spent = time.perf_counter(), time.process_time()
        predictor.predict(part)
        taken.append((time.perf_counter() - start, time.process_time() - spent))
    wall = [len(part) / seconds for seconds, _ in taken]
    return {
        "threads": threads(),
        "texts_per_second": round(max(wall)),
        "median": round(statistics.median(wall)),
        "processor_us_per_text": round(1e6 * min(spent for _, spent in taken) / len(part), 2),
    }


def flat(model: Path, precision: str, texts: list[str]) -> dict[str, Any]:
    """Answer a million texts, the same ones over and over: in lists, as a stream and one by one; megabytes resident."""
    from bigru.runtime.predictor import load

    def resident() -> float:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE / 1e6

    predictor, part, seen = load(model, precision), texts[:24_000], []
    start = time.perf_counter()
    for _ in range(MILLION // 50_000):
        predictor.predict(part)
        for _ in predictor.predict_iter(iter(part)):
            pass
        for text in part[:2000]:
            predictor.predict(text)
        seen.append(resident())
    return {
        "resident_mb": [round(megabytes, 1) for megabytes in seen],
        "growth_mb": round(max(seen[len(seen) // 2 :]) - max(seen[: len(seen) // 2]), 1),
        "seconds": round(time.perf_counter() - start, 1),
    }


MEASURES = {"one": one, "many": many, "flat": flat}


def apart(name: str, model: Path, precision: str, folder: Path, threads: int | None = None) -> dict[str, Any]:
    """Run a measurement in a process of its own."""
    environment = os.environ | ({} if threads is None else {"BIGRU_THREADS": str(threads)})
    command = [sys.executable, __file__, "--data", str(folder), "--model", str(model)]
    done = subprocess.run(
        [*command, "--measure", name, precision], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def environment(python: Path) -> dict[str, float]:
    """Return the size of what an environment has installed, without pip, and how long it takes to import bigru."""
    import_ = (
        "import time; s = time.perf_counter(); import bigru, bigru.runtime.predictor; print(time.perf_counter() - s)"
    )
    where = "import numpy, pathlib; print(pathlib.Path(numpy.__file__).parents[1])"

    def run(code: str) -> str:
        command = [str(python.absolute()), "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout.strip()

    site = Path(run(where))
    files = [path for path in site.rglob("*") if path.is_file() and not path.is_relative_to(site / "pip")]
    return {
        "installed_mb": round(sum(path.stat().st_size for path in files) / 1e6, 1),
        "import_seconds": round(min(float(run(import_.format("perf_counter"))) for _ in range(5)), 4),
        "import_processor_seconds": round(min(float(run(import_.format("process_time"))) for _ in range(5)), 4),
    }


def measured(model: Path, folder: Path) -> dict[str, Any]:
    """Return all figures of a model."""
    from bigru.bundle import load
    from bigru.config import to_dict

    result: dict[str, Any] = {"model": to_dict(load(model).model)}
    for precision in PRECISIONS:
        result[precision] = {
            "one": apart("one", model, precision, folder),
            "one_thread": apart("many", model, precision, folder, 1),
            "all_threads": apart("many", model, precision, folder),
            "million": apart("flat", model, precision, folder),
        }
        print(model.name, precision, json.dumps(result[precision]), file=sys.stderr)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--model", type=Path, help="folder of a saved model, instead of the two that are trained")
    parser.add_argument("--python", type=Path, help="Python of an environment without torch")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    texts = titles(arguments.data)
    if arguments.measure:
        name, precision = arguments.measure
        print(json.dumps(MEASURES[name](arguments.model, precision, texts)))
        return
    at, result = commit(), dict[str, Any]()
    if arguments.model:
        result[arguments.model.name] = measured(arguments.model, arguments.data)
    else:
        for row, metric in SCORED.items():
            model, score = trained(row, arguments.data)
            result[row] = {metric: round(score, 4), **measured(model, arguments.data)}
    if arguments.python:
        result["environment"] = environment(arguments.python)
    result |= {
        "texts": f"{len(texts)} titles of TNEWS, {statistics.fmean(map(len, texts)):.1f} characters in the mean",
        "machine": machine(),
        "load": round(os.getloadavg()[0], 2),
        "versions": versions(at),
        "command": "python benchmarks/predict.py --data FOLDER --python .venv-runtime/bin/python",
    }
    RESULT.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
