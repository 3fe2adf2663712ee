"""Forecasts of small tables: `python benchmarks/small_tables.py [TABLE ...]` writes results/small-tables.json.

Six tables that come with statsmodels, each with its order of time, are trained as `bigru train TABLE --task forecast
--horizon N` trains them, with every default, and scored once on the last fifth. Beside them stand the linear map that
the run fits itself, the rules, and a plain ridge regression of scikit-learn that knows none of our choices.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from provenance import commit, machine, versions

from bigru.readers.reading import Reading
from bigru.tables.timetable import TimeTable, read_timetable

RESULT = Path(__file__).parent / "results" / "small-tables.json"

LIMIT = 0.03
"""Share of the error by which a model may be behind the best of what stands beside it."""

STRENGTHS = np.logspace(-4, 4, 17)
"""Penalties of the plain ridge regression, of which dev chooses one."""

FIGURES = ("mse", "mae", "coverage_90", "width_90")
RULES = ("naive", "seasonal_naive", "ridge")


@dataclass(frozen=True)
class Table:
    """One line of the results.

    Attributes:
        rows: makes the lines of a CSV file of what statsmodels holds.
        horizon: rows to forecast.
    """

    rows: Callable[[Any], Any]
    horizon: int


def quarters(frame: Any) -> Any:
    """Return a frame whose columns of year and quarter are one of times."""
    named = [f"{int(year)}Q{int(quarter)}" for year, quarter in zip(frame["year"], frame["quarter"], strict=True)]
    return frame.drop(columns=["year", "quarter"]).set_axis(named, axis=0).rename_axis("date").reset_index()


def months(frame: Any) -> Any:
    """Return a frame of years by twelve months as one of months."""
    import pandas as pd

    values = frame.iloc[:, 1:].to_numpy().ravel()
    first = int(frame.iloc[0, 0])
    named = [f"{first + n // 12}-{n % 12 + 1:02}" for n in range(len(values))]
    return pd.DataFrame({"date": named, "temperature": values})


def monthly_means(frame: Any) -> Any:
    """Return the means of the months of weekly rows, those without a value from their neighbours."""
    return frame.resample("MS").mean().interpolate().rename_axis("date").reset_index()


def whole_years(frame: Any) -> Any:
    """Return a frame whose first column, years, is of whole numbers."""
    return frame.astype({frame.columns[0]: int})


TABLES = {
    "co2": Table(monthly_means, 12),
    "elnino": Table(months, 12),
    "interest_inflation": Table(quarters, 4),
    "macrodata": Table(quarters, 8),
    "nile": Table(whole_years, 6),
    "sunspots": Table(whole_years, 6),
}


def load(name: str, folder: Path) -> TimeTable:
    """Write a table of statsmodels as a file, and read it as the command line does."""
    import statsmodels.datasets

    path = folder / f"{name}.csv"
    frame = getattr(statsmodels.datasets, name).load_pandas().data
    TABLES[name].rows(frame).to_csv(path, index=False)
    return read_timetable(path, Reading())


def train(table: TimeTable, horizon: int, seed: int) -> dict[str, Any]:
    """Train and score one seed of a table, with every default of `bigru train`."""
    import bigru

    began = time.perf_counter()
    made = bigru.train(table, horizon=horizon, seed=seed)
    seconds = time.perf_counter() - began
    dev, test = ({score.name: score.value for score in made.reports[part].scores} for part in ("dev", "test"))
    facts = made.metrics["training"]
    return {
        "seed": seed,
        "dev": {name: dev[name] for name in ("mse", "mae", "ridge_mse")},
        **{name: test[name] for name in FIGURES},
        "beside": {f"{rule}_{name}": test[f"{rule}_{name}"] for rule in RULES for name in ("mse", "mae")},
        **{name: facts[name] for name in ("network_share", "normalise", "linear", "linear_rule", "windows")},
        "seconds": round(seconds, 1),
    }


def plain_ridge(table: TimeTable, horizon: int) -> dict[str, float]:
    """Score scikit-learn's ridge regression of the look-back less its last value, one for all targets."""
    from sklearn.linear_model import Ridge

    from bigru.tasks import forecast
    from bigru.train.forecast import find_roles, plan_forecast

    plan = plan_forecast(table, find_roles(table.columns, {}), horizon)
    parts: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for name, cuts in plan.cuts.items():
        every = np.arange(len(cuts))
        x = forecast.featurise(plan.config, cuts).batch(every)[0].swapaxes(1, 2).astype(np.float64)
        y = forecast.targets(plan.config, cuts).batch(every)[0].swapaxes(1, 2)
        last = x[:, :, -1:]
        parts[name] = ((x - last).reshape(-1, x.shape[2]), y.reshape(-1, horizon), last.reshape(-1, 1))

    def error(model: Any, part: str, power: int) -> float:
        x, y, last = parts[part]
        return float((np.abs(model.predict(x) + last - y) ** power).mean())

    x, y, last = parts["train"]
    models = [Ridge(alpha=strength).fit(x, y - last) for strength in STRENGTHS]
    best = min(models, key=lambda model: error(model, "dev", 2))
    return {"mse": error(best, "test", 2), "mae": error(best, "test", 1), "alpha": float(best.alpha)}


def run(names: list[str], seeds: list[int]) -> None:
    """Run tables, seed by seed, and write the file whenever one is done."""
    at = commit()
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            table, horizon = load(name, Path(folder)), TABLES[name].horizon
            runs = [train(table, horizon, seed) for seed in seeds]
            write(name, summary(table, horizon, runs, plain_ridge(table, horizon)) | {"versions": versions(at)})


def summary(table: TimeTable, horizon: int, runs: list[dict[str, Any]], ridge: dict[str, float]) -> dict[str, Any]:
    """Return a table's figures: mean and deviation over seeds, what stands beside, and who is ahead."""
    found: dict[str, Any] = {"rows": len(table), "columns": len(table.columns), "horizon": horizon}
    for name in FIGURES:
        values = [one[name] for one in runs]
        found[name] = [statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0]
    beside = runs[0]["beside"] | {"plain_ridge_mse": ridge["mse"], "plain_ridge_mae": ridge["mae"]}
    best = min(value for name, value in beside.items() if name.endswith("_mse"))
    return found | {
        "beside": beside,
        "behind_the_best": found["mse"][0] / best - 1,
        "never_behind_by_over_3_percent": found["mse"][0] <= (1 + LIMIT) * best,
        "ahead_of_all": found["mse"][0] < best,
        "machine": machine(),
        "runs": runs,
    }


def write(name: str, found: dict[str, Any]) -> None:
    """Put one table into the result file, the others left as they are."""
    known = json.loads(RESULT.read_text(encoding="utf-8"))["tables"] if RESULT.exists() else {}
    known = {key: value for key, value in (known | {name: found}).items() if key in TABLES}
    result = {
        "protocol": "70/10/20 % in the order of time, defaults of bigru train; in units of train's deviation",
        "command": "python benchmarks/small_tables.py",
        "tables": dict(sorted(known.items())),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(
        f"{name}: mse {found['mse'][0]:.4f}, {100 * found['behind_the_best']:+.1f} % to the best beside it; "
        f"90 % intervals hold {100 * found['coverage_90'][0]:.0f} %",
        file=sys.stderr,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(arguments.threads)
    for name in arguments.tables:
        if name not in TABLES:
            parser.error(f"TABLE must be one of {', '.join(TABLES)}, got {name!r}")
    run(arguments.tables or list(TABLES), arguments.seeds)


if __name__ == "__main__":
    main()
