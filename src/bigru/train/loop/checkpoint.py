"""Checkpoints: everything a training needs to go on, written so that a kill at any moment is harmless.

A checkpoint is no shipped model: it holds the optimiser's state too and is read only by the run that
wrote it. It is a file of tensors and plain values that `torch.load(weights_only=True)` reads; nothing
in it can run code.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, NoReturn, cast

from ...bundle.lock import TakenError, locked
from ...errors import TrainingError, argument, sentence

__all__ = [
    "CURRENT",
    "PREVIOUS",
    "exclusive",
    "exists",
    "has_started",
    "list_members",
    "load",
    "member_folder",
    "refuse_changed",
    "refuse_missing",
    "refuse_taken",
    "remove",
    "remove_previous",
    "save",
]

CURRENT = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
WRITING = "checkpoint.writing.pt"
MEMBERS = "members"
FORMAT = 4

SEAL = b"\nbigru sha256 "
"""Stands behind what torch wrote, before the digest of it: torch reads the zip without the checksums in it."""

DIGEST = 64
"""Characters of the digest."""


@contextmanager
def exclusive(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Keep other trainings out of a folder while the block runs; a folder that is made for it and stays empty goes.

    Raises:
        TrainingError: another training writes there, or nothing can be written there.
    """
    place = Path(folder)
    fresh = not place.exists()
    with ExitStack() as stack:
        try:
            place.mkdir(parents=True, exist_ok=True)
            if fresh:
                stack.callback(_remove_empty, place)
            stack.enter_context(locked(place))
        except TakenError:
            remedy = "Wait until it has ended, or name another folder."
            got = f"{str(folder)!r}, where another training writes"
            raise TrainingError(sentence("train", "folder", "free", got, remedy)) from None
        except OSError as error:
            want = "a place where a checkpoint can be written"
            raise TrainingError(sentence("train", "folder", want, f"{str(folder)!r} ({_reason(error)})")) from error
        yield


def _remove_empty(place: Path) -> None:
    with suppress(OSError):
        place.rmdir()


def exists(folder: str | os.PathLike[str]) -> bool:
    """Tell whether `folder` holds a checkpoint, the current or the previous one."""
    return any((Path(folder) / name).exists() for name in (CURRENT, PREVIOUS))


def member_folder(folder: str | os.PathLike[str], number: int) -> Path:
    """Return where the checkpoints of a training of several are, counted from 1."""
    return Path(folder) / MEMBERS / str(number)


def list_members(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the folders of the trainings of several that have begun, in their order."""
    found = (place for place in (Path(folder) / MEMBERS).glob("*") if place.name.isdecimal() and exists(place))
    return sorted(found, key=lambda place: int(place.name))


def has_started(folder: str | os.PathLike[str]) -> bool:
    """Tell whether `folder` holds a checkpoint of its own, or of one of several trainings."""
    return exists(folder) or bool(list_members(folder))


def remove_previous(folder: str | os.PathLike[str]) -> None:
    """Delete the previous checkpoint of a training that has ended."""
    (Path(folder) / PREVIOUS).unlink(missing_ok=True)


def remove(folder: str | os.PathLike[str]) -> None:
    """Delete the checkpoints in `folder`, its own and those of several trainings; nothing else there is touched."""
    for place in list_members(folder):
        remove(place)
        _remove_empty(place)
    _remove_empty(Path(folder) / MEMBERS)
    # The current one last: a kill in between leaves it, and what the others are there for is said of it.
    for name in (WRITING, PREVIOUS, CURRENT):
        (Path(folder) / name).unlink(missing_ok=True)


def save(folder: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Write `state` as the current checkpoint and keep the one before it.

    The bytes reach the disk under another name first, so that at every moment a whole checkpoint
    lies there under one of the two names.

    Raises:
        TrainingError: the file cannot be written; the checkpoints there before are intact.
    """
    import torch

    place = Path(folder)
    writing, current = place / WRITING, place / CURRENT
    try:
        place.mkdir(parents=True, exist_ok=True)
        with writing.open("wb") as file:
            sealed = _Sealed(file)
            torch.save({"format": FORMAT, **state}, cast("IO[bytes]", sealed))
            sealed.close()
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
                f"The checkpoint before it is intact: make room and run again with {argument('resume', True)}."
                if kept
                else "Make room and run it again.",
            )
        ) from error


def load(folder: str | os.PathLike[str], say: Callable[[str], None]) -> dict[str, Any]:
    """Return the newest whole checkpoint in `folder`.

    Args:
        folder: where `save` wrote.
        say: called with one line when the current checkpoint is damaged and the previous one is read.

    Raises:
        TrainingError: there is no checkpoint, or none that can be read.
    """
    place = Path(folder)
    if not exists(folder):
        refuse_missing(folder)
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
                f"Remove it and train again without {argument('resume', True)}.",
            )
        )
    return state


def refuse_missing(folder: str | os.PathLike[str]) -> NoReturn:
    """Raise TrainingError: there is no checkpoint in the folder."""
    remedy = f"Run without {argument('resume', True)} to start a training there."
    want, got = "one that holds a checkpoint", f"{str(folder)!r}, which holds none"
    raise TrainingError(sentence("train", "folder", want, got, remedy))


def refuse_taken(folder: str | os.PathLike[str]) -> NoReturn:
    """Raise TrainingError: there is a checkpoint in the folder, and a training is to start there."""
    want, got = "without the checkpoint of another training", f"{str(folder)!r}, which holds one"
    resume, force = argument("resume", True), argument("force", True)
    remedy = f"Go on with it ({resume}), replace it ({force}), or name another folder."
    raise TrainingError(sentence("train", "folder", want, got, remedy))


def refuse_changed(folder: str | os.PathLike[str], changed: Sequence[str]) -> NoReturn:
    """Raise TrainingError: the training in the folder began with something else."""
    raise TrainingError(
        sentence(
            "train",
            "data and configuration",
            f"those that the training in {str(folder)!r} began with",
            "a change of " + ", ".join(changed),
            "Give them as they were, or train in another folder.",
        )
    )


def _read(path: Path) -> tuple[dict[str, Any] | None, str]:
    """Return the checkpoint at `path`, or None and why it cannot be read."""
    if not path.exists():
        return None, "missing"
    import torch

    # What torch raises for a damaged file depends on where the damage lies.
    try:
        if not _is_sealed(path):
            return None, f"its digest is not that of its content, {path.stat().st_size} bytes"
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        return None, f"{type(error).__name__}, {path.stat().st_size} bytes"
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        return None, f"not a checkpoint of format {FORMAT}"
    return state, ""


class _Sealed:
    """A file that torch writes into, and the digest of what it wrote."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def write(self, content: bytes) -> int:
        self._digest.update(content)
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Write the seal; the file stays open."""
        self._file.write(SEAL + self._digest.hexdigest().encode())


def _is_sealed(path: Path) -> bool:
    """Tell whether a file is the one that was written: whether its digest is that of its content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size - len(SEAL) - DIGEST
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
        return file.read() == SEAL + digest.hexdigest().encode()


def _discard(path: Path) -> None:
    """Free the space of a file that was not finished, if the disk lets us."""
    if path.parent.is_dir():
        path.unlink(missing_ok=True)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # torch's own words for a failed write tell nobody that the disk is full.
    return str(error).splitlines()[0] if error.__context__ is None else _reason(error.__context__)
