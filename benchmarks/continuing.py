"""Half of the classes first, then the rest from that model: what is forgotten, and what is learnt.

`python benchmarks/continuing.py --data FOLDER` writes benchmarks/results/continuing.json. A model learns the rows of
half of the classes; `--from` it another learns the rows of the other half, with and without the old rows (`--keep`);
a third learns all rows at once. Each is scored on the test rows of the old and of the new classes. Settings were chosen
by `--dev`, which scores dev in place of test.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from provenance import commit, machine, versions
from sets import LOADERS, Pair

import bigru
from bigru.train.pipeline.trained import Trained

RESULTS = Path(__file__).parent / "results"

MUST, AIM = 0.015, 0.005
"""What old classes may lose, and new ones lack, as fractions."""

PART = 10
"""Of how many old rows one is kept where a part of them is."""


def of_classes(pair: Pair, classes: set[str]) -> Pair:
    """Return the rows of some classes."""
    rows = [n for n, label in enumerate(pair[1]) if label in classes]
    return [pair[0][n] for n in rows], [pair[1][n] for n in rows]


def accuracy(model: Trained, pair: Pair) -> float:
    """Return the share of rows that are answered rightly."""
    answers = model.predict(list(pair[0]))
    return sum(one["label"] == label for one, label in zip(answers, pair[1], strict=True)) / len(pair[1])


def run(
    name: str, folder: Path, seed: int, on_dev: bool, most: int | None, variants: list[dict[str, Any]]
) -> dict[str, Any]:
    """Train all models of a seed; return their scores on old and new classes, and the seconds of one thread."""
    split = LOADERS[name](folder)
    train = (split.train[0][:most], split.train[1][:most])
    classes = sorted(set(train[1]))
    halves = set(classes[: len(classes) // 2]), set(classes[len(classes) // 2 :])
    named = zip(("old", "new"), halves, strict=True)
    judges = {half: of_classes(split.dev if on_dev else split.test, one) for half, one in named}
    (old, new), (old_dev, new_dev) = ([of_classes(pair, half) for half in halves] for pair in (train, split.dev))
    whole_dev = ([*old_dev[0], *new_dev[0]], [*old_dev[1], *new_dev[1]])
    part = old[0][::PART], old[1][::PART]
    found: dict[str, Any] = {"seed": seed, "rows": [len(old[1]), len(new[1])]}

    def learn(what: str, data: Pair, dev: Pair, **more: Any) -> Trained:
        began = time.process_time()
        made = bigru.train(data, dev=dev, plain=False, seed=seed, **more)
        scores = {half: accuracy(made, judged) for half, judged in judges.items()}
        found[what] = {**scores, "cpu_seconds": round(time.process_time() - began, 1)}
        print(name, seed, what, found[what], file=sys.stderr, flush=True)
        return made

    with TemporaryDirectory() as place:
        learn("half", old, old_dev, out=Path(place) / "half")
        learn("all", ([*old[0], *new[0]], [*old[1], *new[1]]), whole_dev)
        for settings in variants:
            start, note = {"init": Path(place) / "half", **settings}, f" {json.dumps(settings)}" if settings else ""
            learn(f"from, all old rows{note}", new, whole_dev, keep=old, **start)
            learn(f"from, a tenth of the old rows{note}", new, whole_dev, keep=part, **start)
            learn(f"from, no old row{note}", new, whole_dev, forget=1, **start)
    return found


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return per way of going on what old classes lost and new ones lack, mean and deviation over seeds."""
    result = {}
    for way in (key for key in runs[0] if key.startswith("from")):
        lost = [one["half"]["old"] - one[way]["old"] for one in runs]
        beside = [one["all"]["old"] - one[way]["old"] for one in runs]
        lack = [one["all"]["new"] - one[way]["new"] for one in runs]
        rows = {"old_lost": lost, "old_behind_all_at_once": beside, "new_behind_all_at_once": lack}
        result[way] = {
            key: {"mean": statistics.mean(values), "std": statistics.stdev(values) if len(values) > 1 else 0.0}
            for key, values in rows.items()
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--set", nargs="+", default=["r8"], help="data sets, of " + ", ".join(LOADERS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--most", type=int, help="training rows at most")
    parser.add_argument("--dev", action="store_true", help="score dev, and write nothing")
    parser.add_argument("--settings", type=json.loads, nargs="+", default=[{}], help="with --dev: JSON objects to try")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    at, results = commit(), {}
    for name in arguments.set:
        runs = [
            run(name, arguments.data, seed, arguments.dev, arguments.most, arguments.settings)
            for seed in arguments.seeds
        ]
        results[name] = {**summary(runs), "runs": runs}
        print(json.dumps(results[name], indent=1), file=sys.stderr)
    if arguments.dev:
        return
    most = f" --most {arguments.most}" if arguments.most else ""
    command = f"python benchmarks/continuing.py --data FOLDER --set {' '.join(arguments.set)}{most}"
    whole = {
        "must": MUST,
        "aim": AIM,
        "sets": results,
        "machine": machine(),
        "versions": versions(at),
        "command": f"{command} --seeds {' '.join(map(str, arguments.seeds))}",
    }
    (RESULTS / "continuing.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
