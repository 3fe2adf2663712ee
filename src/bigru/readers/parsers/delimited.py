"""Delimited text (CSV, TSV) to rows of cells, each with its physical line."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...errors import DataError, sentence
from ..findings import Finding
from ..table import Grid

__all__ = ["DELIMITERS", "Table", "parse"]

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon"}

SAMPLE = 1 << 16
"""Characters from which the delimiter is guessed."""


@dataclass(frozen=True)
class Table:
    """Rows of equally many cells; `lines` holds the physical line each row begins on, blank lines apart."""

    rows: list[list[str]]
    lines: list[int]
    blank: list[int]
    delimiter: str
    quoted: bool


def parse(text: str, source: str, delimiter: str | None = None, first: int = 1) -> Grid:
    """Divide delimited text into rows; see `_parse`."""
    table = _parse(text, source, delimiter, first)
    inferred = {"separator": DELIMITERS.get(table.delimiter, repr(table.delimiter))}
    if not table.quoted and '"' in text:
        inferred["quotes"] = "plain characters"
    blank = [Finding(source, line, "empty row", "the line is blank; left out") for line in table.blank]
    return Grid(table.rows, table.lines, source, inferred, blank, table.delimiter, table.quoted)


def _parse(text: str, source: str, delimiter: str | None = None, first: int = 1) -> Table:
    """Divide delimited text into rows.

    Quotes are read as in RFC 4180 (doubled inside, fields may hold delimiters and line ends), unless that
    reading fails or, between tabs, would join lines that are whole rows as they stand: then quotes are
    plain characters.

    Args:
        text: the content of the file.
        source: the file as the user named it.
        delimiter: a key of `DELIMITERS`, or None to choose the one that gives the most even rows.
        first: number of the first line.

    Raises:
        DataError: a row has another number of columns than the first, or a quote is never closed.
    """
    delimiter = delimiter or _delimiter(text)
    plain = _literal(text, delimiter, first)
    try:
        table = _quoted(text, delimiter, source, first)
        problem = _uneven(table, source)
    except DataError as error:
        table, problem = plain, error
    joined = delimiter == "\t" and len(table.rows) < len(plain.rows)
    if (problem or joined) and not _uneven(plain, source):
        return plain
    if problem:
        raise problem
    return table


@contextmanager
def _long_fields(size: int) -> Iterator[None]:
    """Let the csv module read fields of up to `size` characters (its own limit is 131,072)."""
    before = csv.field_size_limit(max(size, csv.field_size_limit()))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _quoted(text: str, delimiter: str, source: str, first: int) -> Table:
    rows: list[list[str]] = []
    lines, blank = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = first
    try:
        with _long_fields(len(text)):
            for row in reader:
                # In a table of one column, `""` is a row: an empty text.
                if any(cell.strip() for cell in row) or (row == [""] and rows and len(rows[0]) == 1):
                    rows.append(row)
                    lines.append(line)
                else:
                    blank.append(line)
                line = reader.line_num + first
    except csv.Error as error:
        remedy = "Double the quotes inside a quoted field and close it."
        raise DataError(sentence(f"{source}:{line}", "row", "well quoted", error, remedy)) from error
    return Table(rows, lines, blank, delimiter, quoted=True)


def _literal(text: str, delimiter: str, first: int) -> Table:
    rows, lines, blank = [], [], []
    for number, line in enumerate(text.replace("\r\n", "\n").removesuffix("\n").split("\n"), first):
        if line.strip():
            rows.append(line.split(delimiter))
            lines.append(number)
        else:
            blank.append(number)
    return Table(rows, lines, blank, delimiter, quoted=False)


def _uneven(table: Table, source: str) -> DataError | None:
    """Return the error of the first row that has not as many columns as the first row of all."""
    for row, line in zip(table.rows, table.lines, strict=True):
        if len(row) != len(table.rows[0]):
            want = f"{len(table.rows[0])} columns separated by {DELIMITERS[table.delimiter]}s, as line {table.lines[0]}"
            remedy = "Put texts that hold the separator in double quotes."
            return DataError(sentence(f"{source}:{line}", "row", want, f"{len(row)} columns", remedy))
    return None


def _delimiter(text: str) -> str:
    """Return the delimiter that gives the most even rows of two or more columns, comma if none does."""
    sample = text[:SAMPLE]
    if len(text) > SAMPLE:
        sample = sample[: sample.rfind("\n") + 1] or sample

    def evenness(delimiter: str) -> float:
        with _long_fields(len(sample)):
            rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
        width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        return count / len(rows) if width > 1 and len(rows[0]) == width else 0.0

    return max(DELIMITERS, key=evenness)
