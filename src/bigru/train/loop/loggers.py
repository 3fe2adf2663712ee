"""Loggers by name: figures of a training as CSV or for TensorBoard, below the training's folder."""

from __future__ import annotations

import csv
import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self

from ...config import LOGGERS
from ...errors import ArgumentError, MissingExtraError, TrainingError, argument, check_choice, sentence

__all__ = ["EVERY", "CsvLogger", "Logger", "Loggers", "TensorBoardLogger"]

EVERY = 50
"""Steps between two rows: writing one costs about a millisecond."""


class Logger(Protocol):
    """Writes figures into a folder, which it makes when the first ones come."""

    def __init__(self, folder: Path) -> None: ...

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write figures by name, as they are after `step` steps; OSError where nothing can be written."""

    def close(self) -> None:
        """Write what is still held back."""


class CsvLogger:
    """Writes `metrics.csv`: a row for each call, a column for each figure in the order of names, and `step`.

    Where a call brings new names, the file is written again with their columns, empty in the rows before.

    Args:
        folder: where; a `metrics.csv` in it is replaced.
    """

    def __init__(self, folder: Path) -> None:
        self._path, self._columns = folder / "metrics.csv", list[str]()

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write one row, which is in the file when this returns."""
        row = {**figures, "step": step}
        if row.keys() <= set(self._columns):
            with self._path.open("a", encoding="utf-8", newline="") as file:
                csv.DictWriter(file, self._columns).writerow(row)
            return
        before = self._rows()
        self._columns = sorted({*self._columns, *row})
        with self._path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows([*before, row])

    def close(self) -> None:
        """Do nothing: every row is written."""

    def _rows(self) -> list[dict[str, Any]]:
        """Return the rows that this logger has written."""
        if not self._columns:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return []
        with self._path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


class TensorBoardLogger:
    """Writes an event file for TensorBoard.

    Args:
        folder: where.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _writer(self) -> Any:
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(self._folder))

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Queue a point for each figure; a thread of TensorBoard writes them."""
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is queued, and end the thread."""
        if "_writer" in vars(self):
            self._writer.close()


ADAPTERS: dict[str, type[Logger]] = dict(zip(LOGGERS, (CsvLogger, TensorBoardLogger), strict=True))
"""The loggers by name; another one is a class with the methods of `Logger`."""


class Loggers:
    """The loggers of one training, each in `folder/logs/NAME/from_step_N`: a place per start. Leaving closes them.

    Args:
        names: of `bigru.config.LOGGERS`.
        folder: the training's folder; None without loggers.
        step: the step the training starts or resumes at.

    Raises:
        ArgumentError: an unknown name, or loggers without a folder.
        MissingExtraError: tensorboard is not installed.
        TrainingError: on logging and leaving: nothing can be written.
    """

    def __init__(self, names: Sequence[str], folder: str | os.PathLike[str] | None, step: int) -> None:
        for name in names:
            check_choice("train", "loggers", name, LOGGERS)
        if names and folder is None:
            raise ArgumentError(sentence("train", "folder", "given where there are loggers", None))
        if "tensorboard" in names and importlib.util.find_spec("tensorboard") is None:
            raise MissingExtraError("tensorboard", "logs", "logging for TensorBoard")
        self._folder = Path(folder or "")
        place = self._folder / "logs"
        self._loggers = [
            adapter(place / name / f"from_step_{step}") for name, adapter in ADAPTERS.items() if name in names
        ]

    def __bool__(self) -> bool:
        return bool(self._loggers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        # A full disk that ended the training is not to be reported twice.
        with self._sentences() if kind is None else suppress(OSError):
            for logger in self._loggers:
                logger.close()

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Give figures by name, as they are after `step` steps, to every logger."""
        with self._sentences():
            for logger in self._loggers:
                logger.log(figures, step)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f"train: logs must be writable, got {error.strerror} below {str(self._folder)!r}. "
                f"Make room and run again with {argument('resume', True)}, or train without loggers."
            ) from error
