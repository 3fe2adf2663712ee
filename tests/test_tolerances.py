"""Tests compare numbers within the one table of tolerances, and never ask a clock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent

FILES = [path for path in sorted(HERE.rglob("*.py")) if path.name != "tolerances.py"]

LEAST = 1e-3
"""A bound of `pytest.approx` from here on is one of something drawn at random or printed with few digits."""


def literals(path: Path) -> Iterator[str]:
    """Yield the tolerances that a file writes down itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for word in node.keywords if isinstance(node, ast.Call) else ():
            number = word.value.value if isinstance(word.value, ast.Constant) else None
            named = word.arg in ("rtol", "atol") and number != 0
            if isinstance(number, float) and (named or (word.arg in ("rel", "abs") and number < LEAST)):
                yield f"{path.relative_to(HERE)}:{word.value.lineno} {word.arg}={number}"


def test_tolerances_come_from_the_table() -> None:
    assert [found for path in FILES for found in literals(path)] == []
