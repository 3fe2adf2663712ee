"""Forecasts on the command line: table to model, model to scores, model to the rows that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ArgumentError, sentence
from ..readers.reading import Reading
from ..readers.table import Table as Cells
from ..tables.timetable import TimeTable, read_timetable
from ..tasks.forecast import far_outside
from .options import option_of
from .show import Say, note, silence, table
from .streams import answer_json, emit

if TYPE_CHECKING:
    from ..bundle import Bundle
    from ..metrics.score import Report
    from ..runtime.forecaster import Forecaster
    from .train import Request

__all__ = ["Judged", "Table", "beside", "doctor", "evaluate", "learn", "predict", "refuse", "train"]

RIVALS = {"naive": "naive", "seasonal_naive": "seasonal naive", "ridge": "linear map"}
"""What stands beside a forecaster, by the beginning of the names of its scores."""

SHOWN = 8
"""Columns that are named before they are only counted."""


class Table(NamedTuple):
    """How a table is read, and what is forecast of it; None leaves it to the file."""

    targets: Sequence[str] | None = None
    horizon: int | None = None
    lookback: int | None = None
    fill: str | None = None


class Judged(NamedTuple):
    """A model ready to be saved, and its scores by part."""

    bundle: Bundle
    reports: dict[str, Report]


def train(request: Request, asked: Table) -> None:
    """Train a forecaster on a table, score it beside naive rules, save it; print the scores as one JSON object."""
    from ..train import checkpoint
    from ..train.forecast import OPTIONS, roles_of
    from .settings import settings
    from .train import check_checkpoint, check_folder, check_packages, chosen_of, conclude, was_saved

    check_packages("training", "torch", "sklearn")
    _check_request(request)
    if asked.horizon is None:
        raise ArgumentError(sentence("train", "--horizon", "given for a forecast, in rows", "nothing"))
    out, say = request.out, silence if request.quiet else note
    options = settings(OPTIONS, request.config, request.sets) | chosen_of(request.chosen)
    if asked.lookback is not None:
        options["lookback"] = asked.lookback
    if was_saved(request):
        return
    check_folder(out, request.force)
    check_checkpoint(request)
    roles = roles_of(asked.targets, options)
    files = request.files
    data, roles = read(files.data, roles, files.reading, asked.fill, say)
    with checkpoint.alone(out):
        if request.force and not request.resume:
            checkpoint.remove(out)
        judged = learn(
            data,
            roles,
            asked.horizon,
            options,
            folder=out,
            resume=request.resume,
            loggers=request.loggers,
            progress="silent" if request.quiet else "auto",
            say=say,
        )
        conclude(request, judged.bundle, judged.reports, beside, (f"{files.data} --plain", str(files.data)))


def read(
    path: Path,
    roles: Mapping[str, tuple[str, ...]],
    how: Reading,
    fill: str | None = None,
    say: Say = note,
) -> tuple[TimeTable, dict[str, tuple[str, ...]]]:
    """Read a table, and settle which of its columns are targets."""
    beside = (*roles["past"], *roles["known"])
    columns = (*roles["targets"], *beside) if roles["targets"] else None
    found = read_timetable(path, how, columns=columns, ahead=roles["known"], fill=fill)
    if columns is None:
        targets = tuple(name for name in found.columns if name not in beside)
        if beside:
            found = read_timetable(path, how, columns=(*targets, *beside), ahead=roles["known"], fill=fill)
        roles = {**roles, "targets": targets}
    describe(found, say)
    return found, dict(roles)


def refuse(asked: Table) -> None:
    """Raise ArgumentError for an option that a training on labels has no use for."""
    for name, value in asked._asdict().items():
        if value is not None:
            option = {"targets": "--target"}.get(name, f"--{name}")
            raise ArgumentError(sentence("train", option, "left out where nothing is forecast", repr(value)))


def describe(found: TimeTable, say: Say = note) -> None:
    """Say what was read."""
    inferred = ", ".join(f"{name} {value}" for name, value in found.inferred.items())
    say(f"{found.source}: {len(found):,} rows; {inferred}")


def learn(
    data: TimeTable,
    roles: Mapping[str, tuple[str, ...]],
    horizon: int,
    options: Mapping[str, Any],
    *,
    folder: Path | None = None,
    resume: bool = False,
    loggers: Sequence[str] = (),
    progress: str = "auto",
    say: Say = note,
    card: str = "",
) -> Judged:
    """Train on the first rows of a table, choose the epoch on the next, score on the last; see `pipeline.learn`."""
    from ..train.forecast import data_of, is_constant, plan_forecast

    made = plan_forecast(data, roles, horizon, options)
    model, encoder = made.model, made.model.encoder
    names = made.config.labels
    say(f"forecasts {horizon} rows of {_some(names)} from {model.lookback} rows before")
    features = made.config.features
    for role, columns in (("known in the past", features.past), ("known in the future", features.known)):
        if columns:
            say(f"reads {_some(columns)} beside them, {role}")
    together = "read together" if model.joint else "each by itself"
    say(
        f"GRU of {encoder.hidden} units over segments of {model.segment} rows, directions: {encoder.direction}; "
        f"targets {together}, a season is {made.config.features.season} rows"
    )
    counts = {name: len(cuts) for name, cuts in made.cuts.items()}
    used = {id(cut.series) for cut in made.cuts["train"]}
    still = [series.id for series in data.series if is_constant(made.config, series)]
    if still:
        say(f"constant, answered by their value: series {_some(still)}")
    short = [series.id for series in data.series if id(series) not in used and series.id not in still]
    if short:
        say(f"too short to learn from, only scaled: series {_some(short)}")
    say(f"linear map: {made.ridge}")
    say(f"windows in the order of time: {', '.join(f'{count:,} {name}' for name, count in counts.items())}")
    for name in ("dev", "test"):
        far = far_outside(made.config, made.cuts[name])
        if far:
            say(f"{name}: {far}")
    options = {"folder": folder, "resume": resume, "loggers": loggers, "progress": progress}
    # torch is imported here, when nothing can be wrong any more that it is not needed to see.
    from ..runtime.forecaster import Forecaster
    from ..tasks import forecast
    from ..train.export import export
    from ..train.fit import fit
    from ..train.guard import calibrated, guarded
    from .pipeline import facts_of

    fitted = fit(forecast, made.config, made.network, *data_of(made), made.training, **options)
    kept = guarded(made, fitted)
    say(str(kept))
    facts = {"windows": counts["train"], **made.ridge.to_json(), "network_share": kept.share, **facts_of(fitted)}
    about = card or _card(data, counts, fitted.seconds)
    arguments = (forecast, made.config, model, kept.weights, made.cuts["dev"])
    bundle = export(*arguments, metrics={"training": facts}, card=about)
    bundle = calibrated(bundle, made.cuts["dev"], kept.earlier)
    judge = Forecaster(bundle)
    reports = {name: judge.score(made.cuts[name]) for name in ("dev", "test") if made.cuts[name]}
    metrics = bundle.metrics | {name: report.to_json() for name, report in reports.items()}
    return Judged(replace(bundle, metrics=metrics), reports)


def beside(report: Report, title: str, say: Say = note) -> None:
    """Print the scores of a forecaster beside those of rules and of a linear map, its intervals, and who is ahead."""
    values = {score.name: score.value for score in report.scores}
    names = ("mse", "mae", "mase", "pinball")
    whose = {"BiGRU": "", **{who: f"{rule}_" for rule, who in RIVALS.items() if f"{rule}_mse" in values}}
    rows = [(who, *(f"{values[prefix + name]:.4f}" for name in names)) for who, prefix in whose.items()]
    table([(title, "MSE", "MAE", "MASE", "pinball"), *rows])
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


def evaluate(model: Forecaster, data: Path, stride: int, how: Reading, fill: str | None = None) -> None:
    """Score every origin of a table; one JSON object on stdout, tables on stderr."""
    found = model.read(data, how, fill)
    describe(found)
    cuts = model.cuts(found, stride)
    first = min(cut.series.times[cut.origin] for cut in cuts)
    fresh = not model.config.seen or str(first).replace("T", " ") > model.config.seen
    whose = "all after what training saw" if fresh else "the model was trained on rows of that time, or before it"
    far = far_outside(model.config, cuts)
    if far:
        note(f"{data}: {far}")
    note(f"{len(cuts):,} forecasts, each origin {stride} row{'s' if stride > 1 else ''} after the one before; {whose}")
    report = model.score(cuts)
    beside(report, str(data))
    emit(report.to_json())


def predict(
    model: Forecaster, data: Path, plain: bool, picture: Path | None, how: Reading, fill: str | None = None
) -> None:
    """Print what follows each series of a table: one JSON object per line, or a drawing with `--plain`."""
    from . import chart

    found = model.read(data, how, fill)
    answers = model.predict(found)
    for series, answer in zip(found.series, answers, strict=True):
        if "note" in answer:
            note(f"{data}{f', series {series.id!r}' if series.id else ''}: {answer['note']}")
        if plain:
            print(chart.terminal(series, answer, found.columns))
        else:
            print(answer_json(answer), flush=True)
    if picture is not None:
        picture.write_text(chart.svg(found.series[0], answers[0], found.columns), encoding="utf-8")
        note(f"The picture is in {picture}.")


def doctor(data: Cells, how: Reading) -> int:
    """Print what is wrong with a table with time, a table of its columns, and the command to type next; on stdout the
    summary as JSON. Return 1 if training refuses the table as it is."""
    from ..tables.doctor import HARMFUL, examine_table

    findings, summary = examine_table(data, how)
    inferred = ", ".join(f"{name} {value}" for name, value in summary["inferred"].items())
    note(f"{data.source}: {summary['rows']:,} rows; {inferred}")
    table([("column", "role"), *((name or "(no name)", role) for name, role in summary["columns"].items())])
    for finding in findings:
        note(str(finding))
    kinds = summary["findings"]
    if kinds:
        table([("finding", "times", "hurts"), *((k, n, "yes" if k in HARMFUL else "") for k, n in kinds.items())])
    else:
        note("No findings.")
    note("Next:")
    note(f"  {summary['next']}")
    emit(summary)
    return int(any(kind in HARMFUL for kind in kinds))


def _check_request(request: Request) -> None:
    """Refuse what a forecast has no use for, rather than pass over it."""
    files = request.files
    given: dict[str, Any] = {"--dev": files.dev, "--test": files.test, "--vectors": request.vectors}
    given["--no-plain" if request.plain is False else "--plain"] = request.plain
    left_out = ("text", "label", "labels", "scheme", "layout", "group", "features")
    given |= {option_of(name): value for name, value in files.reading.given().items() if name in left_out}
    for name, value in given.items():
        if value is not None:
            remedy = "One table is divided in time: --set split=0.7,0.1,0.2." if name in ("--dev", "--test") else ""
            typed = ",".join(value) if isinstance(value, tuple) else str(value)
            got = "given" if isinstance(value, bool) else repr(typed)
            raise ArgumentError(sentence("train", name, "left out for a forecast", got, remedy))


def _some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _card(data: TimeTable, counts: Mapping[str, int], seconds: float) -> str:
    rows = [f"- {len(data):,} rows, one every {data.step}", *(f"- {name}: {n:,} windows" for name, n in counts.items())]
    return "\n".join([*rows, f"\nTrained in {seconds:.0f} s. The licence of the data is its owner's matter."])
