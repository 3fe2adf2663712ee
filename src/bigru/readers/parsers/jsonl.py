"""JSON text to values, records or a table: lines, arrays, objects one behind the other, or one object of columns."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ...errors import DataError, sentence
from ..findings import Finding
from ..reading import Reading
from ..table import Table
from .json_shapes import unwrap

__all__ = ["parse", "records", "sniff", "to_table", "values"]

SPACE = re.compile(r"[ \t\r\n\ufeff]*")

PYTHON = re.compile(r"[\[{(]\s*u?'|:\s*(None|True|False)\b")
"""How a dict or list of Python begins that was printed instead of written as JSON."""

Values = tuple[list[Any], list[int], list[Finding]]


def sniff(name: str, text: str) -> bool:
    """Tell whether a text is JSON: it begins with an object, or with an array that holds objects, arrays or texts."""
    return bool(re.match(r'\ufeff?\s*(\{\s*("|\}|$)|\[\s*([\[{"\]]|$))', text))


def parse(text: str, source: str, reading: Reading | None = None, first: int = 1) -> Table:
    """Return JSON text as a table: a row for each record, a column for each key; a missing key is None.

    Args:
        text: the content of the file: an object a line, an array of objects or of rows, objects one behind the other,
            or one object that holds columns or a list of records.
        source: the file as the user named it.
        reading: not looked at; JSON says all.
        first: number of the first line.

    Raises:
        DataError: a value is no JSON, or the values are neither records nor rows.
    """
    return to_table(values(text, source, first), source)


def to_table(read: Values, source: str) -> Table:
    """Return what `values` read as a table; see `parse`.

    Raises:
        DataError: the values are neither records nor rows.
    """
    found, lines, findings = read
    inferred: dict[str, str] = {}
    if found and all(isinstance(value, str) for value in found):
        found = [{"text": value} for value in found]
    elif found and all(isinstance(value, list) and len(value) == len(found[0]) for value in found):
        names = [str(n) for n in range(1, len(found[0]) + 1)]
        columns: list[Sequence[Any]] = list(zip(*found, strict=True))
        return Table(names, columns, lines, source, False, {"records": "rows without names"}, findings)
    elif len(found) == 1 and isinstance(found[0], dict):
        unwrapped = unwrap(found[0], source)
        if unwrapped is not None:
            found, where = unwrapped
            inferred["records"] = where
            lines = list(range(1, len(found) + 1))
    _check_objects(found, lines, source)
    names = list(dict.fromkeys(key for record in found for key in record))
    return Table(
        names, [[record.get(name) for record in found] for name in names], lines, source, True, inferred, findings
    )


def records(text: str, source: str, first: int = 1) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the objects of a JSON text and the lines they begin on; `first` is the number of the first line.

    Raises:
        DataError: a line is no JSON, or no object.
    """
    found, lines, _ = values(text, source, first)
    if len(found) == 1 and isinstance(found[0], dict):
        unwrapped = unwrap(found[0], source)
        if unwrapped is not None:
            found = unwrapped[0]
            lines = list(range(1, len(found) + 1))
    _check_objects(found, lines, source)
    return found, lines


def values(text: str, source: str, first: int = 1) -> Values:
    """Return the values of a JSON text: those of its one array, or of its lines, or one behind the other.

    Returns:
        The values, the line that each begins on, and what was noticed: commas behind lines, keys that an object holds
        twice (the last counts).

    Raises:
        DataError: something is no JSON; its line is named.
    """
    reader = _Reader(text, source, first)
    start = _skip(text, 0)
    if text[start : start + 1] == "[":
        found = reader.array(start)
        if found is not None:
            return (*found, reader.findings())
    return (*reader.rows(), reader.findings())


def _check_objects(found: list[Any], lines: list[int], source: str) -> None:
    for value, line in zip(found, lines, strict=True):
        if not isinstance(value, dict):
            raise DataError(sentence(f"{source}:{line}", "row", "a JSON object", repr(value)[:80]))


def _skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


