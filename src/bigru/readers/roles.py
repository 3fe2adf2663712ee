"""What the columns of a table are read as."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["UNREAD", "Role"]

UNREAD = "not read"


@dataclass(frozen=True)
class Role:
    """A column, what it is read as ("text", "label", "values", ..., `UNREAD` where it is not), and why."""

    column: str
    role: str
    why: str
