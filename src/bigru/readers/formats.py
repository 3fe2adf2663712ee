"""The formats of files: a row each, with the endings and first bytes they are known by, and what reads them.

Parsers that the content of a text file is not compared with are imported where they are needed, so that `bigru train`
says soon what is wrong with a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from ..errors import DataError, sentence
from .audio.endings import is_audio, is_unreadable
from .examples import Examples
from .opening.archives import plain_name
from .parsers import arff, arrow, conll, conllrows, delimited, excel, fasttext, jsonl, ts, tsf, wordtag
from .parsers import manifests as spoken
from .reading import Reading
from .table import Grid, Table

if TYPE_CHECKING:
    from .annotation.convert import Converted

__all__ = ["FORMATS", "SUFFIXES", "File", "Format", "by_content", "by_name"]


@dataclass(frozen=True)
class File:
    """What a parser is given.

    Attributes:
        source: the file as the user named it.
        text: its text, "" for a binary format.
        data: its bytes, b"" for a folder.
        required: whether labels are needed.
    """

    source: str
    text: str
    data: bytes
    required: bool = True


Parsed = Grid | Table | Examples

Parse = Callable[[File, Reading], Parsed]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        parse: reads a file, as `Grid`, `Table` or `Examples`.
        suffixes: endings of file names, before `.gz`.
        sniff: tells from the name of a file and the first lines of its text that it is in this format.
        magic: first bytes, any of them.
        binary: whether it is read as bytes, not as text.
        folder: tells from a path that it is a folder in this format.
        columns: whether columns of it can be named.
        by_parts: whether large files of it can be read part by part.
    """

    parse: Parse
    suffixes: tuple[str, ...] = ()
    sniff: Callable[[str, str], bool] | None = None
    magic: tuple[bytes, ...] = ()
    binary: bool = False
    folder: Callable[[Path], bool] | None = None
    columns: bool = False
    by_parts: bool = False


