"""What the columns of a table are read as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["UNREAD", "Role", "columns_by_role"]

UNREAD = "not read"

MOST = 256
"""Columns of one role that are worth remembering by name."""


@dataclass(frozen=True)
class Role:
    """A column, what it is read as ("text", "label", "values", ..., `UNREAD` where it is not), and why."""

    column: str
    role: str
    why: str


def columns_by_role(roles: Sequence[Role]) -> dict[str, tuple[str, ...]]:
    """Return the names of the columns that were read, by role; none where they are only numbered."""
    read = [one for one in roles if one.role != UNREAD]
    if all(one.column.isdecimal() for one in read):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for one in read:
        found[one.role] = (*found.get(one.role, ()), one.column)
    return {role: columns for role, columns in found.items() if len(columns) <= MOST}
