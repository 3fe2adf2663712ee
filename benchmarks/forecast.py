"""Forecasts on public data: `python benchmarks/forecast.py --data FOLDER [ROW ...]` writes results/forecast.json.

Every row trains one model per seed with the defaults of `bigru train --task forecast`, chooses the epoch on dev, and
scores all windows of test once, z-scored by the training part, with the runtime that users get. Each run is written
when it ends: a command that was stopped goes on with the same words, and a run is made again only where the recipe
changed.
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

from bigru.bundle import Bundle
from bigru.config import to_dict
from bigru.readers.reading import Reading
from bigru.runtime.forecaster import Forecaster
from bigru.tables.timetable import TimeTable, read_timetable

RESULTS = Path(__file__).parent / "results" / "forecast.json"

HORIZONS = (96, 192, 336, 720)

MONTHS = (12 * 30 * 24, 4 * 30 * 24, 4 * 30 * 24)
"""Rows to learn from, to choose by and to score: 12, 4 and 4 months of 30 days."""

FIGURES = ("mse", "mae", "mase", "pinball", "coverage_90", "width_90")


@dataclass(frozen=True)
class Row:
    """One model to be trained.

    Attributes:
        file: below the folder of the data.
        lookback, horizon: rows read and forecast.
        split: of the rows.
        options: what differs from the defaults.
    """

    file: str
    lookback: int
    horizon: int
    split: tuple[float, ...] = MONTHS
    options: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Return the settings of the plan."""
        return {"lookback": self.lookback, "split": list(self.split), **self.options}


ROWS = {
    f"{name.lower()}-{lookback}-{horizon}": Row(f"ETT/{name}.csv.gz", lookback, horizon)
    for lookback in (96, 720)
    for name in ("ETTh1", "ETTh2")
    for horizon in HORIZONS
}
ROWS["exchange-96-96"] = Row("exchange_rate/exchange_rate.txt.gz", 96, 96, (0.7, 0.1, 0.2))

GROUPS = {
    "etth1-96": (0.416, 0.405, "SegRNN 0.416, iTransformer 0.454, DLinear 0.456"),
    "etth2-96": (0.372, 0.360, "SegRNN 0.372, iTransformer 0.383, DLinear 0.559"),
    "etth1-720": (0.408, 0.397, "SegRNN 0.408, PatchTST 0.438, plain GRU 1.107"),
    "etth2-720": (0.346, 0.338, "SegRNN 0.346, PatchTST 0.374, plain GRU 2.665"),
}
"""Must, aim and published figures of the mean MSE over the four horizons."""


def table_of(row: Row, folder: Path) -> TimeTable:
    """Read a row's table; exchange_rate has neither header nor times."""
    time = ("none",) if row.file.endswith(".txt.gz") else ()
    return read_timetable(folder / row.file, Reading(time=time, format="csv"))


def train(row: Row, folder: Path, seed: int) -> dict[str, Any]:
    """Train and score one seed of a row."""
    from bigru.tasks import forecast
    from bigru.train.forecast import find_roles, plan_forecast, to_data
    from bigru.train.forecast_blend import blend_with_linear, calibrate_intervals
    from bigru.train.loop.fit import fit
    from bigru.train.loop.job import TrainingJob

    table = table_of(row, folder)
    made = plan_forecast(table, find_roles(table.columns, {}), row.horizon, {**row.settings(), "seed": seed})
    data = to_data(made)
    began, work = time.perf_counter(), time.process_time()
    fitted = fit(TrainingJob(forecast, made.config, made.network, *data, made.training, progress="silent"))
    seconds, work = time.perf_counter() - began, time.process_time() - work
    kept = blend_with_linear(made, fitted)
    model = calibrate_intervals(
        Bundle("forecast", made.model, made.config, kept.weights), made.cuts["dev"], kept.earlier
    )
    judge = Forecaster(model)
    report = judge.score(made.cuts["test"])
    windows = forecast.featurise(made.config, made.cuts["test"])
    began = time.perf_counter()
    judge.run_windows(windows)
    predicted = len(windows) / (time.perf_counter() - began)
    values = {score.name: score.value for score in report.scores}
    return {
        "seed": seed,
        "dev_skill": fitted.best_score,
        "network_share": kept.share,
        **made.ridge.to_json(),
        **{name: values[name] for name in FIGURES},
        "epoch": fitted.best_epoch,
        "epochs": len(fitted.history),
        "train_seconds": round(seconds, 1),
        "train_cpu_seconds": round(work, 1),
        "train_windows_per_second": round(fitted.rates[0], 1),
        "predict_windows_per_second": round(predicted, 1),
        "signature": report.to_json()["signature"]["mse"],
        "beside": {name: value for name, value in values.items() if name.startswith(("naive", "seasonal", "ridge"))},
        "recipe": recipe(row),
        "machine": machine(),
        "versions": versions(commit()),
    }


