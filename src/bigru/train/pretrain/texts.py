"""Raw texts as they come: files of any number and size, read part by part."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...errors import DataError, sentence
from ...features.inputs import Input
from ...readers.chunked import SMALL, parts
from ...readers.examples import Examples
from ...readers.reading import Reading
from ...readers.summary import columns_of

__all__ = ["find_files", "read_texts"]

SHOWN = 3
"""Findings in a file that are shown before they are only counted."""


def find_files(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the files that paths name, in order; of a folder all files in it and below, by name, but hidden ones.

    Raises:
        DataError: a path leads nowhere, a folder holds no file, or a file is named twice.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(one for one in path.rglob("*") if one.is_file() and not _is_hidden(one, path))
        if path.is_dir() and not inside:
            raise DataError(sentence(str(path), "texts", "a file, or a folder of files", "an empty folder"))
        found += inside if path.is_dir() else [path]
    seen: set[Path] = set()
    for file in found:
        if file.resolve() in seen:
            raise DataError(sentence(str(file), "texts", "named once", "the same file twice"))
        seen.add(file.resolve())
    return found


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def read_texts(
    files: Sequence[Path],
    reading: Reading,
    report: Callable[[float], None] = lambda _share: None,
    say: Callable[[str], None] = lambda _text: None,
) -> Iterator[tuple[str, list[Input]]]:
    """Yield the texts of files a part at a time, each part with the name of its file; labels are not read.

    Args:
        files: text with one text a line, tables or JSON lines, gzipped or not; see `bigru.readers`.
        reading: what is decided already; the column of the texts, the encoding.
        report: called with the share of all bytes that has been read.
        say: gets what a file is read as, unless that is what the file before it was read as, and what is wrong in it.

    Raises:
        DataError: a file cannot be read, holds no texts, or has a line of more than `SMALL` bytes.
    """
    sizes = [max(file.stat().st_size, 1) if file.is_file() else 1 for file in files]
    total, before = sum(sizes), 0
    last: list[str] = []
    for file, size in zip(files, sizes, strict=True):

        def so_far(share: float, before: int = before, size: int = size) -> None:
            report((before + share * size) / total)

        findings = 0
        for number, part in enumerate(parts(str(file), so_far, reading, longest=SMALL)):
            if part.kind not in ("text", "tokens"):
                raise DataError(sentence(str(file), "data", "texts", part.kind))
            lines = _describe(part)
            if number == 0 and lines != last:
                say(f"{file}: {lines[0]}")
                for line in lines[1:]:
                    say(f"  {line}")
                last = lines
            for finding in part.findings[: max(SHOWN - findings, 0)]:
                say(f"{file}: {finding}")
            findings += len(part.findings)
            yield str(file), list(part.inputs)
        if findings > SHOWN:
            say(f"{file}: and {findings - SHOWN} more findings")
        before += size


def _describe(part: Examples) -> list[str]:
    """Return what a file is read as: format and encoding, and its columns."""
    facts = ", ".join(f"{name} {value}" for name, value in part.inferred.items() if name not in ("so far", "task"))
    return [facts, *columns_of(part.roles)]
