"""Soft labels: the probability of each label, in columns `p_LABEL` or objects `scores`, as `bigru predict` writes them.

They are set aside before a layout looks at a table. Where a row has no label of its own, its likeliest label stands in
the column of labels, so that every layout with a row per example reads such tables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from ...errors import DataError, argument, first_names, nearest, refusal, sentence
from ..cells import Numerals, cell_text, numerals
from ..examples import Examples, SoftLabels
from ..labels import SEPARATOR, LabelReader, is_list, is_missing
from ..names import EXACT, LABELS, TEXTS, TOKENS, fit
from ..reading import Reading
from ..table import Table
from .evidence import Role, View, name_some

__all__ = ["SoftColumns", "find_soft_labels", "normalise"]

PREFIX = "p_"
"""How the name of a column begins that holds the probability of a label."""

OBJECTS = "scores"
"""The key under which an answer holds the probability of each label."""

MADE = "likeliest label"
"""The column of the likeliest labels, in a table without labels."""

SLACK = 0.01
"""How far from 1 the probabilities of a row may sum: they are rounded."""

SAMPLE = 1000
"""Rows by which it is decided whether columns are meant as soft labels."""

SHOWN = 12
"""Labels that an error names."""

Row = Mapping[str, Any]
"""The cells of one row, or of one token, by label."""


@dataclass(frozen=True)
class SoftColumns:
    """The soft labels of a table, and the table without them.

    Attributes:
        table: what the layouts read; every row with soft labels has a label.
        reading: how they read it.
        columns: the columns that hold soft labels.
        label: the column of the rows' own labels, None where there is none.
        soft: of the rows of the table.
        texts: whether inputs are texts with a probability of each tag for each of their characters.
    """

    table: Table
    reading: Reading
    columns: tuple[str, ...]
    label: str | None
    soft: SoftLabels
    texts: bool

    def roles(self, found: Sequence[Role], named: bool) -> list[Role]:
        """Return the roles of all columns; `named` says that the user named the column of labels."""
        kept = [one for one in found if one.column != MADE]
        if not named:
            kept = [replace(one, why="its name") if one.column == self.label else one for one in kept]
        return kept + [Role(name, "soft label", "probabilities") for name in self.columns]

    def attach(self, result: Examples) -> None:
        """Give the examples their soft labels.

        Raises:
            DataError: examples are of several rows each, tags were rewritten, or a token lacks its probabilities.
        """
        rows, source = result.rows or (), result.source
        remedy = f"Leave soft labels out with {argument('reading.soft_labels', False)}."
        if not all(isinstance(row, int) for row in rows):
            raise DataError(sentence(source, "soft labels", "of one row per example", "several rows", remedy))
        if "notation" in result.inferred:
            got = result.inferred["notation"]
            raise DataError(sentence(source, "tags", "in the notation of their soft labels", got, remedy))
        result.soft = self.soft.take(rows)
        if self.soft.per_step:
            for row, x, line in zip(result.soft.rows, result.inputs, result.lines, strict=True):
                if len(row) != len(x):
                    want = f"a list of {len(x)} objects, one per token or character"
                    raise DataError(sentence(f"{source}:{line}", OBJECTS, want, f"{len(row)} of them"))
        if self.texts:
            result.inputs, result.kind = ["".join(x) for x in result.inputs], "text"
        result.inferred["soft labels"] = _describe(result, self.label)


def find_soft_labels(table: Table, reading: Reading) -> SoftColumns | None:
    """Return the soft labels of a table of labelled rows; None where it has none, or they are left out.

    Columns are meant as soft labels where those of most rows sum to 1, where they name the labels of the rows, or where
    there is a single column more.

    Raises:
        DataError: a probability is missing, unknown, no number or out of bounds, those of a row do not sum to 1, or
            a label has none.
    """
    if reading.soft_labels is False:
        return None
    columns = _columns(table)
    if not columns:
        if reading.soft_labels:
            context = f"without columns {PREFIX}LABEL or an object {OBJECTS} in each row"
            name = argument("reading.soft_labels", True)
            raise DataError(refusal(table.source, name, context, f"the columns {name_some(table.names)}"))
        return None
    cells = [table.column(name) for name in columns]
    rows = cells[0] if columns == [OBJECTS] else _by_label(columns, cells, reading)
    label = _label_column(table, reading, columns)
    if not (reading.soft_labels or _are_meant(table, columns, rows, label)):
        return None
    if reading.labels:
        own, none = argument("reading.label"), argument("reading.soft_labels", False)
        remedy = f"Name a column of labels with {own}, or leave soft labels out with {none}."
        name = argument("reading.labels")
        raise DataError(refusal(table.source, name, "with soft labels", "given", remedy))
    return _read(table, reading, columns, rows, label)


def normalise(values: Sequence[Any], names: Sequence[str], where: str, many: bool, what: str = "soft labels") -> Any:
    """Return probabilities as float32 [K] that sum to 1.

    Args:
        values: K numbers.
        names: what errors call each.
        where: the place of the row.
        many: whether each stands for itself, so that they need not sum to 1.
        what: what errors call them together.

    Raises:
        DataError: one is no number within 0..1, or they do not sum to 1.
    """
    row = np.zeros(len(values))
    for n, value in enumerate(values):
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        # What is above 1 by rounding alone passes: the sum is looked at below.
        if not number or not -1e-6 <= value <= 1 + (1e-6 if many else SLACK):
            raise DataError(sentence(where, names[n], "a probability within 0..1", _shown(value)))
        row[n] = max(float(value), 0.0)
    if many:
        return row.clip(0.0, 1.0).astype(np.float32)
    total = float(row.sum())
    # Rounding must not decide about a sum that lies on the border.
    if abs(total - 1.0) > SLACK + 1e-9:
        remedy = f"Give {argument('reading.multi_label', True)} if each label stands for itself."
        raise DataError(sentence(where, what, "probabilities that sum to 1", f"{total:g}", remedy))
    return (row / total).astype(np.float32)


def _shown(value: Any) -> str:
    return "an empty cell" if value is None else repr(value)[:80]


def _columns(table: Table) -> list[str]:
    """Return the columns that may hold soft labels."""
    if not table.named:
        return []
    if OBJECTS in table.names:
        filled = [cell for cell in table.column(OBJECTS)[:SAMPLE] if cell is not None]
        if filled and all(isinstance(cell, dict) or _is_per_token(cell) for cell in filled):
            return [OBJECTS]
    found = [name for name in table.names if name.startswith(PREFIX) and len(name) > len(PREFIX)]
    return found if len(found) > 1 else []


def _is_per_token(cell: Any) -> bool:
    return is_list(cell) and all(isinstance(one, dict) for one in cell)


def _by_label(columns: Sequence[str], cells: Sequence[Sequence[Any]], reading: Reading) -> list[Row | None]:
    """Return the numbers of columns by row; None for a row of which all cells are empty."""
    ways = [numerals(column, reading.decimal) or Numerals() for column in cells]
    labels = [name.removeprefix(PREFIX) for name in columns]
    found: list[Row | None] = []
    for row in zip(*cells, strict=True):
        if all(is_missing(cell) for cell in row):
            found.append(None)
            continue
        numbers = [_number(cell, how) for cell, how in zip(row, ways, strict=True)]
        found.append(dict(zip(labels, numbers, strict=True)))
    return found


def _number(cell: Any, how: Numerals) -> Any:
    """Return the number in a cell, None for an empty one, and what is no number as it stands."""
    if not isinstance(cell, str):
        return cell
    if not cell.strip():
        return None
    number = how.number(cell_text(cell))
    return cell if number is None or math.isnan(number) else number


def _label_column(table: Table, reading: Reading, columns: Sequence[str]) -> str | None:
    """Return the column of the rows' own labels: the one named, else one that is known by its name."""
    named = View(table, reading, True).find("label", reading.label)
    if named is not None:
        return None if named.name in columns else named.name
    known = [name for name in table.names if name not in columns and fit(name, LABELS) >= EXACT]
    filled = [name for name in known if not all(is_missing(cell) for cell in table.column(name))]
    return max(filled, key=lambda name: fit(name, LABELS), default=None)


