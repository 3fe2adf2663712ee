"""What rows belong together: a column of speakers, patients, documents, all of whose rows are held out or none."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import DataError, argument, sentence
from ..examples import Examples
from ..labels import is_missing
from ..names import EXACT, GROUPS, fit
from ..reading import Reading
from ..roles import Role
from ..table import Table
from .evidence import View, option, shorten

__all__ = ["group_column", "read_groups", "unread_roles"]


def group_column(table: Table, reading: Reading) -> str | None:
    """Return the column that was named as that of groups, None where none was.

    Raises:
        DataError: there is no such column (the nearest name is suggested), or it is named for something else as well.
    """
    found = View(table, reading, False).find("group", reading.group)
    if found is None:
        return None
    for name in ("text", "label", "labels", "id", "time"):
        named = getattr(reading, name)
        if found.name in ((named,) if isinstance(named, str) else named or ()):
            want = f"another column than {argument(f'reading.{name}')}"
            raise DataError(sentence(table.source, argument("reading.group"), want, repr(found.name)))
    return found.name


def read_groups(table: Table, reading: Reading, result: Examples) -> list[str] | None:
    """Return what each example belongs to, None where no column was named.

    Raises:
        DataError: a row has no group, or the steps of one example have several.
    """
    name = group_column(table, reading)
    if name is None or result.rows is None:
        return None
    cells, found = table.column(name), []
    for rows in result.rows:
        steps = [rows] if isinstance(rows, int) else rows
        first, *others = (_cell(table, cells, name, n) for n in steps)
        for n, other in zip(steps[1:], others, strict=True):
            if other != first:
                want = f"{first!r}, as in line {table.lines[steps[0]]} of the same example"
                raise DataError(sentence(f"{table.source}:{table.lines[n]}", f"column {name!r}", want, repr(other)))
        found.append(first)
    return found


def _cell(table: Table, cells: Sequence[object], name: str, row: int) -> str:
    if is_missing(cells[row]):
        place = f"{table.source}:{table.lines[row]}"
        raise DataError(sentence(place, f"column {name!r}", "filled in every row, as groups are", repr(cells[row])))
    return str(cells[row]).strip()


def unread_roles(view: View, roles: Sequence[Role]) -> list[Role]:
    """Return the roles of columns that are not read; one that looks like groups says how to hold it out as such."""
    if not view.required:
        return list(roles)
    known = {one.name: one for one in view.profiles}
    hints = []
    for role in roles:
        one = known[role.column]
        whole = one.kind in ("text", "number") and one.filled == len(view.table) and one.repeats and one.distinct > 1
        if whole and fit(one.name, GROUPS) >= EXACT:
            held = f"{option('reading.group', one.name)} holds out all rows of a {shorten(one.name)} together"
            role = Role(role.column, role.role, f"{one.distinct:,} different values; {held}")
        hints.append(role)
    return hints
