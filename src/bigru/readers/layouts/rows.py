"""Which rows of a table become examples: those that have an input and, where it is needed, a label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import DataError, sentence
from ..examples import Examples
from ..findings import Finding
from ..labels import is_list, is_missing
from ..table import Table
from .evidence import View

__all__ = ["Kept", "keep", "whole_labels"]


NO_LABEL = frozenset(("nan", "NaN", "NAN", "<NA>", "#N/A", "NULL"))
"""What programs write where a label is missing; "none" and "null" are labels of people, too."""

SCIENTIFIC = re.compile(r"[+-]?\d\.\d+[eE][+-]?\d{1,3}")

EXACT = 2.0**53
"""Whole numbers below it are exact in float64."""


@dataclass
class Kept:
    """The rows that are read, by place; `labelled` says whether targets are read as well."""

    table: Table
    places: Sequence[int]
    labelled: bool
    findings: list[Finding]
    input_cells: Sequence[Any]
    target_cells: Sequence[Any] | None

    def examples(self, kind: str, task: str) -> Examples:
        """Return examples without inputs and targets yet."""
        lines = self.table.lines
        at = [lines[n] for n in self.places]
        return Examples([], None, kind, at, self.table.source, task=task, findings=self.findings, rows=self.places)

    def inputs(self) -> Iterator[tuple[Any, str]]:
        """Yield each input cell and its place, as file and line."""
        source, lines = self.table.source, self.table.lines
        return ((self.input_cells[n], f"{source}:{lines[n]}") for n in self.places)

    def targets(self) -> Iterator[tuple[Any, int]]:
        """Yield each target cell and its line."""
        cells, lines = self.target_cells or (), self.table.lines
        return ((cells[n], lines[n]) for n in self.places)


def keep(
    table: Table,
    key: str,
    label: str | None,
    labels: Sequence[Any] | None,
    view: View,
    *,
    many: bool = False,
    kind: str = "text",
) -> Kept:
    """Choose the rows that are read; the others are listed as findings.

    An empty text is an input where no label is required. Where labels are not required, they are read only if every
    row has one.

    Args:
        table: the table.
        key: the column of inputs.
        label: the column of labels, None for none.
        labels: its cells.
        view: says whether labels are required.
        many: whether an empty cell means no label at all, instead of a missing one.
        kind: the kind of inputs.

    Raises:
        DataError: no row is left.
    """
    cells, source, lines = table.column(key), table.source, table.lines
    # An empty text is an input where no label is required; a missing one (None, NaN) never is.
    texts_may_be_empty = kind == "text" and not view.required
    bare = _places(cells, lambda cell: is_missing(cell) and not (texts_may_be_empty and isinstance(cell, str)))
    findings = [Finding(source, lines[n], "empty row", f"{key!r} is empty; left out") for n in bare]
    left = set(bare)
    unlabelled = (
        [] if labels is None else [n for n in _places(labels, lambda cell: _is_bare(cell, many)) if n not in left]
    )
    if labels is not None and view.required:
        findings += [
            Finding(source, lines[n], "empty row", f"{label!r} is {_shown(labels[n])}; left out") for n in unlabelled
        ]
        left.update(unlabelled)
    elif unlabelled:
        message = f"{len(unlabelled)} rows have no {label!r}, so that none is read"
        findings.append(Finding(source, lines[unlabelled[0]], "labels missing", message))
    places = [n for n in range(len(lines)) if n not in left] if left else range(len(lines))
    if not len(places):
        raise DataError(sentence(source, "data", "at least one example", "none"))
    labelled = labels is not None and (view.required or not unlabelled)
    return Kept(table, places, labelled, findings, cells, labels)


def _places(cells: Sequence[Any], holds: Callable[[Any], bool]) -> list[int]:
    """Return the places of the cells of which something holds, looked at once for each different cell."""
    try:
        found = {cell for cell in set(cells) if holds(cell)}
    except TypeError:
        return [n for n, cell in enumerate(cells) if holds(cell)]
    return [n for n, cell in enumerate(cells) if cell in found] if found else []


def _is_bare(cell: Any, many: bool) -> bool:
    if isinstance(cell, str) and cell.strip() in NO_LABEL:
        return True
    return not is_list(cell) and not (many and cell == "") and is_missing(cell)


def _shown(cell: Any) -> str:
    return repr(cell) if isinstance(cell, str) and cell.strip() else "empty"


def whole_labels(cells: Sequence[Any], table: Table, name: str) -> Sequence[Any]:
    """Return the labels of a column of whole floats (1.0, 0.0, blanks), as pandas writes whole numbers with gaps,
    without their points; others as they are."""
    try:
        different = {cell for cell in set(cells) if not is_missing(cell)}
    except TypeError:
        return cells
    if not different or not all(isinstance(cell, str) for cell in different):
        return cells
    short = {cell: number for cell in different if (number := _whole(cell)) is not None}
    if len(short) < len(different) or all(cell.strip() == number for cell, number in short.items()):
        return cells
    table.inferred[f"numbers of {name}"] = "whole, read without their points"
    return [short.get(cell, cell) for cell in cells]


def _whole(cell: str) -> str | None:
    """Return a whole number without its point, None for anything else; 1.000e+00 is what NumPy writes for 1."""
    text = cell.strip()
    if SCIENTIFIC.fullmatch(text):
        value = float(text)
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else None
    try:
        value = float(text)
    except ValueError:
        return None
    if not value.is_integer() or "e" in text.lower() or "_" in text:
        return None
    return text.split(".")[0] if set(text.partition(".")[2]) <= {"0"} else None
