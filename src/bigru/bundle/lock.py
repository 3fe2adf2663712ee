"""One writer at a time: an exclusive lock of the operating system on a folder or a file, which a kill releases."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["TakenError", "locked"]

RETRY_SECONDS = 0.02
"""Seconds between two tries."""

TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)

_held: dict[tuple[int, int], int] = {}
"""What this process has locked, by device and inode, and the thread that did: the same thread may enter again."""

_guard = threading.Lock()


class TakenError(OSError):
    """Another process, or another thread of this one, holds the lock."""


@contextmanager
def locked(path: str | os.PathLike[str], wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of a folder or file that exists, for as long as the block runs.

    The lock belongs to the open file (`flock`): nothing is left behind in the folder, and whatever ends the process
    ends the lock. File systems and platforms without such locks are written to without.

    Args:
        path: what is locked; a thread that holds it already may lock it again.
        wait: seconds to wait for another holder.

    Raises:
        TakenError: another holds it still.
        OSError: the path cannot be opened.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(Path(path), os.O_RDONLY)
    try:
        status = os.fstat(descriptor)
        key, me = (status.st_dev, status.st_ino), threading.get_ident()
        with _guard:
            again = _held.get(key) == me
        if not again:
            _take(descriptor, time.monotonic() + wait, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with _guard:
                _held[key] = me
        try:
            yield
        finally:
            if not again:
                with _guard:
                    _held.pop(key, None)
    finally:
        os.close(descriptor)


def _take(descriptor: int, until: float, how: int) -> None:
    import fcntl

    while True:
        try:
            fcntl.flock(descriptor, how)
            return
        except OSError as error:
            if error.errno not in TAKEN:  # no locks here, as on some network file systems
                return
            if time.monotonic() >= until:
                raise TakenError(error.errno, "another process is writing there") from None
        time.sleep(RETRY_SECONDS)
