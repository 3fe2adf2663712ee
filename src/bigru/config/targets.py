"""What each task learns from a file: all that readers, estimators and the doctor need to know of a task."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TARGETS", "UNDECIDED", "TargetSpec", "target_of"]

KINDS = ("text", "tokens", "series", "audio")


@dataclass(frozen=True, kw_only=True)
class TargetSpec:
    """What the targets of a task are, and which data can hold them.

    Attributes:
        kinds: the kinds of inputs that a task has.
        layouts: how a table may hold them, of `bigru.readers.reading.LAYOUTS`.
        per_example: whether the target is a label of the example as a whole, or any number of them.
        per_step: whether there is one label for each character, token or step.
        is_text: whether the target is a text that is written, as a transcript is.
        is_future: whether the target is the next rows of the data, so that there are no labels.
        is_closed: whether a model answers with the labels of its training data only, so that others count as wrong.
    """

    kinds: tuple[str, ...]
    layouts: tuple[str, ...] = ()
    per_example: bool = False
    per_step: bool = False
    is_text: bool = False
    is_future: bool = False
    is_closed: bool = True

    @property
    def form(self) -> tuple[bool, ...]:
        """What a target is made of: equal where data with the targets of one task can be read for another."""
        return self.per_example, self.per_step, self.is_text, self.is_future


TARGETS = {
    "classify": TargetSpec(
        kinds=KINDS,
        layouts=("texts", "indicators", "lists", "long", "wide", "recordings"),
        per_example=True,
    ),
    "tag": TargetSpec(
        kinds=("text", "tokens", "series"),
        layouts=("spans", "lists", "tokens", "long", "recordings"),
        per_step=True,
    ),
    "transcribe": TargetSpec(kinds=("audio",), layouts=("recordings",), is_text=True, is_closed=False),
    "forecast": TargetSpec(kinds=("table",), layouts=("timed",), is_future=True, is_closed=False),
}
"""By task. That a tagger may name the layout of recordings lets the refusal say which tasks recordings have."""

UNDECIDED = TargetSpec(kinds=KINDS)
"""What is known of the targets where the file is to say which task it is for."""


def target_of(task: str | None) -> TargetSpec:
    """Return what a task learns from a file; None for a task that the file decides."""
    return UNDECIDED if task is None else TARGETS[task]
