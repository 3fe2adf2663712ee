"""What a user decides about how a file is read; whatever is left open is inferred from the file and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ..config.targets import TARGETS, TargetSpec, target_of
from ..errors import ArgumentError, check_choice, sentence
from ..scheme import SCHEMES

__all__ = ["FILLS", "LAYOUTS", "OFFSETS", "Reading"]

LAYOUTS = ("texts", "indicators", "spans", "lists", "tokens", "long", "wide", "recordings", "timed")
"""How the rows of a table can be read; `layouts` has a file for each."""

OFFSETS = ("characters", "utf-16", "bytes")
"""What the positions of spans count: code points, UTF-16 units (JavaScript), or bytes of UTF-8."""


FILLS = ("forward", "linear")
"""How missing rows and cells of a table with time are filled: the last value before, or a line between both."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is read. None, or an empty tuple, leaves the choice to the file.

    Attributes:
        task: one of `bigru.config.targets.TARGETS`.
        text: column of the text, the tokens or the recordings (tables without header and CoNLL: numbers from 1).
        label: column of the label, the labels, the tags or the transcript.
        labels: columns of 0 and 1, each a label that an example has or has not.
        id: columns that together tell series apart, a row per step.
        features: columns of a table of tokens that are features of each token, beside the token itself.
        group: column of what examples belong to (a speaker, a patient, a document), all of which are held out or none.
        time: columns that together hold the time; ("none",) for a forecast of rows one step apart.
        time_format: how times are written: a format of `strptime`, or "day-first" or "month-first".
        zone: name of the time zone of times without offset, as Europe/Berlin.
        fill: of a forecast: how missing rows and cells are filled, one of `FILLS`; None refuses them.
        decimal: the decimal sign, "." or ",".
        layout: how the rows of a table are read, one of `LAYOUTS`.
        separator: what separates the columns of a table: one character, or "space" for any number of spaces.
        header: whether the first row of a table holds column names.
        format: one of `formats.FORMATS`.
        encoding: a codec of Python.
        scheme: the tag scheme, one of `scheme.SCHEMES`.
        multi_label: whether an example has any number of labels.
        soft_labels: whether columns `p_LABEL`, or objects `scores`, hold the probabilities of labels; False leaves them
            unread.
        offsets: what the positions of spans count, one of `OFFSETS`.
        overlaps: which of two overlapping spans is kept, "longest" or "first"; None refuses them.
        audio_root: folder that paths of recordings start from; else that of the file that names them.
        like: columns by what a model was trained on them as (`roles.columns_by_role`); those of the same names are
            read alike.
        strict: whether tags and classes that do not fit are refused instead of counted.
    """

    task: str | None = None
    text: str | None = None
    label: str | None = None
    labels: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    group: str | None = None
    time: tuple[str, ...] = ()
    time_format: str | None = None
    zone: str | None = None
    fill: str | None = None
    decimal: str | None = None
    separator: str | None = None
    layout: str | None = None
    header: bool | None = None
    format: str | None = None
    encoding: str | None = None
    scheme: str | None = None
    multi_label: bool | None = None
    soft_labels: bool | None = None
    offsets: str | None = None
    overlaps: str | None = None
    audio_root: str | None = None
    like: Mapping[str, Sequence[str]] | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        choices = {"task": tuple(TARGETS), "layout": LAYOUTS, "decimal": (".", ","), "scheme": SCHEMES}
        choices |= {"fill": FILLS, "offsets": OFFSETS, "overlaps": ("longest", "first")}
        for name, known in choices.items():
            if getattr(self, name) is not None:
                check_choice("reading", name, getattr(self, name), known)
        for name in ("labels", "id", "time", "features"):
            value: Any = getattr(self, name)
            if isinstance(value, str) or not all(isinstance(one, str) and one for one in value):
                raise ArgumentError(sentence("reading", name, "a tuple of column names", repr(value)))
        if self.separator is not None and self.separator != "space" and len(self.separator) != 1:
            raise ArgumentError(sentence("reading", "separator", 'one character, or "space"', repr(self.separator)))

    @property
    def target(self) -> TargetSpec:
        """What the task learns from a file, as far as the task is decided."""
        return target_of(self.task)

    def given(self) -> dict[str, Any]:
        """Return what was decided, by field."""
        return {field.name: getattr(self, field.name) for field in fields(self) if self._differs(field)}

    def but(self, **changes: Any) -> Reading:
        """Return this reading with some fields changed."""
        return replace(self, **changes)

    def _differs(self, field: Any) -> bool:
        return field.name != "like" and bool(getattr(self, field.name) != field.default)
