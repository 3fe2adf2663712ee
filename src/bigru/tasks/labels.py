"""Labels and their numbers: the checks and the look-up that both tasks share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError, nearest, sentence

__all__ = ["UNKNOWN", "accept_pairs", "check_labels", "extend_labels", "numbers", "place", "read_by"]

UNKNOWN = -100
"""Number of a label that is none of the task's: torch's cross entropy leaves it out, and no answer is it."""

SHOWN = 12
"""How many known labels an error lists before it says how many more there are."""


def check_labels(where: str, labels: Sequence[str], least: int) -> None:
    """Raise ArgumentError unless `labels` are at least `least` distinct strings, none of them blank or padded."""
    if len(labels) < least:
        remedy = "Nothing can be learnt from one class." if least == 2 else ""
        raise ArgumentError(sentence(where, "labels", f"at least {least} labels", list(labels), remedy))
    for label in labels:
        if label != label.strip() or not label:
            raise ArgumentError(sentence(where, "labels", "without spaces around them and not empty", repr(label)))
    if len(set(labels)) < len(labels):
        twice = next(label for label, count in Counter(labels).items() if count > 1)
        raise ArgumentError(sentence(where, "labels", "distinct", f"{twice!r} twice"))


def extend_labels(known: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    """Return the known labels in their order, and behind them those found that are not among them."""
    before = set(known)
    return (*known, *(label for label in found if label not in before))


def place(where: str, n: int, source: str, lines: Sequence[int] | None) -> str:
    """Return how an error names example `n`: by file and line where they are known."""
    return f"{source}:{lines[n]}" if source and lines else f"{where}: example {n + 1}"


def numbers(
    known: Sequence[str], labels: Sequence[Any], named: Callable[[int], tuple[str, str]], unknown: bool = False
) -> np.ndarray:
    """Return the place of each label in `known`, int64 [N].

    Args:
        known: the labels, in the order of their numbers.
        labels: N labels to look up.
        named: for the label at a position, the place and the name that an error gives it.
        unknown: whether other labels are `UNKNOWN` instead of an error.

    Raises:
        DataError: a label is none of `known`; the nearest one is named.
    """
    index = {label: n for n, label in enumerate(known)}
    places = [index.get(label, UNKNOWN) if isinstance(label, str) else UNKNOWN for label in labels]
    found = np.array(places, np.int64)
    if not unknown and found.size and found.min() < 0:
        position = int(found.argmin())
        where, name = named(position)
        more = f" (and {len(known) - SHOWN} more)" if len(known) > SHOWN else ""
        want = "one of " + ", ".join(known[:SHOWN]) + more
        got = labels[position]
        raise DataError(sentence(where, name, want, repr(got), nearest(str(got), known)))
    return found


def accept_pairs(config: Any, features: Sequence[Any], targets: Any, **place: Any) -> None:
    """Accept every pair of an input and its labels, as `check_pairs` of a task whose inputs have room for any label."""


def read_by(features: Any) -> dict[str, Any]:
    """Return what the shape of a model has to be to read these features: channels of ids, or numbers per step."""
    channels = getattr(features, "channels", ())
    return {"channels": channels, "input_size": 0 if channels else features.values}
