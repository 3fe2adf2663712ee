"""How far a long reading or prediction has come, on stderr: a live line in a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import Any

__all__ = ["ProgressBar"]

LIVE_SECONDS, PLAIN_SECONDS = 0.25, 10.0
"""Seconds between two views."""

FIRST_SECONDS = 2.0
"""Seconds before the first: what is over sooner needs none."""


class ProgressBar:
    """Counts answers and shows their number, how many come in a second, and what time is left.

    Args:
        before: answers of an earlier run.
        done: what has been done to what is counted.

    Attributes:
        share: what share of the input has been read, 0 where it cannot be known.
    """

    def __init__(self, before: int = 0, done: str = "answered") -> None:
        self.share = 0.0
        self._before, self._done, self._verb = before, 0, done
        self._start = time.perf_counter()
        self._next = self._start + FIRST_SECONDS
        self._live: Any = None
        self._first_share: float | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def add(self, count: int) -> None:
        """Count answers."""
        if self._first_share is None:
            # What was answered by an earlier run is passed over quickly and says nothing of the time that is left.
            self._first_share = self.share
        self._done += count
        now = time.perf_counter()
        if now >= self._next:
            self._show(self.text(now))
            self._next = now + (PLAIN_SECONDS if self._live is None else LIVE_SECONDS)

    def text(self, now: float) -> str:
        """Return the line as of a time."""
        passed = max(now - self._start, 1e-9)
        text = f"{self._before + self._done:,} {self._verb}, {self._done / passed:,.0f} per second"
        gone = self.share - (self._first_share or 0.0)
        if gone > 0 and self.share < 1:
            text += f", {timedelta(seconds=round(passed * (1 - self.share) / gone))} left"
        return text

    def _show(self, text: str) -> None:
        if not sys.stderr.isatty():
            print(text, file=sys.stderr, flush=True)
            return
        if self._live is None:
            # Here because importing it takes longer than most predictions.
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), transient=True, auto_refresh=False)
            self._live.start()
        self._live.update(text, refresh=True)
