"""What a task decides of a batch, as arrays: before it becomes answers, and where no answers are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Decision"]


@dataclass(frozen=True)
class Decision:
    """What a task decides of B sequences.

    Attributes:
        labels: numbers of labels. Of a head "sequence" int64 [B], or bool [B, K] where any number of labels is given;
            of a head "step" int64 [B, T'], of which each row counts up to its length.
        confidence: float64 probabilities, of a head "sequence" [B, K] of every label, else [B, T'] of the labels; empty
            where they were not asked for.
        lengths: int64 [B], labels of each row of a head "step"; None where every row counts whole.
        weights: what decided beside the logits, as `prepare` of the task returned it.
    """

    labels: np.ndarray
    confidence: np.ndarray
    lengths: np.ndarray | None = None
    weights: Any = None

    def rows(self) -> list[np.ndarray]:
        """Return the labels of each sequence by themselves, int64 [L]."""
        rows = self.labels.reshape(len(self.labels), -1).astype(np.int64)
        if self.lengths is None:
            return list(rows)
        return [row[:length] for row, length in zip(rows, self.lengths.tolist(), strict=True)]
