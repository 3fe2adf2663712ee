"""Decoders without what they print: a line that a damaged file makes them write belongs to no log and no answer."""

from __future__ import annotations

import ctypes
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

__all__ = ["quiet"]

_lock = threading.Lock()
_inside = 0


@contextmanager
def quiet() -> Iterator[None]:
    """Let C code that prints to `stdout` or `stderr` print nowhere inside the block.

    libsndfile prints to the first, and does not pass on the switch by which libmpg123 would leave the second alone. The
    variables of glibc are changed, not the file descriptors: what Python writes, in this and in other threads, still
    arrives. With other C libraries nothing is changed.
    """
    global _inside
    with _lock:
        variables, usual, nowhere = _streams()
        _inside += 1
        for variable in variables:
            variable.value = nowhere
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                for variable, value in zip(variables, usual, strict=True):
                    variable.value = value


@lru_cache(maxsize=1)
def _streams() -> tuple[list[ctypes.c_void_p], list[int | None], int | None]:
    """Return glibc's variables, their values, and a stream to nowhere; no variables with another library."""
    if platform.libc_ver()[0] != "glibc":
        return [], [], None
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    nowhere = libc.fopen(b"/dev/null", b"w")
    variables = [ctypes.c_void_p.in_dll(libc, name) for name in ("stdout", "stderr")] if nowhere else []
    return variables, [variable.value for variable in variables], nowhere
