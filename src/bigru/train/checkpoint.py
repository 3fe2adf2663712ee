"""Checkpoints: everything a training needs to go on, written so that a kill at any moment is harmless.

A checkpoint is no shipped model: it holds the optimiser's state too and is read only by the run that
wrote it. It is a file of tensors and plain values that `torch.load(weights_only=True)` reads; nothing
in it can run code.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ..errors import TrainingError, sentence

__all__ = ["CURRENT", "PREVIOUS", "exists", "load", "remove", "save"]

CURRENT = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
WRITING = "checkpoint.writing.pt"
FORMAT = 2


def exists(folder: str | os.PathLike[str]) -> bool:
    """Tell whether `folder` holds a checkpoint, the current or the previous one."""
    return any((Path(folder) / name).exists() for name in (CURRENT, PREVIOUS))


def remove(folder: str | os.PathLike[str]) -> None:
    """Delete the checkpoints in `folder`, if there are any; nothing else there is touched."""
    for name in (CURRENT, PREVIOUS, WRITING):
        (Path(folder) / name).unlink(missing_ok=True)


def save(folder: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Write `state` as the current checkpoint and keep the one before it.

    The bytes reach the disk under another name first, so that at every moment a whole checkpoint
    lies there under one of the two names.

    Raises:
        TrainingError: the file cannot be written; the checkpoints there before are intact.
    """
    place = Path(folder)
    writing, current = place / WRITING, place / CURRENT
    try:
        place.mkdir(parents=True, exist_ok=True)
        with writing.open("wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        if current.exists():
            current.replace(place / PREVIOUS)
        writing.replace(current)
    # torch's zip writer turns a failed write into a RuntimeError of its own.
    except (OSError, RuntimeError) as error:
        _discard(writing)
        kept = exists(folder)
        raise TrainingError(
            sentence(
                "train",
                "folder",
                "a place where a checkpoint can be written",
                f"{str(folder)!r} ({_reason(error)})",
                "The checkpoint before it is intact: make room and run again with --resume."
                if kept
                else "Make room and run it again.",
            )
        ) from error


def load(folder: str | os.PathLike[str], say: Callable[[str], None]) -> dict[str, Any]:
    """Return the newest whole checkpoint in `folder`.

    Args:
        folder: where `save` wrote.
        say: told, in one line, when the current checkpoint is damaged and the previous one is read.

    Raises:
        TrainingError: there is no checkpoint, or none that can be read.
    """
    place = Path(folder)
    if not exists(folder):
        raise TrainingError(
            sentence(
                "train",
                "folder",
                "one that holds a checkpoint",
                f"{str(folder)!r}, which holds none",
                "Run without --resume to start a training there.",
            )
        )
    state, fault = _read(place / CURRENT)
    if state is None:
        state, _ = _read(place / PREVIOUS)
        if state is not None:
            say(f"{place / CURRENT}: damaged ({fault}); goes on from {PREVIOUS}, at step {state['step']}")
    if state is None:
        raise TrainingError(
            sentence(
                "train",
                "checkpoint",
                "whole",
                f"a damaged file, {str(place / CURRENT)!r} ({fault})",
                "Remove it and train again without --resume.",
            )
        )
    return state


def _read(path: Path) -> tuple[dict[str, Any] | None, str]:
    """Return the checkpoint at `path`, or None and why it cannot be read."""
    if not path.exists():
        return None, "missing"
    # What torch raises for a damaged file depends on where the damage lies.
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        return None, f"{type(error).__name__}, {path.stat().st_size} bytes"
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        return None, f"not a checkpoint of format {FORMAT}"
    return state, ""


def _discard(path: Path) -> None:
    """Free the space of a file that was not finished, if the disk lets us."""
    if path.parent.is_dir():
        path.unlink(missing_ok=True)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # torch's own words for a failed write tell nobody that the disk is full.
    return str(error).splitlines()[0] if error.__context__ is None else _reason(error.__context__)
