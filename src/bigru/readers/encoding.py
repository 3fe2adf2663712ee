"""From a path to text: the file checks, gzip, and which encoding the bytes are in."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ..errors import ArgumentError, DataError, nearest, sentence
from .packed import read_whole

__all__ = ["SURROGATE", "decode", "read_bytes"]

SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair: a JSON escape can hold it, UTF-8 cannot."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_bytes(path: str | Path) -> bytes:
    """Return what a file holds, unpacked if it is gzipped.

    Raises:
        DataError: there is no such file (the nearest name is suggested), it is a folder, a device,
            unreadable, empty, damaged gzip, or larger than `packed.most_bytes`.
    """
    file, where = Path(path), str(path)
    try:
        if file.is_dir():
            names = sorted(child.name for child in file.iterdir() if child.is_file())[:3]
            remedy = f"Name one file in it: {', '.join(names)}." if names else ""
            raise DataError(sentence(where, "data", "a file", "a folder", remedy))
        data = read_whole(file, where)
    except FileNotFoundError:
        siblings = [child.name for child in file.parent.iterdir()] if file.parent.is_dir() else []
        raise DataError(sentence(where, "data", "a file", "no such file", nearest(file.name, siblings))) from None
    except OSError as error:
        raise DataError(sentence(where, "data", "a readable file", error.strerror)) from error
    if not data:
        raise DataError(sentence(where, "data", "at least one example", "an empty file"))
    return data


def decode(data: bytes, source: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of `data` and the name of its encoding.

    Without `encoding`: a byte-order mark decides, then strict UTF-8, then strict GB18030. A file that is
    mostly sound UTF-8 is never read as GB18030: its broken bytes are an error.

    Args:
        data: the bytes.
        source: the file as the user named it, for errors.
        encoding: a codec name that overrules the detection.

    Raises:
        DataError: the bytes are no text in any of these, or not in the encoding given; line and byte are named.
        ArgumentError: there is no such encoding.
    """
    if encoding is not None:
        return _strict(data, source, encoding), encoding
    for mark, name in MARKS:
        if data.startswith(mark):
            return _strict(data, source, name), name
    head = data[:4096]
    if head.count(0) * 10 > len(head):
        remedy = "Text in UTF-16 without a byte-order mark needs encoding utf-16-le or utf-16-be."
        raise DataError(sentence(source, "data", "text", "binary data", remedy))
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        text = None if _mostly_utf8(data) else _gb18030(data)
        if text is None:
            raise DataError(_complaint(data, source, "utf-8", error)) from None
        return text, "gb18030"


def _strict(data: bytes, source: str, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError:
        remedy = nearest(encoding, ("utf-8", "gb18030", "gbk", "utf-16", "latin-1", "big5"))
        raise ArgumentError(sentence("read", "encoding", "a codec of Python", repr(encoding), remedy)) from None
    except UnicodeDecodeError as error:
        raise DataError(_complaint(data, source, encoding, error)) from None
    except UnicodeError as error:  # a codec of Python that names no place, as idna
        raise DataError(sentence(source, "text", f"valid {encoding}", error)) from None


def _complaint(data: bytes, source: str, encoding: str, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    got = f"byte 0x{data[error.start]:02x} at offset {error.start}"
    remedy = "Save the file as UTF-8, or name its encoding."
    return sentence(f"{source}:{line}", "text", f"valid {encoding}", got, remedy)


def _mostly_utf8(data: bytes) -> bool:
    """Tell whether more characters beyond ASCII are sound UTF-8 than are broken."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return beyond - broken > broken


def _gb18030(data: bytes) -> str | None:
    """Return the text if it is GB18030 and looks like it.

    Latin-1 text can pass as GB18030 too, an accented letter swallowing the ASCII letter behind it; in
    Chinese text most second bytes are not ASCII.
    """
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    characters = len(text) - len(text.encode("ascii", "ignore"))
    high = len(data) - len(data.translate(None, bytes(range(0x80, 0x100))))
    return text if high >= 1.5 * characters else None
