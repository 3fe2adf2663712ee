"""The models of a server: what each is, what it answers, and its folder, which may be replaced at any time."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..bundle import ANSWERING
from ..bundle.configuration import kind_of
from ..errors import BigruError
from ..features.segment import unspaced
from ..runtime.answers import rounded, told
from ..runtime.forecaster import Forecaster
from ..runtime.predictor import Predictor, load
from . import inputs

__all__ = ["Model", "Outcome", "Stamp", "stamp"]

Outcome = dict[str, Any] | list[dict[str, Any]] | BigruError
"""What came of one input: its answer, one answer for each series of a table, or why there is none."""

Stamp = tuple[tuple[str, int, int, int], ...]

READY: dict[str, Callable[[Any], Any]] = {
    "series": partial(inputs.series, name="inputs[0]"),
    "audio": inputs.samples,
}
"""What makes of an input what the model reads; texts are read as they come."""


def stamp(folder: Path) -> Stamp:
    """Return what tells one state of a folder from another: inode, size and time of each file that answers hang on."""
    found = []
    for name in ANSWERING:
        try:
            status = os.stat(folder / name)
        except OSError:
            continue
        found.append((name, status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)


class Model:
    """A model under its name.

    Args:
        name: by which it is asked for.
        folder: of the saved model.
        precision: as of `bigru.load`.

    Raises:
        BigruError: the folder holds no model that can be used.

    Attributes:
        predictor: what answers now; replaced by `reload` as a whole, so that whoever holds the old one goes on with it.
        kind: what it reads: "text", "series", "audio" or "table".
    """

    def __init__(self, name: str, folder: Path, precision: str = "fp32") -> None:
        self.name, self.folder, self.precision = name, folder, precision
        self.stamp = stamp(folder)
        self._take(load(folder, precision))

    def reload(self) -> None:
        """Read the folder again; on an error the model stays as it was, and the folder is not read again until it
        changes.

        Raises:
            BigruError: the folder holds no model that can be used.
        """
        self.stamp = stamp(self.folder)
        self._take(load(self.folder, self.precision))

    def _take(self, predictor: Predictor | Forecaster) -> None:
        self.kind = kind_of(predictor.bundle.config.features)
        self.language = _language(predictor)
        self.predictor = predictor

    @property
    def task(self) -> str:
        """The task, as `bigru.tasks` names it."""
        return self.predictor.task

    @property
    def labels(self) -> list[str]:
        """What it may answer: labels, tags, symbols; of a forecaster, the columns that it forecasts."""
        return list(self.predictor.labels)

    def described(self) -> dict[str, Any]:
        """Return what `GET /v1/models` says of it."""
        own: dict[str, Any] = {"name": self.name, "task": self.task, "input": self.kind, "labels": self.labels}
        own["language"] = self.language
        if isinstance(self.predictor, Forecaster):
            config = self.predictor.config
            own |= {"columns": list(config.features.columns), "lookback": config.lookback, "horizon": config.horizon}
        else:
            own["direction"] = self.predictor.bundle.model.encoder.direction
        return own

    def answer(self, asked: list[Any]) -> list[Outcome]:
        """Answer inputs that came together; one that is refused does not touch the others."""
        predictor, kind = self.predictor, self.kind
        if isinstance(predictor, Forecaster):
            return [_each(partial(_forecast, predictor), x) for x in asked]
        ready = READY.get(kind)
        try:
            read = asked if ready is None else [ready(x) for x in asked]
            answers = list(predictor.predict_iter(read))
        except BigruError:
            one = partial(_one, predictor, ready)
            return [_each(one, x) for x in asked]
        shown = told if kind == "text" else _untold
        return [shown(x, answer) for x, answer in zip(asked, answers, strict=True)]


def _untold(_: Any, answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = rounded(answer)
    return found


def _each(answer: Callable[[Any], Outcome], x: Any) -> Outcome:
    try:
        return answer(x)
    except BigruError as error:
        return error


def _one(predictor: Predictor, ready: Callable[[Any], Any] | None, x: Any) -> Outcome:
    found = next(predictor.predict_iter([x if ready is None else ready(x)]))
    return told(x, found) if ready is None else _untold(x, found)


def _forecast(predictor: Forecaster, x: Any) -> Outcome:
    return predictor.predict(inputs.columns(predictor, x, "serve"))


def _language(predictor: Predictor | Forecaster) -> str | None:
    """Return "zh" for a vocabulary in a script without spaces, "en" for another, None where nothing is read."""
    vocabulary = getattr(predictor.bundle.config.features, "vocabulary", None)
    return None if not vocabulary else "zh" if unspaced(vocabulary) else "en"
