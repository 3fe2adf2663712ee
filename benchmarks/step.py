"""Where a training step's time goes: `python benchmarks/step.py --data FOLDER [CASE ...]` writes its result file.

Each case trains as `bigru train` would, with its recipe and real batches. The same training runs several times; a part
of a step counts with the least time that it took in any of them, since what disturbs a step only adds. Figures are
means over the steps, in milliseconds; the parts sum to the step.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from accuracy import ROWS, prepared
from ledger import PARTS, Ledger, watched
from provenance import commit, machine, versions

from bigru.ops.library import isa
from bigru.train.data.loader import Data
from bigru.train.loop.fit import fit
from bigru.train.loop.job import TrainingJob
from bigru.train.recipes import Plan, plan

RESULT = Path(__file__).parent / "results" / "step.json"

START = 120
"""Steps that are not counted: in the first hundred the average takes in every step."""

LINE = "{:24}{:>10}{:>9}"


class Case(NamedTuple):
    """A training: what was planned, and its examples."""

    plan: Plan
    train: Data
    dev: Data


def tutorial(folder: Path, count: int) -> Case:
    """The model of examples/tutorial.py: series [100, 30], 64 units, one probability per step."""
    random = np.random.default_rng(0)
    series = list(random.standard_normal((count, 100, 30)).astype(np.float32))
    tags = [[str(int(value > 0)) for value in one[:, 0].cumsum()] for one in series]
    return _case("tag", series, tags, "series", {"hidden": 64}, None)


def chnsenticorp(folder: Path, count: int) -> Case:
    """Sentiment of Chinese reviews, every batch passed twice (R-Drop)."""
    return _row("chnsenticorp", folder, count)


def msra(folder: Path, count: int) -> Case:
    """Entities in Chinese news, with a CRF."""
    return _row("msra", folder, count)


CASES: dict[str, Callable[[Path, int], Case]] = {"tutorial": tutorial, "chnsenticorp": chnsenticorp, "msra": msra}


def _row(name: str, folder: Path, count: int) -> Case:
    """A row of the accuracy table; planned on all its data, trained on some of them."""
    row = ROWS[name]
    split, scheme = prepared(row, folder)
    kind = "text" if isinstance(split.train[0][0], str) else "tokens"
    # First vectors are learnt before the first step, so they are nothing of a step.
    options = {**row.options, "init_from_cooccurrence": False}
    return _case(row.task, *split.train, kind, options, scheme, count)


def _case(
    task: str, inputs: Any, targets: Any, kind: str, options: dict[str, Any], scheme: str | None, count: int = 0
) -> Case:
    decided = plan(task, inputs, targets, kind, scheme=scheme, options={**options, "epochs": 1})
    chosen = np.random.default_rng(0).permutation(len(inputs))[: count or None]
    some = [inputs[n] for n in chosen], [targets[n] for n in chosen]
    data = decided.task.featurise(decided.config, some[0]), decided.task.targets(decided.config, some[1])
    return Case(decided, data, (data[0][:2], data[1][:2]))


CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
"""The second is for a busy machine, with one thread: there it says what the first would on an idle one."""


def keep_books(case: Case, clock: str) -> np.ndarray:
    """Train once and return what the steps cost, seconds [N, parts].

    Left out are the first steps, and the last one, which ends the epoch.
    """
    ledger = Ledger(CLOCKS[clock])
    with watched(ledger):
        fit(TrainingJob(*case.plan[:3], case.train, case.dev, case.plan.training, progress="silent"))
    steps = ledger.steps[START + 1 :]
    return np.array([[step[part] for part in PARTS] for step in steps])


def measure(case: Case, times: int, clock: str) -> dict[str, Any]:
    """Return the account of a case, milliseconds per step."""
    runs = [keep_books(case, clock) for _ in range(times)]
    parts = 1e3 * np.min(runs, axis=0).mean(axis=0)
    walls = [1e3 * run.sum(axis=1).mean() for run in runs]
    step = float(parts.sum())
    gru = float(parts[0] + parts[1])
    account = dict(zip(PARTS, parts.round(4).tolist(), strict=True))
    return {
        "step_ms": round(step, 3),
        "step_ms_of_each_run": [round(wall, 3) for wall in walls],
        "gru_share": round(gru / step, 4),
        "step_per_gru": round(step / gru, 3),
        "largest": _largest(account),
        "parts_ms": account,
        "batch_size": case.plan.training.batch_size,
        "steps": len(runs[0]),
    }


def _largest(account: dict[str, float]) -> str:
    """Return the largest part, forward and backward taken together."""
    whole: dict[str, float] = {}
    for part, spent in account.items():
        name = part.removesuffix(" forward").removesuffix(" backward")
        whole[name] = whole.get(name, 0.0) + spent
    return max(whole, key=lambda name: whole[name])


def show(name: str, result: dict[str, Any]) -> None:
    """Print the account of a case."""
    print(LINE.format(name, "ms", "share"))
    for part, spent in result["parts_ms"].items():
        print(LINE.format(f"  {part}", f"{spent:.3f}", f"{100 * spent / result['step_ms']:.1f} %"))
    print(LINE.format("  step", f"{result['step_ms']:.3f}", "100.0 %"))
    share = f"the GRU has {100 * result['gru_share']:.0f} % of a step, a step is {result['step_per_gru']:.2f} GRUs"
    print(f"  {share}; the largest part: {result['largest']}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument(
        "--steps", type=int, default=300, help="steps of a training, of which the first are not counted"
    )
    parser.add_argument("--times", type=int, default=3, help="how often each training runs")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="what is counted")
    parser.add_argument("--dry", action="store_true", help="write no file")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    results = {}
    for name in arguments.cases:
        case = CASES[name](arguments.data, 32 * arguments.steps)
        results[name] = measure(case, arguments.times, arguments.clock)
        show(name, results[name])
    signature = {
        "machine": f"{machine()}, {arguments.threads} threads, {isa()}",
        "versions": versions(commit()) | {"torch": torch.__version__},
        "command": f"python benchmarks/step.py --data FOLDER {' '.join(arguments.cases)} --steps {arguments.steps} "
        f"--times {arguments.times} --threads {arguments.threads} --clock {arguments.clock}",
    }
    if not arguments.dry:
        RESULT.write_text(json.dumps(results | signature, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
