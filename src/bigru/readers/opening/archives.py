"""Files packed by bzip2 or xz, and zip archives that hold one data file: unpacked within a bound."""

from __future__ import annotations

import bz2
import io
import lzma
import zipfile
import zlib
from pathlib import PurePath
from typing import IO, cast

from ...errors import DataError, sentence

__all__ = ["MOST_BYTES", "PACKING", "plain_name", "unpack"]

MOST_BYTES = 4 << 30
"""Bytes that a packed file may hold."""

PACKING = (".gz", ".bz2", ".xz", ".zip")
"""Suffixes of packed files, which say nothing of the format."""

JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")

OFFICE = ("xl/", "word/", "ppt/", "mimetype", "[Content_Types].xml")
"""Entries of documents that are zip archives, and read as documents."""


def plain_name(name: str) -> str:
    """Return the name of a file without the suffix of what it is packed by."""
    path = PurePath(name)
    return name[: -len(path.suffix)] if path.suffix.lower() in PACKING else name


def unpack(data: bytes, source: str, limit: int = MOST_BYTES) -> bytes:
    """Return what a packed file holds; other bytes come back as they are.

    Args:
        data: the content of the file.
        source: the file as the user named it.
        limit: bytes that the result may have.

    Raises:
        DataError: the file is damaged, holds more than `limit` bytes, is an archive of no or several data files (the
            first are named), or needs a password.
    """
    if data.startswith(b"BZh"):
        return _stream(cast(IO[bytes], bz2.BZ2File(io.BytesIO(data))), source, "bzip2", limit)
    if data.startswith(b"\xfd7zXZ\x00"):
        return _stream(cast(IO[bytes], lzma.LZMAFile(io.BytesIO(data))), source, "xz", limit)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _from_zip(data, source, limit)
    return data


def _stream(stream: IO[bytes], source: str, packing: str, limit: int) -> bytes:
    try:
        content = stream.read(limit + 1)
    except (OSError, EOFError, lzma.LZMAError, ValueError, zlib.error, NotImplementedError) as error:
        raise DataError(sentence(source, "data", f"whole {packing}", str(error)[:80])) from error
    if len(content) > limit:
        raise DataError(sentence(source, "data", f"at most {limit:,} bytes when unpacked", "more"))
    return content


def _from_zip(data: bytes, source: str, limit: int) -> bytes:
    """Return the one data file of an archive; a document or an archive of arrays comes back as it is."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DataError(sentence(source, "data", "a whole zip archive", str(error)[:80])) from error
    if any(name.startswith(OFFICE) for name in names) or (names and all(name.endswith(".npy") for name in names)):
        return data
    if any(name.endswith("data.pkl") for name in names):
        return data
    files = [name for name in names if not name.endswith("/") and not any(one in name for one in JUNK)]
    if len(files) != 1:
        shown = ", ".join(name[:60] for name in files[:3]) + (", ..." if len(files) > 3 else "")
        got = f"{len(files)} files ({shown})" if files else "an empty archive"
        raise DataError(sentence(source, "archive", "one data file", got, "Unpack it and name one file in it."))
    info = archive.getinfo(files[0])
    if info.file_size > limit:
        raise DataError(sentence(source, "data", f"at most {limit:,} bytes when unpacked", f"{info.file_size:,}"))
    if info.flag_bits & 1:
        raise DataError(sentence(source, "archive", "without a password", f"{files[0][:60]!r}, which needs one"))
    try:
        return _stream(archive.open(info), source, "zip", limit)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise DataError(sentence(source, "data", "whole zip", str(error)[:80])) from error
