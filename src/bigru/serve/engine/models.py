"""The models of a server: what each is, what it answers, and its folder, which may be replaced at any time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from ...bundle import ANSWERING
from ...bundle.configuration import features_kind, token_features
from ...errors import BigruError, DataError, MissingExtraError, sentence
from ...features.segment import unspaced
from ...features.series import SeriesFeatures
from ...features.table import TableFeatures
from ...runtime.answers import round_floats, shown, to_json
from ...runtime.forecaster import Forecaster
from ...runtime.predictor import Predictor, load
from . import inputs
from .errors import RefusedError

__all__ = ["Asked", "Loaded", "Outcome", "ReloadableModel", "Stamp", "check_finite", "run", "stamp"]

Outcome = dict[str, Any] | list[dict[str, Any]] | BigruError | RefusedError
"""What came of one input: its answer, one answer for each series of a table, or why there is none."""

Stamp = tuple[tuple[str, int, int, int], ...]

READY: dict[str, Callable[[Any], Any]] = {
    "series": partial(inputs.series, name="inputs[0]"),
    "audio": inputs.recording,
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


@dataclass(frozen=True, eq=False)
class Loaded:
    """One state of a model. A request holds one from the check of its inputs to its answer, so that a model that
    takes its place meanwhile changes neither.

    Attributes:
        name: of the model that it belongs to.
        predictor: what answers.
    """

    name: str
    predictor: Predictor | Forecaster

    @cached_property
    def kind(self) -> str:
        """What it reads: "text", "series", "audio" or "table"."""
        return features_kind(self.predictor.bundle.config.features)

    @cached_property
    def width(self) -> int:
        """Numbers of a row of a series that it reads; 0 where it reads no series."""
        features = self.predictor.bundle.config.features
        return len(features.mean) if isinstance(features, SeriesFeatures) else 0

    @cached_property
    def columns(self) -> int:
        """Columns of a table that it reads, time and id included; 0 where it reads no table."""
        features = self.predictor.bundle.config.features
        return len(features.columns) + 2 if isinstance(features, TableFeatures) else 0

    @cached_property
    def tokens(self) -> bool:
        """Whether it reads lists of tokens."""
        return getattr(self.predictor.bundle.config.features, "unit", "") == "token"

    @cached_property
    def language(self) -> str | None:
        """ "zh" for a vocabulary in a script without spaces, "en" for another, None where nothing is read."""
        vocabulary = getattr(self.predictor.bundle.config.features, "vocabulary", None)
        return None if not vocabulary else "zh" if unspaced(vocabulary) else "en"

    @property
    def task(self) -> str:
        """The task, as `bigru.tasks` names it."""
        return self.predictor.task

    @cached_property
    def labels(self) -> list[str]:
        """What it may answer: labels, tags, symbols; of a forecaster, the columns that it forecasts."""
        return list(self.predictor.labels)

    @property
    def has_label(self) -> bool:
        """Whether each of its answers is one label."""
        bundle = self.predictor.bundle
        return bundle.model.head == "sequence" and not getattr(bundle.config, "multi_label", False)

    def described(self) -> dict[str, Any]:
        """Return what `GET /v1/models` says of it."""
        own: dict[str, Any] = {"name": self.name, "task": self.task, "input": self.kind, "labels": self.labels}
        own["language"] = self.language
        names = token_features(self.predictor.bundle.config.features)
        own |= {"features": list(names)} if names else {}
        if isinstance(self.predictor, Forecaster):
            config = self.predictor.config
            own |= {"columns": list(config.features.columns), "lookback": config.lookback, "horizon": config.horizon}
        else:
            own["direction"] = self.predictor.bundle.model.encoder.direction
        return own

    def answer(self, asked: list[Any]) -> list[Outcome]:
        """Answer inputs that came together.

        Raises:
            BigruError: one of them does not suit the model, or has no finite answer.
        """
        predictor = self.predictor
        if isinstance(predictor, Forecaster):
            return [_finite(predictor.predict(inputs.columns(predictor, x, "serve"))) for x in asked]
        ready = READY.get(self.kind)
        read = asked if ready is None else [ready(x) for x in asked]
        answers = [_finite(answer) for answer in predictor.predict_iter(read)]
        if self.kind == "text":
            features = predictor.bundle.config.features
            return [to_json(shown(features, x), answer) for x, answer in zip(asked, answers, strict=True)]
        return [round_floats(answer) for answer in answers]


Asked = tuple[Loaded, Any]
"""An input and the state of the model that it was checked for."""


def run(asked: list[Asked]) -> list[Outcome]:
    """Answer inputs that came together, each by the state of the model that it was checked for; errors as of
    `Loaded.answer`.
    """
    outcomes: list[Outcome] = []
    for loaded, own in _runs(asked):
        outcomes += loaded.answer(own)
    return outcomes


def _runs(asked: list[Asked]) -> Iterator[tuple[Loaded, list[Any]]]:
    """Yield the stretches of inputs that are for one state; while a folder is replaced there are two states."""
    start = 0
    for n in range(1, len(asked) + 1):
        if n == len(asked) or asked[n][0] is not asked[start][0]:
            yield asked[start][0], [x for _, x in asked[start:n]]
            start = n


def _finite(answer: Any) -> Any:
    check_finite(answer)
    return answer


def check_finite(value: Any) -> None:
    """Raise DataError where an answer holds a number that is not finite, which JSON cannot say.

    Raises:
        DataError: it does.
    """
    if isinstance(value, float):
        if value - value != 0:
            remedy = "The input holds values that are far from all that the model has seen."
            raise DataError(sentence("serve", "answer", "of finite numbers", value, remedy))
    elif isinstance(value, dict):
        for entry in value.values():
            check_finite(entry)
    elif isinstance(value, list):
        for entry in value:
            check_finite(entry)


class ReloadableModel:
    """A model under its name.

    Args:
        name: by which it is asked for.
        folder: of the saved model.
        precision: as of `bigru.load`.

    Raises:
        BigruError: the folder holds no model that can be used.

    Attributes:
        loaded: its state now; a reload replaces it as a whole.
        stamp: of the folder when it was last read, unless what stopped that may pass.
    """

    def __init__(self, name: str, folder: Path, precision: str = "fp32") -> None:
        self.name, self.folder, self.precision = name, folder, precision
        self.stamp = stamp(folder)
        self.loaded = Loaded(name, load(folder, precision))

    def reload(self) -> None:
        """Read the folder again. On an error the model stays as it was; one that lies in the folder itself is not met
        again until the folder changes, see `is_transient`.

        Raises:
            Exception: the folder holds no model that can be used, or cannot be read now.
        """
        found = stamp(self.folder)
        try:
            loaded = Loaded(self.name, load(self.folder, self.precision))
        except Exception as error:
            if not is_transient(error):
                self.stamp = found
            raise
        self.stamp, self.loaded = found, loaded


def is_transient(error: BaseException) -> bool:
    """Tell whether what stopped the reading of a folder may pass while its files stay as they are.

    Memory, file descriptors and disks come back; rights are set after a file was written, which changes nothing of it
    that `stamp` looks at. What the files hold stays.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError | MemoryError | MissingExtraError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
