"""A table with time to a scored forecaster: plan, train, calibrate intervals, score beside naive rules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import ArgumentError, argument, first_names, sentence
from ...readers.reading import Reading
from ...readers.table import Table
from ...runtime.forecaster import Forecaster
from ...tables.columns import table_of_file, table_of_frame
from ...tables.times import TimeStep
from ...tables.timetable import Series, TimeTable, from_table
from ...tasks import forecast
from ...tasks.forecast import describe_outliers
from ..forecast import OPTIONS, ForecastPlan, is_constant, plan_forecast, to_data
from .request import Request, Say
from .settings import to_settings
from .trained import Trained, training_metrics

__all__ = ["Roles", "check_request", "describe", "read_table", "train_table"]

Roles = Mapping[str, tuple[str, ...]]
"""Columns of a table by role, as of `bigru.train.forecast.find_roles`."""

SHOWN = 8
"""Columns that are named before they are only counted."""

LABELLED = ("text", "label", "labels", "scheme", "layout", "group", "features")
"""What is decided of labelled data alone."""


def check_request(request: Request, dev: Any, test: Any) -> None:
    """Refuse what a forecast has no use for, rather than pass over it.

    Raises:
        ArgumentError: it is given; or the horizon is not.
    """
    given: dict[str, Any] = {"dev": dev, "test": test}
    given |= {name: request.settings.get(name) for name in ("vectors", "lexicon", "init", "keep", "forget")}
    given["plain"] = request.plain
    reading = request.reading.given()
    given |= {f"reading.{name}": value for name, value in reading.items() if name in LABELLED}
    for name, value in given.items():
        if value is not None:
            divided = argument("settings.split", 0.7, 0.1, 0.2)
            remedy = f"One table is divided in time: {divided}." if name in ("dev", "test") else ""
            typed = ",".join(value) if isinstance(value, tuple) else str(value)
            got = "given" if isinstance(value, bool) else repr(typed)
            shown = argument(name, value) if isinstance(value, bool) else argument(name)
            raise ArgumentError(sentence("train", shown, "left out for a forecast", got, remedy))
    if request.settings.get("horizon") is None:
        raise ArgumentError(sentence("train", argument("horizon"), "given for a forecast, in rows", "nothing"))


def read_table(data: Any, roles: Roles, reading: Reading, where: str = "train") -> tuple[TimeTable, Roles]:
    """Return a table with time, and the roles of its columns with the targets settled.

    Args:
        data: a path; a pandas, Polars or PyArrow frame; numbers [N] or [N, C] of rows one step apart, whose columns are
            numbered from 1; a `Table` of cells, or a `TimeTable`.
        roles: columns by role; without targets all that have no other role are.
        reading: how times, series and numbers are read.
        where: what errors about arrays begin with.

    Raises:
        DataError: the table cannot be used as it is.
        ArgumentError: the data are none of these, or a column of an array does not exist.
    """
    if isinstance(data, TimeTable):
        return data, roles if roles["targets"] else {**roles, "targets": data.columns}
    if isinstance(data, np.ndarray | list):
        return _of_array(data, roles, where)
    found = data if isinstance(data, Table) else _cells(data, reading)
    covariates = (*roles["past"], *roles["known"])
    options: dict[str, Any] = {"ahead": roles["known"]}
    if not roles["targets"]:
        table = from_table(found, reading, **options)
        roles = {**roles, "targets": tuple(name for name in table.columns if name not in covariates)}
        if not covariates:
            return table, roles
    return from_table(found, reading, columns=(*roles["targets"], *covariates), **options), roles


def _cells(data: Any, reading: Reading) -> Table:
    return table_of_file(os.fspath(data), reading) if isinstance(data, str | os.PathLike) else table_of_frame(data)


def describe(table: TimeTable, say: Say) -> None:
    """Say what was read."""
    inferred = ", ".join(f"{name} {value}" for name, value in table.inferred.items())
    say(f"{table.source}: {len(table):,} rows; {inferred}")


def train_table(table: TimeTable, roles: Roles, request: Request) -> Trained:
    """Train on the first rows of a table, choose the epoch on the next, score on the last.

    Args:
        table: its columns are the targets, the past and the known covariates, in this order.
        roles: of the columns.
        request: what is asked for.

    Raises:
        BigruError: the data, a setting or the training is at fault; see what is called here.
    """
    made = plan_forecast(table, roles, request.settings["horizon"], request.chosen)
    _describe(made, table, request.say)
    # torch is imported here, when nothing can be wrong any more that it is not needed to see.
    from ..export import export
    from ..forecast_blend import blend_with_linear, calibrate_intervals
    from ..loop.fit import fit
    from ..loop.job import TrainingJob

    job = TrainingJob(forecast, made.config, made.network, *to_data(made), made.training, **request.running)
    fitted = fit(job)
    kept = blend_with_linear(made, fitted)
    counts = {name: len(cuts) for name, cuts in made.cuts.items()}
    facts = {"windows": counts["train"], **made.ridge.to_json(), "network_share": kept.share}
    arguments = (forecast, made.config, made.model, kept.weights, made.cuts["dev"])
    card = request.card or _card(table, counts, fitted.seconds)
    bundle = export(*arguments, metrics={"training": training_metrics(fitted, facts)}, card=card)
    bundle = calibrate_intervals(bundle, made.cuts["dev"], kept.earlier)
    judge = Forecaster(bundle)
    parts = ("dev", "test") if request.score else ()
    reports = {name: judge.score(made.cuts[name]) for name in parts if made.cuts[name]}
    metrics = bundle.metrics | {name: report.to_json() for name, report in reports.items()}
    return Trained(
        model=Forecaster(replace(bundle, metrics=metrics)),
        reports=reports,
        settings=_settings(made),
        inferred=table.inferred,
        remarks=(str(kept),),
        history=fitted.history,
    )


def _settings(made: ForecastPlan) -> dict[str, Any]:
    """Return every setting with the value that it had."""
    features, training = made.config.features, made.training
    places = (features, made, training, training.augment, made.model, made.model.encoder, made.config)
    return to_settings((*OPTIONS, "horizon", "targets"), *places)


def _describe(made: ForecastPlan, table: TimeTable, say: Say) -> None:
    """Say what was decided, and what is odd about the windows."""
    model, features = made.model, made.config.features
    say(f"forecasts {model.horizon} rows of {first_names(made.config.labels, SHOWN)} from {model.lookback} rows before")
    for role, columns in (("known in the past", features.past), ("known in the future", features.known)):
        if columns:
            say(f"reads {first_names(columns, SHOWN)} beside them, {role}")
    together = "read together" if model.joint else "each by itself"
    say(
        f"GRU of {model.encoder.hidden} units over segments of {model.segment} rows, directions: "
        f"{model.encoder.direction}; targets {together}, a season is {features.season} rows"
    )
    used = {id(cut.series) for cut in made.cuts["train"]}
    still = [series.id for series in table.series if is_constant(made.config, series)]
    if still:
        say(f"constant, answered by their value: series {first_names(still, SHOWN)}")
    short = [series.id for series in table.series if id(series) not in used and series.id not in still]
    if short:
        say(f"too short to learn from, only scaled: series {first_names(short, SHOWN)}")
    say(f"linear map: {made.ridge}")
    windows = ", ".join(f"{len(cuts):,} {name}" for name, cuts in made.cuts.items())
    say(f"windows in the order of time: {windows}")
    for name in ("dev", "test"):
        far = describe_outliers(made.config, made.cuts[name])
        if far:
            say(f"{name}: {far}")


def _card(table: TimeTable, counts: Mapping[str, int], seconds: float) -> str:
    rows = [f"- {len(table):,} rows, one every {table.step}"]
    rows += [f"- {name}: {n:,} windows" for name, n in counts.items()]
    return "\n".join([*rows, f"\nTrained in {seconds:.0f} s. The licence of the data is its owner's matter."])


def _of_array(X: Any, roles: Roles, where: str) -> tuple[TimeTable, Roles]:
    """Return an array as a table of one series whose columns are numbered from 1."""
    values = np.asarray(X)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.dtype.kind not in "iuf" or not values.size:
        got = f"{values.dtype} of shape {list(values.shape)}"
        raise ArgumentError(sentence(where, "X", "a frame, or numbers [N] or [N, C]", got))
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        raise ArgumentError(sentence(where, f"X[{row}, {column}]", "a finite number", values[row, column]))
    columns = tuple(str(n) for n in range(1, values.shape[1] + 1))
    covariates = (*roles["past"], *roles["known"])
    targets = roles["targets"] or tuple(name for name in columns if name not in covariates)
    order = (*targets, *covariates)
    missing = next((name for name in order if name not in columns), None)
    if missing is not None:
        raise ArgumentError(sentence(where, "columns of X", ", ".join(order), f"none for {missing!r}"))
    numbers = values.astype(np.float64)[:, [columns.index(name) for name in order]]
    rows = np.arange(len(values))
    series = Series("", rows, numbers, rows + 1)
    return TimeTable([series], order, TimeStep("row", 1), "", "X"), {**roles, "targets": targets}