def _are_meant(table: Table, columns: Sequence[str], rows: Sequence[Any], label: str | None) -> bool:
    """Tell whether columns that bear the names of soft labels hold them."""
    sample = [row for row in rows[:SAMPLE] if row is not None]
    flat = list(chain.from_iterable([row] if isinstance(row, dict) else row for row in sample))
    if sum(map(_sums_to_one, flat)) * 2 >= len(flat) > 0:
        return True
    if label is not None:
        cells = (cell for cell in table.column(label)[:SAMPLE] if not is_missing(cell))
        given = set(chain.from_iterable(_parts(cell) for cell in cells))
        return given <= {str(key) for row in flat for key in row}
    return len(table.names) - len(columns) == 1


def _sums_to_one(row: Row) -> bool:
    values = list(row.values())
    numbers = all(isinstance(value, int | float) and 0 <= value <= 1 + SLACK for value in values)
    return bool(values) and numbers and abs(sum(values) - 1.0) <= SLACK + 1e-9


def _parts(cell: Any) -> list[str]:
    """Return the labels of a cell."""
    several = cell if is_list(cell) else str(cell).split(SEPARATOR)
    return [str(part).strip() for part in several]


def _read(table: Table, reading: Reading, columns: list[str], rows: Sequence[Any], label: str | None) -> SoftColumns:
    """Return the soft labels of all rows, and the table with a label in each row."""
    per_step = any(_is_per_token(row) for row in rows)
    own: list[Any] = [None] * len(rows) if label is None else list(table.column(label))
    many = not per_step and _is_many(own, reading)
    labels = _classes(rows)
    if len(labels) < 2 - many:
        raise DataError(sentence(table.source, "soft labels", "of at least two labels", name_some(labels) or "none"))
    reader = _Rows(table, columns, labels, many)
    found, given = [], []
    for n, (row, cell) in enumerate(zip(rows, own, strict=True)):
        bare = is_missing(cell) and not (many and is_list(cell))
        given.append(not bare)
        soft = reader.read(n, row) if row is not None else None if bare else reader.certain(n, cell, label)
        if soft is not None and not bare:
            reader.check_label(n, cell, label)
        if bare and soft is not None:
            own[n] = _likeliest(labels, soft, many)
        found.append(np.zeros(len(labels), np.float32) if soft is None else soft)
    name = label or MADE
    names = [one for one in table.names if one not in columns and one != name]
    cells = [table.column(one) for one in names]
    changed = reading.but(label=name, multi_label=True if many else reading.multi_label)
    texts = False
    if per_step:
        key = _tokens(table, reading, names)
        at = names.index(key)
        texts = all(isinstance(cell, str) for cell in cells[at])
        cells[at] = [list(cell) for cell in cells[at]] if texts else cells[at]
        changed = changed.but(layout="lists", text=key, task="tag")
    inside = Table(
        [*names, name], [*cells, own], table.lines, table.source, table.named, table.inferred, table.findings
    )
    return SoftColumns(inside, changed, tuple(columns), label, SoftLabels(labels, found, given), texts)


