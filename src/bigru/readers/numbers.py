"""Cells to numbers: what is missing becomes NaN, what is no number is refused by row and column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import DataError, sentence
from .cells import REMEDY, Numerals, agree, cell_text, is_empty, numerals, parse_numbers
from .examples import Examples
from .findings import Finding
from .labels import is_list
from .table import Table

__all__ = ["check_widths", "columns", "summarise", "to_series", "values_of", "whole_number"]

DIGITS = 18
"""Digits of a whole number at most."""

LARGEST = float(np.finfo(np.float32).max)


def whole_number(text: str) -> int | None:
    """Return what digits say: 0 to 9, at most 18 of them; None of any other text.

    >>> whole_number("12"), whole_number("²"), whole_number("--5"), whole_number("1" * 5000)
    (12, None, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None


def to_series(value: Any, place: str, texts: bool = False) -> np.ndarray:
    """Return float32 [T, I] of a list of numbers, or of equally long lists of numbers; NaN where one is missing.

    Args:
        value: numbers, or what stands for none: None, NaN, an empty text, `?`, `NA`, `null`.
        place: file and line, for errors.
        texts: whether numbers may be written as texts.

    Raises:
        DataError: rows of different length, or a value that is no number or infinite in float32.
    """
    rows = list(value) if is_list(value) else []
    widths = {len(row) if is_list(row) else -1 for row in rows}
    if not is_list(value) or len(widths) > 1 or widths == {0}:
        raise DataError(sentence(place, "values", "rows of equally many numbers", repr(value)[:80]))
    cells = [list(row) if is_list(row) else [row] for row in rows]
    numbers = _at_once(cells, "iufU" if texts else "iuf")
    if numbers is None:
        names = [[f"values row {n} column {m}" for m in range(1, len(row) + 1)] for n, row in enumerate(cells, 1)]
        numbers = np.array(
            [
                [_number(cell, place, name, texts) for cell, name in zip(*pair, strict=True)]
                for pair in zip(cells, names, strict=True)
            ],
            np.float32,
        )
    return numbers.reshape(len(cells), -1 if cells else 1)


def values_of(table: Table, names: Sequence[str], decimal: str | None) -> np.ndarray:
    """Return float32 [N, columns] of columns of numbers; those that leave their decimal sign open follow the others.

    Raises:
        DataError: a cell is no number or infinite in float32; line and column are named.
    """
    found = {name: numerals(table.column(name), decimal) for name in names}
    how = agree(
        {name: one for name, one in found.items() if one is not None},
        ";" if table.inferred.get("separator") == "semicolon" else None,
    )
    columns = [_column(table.column(name), table.lines, table.source, name, how.get(name)) for name in names]
    return np.stack(columns, axis=1)


def _column(cells: Sequence[Any], lines: Sequence[int], source: str, name: str, how: Numerals | None) -> np.ndarray:
    values = parse_numbers(cells, lines, source, f"column {name!r}", how)
    large = np.flatnonzero(np.abs(values) > LARGEST)
    if len(large):
        n = int(large[0])
        place = f"{source}:{lines[n]}"
        raise DataError(sentence(place, f"column {name!r}", "a finite number", repr(cells[n])[:80], REMEDY))
    return values.astype(np.float32)


def summarise(inputs: Sequence[np.ndarray]) -> dict[str, str]:
    """Say in words what series there are, and how many of their numbers are missing."""
    lengths = [len(x) for x in inputs]
    span = f"{min(lengths)}" if min(lengths) == max(lengths) else f"{min(lengths)} to {max(lengths)}"
    facts = {"series": f"of {inputs[0].shape[1]} values a step, {span} steps"}
    gaps = sum(int(np.isnan(x).sum()) for x in inputs)
    return facts | ({"missing": f"{gaps} of {sum(x.size for x in inputs)} values"} if gaps else {})


def check_widths(result: Examples) -> None:
    """Refuse series of different widths; file and line are named."""
    width = result.inputs[0].shape[1]
    for values, line in zip(result.inputs, result.lines, strict=True):
        if values.shape[1] != width:
            want = f"{width} numbers a step, as line {result.lines[0]}"
            raise DataError(sentence(f"{result.source}:{line}", "values", want, values.shape[1]))


def columns(one: Examples) -> Iterator[Finding]:
    """Yield what is odd about the columns of series: "empty column", "constant column", "missing values"."""
    if one.kind != "series" or not sum(map(len, one.inputs)):
        return
    widths = {x.shape[1] for x in one.inputs}
    steps = np.concatenate([x for x in one.inputs if x.shape[1] == max(widths)])
    lines = np.repeat(one.lines, [len(x) if x.shape[1] == max(widths) else 0 for x in one.inputs])
    names: Sequence[Any] = one.columns("values")
    names = names if len(names) == steps.shape[1] else range(1, steps.shape[1] + 1)
    for name, column in zip(names, steps.T, strict=True):
        gaps = np.isnan(column)
        if gaps.all():
            yield Finding(one.source, int(lines[0]), "empty column", f"column {name} has not one number")
            continue
        filled = column[~gaps]
        if (filled == filled[0]).all():
            message = f"column {name} is {filled[0]:g} everywhere and says nothing"
            yield Finding(one.source, int(lines[0]), "constant column", message)
        if gaps.any():
            message = f"{gaps.sum()} of {len(column)} numbers of column {name} are missing, here first"
            yield Finding(one.source, int(lines[gaps.argmax()]), "missing values", message)


def _at_once(cells: Sequence[Any], kinds: str) -> np.ndarray | None:
    """Return numbers as float32; None where a cell is none, or infinite, or of another of NumPy's kinds."""
    try:
        array = np.array(cells)
        with np.errstate(over="ignore"):
            numbers = array.astype(np.float32) if array.dtype.kind in kinds else None
    except (ValueError, TypeError):
        return None
    return numbers if numbers is not None and not np.isinf(numbers).any() else None


def _is_number(cell: Any) -> bool:
    try:
        return not isinstance(cell, (bool, np.bool_)) and abs(float(cell)) <= LARGEST
    except (ValueError, TypeError, OverflowError):
        return False


def _number(cell: Any, place: str, name: str, texts: bool) -> float:
    if is_empty(cell):
        return math.nan
    value: Any = Numerals().number(cell_text(cell)) if isinstance(cell, str) and texts else cell
    if isinstance(value, str) or not _is_number(value):
        raise DataError(sentence(place, name, "a finite number", repr(cell)[:80], REMEDY))
    return float(value)
