"""What was read from a file, in lines for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .examples import Examples
from .roles import Role

__all__ = ["columns_of", "describe"]

SHOWN = 5
"""Findings that are shown before `bigru doctor` is named."""

COLUMNS = 12
"""Lines on columns at most."""

NAMES = 6
"""Columns that a line names before it only counts them."""


def describe(examples: Examples, say: Callable[[str], None], shown: int | None = SHOWN) -> None:
    """Say what was read from a file, and the first `shown` findings in it; None says nothing of findings."""
    inferred = ", ".join(f"{name} {value}" for name, value in examples.inferred.items())
    say(f"{examples.source}: {len(examples):,} examples; {inferred}")
    for line in columns_of(examples.roles):
        say(f"  {line}")
    if shown is None:
        return
    for finding in examples.findings[:shown]:
        say(f"  {finding}")
    more = len(examples.findings) - shown
    if more > 0:
        say(f"  and {more} more findings; see all with: bigru doctor {examples.source}")


def columns_of(roles: Sequence[Role], most: int = COLUMNS) -> list[str]:
    """Return a line for each column: what it is read as, its name, and why; columns read alike share a line."""
    groups: dict[tuple[str, str], list[Role]] = {}
    for role in roles:
        shared = role.role in ("values", "label", "soft label")
        groups.setdefault((role.role, "" if shared else role.why), []).append(role)
    rows = []
    for (name, _), members in groups.items():
        more = f" and {len(members) - NAMES} more" if len(members) > NAMES else ""
        rows.append((name, ", ".join(one.column for one in members[:NAMES]) + more, members[0].why))
    width = max((len(name) for name, _, _ in rows), default=0)
    lines = [f"{name:{width}}  {shown} ({why})" for name, shown, why in rows[:most]]
    return lines + ([f"and {len(rows) - most} more lines of columns"] if len(rows) > most else [])
