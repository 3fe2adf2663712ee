"""The ARFF of Weka (Witten and Frank 2005) to a table: dense and sparse rows, and series in relational attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import DataError, nearest, sentence
from ..findings import Finding
from ..reading import Reading
from ..table import Table

__all__ = ["parse", "sniff"]

ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s{]+)\s*(.*)""", re.IGNORECASE | re.S)

NUMERIC = ("numeric", "real", "integer")

KINDS = (*NUMERIC, "string", "date", "relational")

SHOWN = 40


@dataclass
class _Attribute:
    name: str
    kind: str
    values: tuple[str, ...] = ()
    width: int = 0

    def default(self) -> str:
        """Return what a sparse row leaves out: 0, or the first value of a nominal attribute."""
        return self.values[0] if self.values else "0"


def sniff(name: str, text: str) -> bool:
    """Tell whether a text begins as ARFF does: remarks, then @relation."""
    return bool(re.match(r"\ufeff?(\s*(%[^\n]*)?\n)*\s*@relation\b", text, re.IGNORECASE))


def parse(text: str, source: str, reading: Reading | None = None) -> Table:
    """Read the rows of an ARFF file.

    Args:
        text: the content of the file.
        source: the file as the user named it.
        reading: not looked at; the header says all.

    Returns:
        A column for each attribute; `?` is None. A relational attribute is a series: lists of T steps with I numbers
        each, under the name `values`, where the file holds its dimensions as lines of T numbers each.

    Raises:
        DataError: a declaration or a row that is no ARFF, a row of other length, a nominal value that the header does
            not list, or dimensions of different length; the line is named.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    attributes, begin, relation = _header(lines, source)
    rows: list[list[Any]] = []
    numbers: list[int] = []
    findings: list[Finding] = []
    for number, line in enumerate(lines[begin:], begin + 1):
        row = line.strip()
        if not row or row.startswith("%"):
            continue
        rows.append(_row(row, attributes, f"{source}:{number}"))
        numbers.append(number)
    if not rows:
        raise DataError(sentence(source, "data", "at least one example", "none after @data"))
    series = [one for one in attributes if one.kind == "relational"]
    names = ["values" if [one] == series else one.name for one in attributes]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(sentence(source, "@attribute", "declared once", repr(twice)[:SHOWN]))
    inferred = {"relation": relation} if relation else {}
    return Table(names, list(zip(*rows, strict=True)), numbers, source, True, inferred, findings)


def _header(lines: list[str], source: str) -> tuple[list[_Attribute], int, str]:
    """Return the attributes, how many lines come before the data, and the name of the relation."""
    found: list[_Attribute] = []
    inside: _Attribute | None = None
    relation = ""
    for n, line in enumerate(lines):
        row = line.strip()
        lowered = row.lower()
        if not row or row.startswith("%"):
            continue
        if lowered.startswith("@data"):
            return found, n + 1, relation
        if lowered.startswith("@relation"):
            relation = _unquote(row[9:].strip())
        elif lowered.startswith("@end"):
            inside = None
        elif lowered.startswith("@attribute"):
            one = _attribute(row, f"{source}:{n + 1}")
            if inside is not None:
                inside.width += 1
                continue
            found.append(one)
            inside = one if one.kind == "relational" else None
        else:
            want = "@relation, @attribute, @data or a % remark"
            raise DataError(sentence(f"{source}:{n + 1}", "row", want, repr(row)[:SHOWN]))
    raise DataError(sentence(source, "@data", "there, before the rows", "no such line"))


def _attribute(row: str, place: str) -> _Attribute:
    match = ATTRIBUTE.match(row)
    if match is None or not match[2].strip():
        raise DataError(sentence(place, "@attribute", "followed by a name and a type", repr(row)[:SHOWN]))
    name, kind = _unquote(match[1]), match[2].strip()
    if kind.startswith("{"):
        if not kind.endswith("}"):
            raise DataError(sentence(place, "nominal values", "closed by }", repr(kind[-SHOWN:])))
        return _Attribute(name, "nominal", tuple(_unquote(cell) for cell in _cells(kind[1:-1], place)))
    word = kind.split()[0].lower()
    if word not in KINDS:
        raise DataError(sentence(place, "type", "one of " + ", ".join(KINDS), repr(word)[:SHOWN], nearest(word, KINDS)))
    return _Attribute(name, word)


def _row(row: str, attributes: list[_Attribute], place: str) -> list[Any]:
    if row.startswith("{"):
        cells = _sparse(row, attributes, place)
    else:
        cells = list(_cells(row, place))
        if len(cells) != len(attributes):
            want = f"{len(attributes)} values, as there are attributes"
            raise DataError(sentence(place, "row", want, f"{len(cells)} in {row[:SHOWN]!r}"))
    return [_value(cell, one, place) for cell, one in zip(cells, attributes, strict=True)]


def _sparse(row: str, attributes: list[_Attribute], place: str) -> list[str]:
    """Return the cells of a row that names those that differ from the default by their position from 0."""
    cells = [one.default() for one in attributes]
    if not row.endswith("}"):
        raise DataError(sentence(place, "sparse row", "closed by }", repr(row[-SHOWN:])))
    for part in _cells(row[1:-1], place):
        if not part.strip():
            continue
        at, _, cell = part.strip().partition(" ")
        if not (at.isascii() and at.isdecimal() and len(at) < 10 and int(at) < len(attributes)) or not cell.strip():
            want = f"a position within 0..{len(attributes) - 1} and a value"
            raise DataError(sentence(place, "sparse cell", want, repr(part)[:SHOWN]))
        cells[int(at)] = cell.strip()
    return cells


def _cells(row: str, place: str) -> Iterator[str]:
    """Yield the cells of a row, quotes and all."""
    cell, quote, escaped = "", "", False
    for c in row:
        if escaped or (c == "\\" and quote):
            escaped = not escaped
        elif quote:
            quote = "" if c == quote else quote
        elif c in "'\"" and not cell.strip(" \t0123456789"):
            quote = c
        elif c == ",":
            yield cell.strip()
            cell = ""
            continue
        cell += c
    if quote:
        raise DataError(sentence(place, "quote", "closed", repr(row[-SHOWN:])))
    yield cell.strip()


def _unquote(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "'\"":
        return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), cell[1:-1])
    return cell


def _value(cell: str, attribute: _Attribute, place: str) -> Any:
    if cell == "?":
        return None
    value = _unquote(cell)
    if attribute.kind == "relational":
        return _series(value, attribute, place)
    if attribute.values and value not in attribute.values:
        remedy = nearest(value, attribute.values)
        want = f"one that @attribute {attribute.name[:SHOWN]} lists"
        raise DataError(sentence(place, "value", want, repr(value)[:SHOWN], remedy))
    return value


def _series(value: str, attribute: _Attribute, place: str) -> list[list[float | None]]:
    """Return T steps of I numbers each from I lines of T numbers."""
    dimensions = [[_number(cell, place) for cell in line.split(",")] for line in value.split("\n") if line.strip()]
    lengths = {len(one) for one in dimensions}
    if len(lengths) != 1:
        got = "lengths " + ", ".join(map(str, sorted(lengths)))
        raise DataError(sentence(place, f"dimensions of {attribute.name[:SHOWN]}", "equally long", got))
    return [list(step) for step in zip(*dimensions, strict=True)]


def _number(cell: str, place: str) -> float | None:
    if cell.strip() in ("?", ""):
        return None
    try:
        return float(cell)
    except ValueError:
        raise DataError(sentence(place, "value of a series", "a number", repr(cell)[:SHOWN])) from None
