"""What is asked of a training, by the function, the command line and the estimators alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ...readers.reading import Reading
from .soft import SETTINGS as SOFT

if TYPE_CHECKING:
    from ..loop.display import Update
    from ..start.kinds import Start

__all__ = ["APART", "Progress", "Request", "Say", "discard"]

APART = ("vectors", "loggers", "init", "keep", "forget", "rehearsal", *SOFT)
"""Settings of labelled data that no plan reads: where logs go, what a training starts from, and what of it is kept;
and what soft labels count."""

Say = Callable[[str], None]
"""Takes one line on what was read, found or decided."""

Progress: TypeAlias = "str | Callable[[Update], None]"
"""How a training shows its progress: a mode of `bigru.train.loop.display.Display`, or a function."""


def discard(text: str) -> None:
    """Ignore a line."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a training.

    Attributes:
        settings: settings that overrule the recipe, of `bigru.train.recipes.OPTIONS`, for a forecast of
            `bigru.train.forecast.OPTIONS` and "horizon" and "targets"; and those of `APART`.
        reading: how files and frames are read; `strict` also holds for examples.
        out: folder of the model, and of checkpoint and logs while it trains; None writes nothing.
        force: whether a model in that folder is replaced.
        resume: whether to continue from the checkpoint there.
        plain: whether the plain model of the task is fitted for comparison; None: within bounds of time
            (`bigru.plain.choice`).
        card: Markdown on the data for the model card; "" says what was read.
        score: whether the model is scored on dev and test.
        say: gets every line on what was read, found and decided.
        progress: how the progress is shown.
        start: what the training starts from, opened; None for fresh weights.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    out: Path | None = None
    force: bool = False
    resume: bool = False
    plain: bool | None = None
    card: str = ""
    score: bool = True
    say: Say = discard
    progress: Progress = "silent"
    start: Start | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings of model and training that are not None."""
        apart = (*APART, "horizon", "targets")
        return {name: value for name, value in self.settings.items() if value is not None and name not in apart}

    @property
    def running(self) -> dict[str, Any]:
        """The fields of a `bigru.train.loop.job.TrainingJob` that say where it writes and how it is watched."""
        loggers = tuple(self.settings.get("loggers") or ())
        return {"folder": self.out, "resume": self.resume, "loggers": loggers, "progress": self.progress}
