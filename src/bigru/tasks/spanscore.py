"""The one figure of tags that chooses an epoch, counted from numbers: F1 of spans, without a scheme the accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..scheme import PREFIXES

if TYPE_CHECKING:
    from .tag import Config

__all__ = ["decisions", "quick_score"]

UNKNOWN_SPAN = "\0"
"""Label of the spans of classes that a model has not; they can only be missed."""


def quick_score(config: Config, gold: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float:
    """Return the score that `dev_score` names, to the bit that of the report.

    Args:
        config: the task.
        gold: of `targets`.
        found: of `Decision.rows`, a row per example.
    """
    # Answering takes no scores: the code for them is loaded here.
    from ..metrics.classification import accuracy
    from ..metrics.spans import span_f1

    if config.scheme is None:
        return accuracy(np.concatenate(gold), np.concatenate(found))
    names = _names(config)
    return span_f1(_known(gold, names), found, names, config.scheme, config.entity_labels)


def decisions(config: Config, gold: Sequence[np.ndarray], steps: int) -> int:
    """Return how many decisions a score of these targets rests on: their spans, without a scheme the steps."""
    from ..metrics.spans import count_spans

    if config.scheme is None:
        return steps
    names = _names(config)
    return count_spans(_known(gold, names), names, config.scheme, config.entity_labels)


def _names(config: Config) -> tuple[str, ...]:
    """Return the tags, and behind them that of every class that the model has not."""
    return (*config.labels, f"{PREFIXES[str(config.scheme)][1]}-{UNKNOWN_SPAN}")


def _known(gold: Sequence[np.ndarray], names: tuple[str, ...]) -> list[np.ndarray]:
    """Return targets with the last of the names for every class that the model has not."""
    return [np.where(row < 0, len(names) - 1, row) for row in gold]
