"""Lists written as text in the cells of a table, as pandas and annotation tools write them to CSV."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any

from .labels import is_list
from .names import HEAD, LABELS, fit
from .table import Table
from .tags.spans import looks_like_spans

__all__ = ["FOUND", "read_lists"]

FOUND = "lists in cells of"
"""What is said of the columns, in `Table.inferred`."""

LITERAL = re.compile(r"\s*\[.*\]\s*", re.DOTALL)

LONG = 1 << 20
"""Characters of a cell that is still read as a Python literal; JSON may be longer."""


def read_lists(table: Table) -> None:
    """Turn cells that hold lists as text into lists: spans, series, and lists that go together (tokens and their tags).

    Lists of labels, one column alone, stay as they are.
    """
    found = {n: lists for n, column in enumerate(table.columns) if (lists := _lists(column)) is not None}
    wanted = {n for n, lists in found.items() if _is_whole(table.names[n], lists)}
    for n, lists in found.items():
        lengths = [len(one or ()) for one in lists]
        others = (other for m, other in found.items() if m != n)
        if max(lengths) > 1 and any([len(one or ()) for one in other] == lengths for other in others):
            wanted.add(n)
    for n in wanted:
        table.columns[n] = found[n]
    if wanted:
        table.inferred[FOUND] = ", ".join(table.names[n] for n in sorted(wanted))


def _lists(column: Sequence[Any]) -> list[list[Any] | None] | None:
    """Return the lists of a column, None for empty cells; None where a cell holds something else, or all are empty."""
    lists: list[list[Any] | None] = []
    for cell in column:
        if not isinstance(cell, str):
            return None
        value = _list(cell) if cell.strip() else None
        if value is None and cell.strip():
            return None
        lists.append(value)
    return lists if any(lists) else None


def _list(cell: str) -> list[Any] | None:
    if not LITERAL.fullmatch(cell):
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(cell.strip()) if len(cell) < LONG else None
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return None
    return value if isinstance(value, list) else None


def _is_whole(name: str, lists: Sequence[list[Any] | None]) -> bool:
    """Tell whether lists are an input, or spans, by themselves."""
    first = next(one for one in lists if one)
    if isinstance(first[0], dict) or is_list(first[0]):
        return looks_like_spans(first) or is_list(first[0])
    numbers = [one for some in lists for one in some or ()]
    plain = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in numbers)
    return plain and any(isinstance(one, float) for one in numbers) and fit(name, LABELS) < HEAD
