"""JSON lines (or one JSON array) to objects, each with its physical line."""

from __future__ import annotations

import json
import re
from typing import Any

from ...errors import DataError, sentence

__all__ = ["parse", "values_of"]

PAIR = re.compile(r'\s*\[\s*"')
SPACE = re.compile(r"[ \t\r\n]*")


def parse(text: str, source: str, first: int = 1) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the objects of a JSONL file, or of a JSON array of objects, and the lines they begin on; `first` is the
    number of the first line of lines.

    Raises:
        DataError: a line is no JSON, or no object.
    """
    values, lines = values_of(text, source, first)
    for value, line in zip(values, lines, strict=True):
        if not isinstance(value, dict):
            raise DataError(sentence(f"{source}:{line}", "row", "a JSON object", repr(value)[:80]))
    return values, lines


def values_of(text: str, source: str, first: int = 1) -> tuple[list[Any], list[int]]:
    """Return the JSON values of a file, whatever they are, and the lines they begin on.

    They are the elements of an array, one value a line, or values over several lines one behind the other.

    Raises:
        DataError: something is no JSON.
    """
    head = next((line for line in text.split("\n") if line.strip()), "")
    whole = _is_whole(head)
    # A list that begins with a text is one example of its own (a text and what is in it), not many.
    alone = whole and not PAIR.match(head) and not text[text.index(head) + len(head) :].strip()
    if head.lstrip().startswith("[") and (alone or not whole):
        return _array(text, source)
    return _rows(text, source, first) if whole or not head.lstrip().startswith("{") else _stream(text, source, first)


def _is_whole(line: str) -> bool:
    """Tell whether a line by itself is JSON."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _stream(text: str, source: str, first: int) -> tuple[list[Any], list[int]]:
    """Read values over several lines, one behind the other."""
    if "\n" not in text.strip():
        return _rows(text, source, first)
    values, lines = [], []
    at, line, counted = _skip(text, 0), first, 0
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        value, at = _decode_at(text, at, source, line)
        values.append(value)
        lines.append(line)
        at = _skip(text, at)
    return values, lines


def _rows(text: str, source: str, first: int) -> tuple[list[Any], list[int]]:
    values, lines = [], []
    for number, line in enumerate(text.split("\n"), first):
        if line.strip():
            values.append(_decode(line, source, number))
            lines.append(number)
    return values, lines


def _array(text: str, source: str) -> tuple[list[Any], list[int]]:
    values: list[Any] = []
    lines: list[int] = []
    at, line, counted = _skip(text, text.index("[") + 1), 1, 0
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        if values:
            if text[at : at + 1] != ",":
                got = repr(text[at : at + 20]) if text[at:] else "the end of the file"
                raise DataError(sentence(f"{source}:{line}", "array", "parted by commas and closed by ]", got))
            at = _skip(text, at + 1)
            line, counted = line + text.count("\n", counted, at), at
        value, end = _decode_at(text, at, source, line)
        values.append(value)
        lines.append(line)
        at = _skip(text, end)
    rest = _skip(text, at + 1)
    if rest < len(text):
        line += text.count("\n", counted, rest)
        got = repr(text[rest : rest + 20])
        raise DataError(sentence(f"{source}:{line}", "array", "the end of the file", got))
    return values, lines


def _skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _decode(text: str, source: str, line: int) -> Any:
    """Decode one JSON value, which is all that a text holds."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refusal(error, source, line) from error


def _decode_at(text: str, at: int, source: str, line: int) -> tuple[Any, int]:
    """Decode the JSON value that begins at `at`; return it and where it ends."""
    try:
        return json.JSONDecoder().raw_decode(text, at)
    except (ValueError, RecursionError) as error:
        raise _refusal(error, source, line) from error


def _refusal(error: Exception, source: str, line: int) -> DataError:
    if isinstance(error, json.JSONDecodeError):
        got = f"{error.msg} in column {error.colno}"
    else:
        got = "too deep a nest" if isinstance(error, RecursionError) else str(error)
    return DataError(sentence(f"{source}:{line}", "row", "one JSON object", got))
