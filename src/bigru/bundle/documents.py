"""The files of a saved model as bytes and JSON: bounded before they are read, strict when they are parsed."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from ..errors import BundleError, sentence

__all__ = ["LEXICON", "LIMITS", "dump", "is_foreign_link", "parse", "read", "text"]

MIB = 1 << 20

LEXICON = "lexicon.txt.gz"
"""The words of a lexicon, in a form that `--lexicon` reads."""

LIMITS = {
    "config.json": 8 * MIB,
    "vocabulary.json": 64 * MIB,
    "tokenizer.json": 64 * MIB,
    LEXICON: 64 * MIB,
    "metrics.json": 16 * MIB,
    "verification.json": 16 * MIB,
    "README.md": 4 * MIB,
}
"""Bytes up to which each file is read; that of the weights follows from the configuration."""

DEPTH = 32
"""Levels that objects and lists may be nested."""

VALUES = {b"[": 1 << 20, b"{": 1 << 20, b",": 1 << 22}
"""Lists, objects and values of a document at most: an empty list takes twenty times its two bytes in memory."""

DIGITS = 18
"""Digits of a whole number at most."""


def is_foreign_link(path: Path) -> bool:
    """Tell whether a file of a saved model is a symbolic link that leads elsewhere than to its own content.

    In the cache of the Hugging Face hub a model is a folder `snapshots/REVISION` of links into `blobs`, two folders
    above; those are taken, all others are not: they could lead to any file of the machine.
    """
    if not path.is_symlink():
        return False
    folder = path.parent.resolve()
    cached = folder.parent.name == "snapshots" and path.resolve().parent == folder.parent.parent / "blobs"
    return not cached


def read(folder: Path, name: str) -> bytes | None:
    """Return the content of a file of the folder, None if there is no such file.

    Args:
        folder: the saved model.
        name: file name, a key of `LIMITS`.

    Raises:
        BundleError: a link, a folder, a device, larger than its limit, or not readable.
    """
    path, where, most = folder / name, f"{folder}/{name}", LIMITS[name]
    if is_foreign_link(path):
        remedy = "Copy the file itself there."
        raise BundleError(sentence(where, "file", "a file of the folder itself", "a symbolic link", remedy))
    if not path.exists():
        return None
    if not path.is_file():
        raise BundleError(sentence(where, "file", "a plain file", "something else"))
    try:
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise BundleError(sentence(where, "file", "readable", error.strerror)) from None
    if len(content) > most:
        raise BundleError(sentence(where, "file", f"at most {most} bytes", f"{path.stat().st_size}"))
    return content


def text(where: str, content: bytes) -> str:
    """Return what UTF-8 bytes say.

    Raises:
        BundleError: they are no UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(sentence(where, "file", "UTF-8", f"byte {error.start} that is not")) from None


def parse(where: str, content: bytes) -> Any:
    """Return the value of a JSON document.

    Raises:
        BundleError: not UTF-8, not JSON, more than `VALUES`, nested deeper than `DEPTH`, an object with the same key
            twice, a number that is not finite, or half of a surrogate pair in a string.
    """

    for mark, most in VALUES.items():
        if (count := content.count(mark)) > most:
            raise BundleError(sentence(where, "file", f"of at most {most} of {mark.decode()!r}", count))

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"the number {constant}")

    def whole(digits: str) -> int:
        return int(digits) if len(digits) <= DIGITS else refuse(f"{digits[:DIGITS]}...")

    def finite(digits: str) -> float:
        number = float(digits)
        return number if math.isfinite(number) else refuse(digits[:20])

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counts.items() if count > 1)
            raise ValueError(f"the key {twice[:40]!r} twice")
        return found

    try:
        value = json.loads(
            text(where, content), parse_constant=refuse, parse_float=finite, parse_int=whole, object_pairs_hook=once
        )
        _check(value)
    except (ValueError, RecursionError) as error:
        got = f"more than {DEPTH} levels" if isinstance(error, RecursionError) else str(error)
        raise BundleError(sentence(where, "file", "valid JSON", got)) from None
    return value


def _check(value: Any) -> None:
    """Raise ValueError for what is nested deeper than `DEPTH`, and for strings that UTF-8 cannot write."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH + 1:
            raise ValueError(f"more than {DEPTH} levels")
        inner: list[Any] = []
        for entry in level:
            if isinstance(entry, dict):
                inner += [*entry.keys(), *entry.values()]
            elif isinstance(entry, list):
                inner += entry
        strings = [entry for entry in level if isinstance(entry, str)]
        "".join(strings).encode("utf-8")
        level = inner


def dump(value: Any) -> bytes:
    """Return a JSON document, indented, in UTF-8; its strings and numbers must be what `parse` takes."""
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode("utf-8")
