"""What every reader returns: inputs, targets, and where each of them stands in its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..config.targets import TARGETS, TargetSpec
from .findings import Finding
from .roles import Role

__all__ = ["Examples", "SoftLabels"]


@dataclass(frozen=True)
class SoftLabels:
    """The probability of each label of N examples, as a teacher or several annotators give them.

    Attributes:
        labels: the K labels, in the order of the probabilities.
        rows: per example float32 [K], of tags [T, K].
        given: per example whether its target was given; elsewhere the target is the likeliest label.
    """

    labels: tuple[str, ...]
    rows: list[np.ndarray]
    given: list[bool]

    @property
    def per_step(self) -> bool:
        """Whether they are those of tags."""
        return any(row.ndim == 2 for row in self.rows)

    def take(self, places: Sequence[int] | np.ndarray) -> SoftLabels:
        """Return those of the examples at some places, in that order."""
        return replace(self, rows=[self.rows[n] for n in places], given=[self.given[n] for n in places])

    def join(self, other: SoftLabels) -> SoftLabels:
        """Return these and behind them others, of the same labels in the same order."""
        return replace(self, rows=[*self.rows, *other.rows], given=[*self.given, *other.given])


@dataclass
class Examples:
    """Labelled (or unlabelled) examples read from one source.

    Attributes:
        inputs: str for "text", list[str] for "tokens", float32 arrays [T, I] for "series",
            `recordings.Recording` for "audio".
        targets: per example a str (one label, or the transcript), or a list[str]: the labels of a multi-label
            example, or one tag per character, token or step; None where the source has none.
        kind: "text", "tokens", "series" or "audio".
        task: "classify" (labels belong to the example), "tag" (labels belong to its units) or "transcribe".
        multi_label: whether an example of "classify" has any number of labels.
        lines: physical line of each example, counted from 1 (row for Parquet, frames and arrays).
        source: the file as the user named it.
        scheme: the tag scheme found or given, None for plain labels.
        inferred: what was inferred from the data, in words, for printing.
        findings: what the reader noticed, left-out rows among them.
        roles: the columns of a table with what each is read as ("not read" for those that are not), and why.
        groups: what each example belongs to, where a column of it was named.
        soft: the probabilities of labels that stand beside the targets, or made them; None for none.
        features: the columns whose cells stand behind the tokens (`token_features`), none for bare tokens.
        rows: per example the row of its table, from 0, or the rows of its steps; None where there is no table.
        token_lines: per example the lines of its tokens, int64 [T], where every token has its own.
    """

    inputs: list
    targets: list | None
    kind: str
    lines: list[int]
    source: str
    scheme: str | None = None
    inferred: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    task: str = "classify"
    multi_label: bool = False
    token_lines: list[np.ndarray] | None = None
    groups: list[str] | None = None
    rows: Sequence[Any] | None = None
    roles: list[Role] = field(default_factory=list)
    features: tuple[str, ...] = ()
    soft: SoftLabels | None = None

    @property
    def target(self) -> TargetSpec:
        """What the task learns from the examples."""
        return TARGETS[self.task]

    def columns(self, role: str) -> list[str]:
        """Return the columns that are read as `role` ("text", "label", "values", "not read", ...)."""
        return [one.column for one in self.roles if one.role == role]

    def take(self, places: Sequence[int] | np.ndarray) -> Examples:
        """Return the examples at some places, in that order."""

        def at(rows: Any) -> Any:
            return None if rows is None else [rows[n] for n in places]

        return replace(
            self,
            inputs=at(self.inputs),
            targets=at(self.targets),
            lines=at(self.lines),
            token_lines=at(self.token_lines),
            groups=at(self.groups),
            rows=at(self.rows),
            soft=None if self.soft is None else self.soft.take(places),
        )

    def joined(self, other: Examples) -> dict[str, Any]:
        """Return by field what these examples and behind them others have, None for what either lacks.

        Rows are those of one table: there are none.
        """

        def both(one: Any, two: Any) -> Any:
            return None if one is None or two is None else [*one, *two]

        names = ("inputs", "targets", "lines", "token_lines", "groups")
        soft = None if self.soft is None or other.soft is None else self.soft.join(other.soft)
        return {name: both(getattr(self, name), getattr(other, name)) for name in names} | {"rows": None, "soft": soft}

    def __len__(self) -> int:
        return len(self.inputs)
