"""`bigru train`: files to a saved and honestly scored model."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bundle.folder import FILES
from ..config import LOGGERS
from ..errors import ArgumentError, BundleError, MissingExtraError, check_choice, sentence
from ..readers.reader import read
from ..readers.reading import Reading
from ..readers.roles import columns_by_role
from .settings import check_values, duration, settings
from .show import Say, describe, note, pace, scores, silence
from .streams import emit

if TYPE_CHECKING:
    from ..bundle import Bundle
    from ..metrics.score import Report
    from ..readers.examples import Examples
    from .pipeline import Parts

__all__ = [
    "Files",
    "Request",
    "check_checkpoint",
    "check_folder",
    "check_packages",
    "chosen_of",
    "conclude",
    "figures",
    "train",
    "was_saved",
]


CONFIG = "config.json"
"""The file without which a folder holds no model."""


KEPT = ("training", "plain")
"""What is printed of metrics.json beside the scores."""

ASKED = {"text": "TEXT", "tokens": "FILE", "series": "FILE", "audio": "RECORDING"}
"""What a model is asked about, by the kind of input."""


@dataclass(frozen=True)
class Files:
    """The data of a training and how they are read."""

    data: Path
    dev: Path | None = None
    test: Path | None = None
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True)
class Request:
    """Everything that `bigru train` was asked for.

    Attributes:
        files: the data.
        out: folder of the model, of the checkpoint while it trains, and of logs.
        force: whether a model there is replaced.
        resume: whether to go on from the checkpoint there.
        chosen: settings that have an option of their own, None where it was not given.
        config, sets: further settings, as of `--config` and `--set`.
        vectors: file of vectors to start from.
        loggers: of "csv" and "tensorboard".
        quiet: whether only errors are said.
        plain: whether the plain model of the task stands beside; None: within bounds of time.
    """

    files: Files
    out: Path
    force: bool
    resume: bool
    chosen: dict[str, Any]
    config: Path | None
    sets: list[str]
    vectors: Path | None
    loggers: list[str]
    quiet: bool
    plain: bool | None = None

    def __post_init__(self) -> None:
        for name in self.loggers:
            check_choice("train", "loggers", name, LOGGERS)
        if "tensorboard" in self.loggers:
            check_packages("logging for TensorBoard", "tensorboard", extra="logs")


def train(request: Request) -> None:
    """Train, score and save; print the scores as one JSON object on stdout."""
    check_packages("training", "torch", "sklearn")
    from ..train import checkpoint

    out, say = request.out, silence if request.quiet else note
    options = _settings(request) | chosen_of(request.chosen)
    if was_saved(request):
        return
    check_folder(out, request.force)
    check_checkpoint(request)
    parts = _read(request.files, say)
    from .pipeline import learn

    with checkpoint.alone(out):
        if request.force and not request.resume:
            checkpoint.remove(out)
        judged = learn(
            parts,
            options,
            folder=out,
            resume=request.resume,
            loggers=request.loggers,
            vectors=request.vectors,
            strict=request.files.reading.strict,
            progress="silent" if request.quiet else "auto",
            say=say,
            plain=request.plain,
        )
        asked = (ASKED[parts.train.kind], "FILE")
        conclude(request, judged.bundle, judged.reports, scores, asked, judged.remarks)


def conclude(
    request: Request,
    bundle: Bundle,
    reports: Mapping[str, Report],
    show: Callable[[Report, str], None],
    asked: tuple[str, str],
    remarks: Sequence[str] = (),
) -> None:
    """Save what was learnt, show its scores, and say what to type next.

    Args:
        request: what was asked for.
        bundle: the model.
        reports: its scores by part.
        show: prints the scores of a part for people.
        asked: what `bigru predict` and `bigru evaluate` may be given.
        remarks: what is to be said of the scores.
    """
    from ..bundle import save
    from ..train import checkpoint

    out, say = request.out, silence if request.quiet else note
    save(bundle, out, request.force)
    checkpoint.remove(out)
    if not request.quiet:
        for name, report in reports.items():
            show(report, f"{name} (it chose the epoch)" if name == "dev" else name)
    for remark in remarks:
        say(remark)
    pace(bundle.metrics["training"], say)
    say(f"The model is in {out}. Next:")
    for command, input in zip(("predict", "evaluate"), asked, strict=True):
        say(f"  bigru {command} {out} {input}")
    facts = {"model": str(out)} | {name: bundle.metrics[name] for name in KEPT if name in bundle.metrics}
    emit(facts | {name: figures(report) for name, report in reports.items()})


def figures(report: Report) -> dict[str, Any]:
    """Return the scores without the tables behind them, which metrics.json holds."""
    whole = report.to_json()
    return {name: whole[name] for name in (*(score.name for score in report.scores), "intervals", "signature")}


def check_packages(purpose: str, *names: str, extra: str = "train") -> None:
    """Raise MissingExtraError unless all packages are installed, without importing them."""
    for name in names:
        if find_spec(name) is None:
            raise MissingExtraError(name, extra, purpose)


def check_folder(out: Path, force: bool) -> None:
    """Find out before the training whether its result can be written.

    Raises:
        BundleError: a file or a model is in the way, or nothing can be written there.
    """
    if out.exists() and not out.is_dir():
        raise BundleError(sentence(str(out), "--out", "a folder or new", "a file"))
    taken = [name for name in FILES if (out / name).exists()]
    if taken and not (force and CONFIG in taken):
        ours = CONFIG in taken
        got = f"a folder with {'a model' if ours else taken[0]}"
        remedy = f"{'Replace it with --force, or name' if ours else 'Name'} another folder with --out."
        raise BundleError(sentence(str(out), "--out", "free for the model", got, remedy))
    place = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise BundleError(sentence(str(out), "--out", "a place that can be written", error.strerror)) from None


def check_checkpoint(request: Request) -> None:
    """Find out before anything is read whether there is a checkpoint to go on from, or one in the way.

    Raises:
        TrainingError: there is none to resume, or one although nothing is resumed.
    """
    from ..train import checkpoint

    started = checkpoint.started(request.out)
    if request.resume and not started:
        checkpoint.refuse_missing(request.out)
    if started and not (request.resume or request.force):
        checkpoint.refuse_taken(request.out)


def was_saved(request: Request) -> bool:
    """Tell whether the training to resume had saved its model before it was ended, and finish what was left to do.

    Between the model's last file and the checkpoint's removal lies a moment in which a process may be killed.
    """
    from ..train import checkpoint

    out = request.out
    if not request.resume or not (out / CONFIG).exists() or not checkpoint.exists(out):
        return False
    from ..bundle import load

    metrics = load(out).metrics
    facts, run = metrics.get("training"), checkpoint.load(out, note)["run"]
    best = run["best"] or {"score": None, "epoch": len(run["history"])}
    facts = facts if isinstance(facts, dict) else {}
    # Where a linear part was joined to the network, the checkpoint knows the network's score alone.
    found = [facts.get("steps"), facts.get("network_score", facts.get("best_score")), facts.get("best_epoch")]
    same = found == [run["step"], best["score"], best["epoch"]]
    if not (same and run["finished"]):
        return False
    with checkpoint.alone(out):
        checkpoint.remove(out)
    if not request.quiet:
        note(f"The training had ended, and its model is in {out}.")
    reports = {name: metrics[name] for name in ("dev", "test") if name in metrics}
    kept = {name: metrics[name] for name in KEPT if name in metrics}
    emit({"model": str(out)} | kept | {name: _shortened(report) for name, report in reports.items()})
    return True


def _shortened(report: dict[str, Any]) -> dict[str, Any]:
    """Return of a report what `figures` prints."""
    return {name: report[name] for name in (*report["signature"], "intervals", "signature") if name in report}


def _settings(request: Request) -> dict[str, Any]:
    """Return the settings of `--config` and `--set`; only where there are any it is looked up which exist."""
    if request.config is None and not request.sets:
        return {}
    from ..train.recipes import OPTIONS

    return settings(OPTIONS, request.config, request.sets)


def chosen_of(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return the settings given by options of their own, the time in seconds.

    Raises:
        ArgumentError: a value does not fit.
    """
    given = {name: value for name, value in chosen.items() if value is not None}
    given |= {"time": duration(given["time"])} if "time" in given else {}
    check_values(given)
    return given


def _read(files: Files, say: Say) -> Parts:
    """Read all files the way that the training data turned out to be, and say what was found."""

    def part(path: Path, reading: Reading) -> Examples:
        found = read(path, reading)
        describe(found, say)
        return found

    train = part(files.data, files.reading)
    many = train.multi_label if train.task == "classify" else None
    if files.dev is not None and files.reading.group is not None:
        remedy = "Nothing is held out then."
        raise ArgumentError(sentence("train", "--group", "left out with --dev", repr(files.reading.group), remedy))
    like = columns_by_role(train.roles)
    known = files.reading.but(task=train.task, scheme=train.scheme, multi_label=many, like=like, group=None)
    dev, test = (None if path is None else part(path, known) for path in (files.dev, files.test))
    for other in (dev, test):
        if other is not None and other.kind != train.kind:
            raise ArgumentError(sentence(other.source, "data", f"{train.kind}, as in {train.source}", other.kind))
    from .pipeline import Parts

    return Parts(train, dev, test)
