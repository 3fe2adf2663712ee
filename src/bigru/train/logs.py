"""Loggers by name: figures of a training as CSV or for TensorBoard, below the run's folder."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger

from ..config import LOGGERS
from ..errors import ArgumentError, MissingExtraError, check_choice, sentence

__all__ = ["EVERY", "open_loggers"]

EVERY = 50
"""Steps between two rows: writing one costs about a millisecond."""


def open_loggers(names: Sequence[str], folder: str | os.PathLike[str] | None, step: int) -> list[Logger]:
    """Open the loggers called `names` in `folder/logs/NAME/from_step_N`, one place per start of the run.

    Args:
        names: of `LOGGERS`.
        folder: the run's folder.
        step: the step the run starts or goes on at.

    Raises:
        ArgumentError: an unknown name, or loggers without a folder.
        MissingExtraError: tensorboard is not installed.
    """
    for name in names:
        check_choice("train", "loggers", name, LOGGERS)
    if names and folder is None:
        raise ArgumentError(sentence("train", "folder", "given where there are loggers", None))
    if "tensorboard" in names and importlib.util.find_spec("tensorboard") is None:
        raise MissingExtraError("tensorboard", "logs", "logging for TensorBoard")
    place, version = Path(folder or "") / "logs", f"from_step_{step}"
    opened: list[Logger] = []
    if "csv" in names:
        opened.append(CSVLogger(place, name="csv", version=version, flush_logs_every_n_steps=1))
    if "tensorboard" in names:
        opened.append(TensorBoardLogger(place, name="tensorboard", version=version))
    return opened
