"""Series classification: `python benchmarks/series.py --data FOLDER [SET ...]` writes benchmarks/results/series.json.

Every set is scored in the archive's own split. Epochs are chosen on a tenth of train, held out by the seed; recipes
were chosen on other parts of train; test is scored once per seed, with the runtime that users get.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from provenance import commit, machine, versions
from rounds import rounds

from bigru.bundle import Bundle
from bigru.readers.reader import read
from bigru.readers.reading import Reading
from bigru.runtime.predictor import Predictor
from bigru.tasks import classify

RESULT = Path(__file__).parent / "results" / "series.json"

Part = tuple[list[Any], list[Any]]


@dataclass(frozen=True)
class Set:
    """One line of the table.

    Attributes:
        file: of the archive, below the folder UEA: `.ts` parts with TRAIN for {}, or one `.npz` with `n_train`.
        must, aim: the accuracies asked for, as fractions; None for none.
        options: what the recipe changes of the defaults (`bigru.train.recipes`).
        dtw: band of the 1-NN-DTW beside it, as a share of the length; None for none (too many pairs).
    """

    file: str
    must: float | None
    aim: float | None
    options: dict[str, Any] = field(default_factory=dict)
    dtw: float | None = 0.1


SETS = {
    "BasicMotions": Set("BasicMotions/BasicMotions_{}.ts.gz", None, None),
    "ItalyPowerDemand": Set("ItalyPowerDemand/ItalyPowerDemand_{}.ts.gz", None, None),
    "JapaneseVowels": Set("JapaneseVowels/JapaneseVowels_{}.ts.gz", 0.985, 0.993),
    "OSULeaf": Set("OSULeaf/OSULeaf_{}.ts.gz", None, None),
    "PLAID": Set("PLAID/PLAID_{}.ts.gz", None, None),
    "PenDigits": Set("npz/PenDigits.npz", 0.985, 0.992, dtw=None),
    "RacketSports": Set("npz/RacketSports.npz", 0.88, 0.91),
}


def load(name: str, folder: Path) -> tuple[Part, Part]:
    """Return the train and the test part of a set."""
    file = folder / "UEA" / SETS[name].file
    if "{}" in str(file):
        parts = [read(str(file).format(part), Reading(task="classify")) for part in ("TRAIN", "TEST")]
        return (parts[0].inputs, parts[0].targets or []), (parts[1].inputs, parts[1].targets or [])
    whole, first = read(file, Reading(task="classify")), int(np.load(file)["n_train"])
    gold = whole.targets or []
    return (whole.inputs[:first], gold[:first]), (whole.inputs[first:], gold[first:])


def train(name: str, folder: Path, seed: int, threads: int) -> dict[str, Any]:
    """Train and score one seed."""
    import torch

    from bigru.train.loop.fit import fit
    from bigru.train.loop.job import TrainingJob
    from bigru.train.recipes import plan

    torch.set_num_threads(threads)
    (inputs, labels), (test, gold) = load(name, folder)
    started = time.perf_counter()
    task, config, model, training = plan(
        "classify", inputs, labels, "series", options={**SETS[name].options, "seed": seed}
    )
    data = task.featurise(config, inputs), task.targets(config, labels)
    fitted = fit(TrainingJob(task, config, model, data, None, training, progress="silent"))
    seconds = time.perf_counter() - started
    predictor = Predictor(Bundle("classify", model, config, fitted.weights))
    predictor.predict(test[:64])
    started = time.perf_counter()
    answers = predictor.predict(list(test))
    rate = len(test) / (time.perf_counter() - started)
    report = classify.score(config, gold, answers)
    return {
        "seed": seed,
        "dev": fitted.best_score,
        "test": report["accuracy"],
        "epoch": fitted.best_epoch,
        "seconds": round(seconds, 1),
        "trained_per_second": round(fitted.rates[0]),
        "predicted_per_second": round(rate),
        "signature": report.to_json()["signature"]["accuracy"],
    }


def baselines(name: str, folder: Path) -> dict[str, Any]:
    """Score the nearest neighbour under dynamic time warping, and a forest on simple statistics (mean of 5 seeds)."""
    from bigru.plain.statistics import Statistics
    from bigru.study.dtw import NearestByDtw

    (inputs, labels), (test, gold) = load(name, folder)

    def accuracy(model: Any) -> float:
        found = model.fit(inputs, labels).predict(test)
        return sum(one == other for one, other in zip(found, gold, strict=True)) / len(gold)

    band = SETS[name].dtw
    near = None if band is None else {"kind": "1-NN with DTW", "band": band, "test": accuracy(NearestByDtw(band))}
    forest = statistics.mean(accuracy(Statistics(seed)) for seed in range(5))
    return {"baseline": near, "forest": {"kind": "forest on simple statistics", "test": forest}}


def run(names: list[str], folder: Path, seeds: list[int], jobs: int) -> None:
    """Run sets, all their seeds in one queue, and write the file whenever a set is done."""
    at = commit()
    rounds(names, folder, seeds, jobs, train, baselines, lambda name, runs, beside: write(name, runs, beside, jobs, at))


def write(name: str, runs: list[dict[str, Any]], beside: dict[str, Any], jobs: int, at: str) -> None:
    """Put one set into the result file, the others left as they are; `at` is what stood there when its runs began."""
    one = SETS[name]
    scores, seeds = [row["test"] for row in runs], " ".join(str(row["seed"]) for row in runs)
    result = {
        "metric": "accuracy",
        "mean": statistics.mean(scores),
        "std": statistics.stdev(scores) if len(scores) > 1 else 0.0,
        "must": one.must,
        "aim": one.aim,
        "split": "train and test of the archive; a tenth of train, held out by the seed, chooses the epoch",
        "options": one.options,
        **beside,
        "behind_the_forest": beside["forest"]["test"] / statistics.mean(scores) - 1,
        "runs": runs,
        "machine": f"{machine()}, {jobs} runs side by side",
        "versions": versions(at),
        "command": f"python benchmarks/series.py --data FOLDER {name} --seeds {seeds} --jobs {jobs}",
    }
    RESULT.parent.mkdir(exist_ok=True)
    rows = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    rows = {key: value for key, value in (rows | {name: result}).items() if key in SETS}
    text = json.dumps(dict(sorted(rows.items())), ensure_ascii=False, indent=1)
    RESULT.write_text(text + "\n", encoding="utf-8")
    rivals = [one for one in beside.values() if one is not None]
    beside_it = "".join(f", {one['kind']} {100 * one['test']:.2f}" for one in rivals)
    print(f"{name}: {100 * result['mean']:.2f} +- {100 * result['std']:.2f}{beside_it}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET", help=", ".join(SETS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    arguments = parser.parse_args()
    for name in arguments.sets:
        if name not in SETS:
            parser.error(f"SET must be one of {', '.join(SETS)}, got {name!r}")
    run(arguments.sets, arguments.data, arguments.seeds, arguments.jobs)


if __name__ == "__main__":
    main()
