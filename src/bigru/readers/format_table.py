"""The formats of files in one table: how each is recognised and which parser reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from .opening.packed import plain_name
from .parsers import arff, arrow, delimited, excel, fasttext, jsonl, text_folder, ts, tsf

__all__ = ["FORMATS", "Format", "find_format", "folder_format"]

SAMPLE = 1 << 16
"""Characters that are looked at to recognise a format."""


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        parse: of a text (bytes if `binary`, a path if `folder`), the file as the user named it and a `Reading`, gives a
            `Grid`, a `Table` or `Examples`.
        suffixes: of its files, in lower case, with the point.
        sniff: of the name and the beginning of a text, whether it is in the format (of a path if `folder`).
        magic: first bytes, any of them.
        binary: whether it is parsed from bytes.
        folder: whether it is a folder.
        columns: whether `--text`, `--label` and the like name its columns.
    """

    parse: Callable[..., Any]
    suffixes: tuple[str, ...] = ()
    sniff: Callable[..., bool] | None = None
    magic: tuple[bytes, ...] = ()
    binary: bool = False
    folder: bool = False
    columns: bool = True


FORMATS = {
    "excel": Format(excel.parse, excel.SUFFIXES, magic=(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), binary=True),
    "parquet": Format(arrow.parse, (".parquet", ".pq"), magic=(b"PAR1",), binary=True),
    "arrow": Format(arrow.parse, (".feather", ".arrow"), magic=(b"ARROW1",), binary=True),
    "orc": Format(arrow.parse, (".orc",), magic=(b"ORC",), binary=True),
    "texts": Format(text_folder.parse, sniff=text_folder.sniff, folder=True),
    "jsonl": Format(jsonl.parse, (".jsonl", ".ndjson", ".json"), jsonl.sniff),
    "tsf": Format(tsf.parse, (".tsf",), tsf.sniff),
    "arff": Format(arff.parse, (".arff",), arff.sniff),
    "ts": Format(ts.parse, (".ts",), ts.sniff, columns=False),
    "fasttext": Format(fasttext.parse, (".ft", ".fasttext"), fasttext.sniff),
    "tsv": Format(delimited.parse, (".tsv", ".tab")),
    "csv": Format(delimited.parse, (".csv",), delimited.sniff),
}
"""Every format, in the order in which texts without a known suffix are tried."""


def find_format(name: str, data: bytes, text: str | None = None) -> str | None:
    """Return the format of a file by its first bytes, its suffix, or what it holds; None if nothing says it.

    A suffix counts, unless the text is in a format that cannot be mistaken (JSON, ARFF, `.tsf`, `.ts`) under the name
    of a table.

    Args:
        name: of the file, with or without the suffix of what it is packed by.
        data: its bytes, unpacked.
        text: its text, where it is one.
    """
    for key, one in FORMATS.items():
        if one.magic and data.startswith(one.magic):
            return key
    suffix = PurePath(plain_name(name)).suffix.lower()
    named = next((key for key, one in FORMATS.items() if suffix in one.suffixes), None)
    if named is not None and (FORMATS[named].binary or text is None):
        return named
    head = (text or "")[:SAMPLE]
    sniffed = next((key for key, one in FORMATS.items() if text and _sniffs(one, name, head)), None)
    certain = sniffed in ("jsonl", "arff", "tsf", "ts") and named in ("csv", "tsv", "jsonl")
    return sniffed if named is None or certain else named


def _sniffs(one: Format, name: str, head: str) -> bool:
    return one.sniff is not None and not one.folder and not one.binary and one.sniff(name, head)


def folder_format(path: Path) -> str | None:
    """Return the format of a folder, None if it is in none."""
    return next((key for key, one in FORMATS.items() if one.folder and one.sniff is not None and one.sniff(path)), None)
