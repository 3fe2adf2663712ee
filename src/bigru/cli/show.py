"""Notes and tables for people, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import one_line
from ..metrics.score import Report

__all__ = ["CLASSES", "Say", "print_note", "print_scores", "print_speed", "print_table"]

CELL = 120
"""Characters of a table's cell at most."""

CLASSES = 20
"""Most classes that are shown one by one."""

Say = Callable[[str], None]
"""What a sentence is said with: `note`."""


def print_note(text: str) -> None:
    """Print one line, whatever a file or another library put into it."""
    print(one_line(text), file=sys.stderr, flush=True)


def print_table(rows: Sequence[Sequence[object]]) -> None:
    """Print rows, the heading first, as a table; the first column is text, the others are numbers."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD)
    for n, name in enumerate(rows[0]):
        drawn.add_column(str(name), justify="right" if n else "left")
    for row in rows[1:]:
        drawn.add_row(*(one_line(str(cell), CELL) for cell in row))
    # Markup off: a label may hold brackets.
    Console(stderr=True, markup=False, highlight=False).print(drawn)


def print_speed(training: dict[str, Any], say: Say = print_note) -> None:
    """Say how fast a training was, of the facts that metrics.json holds of it; nothing if it took no step."""
    sequences, steps = training["sequences_per_second"], training["time_steps_per_second"]
    if sequences:
        say(f"trained on {sequences:,.0f} sequences per second, {steps:,.0f} time steps per second")


def print_scores(report: Report, title: str) -> None:
    """Print a report: the scores with their intervals, then class by class, and how they were computed."""
    heading, *rows = report.table()
    print_table([(title, *heading[1:]), *rows])
    if 1 < len(report.classes) <= CLASSES:
        print_table(report.class_table())
    print_note(f"signature: {report.scores[0].signature}")
