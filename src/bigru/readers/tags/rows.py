"""Tables with a token per row to tagged sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...errors import DataError, sentence
from ..examples import Examples
from ..findings import Finding
from ..labels import LabelReader, is_missing
from ..reading import Reading
from ..table import Table
from .settle import first_lines, settle_scheme, settle_tokens

__all__ = ["from_token_rows"]

LONGEST = 1000
"""Tokens that one sentence may have where nothing in the table says where sentences end."""


def from_token_rows(
    table: Table, token: str, tag: str | None, sentence_column: str | None, reading: Reading, require_targets: bool
) -> Examples:
    """Build tagged sentences from a table with a token per row.

    A sentence begins where the value of its column changes; rows without one belong to the sentence above, so that the
    value may stand on the first row of each. A column that counts the tokens of each sentence begins one where it does
    not rise. Without such a column blank rows, or blank lines of the file, end sentences. Rows without a token are left
    out and counted.

    Args:
        table: the table.
        token, tag: names of the columns of the tokens and of their tags; `tag` None reads none.
        sentence_column: name of the column that tells sentences apart, None where there is none.
        reading: what the user decided; its scheme is used.
        require_targets: whether every token needs a tag.

    Raises:
        DataError: a tag is missing, there is no token, or nothing says where sentences end.
    """
    source, lines = table.source, [int(line) for line in table.lines]
    tokens = table.column(token)
    tags = None if tag is None else table.column(tag)
    starts = _starts(table, tokens, sentence_column)
    result = Examples([], None, "tokens", [], source, task="tag", token_lines=[])
    result.inferred |= table.inferred
    result.findings += table.findings
    empty: list[int] = []
    bare: list[int] = []
    rows: list[list[tuple[str, Any, int]]] = []
    for n, (cell, begins) in enumerate(zip(tokens, starts, strict=True)):
        if begins or not rows:
            rows.append([])
        found = None if tags is None else tags[n]
        if is_missing(cell) and not _is_space(cell):
            empty += [lines[n]] * (tags is not None and not is_missing(found))
            continue
        bare += [lines[n]] * (tags is not None and is_missing(found))
        rows[-1].append((str(cell), found, n))
    rows = [row for row in rows if row]
    if not rows:
        raise DataError(sentence(source, "data", "at least one example", "none"))
    if sentence_column is None and len(rows) == 1 and len(rows[0]) > LONGEST:
        got = f"one sentence of {len(rows[0]):,} tokens"
        remedy = "Name the column that tells sentences apart (id), or put a blank row behind each."
        raise DataError(sentence(source, "rows", "in sentences", got, remedy))
    for row in rows:
        result.inputs.append([one for one, _, _ in row])
        result.lines.append(lines[row[0][2]])
        assert result.token_lines is not None
        result.token_lines.append(np.array([lines[n] for _, _, n in row]))
    result.rows = [[n for _, _, n in row] for row in rows]
    result.inferred |= {"token column": token}
    if sentence_column is not None:
        result.inferred["sentence column"] = sentence_column
    if empty:
        message = f"{len(empty)} rows have a tag and no token, and are left out (lines {first_lines(empty)})"
        result.findings.append(Finding(source, empty[0], "empty token", message))
    if tags is not None and _are_whole(result, bare, str(tag), require_targets):
        labels = LabelReader(source)
        result.targets = [[labels.one(found, lines[n]) for _, found, n in row] for row in rows]
        result.findings += labels.findings()
        result.inferred["tag column"] = str(tag)
        settle_scheme(result, reading.scheme)
    settle_tokens(result)
    return result


def _is_space(cell: Any) -> bool:
    """Tell whether a cell is one space, which is a token of its own in files of characters."""
    return isinstance(cell, str) and cell in (" ", "\u3000")


def _are_whole(result: Examples, bare: Sequence[int], tag: str, required: bool) -> bool:
    """Tell whether every token has a tag.

    Raises:
        DataError: one has none, and they are required.
    """
    if not bare:
        return True
    if required:
        more = f", and {len(bare) - 1} more such rows" if len(bare) > 1 else ""
        raise DataError(sentence(f"{result.source}:{bare[0]}", tag, "a tag for every token", f"an empty cell{more}"))
    message = f"{len(bare)} rows have no {tag!r}, so that none is read"
    result.findings.append(Finding(result.source, bare[0], "labels missing", message))
    return False


def _starts(table: Table, tokens: Sequence[Any], column: str | None) -> Iterator[bool]:
    """Yield for each row whether a sentence begins with it."""
    if column is None:
        yield from _follows_blank(table, tokens)
        return
    values = table.column(column)
    counts = _counting_column(values)
    before: Any = None
    for n, value in enumerate(values):
        if counts is not None:
            yield n == 0 or counts[n] <= counts[n - 1]
            continue
        yield not is_missing(value) and value != before
        before = before if is_missing(value) else value


def _follows_blank(table: Table, tokens: Sequence[Any]) -> Iterator[bool]:
    """Yield whether a row follows a blank row, or a blank line that is no row."""
    blank, before = True, None
    for n, (cell, line) in enumerate(zip(tokens, table.lines, strict=True)):
        empty = is_missing(cell) and all(is_missing(values[n]) for values in table.columns)
        gap = before is not None and line > before + 1
        yield (blank or gap) and not empty
        blank, before = empty or (gap and empty), line


def _counting_column(values: Sequence[Any]) -> list[int] | None:
    """Return the numbers of a column that counts 1, 2, 3, ... again and again, None if it does not."""
    numbers: list[int] = []
    for value in values:
        text = str(value).strip()
        if not (text.isascii() and text.isdecimal()) or len(text) > 9:
            return None
        number = int(text)
        if numbers and number != numbers[-1] + 1 and number != numbers[0]:
            return None
        numbers.append(number)
    again = any(before != after == numbers[0] for before, after in pairwise(numbers))
    return numbers if again and numbers[0] < 2 else None