class _Reader:
    """Decodes the values of a text and counts what is odd about them."""

    def __init__(self, text: str, source: str, first: int) -> None:
        self._text, self._source, self._first = text, source, first
        self._line = first
        self._commas: list[int] = []
        self._repeated: dict[str, list[int]] = {}
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self._repeated.setdefault(key, []).append(self._line)
                seen.add(key)
        return result

    def findings(self) -> list[Finding]:
        found = []
        if self._commas:
            message = f"{len(self._commas)} lines end with a comma; left out"
            found.append(Finding(self._source, self._commas[0], "comma behind a line", message))
        for key, lines in self._repeated.items():
            message = f"{len(lines)} objects hold the key {key!r:.60} more than once; the last value counts"
            found.append(Finding(self._source, lines[0], "repeated key", message))
        return found

    def rows(self) -> tuple[list[Any], list[int]]:
        """Decode a value a line, or, where the first line is no whole value, values one behind the other."""
        found: list[Any] = []
        lines: list[int] = []
        for number, line in enumerate(self._text.split("\n"), self._first):
            row = line.strip(" \t\r\ufeff")
            if not row:
                continue
            self._line = number
            if row.endswith(","):
                row = row[:-1]
                self._commas.append(number)
            try:
                found.append(self._decoder.decode(row))
            except (ValueError, RecursionError) as error:
                stream = self._stream() if not found else None
                if stream is not None:
                    return stream
                self._refuse(error, row, number)
            lines.append(number)
        return found, lines

    def _stream(self) -> tuple[list[Any], list[int]] | None:
        """Decode values one behind the other, None where the first is no value or the only one of its line."""
        self._commas, self._repeated = [], {}
        try:
            _, end = self._decoder.raw_decode(self._text, _skip(self._text, 0))
        except (ValueError, RecursionError):
            return None
        if _skip(self._text, end) < len(self._text) and self._text[_skip(self._text, end)] not in "{[,":
            return None
        self._repeated = {}
        return self._several(_skip(self._text, 0), "")

    def array(self, start: int) -> tuple[list[Any], list[int]] | None:
        """Decode the values of one array; None where it is the first of several lines that hold an array each."""
        line_end = self._text.find("\n", start)
        if line_end > 0 and self._text[_skip(self._text, line_end) :][:1] == "[":
            try:
                self._decoder.decode(self._text[start:line_end].strip(" \t\r"))
            except (ValueError, RecursionError):
                pass
            else:
                return None
        return self._several(start + 1, "]")

    def _several(self, at: int, closing: str) -> tuple[list[Any], list[int]]:
        """Decode values up to a closing bracket, separated by commas, or up to the end, separated by nothing."""
        text = self._text
        found: list[Any] = []
        lines: list[int] = []
        line, counted = self._first, 0
        at = _skip(text, at)
        while text[at : at + 1] != closing:
            line, counted = line + text.count("\n", counted, at), at
            if found and (closing or text[at] == ","):
                if text[at : at + 1] != ",":
                    got = repr(text[at : at + 20]) if text[at:] else "the end of the file"
                    raise DataError(
                        sentence(f"{self._source}:{line}", "array", "separated by commas and closed by ]", got)
                    )
                at = _skip(text, at + 1)
                if text[at : at + 1] == closing:
                    self._commas.append(line)
                    break
                line, counted = line + text.count("\n", counted, at), at
            self._line = line
            try:
                value, end = self._decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                self._refuse(error, text[at : at + 200], line)
            found.append(value)
            lines.append(line)
            at = _skip(text, end)
        self._check_end(_skip(text, at + 1), closing)
        return found, lines

    def _check_end(self, at: int, closing: str) -> None:
        if closing and self._text[at:]:
            line = self._first + self._text.count("\n", 0, at)
            got = repr(self._text[at : at + 20])
            raise DataError(sentence(f"{self._source}:{line}", "text", "one JSON array", f"{got} behind it"))

    def _refuse(self, error: Exception, row: str, line: int) -> None:
        if isinstance(error, json.JSONDecodeError):
            got = f"{error.msg} in column {error.pos - error.doc.rfind(chr(10), 0, error.pos)}"
        else:
            got = "too deep a nest" if isinstance(error, RecursionError) else "a number of more than 4,300 digits"
        remedy = "It looks like printed Python: write it with json.dumps." if PYTHON.match(row) else ""
        raise DataError(sentence(f"{self._source}:{line}", "row", "one JSON object", got, remedy)) from error
