"""Tables and notes for people, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from ..data.findings import Finding

__all__ = ["note", "notes_on", "table"]

SHOWN = 5
"""Findings that are shown before `bigru doctor` is named."""


def note(text: str) -> None:
    """Print one line."""
    print(text, file=sys.stderr, flush=True)


def table(rows: Iterable[Sequence[object]], header: Sequence[str] = ()) -> None:
    """Print rows as a table; the first column is text, the others are numbers."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(*(header or ()), box=box.SIMPLE_HEAD, show_header=bool(header))
    for n, row in enumerate(rows):
        if not n and not header:
            for _ in row:
                drawn.add_column()
        drawn.add_row(*(str(cell) for cell in row))
    Console(stderr=True).print(drawn)


def notes_on(source: str, inferred: dict[str, str], findings: Sequence[Finding], count: int) -> None:
    """Say what was read from a file and what was noticed in it."""
    note(f"{source}: {count} examples; " + ", ".join(f"{name} {value}" for name, value in inferred.items()))
    for finding in findings[:SHOWN]:
        note(f"  {finding}")
    if len(findings) > SHOWN:
        note(f"  and {len(findings) - SHOWN} more findings; see all with: bigru doctor {source}")
