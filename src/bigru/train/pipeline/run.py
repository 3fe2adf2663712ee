"""`bigru.train`: from data to a scored, verified and, if wanted, saved model."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from ...errors import ArgumentError, MissingExtraError, argument, refusal, sentence, spell_arguments
from ...readers.examples import Examples
from ...readers.reading import Reading
from ...readers.summary import describe
from ...tasks.examples import check_reading, examples_of, further, is_forecast
from ..start.settings import check_start
from .checks import check_examples
from .folder import check_target, load_finished, reserve, save_model
from .request import APART, Progress, Request, Say, discard
from .settings import Settings, check_settings
from .soft import check_soft_settings

if TYPE_CHECKING:
    from .trained import Trained

__all__ = ["check_packages", "train"]

UNREAD = Reading()

OF_FORECASTS = ("targets", "horizon", "lookback")
"""Settings that say that a table with time is forecast."""


@spell_arguments("python")
def train(
    data: Any,
    *,
    dev: Any = None,
    test: Any = None,
    reading: Reading = UNREAD,
    out: str | os.PathLike[str] | None = None,
    force: bool = False,
    resume: bool = False,
    plain: bool | None = None,
    card: str = "",
    say: Say = discard,
    progress: Progress = "silent",
    **settings: Unpack[Settings],
) -> Trained:
    """Train a model on labelled data, or a forecaster on a table with time, score it and verify it.

    It does what `bigru train` does and prints nothing. Where something is wrong it says so in the same sentences, with
    the names of arguments instead of options.

        bigru.train("reviews.csv", out="model", hidden=64, epochs=5).dev["accuracy"]

    Args:
        data: what to learn from: a path; a pair (X, y) of N inputs (texts, lists of tokens, series [T, I], recordings)
            and their labels; a frame (pandas, Polars, PyArrow); a split of a Hugging Face data set; or `Examples`.
            For a forecast a path, a frame, numbers [N] or [N, C], or a `TimeTable`.
        dev: examples that choose the best epoch; without them a tenth of `data` is held out.
        test: examples that are scored once, at the end.
        reading: what is decided about task and columns; what is left open is inferred from the data.
        out: folder for the model, and for checkpoint and logs while it trains; None writes nothing.
        force: whether a model in that folder is replaced.
        resume: whether to continue the training that was stopped in that folder.
        plain: whether the plain model of the task is fitted for comparison; None: where that takes seconds.
        card: Markdown on the data for the model card; "" says what was read.
        say: gets every line on what was read, found and decided.
        progress: gets a `bigru.train.loop.display.Update` when an epoch has ended and a few times a second in between;
            or "auto", "live" or "plain" to show it on stderr.
        settings: see `Settings`; those of model and training overrule the recipe, `horizon` (rows) and `targets`
            (columns) are those of a forecast, `vectors` is a file to start from, `lexicon` words that the model knows
            (a file, "jieba", several of these, or a mapping from words to categories), `init` the folder of a model to
            start from, or the name of a shipped one, `keep` old rows to learn beside the new ones, `forget` what old
            classes may lose (`Trained.forgetting`), `rehearsal` what the old model's answers count beside the new
            labels, `loggers` are "csv" and "tensorboard".

    Raises:
        ArgumentError: an argument or a setting does not fit.
        DataError: the data cannot be used; the text names file and line.
        BundleError: the folder cannot take the model.
        TrainingError: the training cannot go on, or Ctrl-C was pressed and a checkpoint is kept in `out`.
        VerificationError: engines disagree about the model; it is not saved.
        MissingExtraError: torch is not installed.
        KeyboardInterrupt: Ctrl-C was pressed and there is no folder for a checkpoint.
    """
    check_packages("training", "torch", "sklearn")
    given = {name: value for name, value in settings.items() if value is not None}
    request = Request(
        settings=given,
        reading=reading,
        out=None if out is None else Path(out),
        force=force,
        resume=resume,
        plain=plain,
        card=card,
        say=say,
        progress=progress,
    )
    if _is_forecast(data, request):
        return _forecast(data, dev, test, request)
    return _labelled(data, dev, test, request)


def check_packages(purpose: str, *names: str, extra: str = "train") -> None:
    """Raise MissingExtraError unless all packages are installed, without importing them."""
    for name in names:
        if find_spec(name) is None:
            raise MissingExtraError(name, extra, purpose)


def _is_forecast(data: Any, request: Request) -> bool:
    """Tell whether a table with time is to be forecast."""
    if request.reading.task is not None:
        return is_forecast(request.reading)
    if not isinstance(data, str | os.PathLike):
        from ...tables.timetable import TimeTable

        if isinstance(data, TimeTable | np.ndarray):
            return True
    return any(name in request.settings for name in OF_FORECASTS)


def _forecast(data: Any, dev: Any, test: Any, request: Request) -> Trained:
    from .. import forecast
    from . import forecasts

    forecasts.check_request(request, dev, test)
    check_settings((*forecast.OPTIONS, "horizon", "targets", "vectors", "loggers"), request.settings)
    done = load_finished(request)
    if done is not None:
        return done
    check_target(request)
    roles = forecast.find_roles(request.settings.get("targets"), request.settings)
    table, found = forecasts.read_table(data, roles, request.reading)
    forecasts.describe(table, request.say)
    with reserve(request):
        return save_model(forecasts.train_table(table, found, request), request)


def _labelled(data: Any, dev: Any, test: Any, request: Request) -> Trained:
    given: dict[str, Any] = {name: request.settings.get(name) for name in OF_FORECASTS}
    for name, value in (given | {"reading.fill": request.reading.fill}).items():
        if value is not None:
            raise ArgumentError(refusal("train", argument(name), "where nothing is forecast", repr(value)))
    if request.settings:
        from ..recipes import OPTIONS

        check_settings((*OPTIONS, *APART), request.settings)
        check_soft_settings(request.settings)
    asked, request = request.reading, _start(request)
    done = load_finished(request)
    if done is not None:
        return done
    check_target(request)
    train, others = _read(data, dev, test, request, asked)
    with reserve(request):
        train = check_examples(train, request)
        if "keep" in others:
            others["keep"] = check_examples(others["keep"], request)
        from .labelled import Parts, train_examples

        return save_model(train_examples(Parts(train, **others), request), request)


def _start(request: Request) -> Request:
    """Return the request with what the training starts from opened, before the data are read."""
    check_start(request.settings, request.out)
    init = request.settings.get("init")
    if init is None:
        return request
    from ..start.kinds import open_start

    start = open_start(init)
    start.check_settings(request.settings)
    return replace(request, start=start, reading=start.reading(request.reading))


def _read(data: Any, dev: Any, test: Any, request: Request, asked: Reading) -> tuple[Examples, dict[str, Examples]]:
    """Read all parts the way that the training data turned out to be, and say what was found.

    `asked` is what the user decided of that; the request knows what a model to start from decides, too.
    """
    reading = request.reading

    def part(given: Any, reading: Reading, source: str) -> Examples:
        check_reading(given, asked)
        found = examples_of(given, reading, kind=None if request.start is None else request.start.kind, source=source)
        describe(found, request.say)
        return found

    train = part(data, reading, "data")
    if dev is not None and reading.group is not None:
        context, remedy = f"with {argument('dev')}", "Nothing is held out then."
        raise ArgumentError(refusal("train", argument("reading.group"), context, repr(reading.group), remedy))
    known = further(train, reading)
    given = {"dev": dev, "test": test, "keep": request.settings.get("keep")}
    others = {name: (one, known.but(group=reading.group) if name == "keep" else known) for name, one in given.items()}
    read = {name: part(one, how, name) for name, (one, how) in others.items() if one is not None}
    for other in read.values():
        if other.kind != train.kind:
            raise ArgumentError(sentence(other.source, "data", f"{train.kind}, as in {train.source}", other.kind))
    return train, read
