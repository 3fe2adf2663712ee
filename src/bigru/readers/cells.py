"""Cells as numbers: what an empty cell is, how a column writes its numbers, and their values. NumPy only."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from ..errors import DataError, argument, sentence

__all__ = ["EMPTY", "REMEDY", "Numerals", "agree", "cell_text", "is_empty", "numerals", "parse_numbers"]

EMPTY = frozenset(
    (
        *("", "?", "-", "--", ".", "..", "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nan", "-nan", "nat"),
        *("null", "none", "\\n"),
    )
)
"""What stands in a cell without a value, in lower case: of pandas, R, ARFF, FRED, the World Bank, MySQL."""

REMEDY = "A missing value is an empty cell, ?, NaN or null."

LONG = 5000
"""Cells from which a column is looked at as a whole first."""

SAMPLE = 1000
"""Distinct cells that are looked at to decide whether a column holds numbers."""

CURRENCIES = "$€£¥₩₹₽฿元円￥"
UNIT = re.compile(
    rf"([{CURRENCIES}]|US\$|R\$)? ?([^ ].*?) ?([%‰℃{CURRENCIES}]|°C|°F|kr|zł|EUR|USD|GBP|CNY|RMB|JPY)?", re.DOTALL
)
"""A currency sign, a number, and a percent, currency or temperature sign."""

NOT_PLAIN = re.compile(r"[^0-9+\-.eE\n]")
"""A character that is in no number as programs write it."""

DECIDES_POINT = re.compile(r"\.(?:\d{1,2}|\d{4,})?(?:[eE\n]|\Z)|(?<!\d)0?\.\d|\d{4,}\.")
"""A point that cannot separate thousands: another number of digits than three behind it, or more before it."""

TWO_COMMAS = re.compile(r",[^\n,]*,")

SPACES = dict.fromkeys(
    map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t"), " "
)
WIDTHS: dict[int, str] = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
ODD = SPACES | WIDTHS | {0x2212: "-", 0x2013: "-", 0x2011: "-", 0x2019: "'", 0x02BC: "'", 0xFE63: "-", 0xFEFF: ""}
"""Other spaces, full-width characters, signs and apostrophes, as ASCII has them."""

PLAIN_TYPES = frozenset((int, float, type(None), np.float64, np.float32, np.int64, np.int32, np.uint8))


def cell_text(cell: Any) -> str:
    """Return a cell as text without surrounding spaces, odd widths and signs as ASCII has them; "" for None and NaN."""
    if not isinstance(cell, str):
        return "" if cell is None or cell != cell else str(cell)
    text = cell.strip()
    return text if text.isascii() else text.translate(ODD).strip()


def is_empty(cell: Any) -> bool:
    """Tell whether a cell of numbers or times holds no value."""
    return cell_text(cell).casefold() in EMPTY


@dataclass(frozen=True)
class Numerals:
    """How a column writes its numbers.

    Attributes:
        decimal: the decimal sign, "." or ",".
        unit: what stands around every number, as "%" or "$"; the numbers are read as they stand.
        evidence: "point" or "comma" where the cells decide the decimal sign; "groups" where a comma may separate
            thousands or decimals; "either" where it makes no difference, or a point is followed by three digits.
    """

    decimal: str = "."
    unit: str = ""
    evidence: str = "either"

    def __str__(self) -> str:
        parts = ["decimal comma"] if self.decimal == "," else []
        return ", ".join([*parts, *([f"in {self.unit}"] if self.unit else [])])

    def number(self, text: str) -> float | None:
        """Return the value of a text of `text_of`: NaN for an empty one, None for what is no finite number."""
        if text.casefold() in EMPTY:
            return math.nan
        unit, body = _split_affixes(text)
        return _value(body, self.decimal) if unit == self.unit else None


def numerals(cells: Sequence[Any], decimal: str | None = None) -> Numerals | None:
    """Return how a column writes its numbers; None where fewer than half of the filled cells are numbers.

    A single comma before three digits (`1,234`) separates thousands where other cells of the column are whole numbers
    below 1000 without one; else that is left open: see `agree`.

    Args:
        cells: texts or Python values.
        decimal: the decimal sign, "." or ","; None lets the cells decide.
    """
    kinds = set(map(type, cells))
    if kinds <= PLAIN_TYPES:
        return None if all(cell is None or cell != cell for cell in cells) else Numerals()
    if kinds == {str} and len(cells) > LONG:
        # Long columns of clean cells need not be looked at one by one.
        found = _of_clean("\n".join(cells), cells[:LONG], decimal)
        if found is not None:
            return found
    if any(isinstance(cell, (bool, np.bool_)) for cell in cells[:SAMPLE]):
        return None
    filled = [text for text in map(cell_text, cells) if text.casefold() not in EMPTY]
    if not filled:
        return None
    sample = list(dict.fromkeys(filled))
    found = _of_clean("\n".join(filled), sample[:SAMPLE], decimal)
    if found is not None:
        return found
    if _share(sample[:SAMPLE], decimal) < 0.5:
        return None
    return _examine(sample, decimal)


def _of_clean(blob: str, sample: Sequence[str], decimal: str | None) -> Numerals | None:
    """Return how cells without spaces, units and separators of thousands write numbers; None where there may be such.

    Args:
        blob: all cells, one a line.
        sample: some of them, at least half of which must be numbers.
        decimal: the decimal sign, None where the cells decide.
    """
    filled = [text for text in sample if text.strip().casefold() not in EMPTY]
    if NOT_PLAIN.search(blob) is None and decimal != ",":
        point = DECIDES_POINT.search(blob) is not None
        return Numerals(".", "", "point" if point else "either") if filled and _share(filled, ".") >= 0.5 else None
    swapped = blob.replace(",", ".")
    single = decimal != "." and "." not in blob and NOT_PLAIN.search(swapped) is None and not TWO_COMMAS.search(blob)
    # One comma a cell at most, and some that cannot separate thousands.
    found = single and DECIDES_POINT.search(swapped) and filled and _share(filled, ",") >= 0.5
    return Numerals(",", "", "comma") if found else None


def agree(found: Mapping[str, Numerals], separator: str | None = None) -> dict[str, Numerals]:
    """Let the columns of one table decide the decimal sign of those that leave it open.

    Args:
        found: by column, of `numerals`.
        separator: of the table's columns; beside a semicolon, a comma is a decimal sign.

    Returns:
        By column; `evidence` is still "groups" where nothing decides, which `parse_numbers` asks about.
    """
    signs = {one.evidence for one in found.values()} & {"point", "comma"}
    if not signs and separator == ";":
        signs = {"comma"} if any(one.evidence == "groups" for one in found.values()) else signs
    if len(signs) != 1:
        return dict(found)
    sign = "." if signs == {"point"} else ","
    return {
        name: replace(one, decimal=sign, evidence="point" if sign == "." else "comma")
        if one.evidence in ("groups", "either")
        else one
        for name, one in found.items()
    }


def parse_numbers(
    cells: Sequence[Any],
    lines: Sequence[int],
    source: str,
    name: str,
    numerals: Numerals | None = None,
    remedy: str = REMEDY,
) -> np.ndarray:
    """Return a column as float64 [N], NaN for empty cells.

    Args:
        cells: texts or Python values.
        lines: the line of each, for errors.
        source: the file, for errors.
        name: what errors call the column.
        numerals: how the numbers are written; None for a decimal point.
        remedy: what errors advise for a cell that is no number.

    Raises:
        DataError: a cell is no finite number, or nothing decides whether commas separate thousands or decimals.
    """
    how = numerals or Numerals()
    if how.evidence == "groups":
        n = next(n for n, cell in enumerate(cells) if "," in cell_text(cell))
        want = "of one meaning, decimals or thousands"
        asked = f"Say which with {argument('reading.decimal', ',')} or {argument('reading.decimal', '.')} (a point)."
        raise DataError(sentence(f"{source}:{lines[n]}", f"the comma of {name}", want, repr(cells[n])[:80], asked))
    values = _at_once(cells, how)
    if values is None:
        known: dict[Any, float | None] = {}
        values = np.empty(len(cells))
        for n, cell in enumerate(cells):
            key = cell if isinstance(cell, str) else n
            value = known[key] if key in known else known.setdefault(key, _one(cell, how))
            if value is None:
                want = "a finite number" + (f" in {how.unit}" if how.unit else "")
                raise DataError(sentence(f"{source}:{lines[n]}", name, want, repr(cell)[:80], remedy))
            values[n] = value
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        n = int(infinite[0])
        raise DataError(sentence(f"{source}:{lines[n]}", name, "a finite number", repr(cells[n])[:80], remedy))
    return values


def _at_once(cells: Sequence[Any], how: Numerals) -> np.ndarray | None:
    """Return the values of clean cells, None where they must be read one by one."""
    kinds = set(map(type, cells))
    if kinds <= PLAIN_TYPES:
        try:
            return np.array([math.nan if cell is None else cell for cell in cells], np.float64)
        except OverflowError:
            return None
    if kinds != {str} or how.unit:
        return None
    blob = "\n".join(cells)
    if how.decimal == ",":
        if "." in blob:
            return None
        blob = blob.replace(",", ".")
    if NOT_PLAIN.search(blob):
        return None
    texts = blob.split("\n")
    if len(texts) != len(cells):
        return None
    try:
        return np.array(list(map(float, [text or "nan" for text in texts] if "" in texts else texts)), np.float64)
    except ValueError:
        return None


def _one(cell: Any, how: Numerals) -> float | None:
    if isinstance(cell, (bool, np.bool_)):
        return None
    if not isinstance(cell, str):
        if cell is None or cell != cell:
            return math.nan
        try:
            return float(cell)
        except (TypeError, ValueError, OverflowError):
            return None
    return how.number(cell_text(cell))


def _share(texts: Sequence[str], decimal: str | None) -> float:
    signs = (decimal,) if decimal else (".", ",")
    hits = sum(any(_value(_split_affixes(text)[1], sign) is not None for sign in signs) for text in texts)
    return hits / max(len(texts), 1)


def _examine(texts: Sequence[str], decimal: str | None) -> Numerals:
    """Weigh the distinct cells of a column against both decimal signs."""
    units: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    small, whole = False, False
    for text in texts:
        unit, body = _split_affixes(text)
        point, comma = _value(body, "."), _value(body, ",")
        if point is None and comma is None:
            continue
        units[unit] += 1
        kind = "comma" if point is None else "point" if comma is None else ""
        if not kind and point != comma:
            kind = "groups" if "," in body else "dots"
        counts[kind] += 1
        if not kind and point is not None:
            small, whole = small or abs(point) < 1000, whole or abs(point) >= 1000
    unit = units.most_common(1)[0][0]
    if decimal is not None:
        return Numerals(decimal, unit, "point" if decimal == "." else "comma")
    if counts["comma"] or counts["point"]:
        comma_wins = counts["comma"] > counts["point"]
        return Numerals("," if comma_wins else ".", unit, "comma" if comma_wins else "point")
    if counts["groups"] and not (small and not whole and not counts["dots"]):
        return Numerals(".", unit, "groups")
    return Numerals(".", unit, "point" if counts["groups"] else "either")


def _split_affixes(text: str) -> tuple[str, str]:
    """Return what stands around a number, and the number with its sign."""
    if NOT_PLAIN.search(text) is None:
        return "", text
    sign = text[:1] if text[:1] in "+-" else ""
    match = UNIT.fullmatch(text[len(sign) :].lstrip() if sign else text)
    if match is None or not (match[1] or match[3]):
        return "", text
    return (match[1] or "") + (match[3] or ""), sign + match[2]


@cache
def _patterns(decimal: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what a number looks like without and with separators of thousands."""
    sign, other = re.escape(decimal), re.escape("," if decimal == "." else ".")
    end = r"(?:[eE][+-]?[0-9]+)?"
    plain = re.compile(rf"[+-]?(?:[0-9]+(?:{sign}[0-9]*)?|{sign}[0-9]+){end}")
    indian = rf"[1-9][0-9]?(?:{other}[0-9]{{2}})+{other}[0-9]{{3}}"
    grouped = rf"[1-9][0-9]{{0,2}}(?:(?P<g>[{other} '])[0-9]{{3}}(?:(?P=g)[0-9]{{3}})*)"
    return plain, re.compile(rf"[+-]?(?:{grouped}|{indian})(?:{sign}[0-9]*)?")


def _value(body: str, decimal: str) -> float | None:
    """Return the finite number that a text is by a decimal sign, else None."""
    plain, grouped = _patterns(decimal)
    if not plain.fullmatch(body):
        if not grouped.fullmatch(body):
            return None
        other = "," if decimal == "." else "."
        body = body.replace(other, "").replace(" ", "").replace("'", "")
    value = float(body.replace(",", ".") if decimal == "," else body)
    return value if math.isfinite(value) else None
