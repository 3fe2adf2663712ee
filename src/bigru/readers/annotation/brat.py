"""BRAT's standoff format: a text in `NAME.txt`, what is marked in it in `NAME.ann` (brat.nlplab.org/standoff.html)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ...errors import DataError, sentence
from ..opening.encoding import decode, read_bytes
from .convert import Converted
from .notes import Notes, Record

__all__ = ["is_folder", "read"]

MARK = re.compile(r"(?P<label>\S+) (?P<start>[0-9]{1,12}) (?P<end>[0-9]{1,12})")

KINDS = {"R": "relations", "E": "events", "A": "attributes", "M": "attributes", "N": "normalisations", "*": "relations"}
"""What lines begin with that are not read; notes (`#`) are passed over."""


def is_folder(path: Path) -> bool:
    """Tell whether a folder holds annotations of BRAT."""
    return path.is_dir() and any(path.rglob("*.ann"))


def read(path: Path, source: str, encoding: str | None = None) -> Converted:
    """Read a folder of pairs, or one pair by the name of either file, as plain records: a line of text each.

    Spans that cross a line end are cut at it. Spans of several fragments (`0 4;8 12`) and lines that are no spans
    (relations, events, attributes, normalisations) are not read; findings count them, and texts without annotations.

    Args:
        path: a folder, searched with what lies in it, or a file that ends in `.ann` or `.txt`.
        source: the name for errors and findings.
        encoding: of all files; None detects it.

    Returns:
        Records `{"text", "spans"}`; their lines are those of the text files, counted on from file to file in a folder.

    Raises:
        DataError: there is no pair, a text is missing, or a line is no annotation.
    """
    notes = Notes(source)
    if path.is_dir():
        marks = sorted(path.rglob("*.ann"))
        alone = [file for file in sorted(path.rglob("*.txt")) if not file.with_suffix(".ann").exists()]
        if alone:
            notes.add("no annotations", f"texts have no .ann and are left out, the first {alone[0].name}", 0)
    else:
        marks = [path.with_suffix(".ann")]
    if not marks:
        raise DataError(sentence(source, "data", "a folder of .ann and .txt", "no .ann"))
    records: list[Record] = []
    lines: list[int] = []
    for mark in marks:
        text_file = mark.with_suffix(".txt")
        for file, other in ((text_file, mark), (mark, text_file)):
            if not file.is_file():
                raise DataError(sentence(str(other), "data", f"beside its partner {file.name}", "no such file"))
        text = _decode(text_file, encoding)
        found = _marks(_decode(mark, encoding), str(mark), len(text), notes)
        added = _by_line(text, found, notes, str(text_file))
        records += [record for _, record in added]
        lines += [line for line, _ in added] if len(marks) == 1 else range(len(lines) + 1, len(lines) + len(added) + 1)
    return Converted(records, lines, {"layout": "BRAT", "files": f"{len(marks)} pairs"}, notes.findings())


def _decode(file: Path, encoding: str | None) -> str:
    """Return the text of a file; one of BRAT may be empty."""
    return decode(read_bytes(file), str(file), encoding)[0] if file.stat().st_size else ""


def _marks(text: str, source: str, size: int, notes: Notes) -> list[tuple[int, int, str]]:
    """Return (start, end, label) of the spans that the lines of an .ann file give."""
    found = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        kind = line[:1]
        if not line.strip() or kind == "#":
            continue
        if kind in KINDS:
            notes.add("not read", f"{KINDS[kind]} are not read", number, source)
            continue
        parts = line.split("\t")
        if kind != "T" or len(parts) < 2:
            raise DataError(sentence(f"{source}:{number}", "line", "T1, a tab, LABEL START END", repr(line[:60])))
        if ";" in parts[1]:
            notes.add("not read", "spans of several fragments are not read", number, source)
            continue
        match = MARK.fullmatch(parts[1])
        if match is None:
            raise DataError(sentence(f"{source}:{number}", "line", "T1, a tab, LABEL START END", repr(line[:60])))
        start, end = int(match["start"]), int(match["end"])
        if not 0 <= start < end <= size:
            want = f"within 0 <= start < end <= {size}, the length of the text"
            raise DataError(sentence(f"{source}:{number}", "span", want, f"{start} to {end}"))
        found.append((start, end, match["label"]))
    return found


def _by_line(text: str, found: Sequence[tuple[int, int, str]], notes: Notes, source: str) -> list[tuple[int, Record]]:
    """Return a record for each line of a text that is not blank, with the spans in it, and its number."""
    made: list[tuple[int, Record]] = []
    begins = 0
    for number, line in enumerate(text.split("\n"), 1):
        ends = begins + len(line)
        inside = [(max(a, begins), min(b, ends), label, a < begins or b > ends) for a, b, label in found]
        spans = [(a, b, label, cut) for a, b, label, cut in inside if a < b]
        for *_, cut in spans:
            if cut:
                notes.add("cut spans", "spans are cut at a line end", number, source)
        if line.strip():
            shown = [[a - begins, b - begins, label] for a, b, label, _ in sorted(spans)]
            made.append((number, {"text": line.removesuffix("\r"), "spans": shown}))
        begins = ends + 1
    return made
