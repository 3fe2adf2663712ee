"""JSON lines (or one JSON array) to objects, each with its physical line."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from ...errors import DataError, sentence

__all__ = ["parse"]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; which of two values of one key holds is nothing that a reader may decide."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise ValueError(f"the key {next(name for name, count in counts.items() if count > 1)!r} twice")
    return found


DECODER = json.JSONDecoder(object_pairs_hook=_once)

SPACE = re.compile(r"[ \t\r\n]*")


def parse(text: str, source: str, first: int = 1) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the objects of a JSONL file, or of a JSON array of objects, and the lines they begin on; `first` is the
    number of the first line of lines.

    Raises:
        DataError: a line is no JSON, or no object.
    """
    values, lines = _array(text, source) if text.lstrip().startswith("[") else _rows(text, source, first)
    for value, line in zip(values, lines, strict=True):
        if not isinstance(value, dict):
            raise DataError(sentence(f"{source}:{line}", "row", "a JSON object", repr(value)[:80]))
    return values, lines


def _rows(text: str, source: str, first: int) -> tuple[list[Any], list[int]]:
    values, lines = [], []
    for number, line in enumerate(text.split("\n"), first):
        if line.strip():
            values.append(_decode(line, 0, source, number)[0])
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
        value, end = _decode(text, at, source, line)
        values.append(value)
        lines.append(line)
        at = _skip(text, end)
    return values, lines


def _skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _decode(text: str, at: int, source: str, line: int) -> tuple[Any, int]:
    """Decode one JSON value from `at`; a row by itself (`at` 0) must hold nothing else."""
    try:
        return (json.loads(text, object_pairs_hook=_once), len(text)) if at == 0 else DECODER.raw_decode(text, at)
    except RecursionError as error:
        raise DataError(sentence(f"{source}:{line}", "row", "one JSON object", "too deep a nest")) from error
    except ValueError as error:  # also a key twice, and a number of more digits than Python reads
        got = f"{error.msg} in column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
        raise DataError(sentence(f"{source}:{line}", "row", "one JSON object", got)) from error