def _is_many(own: Sequence[Any], reading: Reading) -> bool:
    if reading.multi_label is not None:
        return reading.multi_label
    return any(is_list(cell) or (isinstance(cell, str) and SEPARATOR in cell) for cell in own)


def _classes(rows: Sequence[Any]) -> tuple[str, ...]:
    """Return the labels of the first row that has soft labels."""
    for row in rows:
        first = row[0] if is_list(row) and len(row) else row
        if isinstance(first, Mapping):
            return tuple(map(str, first))
    return ()


def _likeliest(labels: Sequence[str], soft: np.ndarray, many: bool) -> Any:
    if many:
        return [name for name, share in zip(labels, soft, strict=True) if share >= 0.5]
    best = soft.argmax(axis=-1)
    return [labels[n] for n in best] if soft.ndim == 2 else labels[int(best)]


def _tokens(table: Table, reading: Reading, names: Sequence[str]) -> str:
    """Return the column of the tokens, or of the texts whose characters are tagged."""
    named = View(table, reading, True).find("text", reading.text)
    if named is not None:
        return named.name
    found = [one for known in (TOKENS, TEXTS) for one in names if fit(one, known) >= EXACT]
    if not found:
        want = "named, as no column looks like tokens"
        raise DataError(sentence(table.source, argument("reading.text"), want, name_some(names)))
    return found[0]


