"""What people see of a training, on stderr: one live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ...errors import check_choice

__all__ = ["MODES", "Display", "Update"]

MODES = ("auto", "live", "plain", "silent")
"""`auto` is `live` where stderr is a terminal and `plain` elsewhere."""

REFRESH = {"live": 0.25, "plain": 30.0, "silent": float("inf"), "function": 0.25}
"""Seconds between two views of a running epoch."""


@dataclass(frozen=True)
class Update:
    """What a function gets to know of a running training.

    Attributes:
        text: one line for people.
        done: the fraction of the training that is done, where the line is on a running epoch.
        figures: where an epoch has ended its figures: epoch, step, loss, dev_loss, dev_NAME; else empty.
    """

    text: str
    done: float | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


class Display:
    """The one progress display of a training: epoch, speed, loss, dev score and time left.

    Args:
        mode: of `MODES`; or a function, which gets an `Update` instead of a line that is written.
        stream: where to, stderr by default.
        title: which training of several this is, "" for the only one.
    """

    def __init__(
        self, mode: str | Callable[[Update], None] = "auto", stream: TextIO | None = None, title: str = ""
    ) -> None:
        self.stream = stream or sys.stderr
        self._function = None if isinstance(mode, str) else mode
        mode = mode if isinstance(mode, str) else "function"
        if self._function is None:
            check_choice("train", "progress", mode, MODES)
        self.mode = mode if mode != "auto" else "live" if self.stream.isatty() else "plain"
        self.title = title
        self.next_view = 0.0
        self._live: Progress | None = None

    def __enter__(self) -> Display:
        self.next_view = time.perf_counter() + REFRESH[self.mode]
        if self.mode == "live":
            columns = (TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[figures]}"))
            console = Console(file=self.stream, highlight=False)
            self._live = Progress(*columns, console=console, auto_refresh=False, transient=True)
            self._live.start()
            self._live.add_task("starting", total=1.0, figures="")
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """Write one line that stays."""
        if self._function is not None:
            self._function(Update(text))
        elif self._live is not None:
            self._live.console.print(text, markup=False, soft_wrap=True)
        elif self.mode != "silent":
            print(text, file=self.stream, flush=True)

    def finish(self, text: str, figures: Mapping[str, float]) -> None:
        """Write the line of an epoch that has ended; a function gets its figures as well."""
        if self._function is not None:
            self._function(Update(text, figures=figures))
        else:
            self.say(text)

    def due(self) -> bool:
        """Tell whether the view is old enough for `show`; cheap enough to ask at every step."""
        return time.perf_counter() >= self.next_view

    def show(self, title: str, quality: str, pace: str, done: float) -> None:
        """Bring the view of the running epoch up to date.

        Args:
            title: which epoch.
            quality: loss and dev score.
            pace: speed and time left; in a terminal a line of its own, so that 80 columns hold both.
            done: the fraction of the training done.
        """
        self.next_view = time.perf_counter() + REFRESH[self.mode]
        line = f"{title}  {100 * done:.0f} %  {quality}  {pace}"
        if self._function is not None:
            self._function(Update(line, done))
        elif self._live is not None:
            figures = f"{pace}\n{quality}"
            self._live.update(self._live.task_ids[0], description=title, completed=done, figures=figures, refresh=True)
        else:
            self.say(line)


def clock(seconds: float) -> str:
    """Return a duration as m:ss or h:mm:ss.

    >>> clock(59.7), clock(3725)
    ('1:00', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
