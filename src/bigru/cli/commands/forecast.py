"""Forecasts on the command line: scores beside naive rules, and the rows that follow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...readers.reading import Reading
from ...readers.table import Table as Cells
from ..show import Say, print_note, print_table
from ..streams import answer_json, print_json

if TYPE_CHECKING:
    from ...metrics.score import Report
    from ...runtime.forecaster import Forecaster

__all__ = ["doctor", "predict", "scores_of_forecasts"]

RIVALS = {"naive": "naive", "seasonal_naive": "seasonal naive", "ridge": "linear map"}
"""What a forecaster is compared with, by the beginning of the names of its scores."""


def scores_of_forecasts(report: Report, title: str, say: Say = print_note) -> None:
    """Print the scores of a forecaster and those of rules and of a linear map, its intervals, and who is ahead."""
    values = {score.name: score.value for score in report.scores}
    names = ("mse", "mae", "mase", "pinball")
    whose = {"BiGRU": "", **{who: f"{rule}_" for rule, who in RIVALS.items() if f"{rule}_mse" in values}}
    rows = [(who, *(f"{values[prefix + name]:.4f}" for name in names)) for who, prefix in whose.items()]
    print_table([(title, "MSE", "MAE", "MASE", "pinball"), *rows])
    for name in values:
        if name.startswith("coverage_"):
            level = name.removeprefix("coverage_")
            say(f"{level} % intervals hold {100 * values[name]:.1f} % of what came")
    best = min((rule for rule in RIVALS if f"{rule}_mse" in values), key=lambda rule: values[f"{rule}_mse"])
    gain = 100 * (1 - values["mse"] / values[f"{best}_mse"]) if values[f"{best}_mse"] else 0.0
    rule = RIVALS[best] + ("" if best == "ridge" else " rule")
    if gain > 0:
        say(f"The error (MSE) is {gain:.1f} % below that of the {rule}.")
    elif gain == 0:
        say(f"The error (MSE) is that of the {rule}.")
    else:
        remedy = "" if best == "ridge" else ": use it instead of this model"
        say(f"The {rule} is better by {-gain:.1f} % (MSE){remedy}.")
    say(f"signature: {report.scores[0].signature}")


def predict(model: Forecaster, data: Path, plain: bool, picture: Path | None, how: Reading) -> None:
    """Print what follows each series of a table: one JSON object per line, or a drawing with `--plain`."""
    from ..plots import forecast

    found = model.read(data, how)
    answers = model.predict(found)
    for series, answer in zip(found.series, answers, strict=True):
        if "note" in answer:
            print_note(f"{data}{f', series {series.id!r}' if series.id else ''}: {answer['note']}")
        if plain:
            print(forecast.forecast_text(series, answer, found.columns))
        else:
            print(answer_json(answer), flush=True)
    if picture is not None:
        picture.write_text(forecast.forecast_svg(found.series[0], answers[0], found.columns), encoding="utf-8")
        print_note(f"The picture is in {picture}.")


def doctor(data: Cells, how: Reading) -> int:
    """Print what is wrong with a table with time, a table of its columns, and the command to type next; on stdout the
    summary as JSON. Return 1 if training refuses the table as it is."""
    from ...tables.doctor import HARMFUL, examine_table

    findings, summary = examine_table(data, how)
    inferred = ", ".join(f"{name} {value}" for name, value in summary["inferred"].items())
    print_note(f"{data.source}: {summary['rows']:,} rows; {inferred}")
    print_table([("column", "role"), *((name or "(no name)", role) for name, role in summary["columns"].items())])
    for finding in findings:
        print_note(str(finding))
    kinds = summary["findings"]
    if kinds:
        print_table([("finding", "times", "hurts"), *((k, n, "yes" if k in HARMFUL else "") for k, n in kinds.items())])
    else:
        print_note("No findings.")
    print_note("Next:")
    print_note(f"  {summary['next']}")
    print_json(summary)
    return int(any(kind in HARMFUL for kind in kinds))
