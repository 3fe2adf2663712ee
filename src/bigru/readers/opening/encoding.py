"""From a path to text: the file checks, gzip, and which encoding the bytes are in."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ...errors import ArgumentError, DataError, argument, nearest, sentence
from . import charset
from .archives import unpack
from .packed import most_bytes, read_whole
from .unreadable import refuse_unreadable

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
    """Return what a file holds, unpacked if it is packed by gzip, bzip2, xz or zip.

    Raises:
        DataError: there is no such file (the nearest name is suggested), it is a folder, a device, unreadable,
            empty, damaged in its packing, larger than `packed.most_bytes`, or known to be no data that can be read
            (`unreadable`).
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
    data = unpack(data, where, most_bytes(len(data)))
    if not data:
        raise DataError(sentence(where, "data", "at least one example", "an empty file"))
    refuse_unreadable(data, where)
    return data


def decode(data: bytes, source: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of `data` and the name of its encoding.

    Without `encoding`: a byte-order mark decides, then strict UTF-8, then the encoding in which the characters are
    clearly those of a language (`charset`). A file that is mostly sound UTF-8 is never read as anything else: its
    broken bytes are an error.

    Args:
        data: the bytes.
        source: the file as the user named it, for errors.
        encoding: a codec name that overrules the detection.

    Raises:
        DataError: the bytes are no text in the encoding (line and byte are named), or several encodings explain them
            (these are named).
        ArgumentError: there is no such encoding.
    """
    if encoding is not None:
        return _strict(data, source, encoding), encoding
    found = _declared_encoding(data, source)
    if found is not None:
        return _strict(data, source, found), found
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        unmarked = charset.without_mark(data) if 0 in data[:4096] else None
        if unmarked is not None:
            return _strict(data, source, unmarked), unmarked
        if _mostly_utf8(data):
            raise DataError(_complaint(data, source, "utf-8", error)) from None
        return _decode_legacy(data, source, error)


def _declared_encoding(data: bytes, source: str) -> str | None:
    """Return the encoding that marks, NUL bytes or escapes show, None where there are none."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    head = data[:4096]
    if head.count(0) * 10 > len(head):
        unmarked = charset.without_mark(data)
        if unmarked is not None:
            return unmarked
        ways = " or ".join(argument("reading.encoding", name) for name in ("utf-16-le", "utf-16-be"))
        remedy = f"Text in UTF-16 without a byte-order mark needs {ways}."
        raise DataError(sentence(source, "data", "text", "binary data", remedy))
    return charset.seven_bit(data) if b"\x1b" in head else None


def _decode_legacy(data: bytes, source: str, error: UnicodeDecodeError) -> tuple[str, str]:
    """Return the text of bytes that are no UTF-8, in the encoding that explains them best."""
    guess = charset.recognise(data)
    if guess.encoding is None:
        if not guess.candidates:
            raise DataError(_complaint(data, source, "utf-8", error)) from None
        line = data.count(b"\n", 0, error.start) + 1
        names = " or ".join(guess.candidates)
        options = " or ".join(argument("reading.encoding", name) for name in guess.candidates)
        want = "in UTF-8 or clearly in one other encoding"
        got = f"bytes that could be {names}"
        raise DataError(sentence(f"{source}:{line}", "text", want, got, f"Name it with {options}.")) from None
    for name in (guess.encoding, *charset.SUPERSETS.get(guess.encoding, ())):
        try:
            return data.decode(name), name
        except UnicodeDecodeError:
            continue
    return _strict(data, source, guess.encoding), guess.encoding


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
    remedy = f"Save the file as UTF-8, or name its encoding with {argument('reading.encoding')}."
    return sentence(f"{source}:{line}", "text", f"valid {encoding}", got, remedy)


def _mostly_utf8(data: bytes) -> bool:
    """Tell whether at least as many characters beyond ASCII are sound UTF-8 as are broken."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return beyond - broken >= broken
