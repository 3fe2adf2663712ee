"""Files as bytes: plain or gzipped, of bounded size, and no devices."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from ...errors import ArgumentError, DataError, sentence

__all__ = [
    "LINE_BYTES",
    "VARIABLE",
    "check_openable",
    "most_bytes",
    "open_unpacked",
    "read_lines",
    "read_whole",
    "unpack_stream",
]

GZIP = b"\x1f\x8b"
"""What gzip begins with."""

VARIABLE = "BIGRU_MAX_BYTES"
"""Variable of the environment that overrules `MOST_BYTES`."""

MOST_BYTES = 1 << 32
"""Bytes that a file which is read as a whole may have, unpacked."""

RATIO, FREE_BYTES = 200, 1 << 26
"""How many times larger than its file unpacked data may be, beyond so many bytes: texts shrink to a tenth at best."""

LINE_BYTES = 1 << 28
"""Bytes of a line at most where lines are read one by one."""

BLOCK = 1 << 20


def most_bytes(packed: int | None = None) -> int:
    """Return how many bytes may be read of a file.

    Args:
        packed: its size where it is compressed; unpacked data in proportion to it are taken, unless the variable
            `BIGRU_MAX_BYTES` says how many.

    Raises:
        ArgumentError: the variable is no number above 0.
    """
    text = os.environ.get(VARIABLE, "")
    if text:
        if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text) > 0):
            raise ArgumentError(sentence("read", VARIABLE, "a number of bytes above 0", repr(text)))
        return int(text)
    return MOST_BYTES if packed is None else min(MOST_BYTES, max(FREE_BYTES, RATIO * packed))


def check_openable(path: str | Path) -> None:
    """Raise DataError for a device or socket, of which no end is known; OSError where nothing lies there."""
    mode = os.stat(path).st_mode
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        got = "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise DataError(sentence(str(path), "data", "a file", got))


def read_whole(path: str | Path, source: str) -> bytes:
    """Return what a file or pipe holds, unpacked if its first bytes or its name say that it is gzipped.

    Args:
        path: the file.
        source: the file as the user named it, for errors.

    Raises:
        DataError: a device, more bytes than `most_bytes`, or damaged gzip.
        OSError: the file cannot be opened or read.
    """
    check_openable(path)
    with open(path, "rb") as raw:
        size = os.fstat(raw.fileno()).st_size
        stream = unpack_stream(raw, source, str(path))
        return read_bounded(stream, most_bytes() if stream is raw else most_bytes(size or None), source)


def read_bounded(stream: IO[bytes], most: int, source: str) -> bytes:
    """Return what is left of a stream.

    Raises:
        DataError: it is more than `most` bytes.
    """
    blocks, size = [], 0
    while block := stream.read(BLOCK):
        blocks.append(block)
        size += len(block)
        if size > most:
            want = f"at most {most:,} bytes, unpacked"
            remedy = f"Divide the file, or allow more with {VARIABLE}=BYTES in the environment."
            raise DataError(sentence(source, "data", want, "more", remedy))
    return b"".join(blocks)


@contextmanager
def open_unpacked(path: str | Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file to be read part by part, unpacked if its first bytes or its name say that it is gzipped.

    With it comes the file as it lies there, whose position says how much of it has been read.

    Raises:
        DataError: a device; where it is read, damaged gzip.
        OSError: the file cannot be opened.
    """
    check_openable(path)
    with open(path, "rb") as raw:
        yield unpack_stream(raw, str(path), str(path)), raw


def unpack_stream(stream: io.BufferedReader, source: str, name: str = "") -> IO[bytes]:
    """Return a stream itself, or what it unpacks to if its first bytes or a name say that it is gzipped.

    Damaged gzip is a DataError where it is read.

    Args:
        stream: the bytes as they lie in a file, or come through a pipe.
        source: the file as the user named it, for errors.
        name: of the file; "" for a pipe, which has none.
    """
    if stream.peek(2)[:2] != GZIP and not name.lower().endswith(".gz"):
        return stream
    return io.BufferedReader(cast("io.RawIOBase", _Unpacking(stream, source)), 1 << 16)


class _Arriving:
    """A stream of which a read returns what is there, and does not wait until it has as much as was asked for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.read = getattr(stream, "read1", stream.read)


class _Unpacking(io.RawIOBase):
    """The unpacked bytes of a gzipped stream, as they come: a line is seen before the next one is there."""

    def __init__(self, stream: IO[bytes], source: str) -> None:
        super().__init__()
        self._file, self._source = gzip.GzipFile(fileobj=cast("IO[bytes]", _Arriving(stream))), source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            block = self._file.read1(len(buffer))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(sentence(self._source, "data", "whole gzip", error)) from error
        buffer[: len(block)] = block
        return len(block)


def read_lines(stream: IO[bytes], source: str) -> Iterator[bytes]:
    """Yield the lines of a stream with their ends.

    Raises:
        DataError: a line is longer than `LINE_BYTES`.
    """
    number = 0
    while line := stream.readline(LINE_BYTES + 1):
        number += 1
        if len(line) > LINE_BYTES:
            raise DataError(sentence(f"{source}:{number}", "line", f"at most {LINE_BYTES:,} bytes", "a longer one"))
        yield line
