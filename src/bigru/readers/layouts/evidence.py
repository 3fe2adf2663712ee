"""What speaks for and against one way to read a table, and the roles that its columns would get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...errors import DataError, argument, nearest, sentence
from ..names import fit
from ..profile import Profile, profile
from ..reading import Reading
from ..roles import Role
from ..table import Table

if TYPE_CHECKING:
    from .soft_labels import SoftColumns

__all__ = ["Proposal", "Role", "View", "name_some", "option", "shorten"]

LONGEST = 60
"""Characters of a column's name that an error shows."""

TYPED = 200
"""Characters of a column's name in an option that a person may copy: only names that nobody types are longer."""


@dataclass
class Proposal:
    """One way to read a table.

    Attributes:
        layout: its name, one of `layouts.LAYOUTS`.
        roles: what each column is read as.
        meaning: the reading in a few words, for a question.
        options: the options that choose it.
        points: evidence for it less evidence against it.
        reasons: the evidence in words.
        objections: why it cannot be meant: name, want, got and remedy of an error; with one it is never chosen.
        question: what remains open though this reading is meant: the option that decides, want and got of an error.
        columns: the columns by purpose ("text", "label", "id", ...), for the one who builds the examples.
    """

    layout: str
    meaning: str = ""
    options: str = ""
    points: float = 0.0
    reasons: list[str] = field(default_factory=list)
    objections: list[tuple[str, str, str, str]] = field(default_factory=list)
    question: tuple[str, str, str] | None = None
    roles: list[Role] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)

    def add(self, points: float, reason: str) -> None:
        """Count evidence for (or, with negative points, against) this reading."""
        self.points += points
        self.reasons.append(f"{reason} ({points:+.1f})")

    def ask(self, option: str, want: str, got: str = "nothing") -> None:
        """Note that a person must decide, in the words of an error."""
        self.question = self.question or (option, want, got)

    def object(self, name: str, want: str, got: str, remedy: str = "") -> None:
        """Rule this reading out, in the words of an error."""
        self.objections.append((name, want, got, remedy))


@dataclass
class View:
    """A table as the layouts look at it.

    Attributes:
        table: the table.
        reading: what the user has decided.
        required: whether labels are needed.
        kind: the kind of inputs that a model takes ("text", "tokens", "series", "audio"), None where any will do.
        soft: the soft labels that were set aside, None where there are none.
    """

    table: Table
    reading: Reading
    required: bool
    kind: str | None = None
    soft: SoftColumns | None = None

    @cached_property
    def profiles(self) -> list[Profile]:
        """What every column looks like."""
        return [
            profile(name, n, cells)
            for n, (name, cells) in enumerate(zip(self.table.names, self.table.columns, strict=True))
        ]

    def find(self, field: str, wanted: str | None) -> Profile | None:
        """Return the column that a field of the reading names, None where it names none.

        Raises:
            DataError: there is no such column; the nearest name is suggested.
        """
        if wanted is None:
            return None
        names = self.table.names
        if wanted in names:
            return self.profiles[names.index(wanted)]
        if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
            return self.profiles[int(wanted) - 1]
        alike = [n for n, name in enumerate(names) if name.strip().casefold() == wanted.strip().casefold()]
        if len(alike) == 1:
            return self.profiles[alike[0]]
        name, want = argument(f"reading.{field}"), "one of the columns " + name_some(names)
        raise DataError(sentence(self.table.source, name, want, repr(wanted), nearest(wanted, names)))

    def find_all(self, field: str, wanted: Sequence[str]) -> list[Profile]:
        """Return the columns that a field of the reading names."""
        return [found for one in wanted if (found := self.find(field, one)) is not None]

    def of_kind(self, *kinds: str) -> Iterator[Profile]:
        """Yield the columns of some kinds."""
        return (one for one in self.profiles if one.kind in kinds)

    def as_before(self, values: list[Profile], whole: bool = True) -> list[Profile]:
        """Return the columns of values in the order in which a model was trained on columns of these names.

        Args:
            values: the columns that look like values.
            whole: whether all of them must be there, if some are.

        Raises:
            DataError: some are not.
        """
        before = (self.reading.like or {}).get("values", ())
        known = {one.name: one for one in self.profiles} if self.table.named else {}
        there = [known[name] for name in before if name in known]
        if there and len(there) == len(before):
            return there
        if there and whole:
            want = f"those that the model was trained on: {name_some(before)}"
            raise DataError(sentence(self.table.source, "columns", want, name_some([one.name for one in values])))
        return values

    def by_name(self, known: Sequence[str], *taken: Profile | None, least: float = 2.0) -> Profile | None:
        """Return the column whose name fits best, of those that are not empty and not taken."""
        places = {one.place for one in taken if one is not None}
        free = [one for one in self.profiles if one.place not in places and one.kind != "empty"]
        best = max(free, key=lambda one: fit(one.name, known), default=None)
        return best if best is not None and fit(best.name, known) >= least else None

    @cached_property
    def prose(self) -> Profile | None:
        """The column that is most like a text for people, if there is one."""
        found = [one for one in self.profiles if one.is_prose]
        return max(found, key=lambda one: one.length, default=None)


def name_some(names: Sequence[str], most: int = 12) -> str:
    """Return names in a row, the first few of many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(shorten, names[:most])) + more


def shorten(name: str, most: int = LONGEST) -> str:
    """Return a name, the beginning of a long one."""
    return name if len(name) <= most else f"{name[:most]}..."


def option(name: str, *names: str) -> str:
    """Return an argument with names of columns, as the caller writes it."""
    return argument(name, *(shorten(one, TYPED) for one in names))