SAMPLE = 400
"""Lines looked at."""

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What files of Office begin with that are older than 2007."""

EVEN = 0.95
"""Share of rows that have the width of most, and a single word as their token, in a file of tokens."""

OUTSIDE = re.compile(r"[ \t]O$", re.MULTILINE)
"""A row whose last column is the tag O."""

WORD_TAG = re.compile(r"\[?\S+/[A-Za-z]{1,4}(\][A-Za-z]{1,4})?")


def _of_text(parse: Callable[..., Parsed]) -> Parse:
    """Return a parser of text as one of files."""
    return lambda file, reading: parse(file.text, file.source, reading)


def _of_bytes(parse: Callable[..., Parsed]) -> Parse:
    """Return a parser of bytes as one of files."""
    return lambda file, reading: parse(file.data, file.source, reading)


def _tabbed(file: File, reading: Reading) -> Grid:
    return delimited.parse(file.text, file.source, reading.but(separator=reading.separator or "\t"))


def _json(file: File, reading: Reading) -> Table:
    """Read JSON: records of our own layouts, or those of a tool that annotates."""
    read = jsonl.values(file.text, file.source)
    values, lines, _ = read
    if reading.text or reading.label or not values:
        return jsonl.to_table(read, file.source)
    from .annotation.convert import convert

    made = convert(values, file.source, lines, reading.task)
    return jsonl.to_table(read, file.source) if made is None else _annotated(made, file.source)


def _annotated(made: Converted, source: str) -> Table:
    if not made.records:
        raise DataError(sentence(source, "data", "at least one example", "none that is annotated"))
    table = Table.from_records(made.records, made.lines, source)
    table.inferred |= made.reasons
    table.findings += made.findings
    return table


def _brat(file: File, reading: Reading) -> Table:
    from .annotation import brat

    return _annotated(brat.read(Path(file.source), file.source, reading.encoding), file.source)


def _spacy(file: File, reading: Reading) -> Table:
    from .annotation import spacy

    return _annotated(spacy.parse(file.data, file.source, reading.task), file.source)


def _is_brat(path: Path) -> bool:
    if not path.is_dir():
        return path.suffix == ".ann"
    from .annotation import brat

    return brat.is_folder(path) or path.suffix == ".ann"


def _text_folder(file: File, reading: Reading) -> Table:
    from .parsers import text_folder

    return text_folder.parse(Path(file.source), file.source, reading)


def _is_text_folder(path: Path) -> bool:
    if not path.is_dir():
        return False
    from .parsers import text_folder

    return text_folder.sniff(path)


def _conll(file: File, reading: Reading) -> Examples:
    return conll.parse(file.text, file.source, **_columns_of(file, reading))


def _conllu(file: File, reading: Reading) -> Examples:
    return conll.parse(file.text, file.source, conllu=True, **_columns_of(file, reading))


def _columns_of(file: File, reading: Reading) -> dict:
    columns = {"token_column": reading.text, "tag_column": reading.label}
    return columns | {"scheme": reading.scheme, "require_targets": file.required, "reading": reading}


def _word_tag(file: File, reading: Reading) -> Examples:
    return wordtag.parse(file.text, file.source, scheme=reading.scheme or "BIO")


def _ts(file: File, reading: Reading) -> Examples:
    return ts.parse(file.text, file.source, require_targets=file.required)


def _npz(file: File, reading: Reading) -> Examples:
    from .parsers import npz

    return npz.parse(file.data, file.source, require_targets=file.required, task=reading.task)


def _lines(file: File, reading: Reading) -> Table:
    """Read one text per line."""
    if file.required:
        from .annotation import parallel

        parallel.check(file.text, file.source)
        remedy = "Labels come in CSV, TSV, JSONL, Parquet, CoNLL or .npz; name the format if this is one of them."
        raise DataError(sentence(file.source, "data", "labelled", "plain lines of text", remedy))
    lines = file.text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    return Table(["text"], [lines], range(1, len(lines) + 1), file.source)


def _audio_folder(file: File, reading: Reading) -> Examples:
    from .audio import folders

    return folders.from_folder(Path(file.source), reading.task, file.required)


def _is_audio(path: Path) -> bool:
    if not path.is_dir() and not is_audio(path.name) and not is_unreadable(path.name):
        return False
    from .audio import folders

    return folders.is_folder_of_audio(path)


def _manifest(name: str) -> Format:
    """Return the format of a manifest of recordings as another project writes it."""
    one = spoken.FORMATS[name]

    def parse(file: File, reading: Reading) -> Table:
        records, lines, reasons = one.parse(file.text, file.source, reading.audio_root)
        table = Table.from_records(records, lines, file.source)
        table.inferred |= reasons
        return table

    return Format(parse, (), one.sniff, columns=name in ("nemo", "speechbrain"))


def _is_word_tag(name: str, head: str) -> bool:
    items = head.split()
    return sum(bool(WORD_TAG.fullmatch(item)) for item in items) > 0.95 * len(items)


def _is_conll(name: str, head: str) -> bool:
    found = conllrows.sniff(head.split("\n"))
    outside = found.width > 1 and found.even >= EVEN and found.short >= EVEN and OUTSIDE.search(head) is not None
    return found.likely or outside


def _is_table(name: str, head: str) -> bool:
    """Tell whether a file without a telling name is a table: all its rows divide evenly, none is left out."""
    if not delimited.sniff(name, head):
        return False
    try:
        grid = delimited.parse(head, name)
    except DataError:
        return False
    return len(grid.rows) > 1 and all(one.kind in ("empty row", "separator line") for one in grid.findings)


def _is_tabbed(name: str, head: str) -> bool:
    return all("\t" in line for line in head.split("\n") if line.strip())


CONLL = tuple(f".{name}" for name in ("conll", "conll03", "iob", "iob1", "iob2", "bio", "bioes", "bmes"))

FORMATS: dict[str, Format] = {name: _manifest(name) for name in spoken.FORMATS} | {
    "excel": Format(_of_bytes(excel.parse), excel.SUFFIXES, magic=(OLD_OFFICE,), binary=True, columns=True),
    "parquet": Format(_of_bytes(arrow.parse), (".parquet", ".pq"), magic=(b"PAR1",), binary=True, columns=True),
    "arrow": Format(_of_bytes(arrow.parse), (".feather", ".arrow"), magic=(b"ARROW1",), binary=True, columns=True),
    "orc": Format(_of_bytes(arrow.parse), (".orc",), magic=(b"ORC",), binary=True, columns=True),
    "spacy": Format(_spacy, (".spacy",), binary=True),
    "npz": Format(_npz, (".npz",), binary=True),
    "brat": Format(_brat, folder=_is_brat),
    "recordings": Format(_audio_folder, folder=_is_audio),
    "texts": Format(_text_folder, folder=_is_text_folder),
    "jsonl": Format(_json, (".jsonl", ".ndjson", ".json"), jsonl.sniff, columns=True, by_parts=True),
    "tsf": Format(_of_text(tsf.parse), (".tsf",), tsf.sniff, columns=True),
    "arff": Format(_of_text(arff.parse), (".arff",), arff.sniff, columns=True),
    "ts": Format(_ts, (".ts",), ts.sniff),
    "fasttext": Format(_of_text(fasttext.parse), (".ft", ".fasttext"), fasttext.sniff),
    "conllu": Format(_conllu, (".conllu",), columns=True),
    "word/tag": Format(_word_tag, (), _is_word_tag),
    "conll": Format(_conll, CONLL, _is_conll, columns=True),
    "tsv": Format(_tabbed, (".tsv", ".tab"), _is_tabbed, columns=True, by_parts=True),
    "csv": Format(_of_text(delimited.parse), (".csv",), _is_table, columns=True, by_parts=True),
    "txt": Format(_lines, by_parts=True),
}
"""Every format by name, in the order in which content is looked at. "txt" is one text per line, without labels."""

SUFFIXES = {suffix: name for name, one in FORMATS.items() for suffix in one.suffixes}

DECISIVE = (*spoken.FORMATS, "jsonl", "tsf", "arff", "ts", "conll", "fasttext")
"""Formats that content tells apart from the tables and objects whose endings their files may bear."""

DOUBTFUL = ("csv", "tsv", "jsonl")
"""Formats whose endings files of others bear."""


def by_name(name: str, data: bytes) -> str | None:
    """Return the format that the first bytes or the suffix (before `.gz`) say, None if neither does."""
    for known, one in FORMATS.items():
        if one.magic and data.startswith(one.magic):
            return known
    return SUFFIXES.get(PurePath(plain_name(name)).suffix.lower())


def by_content(text: str, name: str, named: str | None = None) -> str:
    """Return the format of a text: the one that its name says, unless the content is clearly another.

    Args:
        text: the text, or its beginning.
        name: of the file.
        named: the format that the name says.
    """
    head = "\n".join(line.rstrip("\r") for line in text.split("\n", SAMPLE)[:SAMPLE])
    if not head.strip() or (named is not None and named not in DOUBTFUL):
        return named or "txt"
    for known, one in FORMATS.items():
        if one.sniff is not None and (named is None or known in DECISIVE) and one.sniff(name, head):
            return known
    if named == "tsv" and "\t" not in head:
        return "csv"
    return named or "txt"