class _Rows:
    """Reads the soft labels of rows."""

    def __init__(self, table: Table, columns: Sequence[str], labels: tuple[str, ...], many: bool) -> None:
        self._table, self._labels, self._many = table, labels, many
        objects = list(columns) == [OBJECTS]
        self._names = [f"{OBJECTS} {name!r}" for name in labels] if objects else list(columns)
        self._known = frozenset(labels)
        self._reader = LabelReader(table.source)

    def place(self, n: int) -> str:
        return f"{self._table.source}:{self._table.lines[n]}"

    def read(self, n: int, row: Any) -> np.ndarray:
        """Return the probabilities of a row, float32 [K] or [T, K].

        Raises:
            DataError: they are none.
        """
        if isinstance(row, Mapping):
            return self._one(row, self.place(n), OBJECTS)
        if not _is_per_token(row):
            got = repr(row)[:80]
            raise DataError(sentence(self.place(n), OBJECTS, "an object of probabilities, as in other rows", got))
        found = [self._one(one, self.place(n), f"{OBJECTS} of token {t}") for t, one in enumerate(row, 1)]
        return np.stack(found) if found else np.zeros((0, len(self._labels)), np.float32)

    def _one(self, row: Row, where: str, what: str) -> np.ndarray:
        for name in row:
            if name not in self._known:
                want = f"of the classes {first_names(self._labels, SHOWN)}, as in the first row"
                raise DataError(sentence(where, what, want, repr(name), nearest(str(name), self._labels)))
        for name in self._labels:
            if name not in row:
                want = f"a probability of each of {first_names(self._labels, SHOWN)}"
                raise DataError(sentence(where, what, want, f"none of {name!r}"))
        made: np.ndarray = normalise([row[name] for name in self._labels], self._names, where, self._many)
        return made

    def certain(self, n: int, cell: Any, label: str | None) -> np.ndarray:
        """Return the probabilities of a row that has a label alone: 1 of what it has."""
        self.check_label(n, cell, label)
        tags = is_list(cell) and not self._many
        rows = [[one] for one in cell] if tags else [self._given(n, cell)]
        found = np.array([[name in map(str, row) for name in self._labels] for row in rows], np.float32)
        return found if tags else found[0]

    def check_label(self, n: int, cell: Any, label: str | None) -> None:
        """Refuse a label that has no soft label."""
        for one in self._given(n, cell):
            if one not in self._known:
                want = f"one of the classes with soft labels, {first_names(self._labels, SHOWN)}"
                remedy = nearest(one, self._labels) or f"Add the probability of {one!r} to every row."
                raise DataError(sentence(self.place(n), str(label), want, repr(one), remedy))

    def _given(self, n: int, cell: Any) -> list[str]:
        line = self._table.lines[n]
        return self._reader.many(cell, line) if self._many or is_list(cell) else [self._reader.one(cell, line)]


def _describe(result: Examples, label: str | None) -> str:
    soft = result.soft
    assert soft is not None
    count, own = f"of {len(soft.labels)} classes", sum(soft.given)
    if label is None or not own:
        return f"{count}, without labels beside them: a score says how often the likeliest class is answered"
    if own < len(soft.given):
        return f"{count}; {own:,} of {len(soft.given):,} rows have a label too, the likeliest class stands for others"
    rows = zip(soft.rows, result.targets or [], strict=True)
    if all(_likeliest(soft.labels, row, result.multi_label) == target for row, target in rows):
        return f"{count}; {label!r} is the likeliest class everywhere, so that a score says how often it is answered"
    return f"{count}, beside {label!r}"
