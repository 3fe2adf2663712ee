"""Labels as they stand in files: numbers, stray spaces, several in one cell."""

from __future__ import annotations

from typing import Any, TypeGuard

from ..errors import DataError, sentence
from .findings import Finding
from .opening.encoding import SURROGATE

__all__ = ["SEPARATOR", "LabelReader", "is_list", "is_missing"]

SEPARATOR = "|"
"""Parts the labels of a multi-label example in one cell."""


def is_list(value: Any) -> TypeGuard[Any]:
    """Tell whether a value is a list, tuple or array."""
    return isinstance(value, (list, tuple)) or (hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0)


def is_missing(value: Any) -> bool:
    """Tell whether a value holds nothing: None, NaN, white space or an empty list."""
    if isinstance(value, str):
        return not value or value.isspace()
    if value is None or is_list(value):
        return value is None or len(value) == 0
    return bool(value != value)


class LabelReader:
    """Reads the labels of one file and keeps account of those that came with stray spaces.

    Args:
        source: the file as the user named it.
        name: what errors and findings call a label.
    """

    def __init__(self, source: str, name: str = "label") -> None:
        self.source, self.name = source, name
        self._clean: dict[Any, str] = {}
        self._stray: dict[str, tuple[int, int]] = {}

    def one(self, value: Any, line: int) -> str:
        """Return a label as text without surrounding spaces.

        Whole floats lose their point: a column of integers with gaps reaches us as floats.

        Raises:
            DataError: the value is neither text nor a number nor a truth value, or empty, or no model could
                store it.
        """
        if type(value) is str and value in self._clean:
            return self._clean[value]
        raw = value if isinstance(value, str) else self._name(value, line)
        label = raw.strip()
        if not label:
            raise DataError(sentence(f"{self.source}:{line}", self.name, "not empty", repr(raw)))
        if SURROGATE.search(label):
            raise DataError(sentence(f"{self.source}:{line}", self.name, "without half a surrogate pair", ascii(label)))
        if label != raw:
            first, count = self._stray.get(raw, (line, 0))
            self._stray[raw] = (first, count + 1)
        return self._clean.setdefault(label, label)

    def many(self, value: Any, line: int) -> list[str]:
        """Return the labels of a list, or of a cell in which `|` parts them; an empty cell has none."""
        if isinstance(value, str):
            value = value.split(SEPARATOR) if value.strip() else []
        return [self.one(part, line) for part in (value if is_list(value) else [value])]

    def findings(self) -> list[Finding]:
        """List each label that had stray spaces, with its first line and how often it came."""
        return [
            Finding(
                self.source, first, "stray spaces", f"{self.name} {raw!r} is read as {raw.strip()!r}, {count} in all"
            )
            for raw, (first, count) in self._stray.items()
        ]

    def _name(self, value: Any, line: int) -> str:
        value = value.item() if hasattr(value, "item") else value
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, (bool, int)) or (isinstance(value, float) and value == value):
            return str(value)
        raise DataError(sentence(f"{self.source}:{line}", self.name, "text or a number", repr(value)[:80]))