def recipe(row: Row) -> dict[str, Any]:
    """Return all that decides a run but its seed and the code: a run of another recipe is made again."""
    from bigru.plain.ridge import MARGIN
    from bigru.train.forecast import ENCODER, JUDGED, TRAINING, WINDOWS
    from bigru.train.forecast_blend import FEWEST_HORIZONS, LEAST_GAIN, SHARES

    return json.loads(
        json.dumps(
            {
                "row": to_dict(row),
                "encoder": to_dict(ENCODER),
                "training": to_dict(TRAINING),
                "windows": WINDOWS,
                "judged": JUDGED,
                "ridge_margin": MARGIN,
                "guard": [SHARES, FEWEST_HORIZONS, LEAST_GAIN],
            }
        )
    )


def run(names: list[str], folder: Path, seeds: list[int]) -> None:
    """Run what is missing, seed by seed, and write the file after each run."""
    for seed in seeds:
        for name in names:
            runs = read().get("runs", {})
            done = {one["seed"]: one["recipe"] for one in runs.get(name, [])}
            if done.get(seed) == recipe(ROWS[name]):
                continue
            made = train(ROWS[name], folder, seed)
            # Read again: another process may have written another row meanwhile.
            runs = read().get("runs", {})
            kept = [one for one in runs.get(name, []) if one["seed"] != seed and one["recipe"] == made["recipe"]]
            runs[name] = sorted([*kept, made], key=lambda one: one["seed"])
            write(runs)
            print(f"{name} seed {seed}: mse {made['mse']:.4f}, {made['train_seconds']:.0f} s", file=sys.stderr)


def read() -> dict[str, Any]:
    """Return what was written so far."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def write(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Write all runs, and what they come to: by row, and over the four horizons for the seeds that have all."""
    order = [name for name in ROWS if name in runs]
    result = {
        "protocol": "z-scored by train; 12/4/4 months of ETT, 70/10/20 % of exchange_rate; all test windows",
        "rows": {name: summary(runs[name]) for name in order},
        "groups": {name: group(name, runs) for name in GROUPS},
        "command": "python benchmarks/forecast.py --data FOLDER",
        "runs": {name: runs[name] for name in order},
    }
    RESULTS.parent.mkdir(exist_ok=True)
    fresh = RESULTS.with_suffix(".writing")
    fresh.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(RESULTS)


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean and deviation of the figures of a row, and the rules beside it."""
    found: dict[str, Any] = {"seeds": [one["seed"] for one in runs]}
    for name in (*FIGURES, "train_seconds", "train_windows_per_second", "predict_windows_per_second"):
        values = [one[name] for one in runs]
        found[name] = [statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0]
    found["beside"] = runs[0]["beside"]
    best = min(found["beside"]["naive_mse"], found["beside"]["seasonal_naive_mse"])
    found["not_worse_than_naive"] = found["mse"][0] <= best
    return found


def group(name: str, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the mean over the horizons, for the seeds of which all horizons are there."""
    must, aim, published = GROUPS[name]
    by_horizon = [{one["seed"]: one["mse"] for one in runs.get(f"{name}-{horizon}", [])} for horizon in HORIZONS]
    seeds = sorted(set.intersection(*map(set, by_horizon)))
    means = [float(np.mean([scores[seed] for scores in by_horizon])) for seed in seeds]
    found: dict[str, Any] = {"must": must, "aim": aim, "published": published, "seeds": seeds}
    if means:
        found |= {"mse": statistics.mean(means), "std": statistics.stdev(means) if len(means) > 1 else 0.0}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--threads", type=int, help="threads of torch; all processors if not said")
    arguments = parser.parse_args()
    if arguments.threads is not None:
        import torch

        torch.set_num_threads(arguments.threads)
    unknown = [name for name in arguments.rows if name not in ROWS]
    if unknown:
        parser.error(f"unknown row {unknown[0]}; known are {', '.join(ROWS)}")
    run(arguments.rows or list(ROWS), arguments.data, arguments.seeds)


if __name__ == "__main__":
    main()
