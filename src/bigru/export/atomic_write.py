"""Where an export goes: all of it or nothing, and never over what was not exported."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..errors import ArgumentError, sentence

__all__ = ["check_place", "write_file", "write_folder"]


def check_place(target: Path, force: bool, *, folder: bool, mark: bytes, within: str = "") -> None:
    """Refuse a place that is taken.

    Args:
        target: where to.
        force: replace an earlier export.
        folder: whether a folder is to be written.
        mark: what the beginning of an earlier export holds.
        within: the file of a folder that is looked at for it.

    Raises:
        ArgumentError: something lies there that may not be replaced.
    """
    if not os.path.lexists(target):
        return
    kind = "folder" if folder else "file"
    if target.is_symlink() or target.is_dir() != folder:
        got = "a link" if target.is_symlink() else "a folder" if target.is_dir() else "a file"
        raise ArgumentError(sentence(str(target), "--out", f"a {kind} or new", got))
    if not force:
        remedy = "Choose another place, or replace it with --force."
        raise ArgumentError(sentence(str(target), "--out", "free", f"a {kind} that exists", remedy))
    if not _holds(target / within if folder else target, mark):
        remedy = "It was not exported by bigru and is not replaced. Choose another place."
        raise ArgumentError(sentence(str(target), "--out", "free or an earlier export", f"another {kind}", remedy))


def write_file(target: Path, content: bytes) -> None:
    """Write a file down to the disk, then put it in its place; missing parents are made.

    Raises:
        ArgumentError: it cannot be written.
    """
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(beside, content)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise _refusal(target, error) from None


def write_folder(target: Path, contents: Mapping[str, bytes]) -> None:
    """Write a folder beside its place, then put it there, in exchange for what lies there.

    Raises:
        ArgumentError: it cannot be written.
    """
    token = secrets.token_hex(4)
    fresh, old = (target.with_name(f".{target.name}.{kind}-{token}") for kind in ("new", "old"))
    try:
        fresh.mkdir(parents=True)
        try:
            for name, content in contents.items():
                _write(fresh / name, content)
            _exchange(target, fresh, old)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise _refusal(target, error) from None


def _exchange(target: Path, fresh: Path, old: Path) -> None:
    """Put a folder in the place of another, which comes back if that fails."""
    if not target.exists():
        fresh.rename(target)
        return
    target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        old.rename(target)
        raise


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _holds(path: Path, mark: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return mark in stream.read(256)


def _refusal(target: Path, error: OSError) -> ArgumentError:
    return ArgumentError(sentence(str(target), "--out", "writable", error.strerror or error, "Nothing was changed."))
