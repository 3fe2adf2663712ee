"""What fewer bits cost in accuracy: `python benchmarks/precision.py --data FOLDER [ROW ...]` writes its result file.

A row's recipe of the accuracy table is trained twice with the same seed, in float32 and in bfloat16, one after the
other with all threads. Both models answer test in every precision of the runtime; the saved weights are float32. The
seconds of answering, features and decoding included, are the least of several rounds, the precisions taking turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch
from accuracy import ROWS, learn, prepared
from provenance import commit, machine, versions
from sets import Pair, Split

from bigru.bundle import Bundle
from bigru.config.precisions import PRECISIONS, TRAINED
from bigru.ops.library import isa
from bigru.runtime.predictor import Predictor, count_changed
from bigru.tasks import task_named

RESULT = Path(__file__).parent / "results" / "precision.json"

ROUNDS = 5

Result = dict[str, Any]


def measure(name: str, folder: Path, seed: int, most: int | None) -> Result:
    """Train one seed of a row in both precisions, and score each model in all."""
    row = ROWS[name]
    split, scheme = prepared(row, folder)
    split = Split(*((x[:most], y[:most]) for x, y in (split.train, split.dev, split.test)), split.note)
    result: Result = {"seed": seed}
    for trained in TRAINED:
        made, fitted, seconds = learn(row, split, scheme, folder, {"seed": seed, "precision": trained})
        result[trained] = {
            "dev": fitted.best_score,
            "epoch": fitted.best_epoch,
            "steps": fitted.steps,
            "seconds": round(seconds, 1),
            "time_steps_per_second": round(fitted.rates[1]),
            "test": scored(made, split.test, row.metric),
        }
    return result


def scored(made: Bundle, test: Pair, metric: str) -> dict[str, Result]:
    """Score a model in every precision; answers count as changed beside its own in fp32."""
    models = {precision: Predictor(made, precision) for precision in PRECISIONS}
    answers: dict[str, list[Any]] = {}
    seconds = dict.fromkeys(models, float("inf"))
    for _ in range(ROUNDS):
        for precision, model in models.items():
            started = time.perf_counter()
            answers[precision] = model.predict(test[0])
            seconds[precision] = min(seconds[precision], time.perf_counter() - started)
    return {
        precision: {
            metric: task_named(made.task).score(made.config, test[1], given)[metric],
            "changed": count_changed(given, answers["fp32"]),
            "n": len(given),
            "seconds": round(seconds[precision], 3),
        }
        for precision, given in answers.items()
    }


def summary(name: str, runs: list[Result]) -> Result:
    """Return a row of the result file: the mean score per training and precision, and the runs themselves."""
    metric = ROWS[name].metric
    means = {
        trained: {p: statistics.mean(run[trained]["test"][p][metric] for run in runs) for p in PRECISIONS}
        for trained in TRAINED
    }
    return {"metric": metric, "mean": means, "runs": runs}


def show(name: str, result: Result) -> None:
    """Print a row: a line per training, a column per precision of the answers."""
    head = "".join(f"{precision:>9}" for precision in PRECISIONS)
    print(f"{name}, {result['metric']}\n{'':16}{head}{'training':>12}", file=sys.stderr)
    for trained, means in result["mean"].items():
        seconds = statistics.mean(run[trained]["seconds"] for run in result["runs"])
        cells = "".join(f"{100 * value:9.2f}" for value in means.values())
        print(f"trained in {trained:5}{cells}{seconds:10.1f} s", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", default=["chnsenticorp", "msra"], metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--most", type=int, help="examples of each part at most, to try it out; no file is written")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    at = commit()
    for name in arguments.rows:
        runs = [measure(name, arguments.data, seed, arguments.most) for seed in arguments.seeds]
        row = summary(name, runs)
        show(name, row)
        if arguments.most is None:
            write(name, row, arguments.seeds, arguments.threads, at)


def write(name: str, row: Result, seeds: list[int], threads: int, at: str) -> None:
    """Put a row into the result file, beside those that are there."""
    row["signature"] = {
        "machine": f"{machine()}, {threads} threads, {isa()}",
        "versions": versions(at) | {"torch": torch.__version__},
        "command": f"python benchmarks/precision.py --data FOLDER {name} "
        f"--seeds {' '.join(map(str, seeds))} --threads {threads}",
    }
    rows = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    RESULT.write_text(json.dumps(rows | {name: row}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
