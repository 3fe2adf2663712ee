"""What decoding tells of a sequence of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["BLANK", "Labelling", "frames_needed"]

BLANK = 0
"""The symbol that stands for none."""


class Labelling(NamedTuple):
    """L symbols, and where and how surely they stand in the frames.

    Attributes:
        symbols: [L] int64, each 1..K-1.
        starts: [L] int64, the first frame of each symbol in the likeliest alignment of the labelling (6).
        ends: [L] int64, the frame after its last there; frames from one symbol's end to the next one's start are blank.
        confidences: [L] float32, the greatest probability of the symbol among its frames. The symbol occurs in one of
            them at least so probably.
        log_probability: of the labelling, summed over all its alignments (4).
        score: what it is ordered by (8): `log_probability`, plus what the language model and the bonus add.
    """

    symbols: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    confidences: np.ndarray
    log_probability: float
    score: float


def frames_needed(symbols: Sequence[int] | np.ndarray) -> int:
    """The fewest frames in which a labelling fits: one per symbol, and a blank between equal neighbours.

    Args:
        symbols: [L] without blanks.

    Returns:
        A number of frames, 0 for the empty labelling. With fewer, its probability is 0 and its loss infinite.
    """
    labels = np.asarray(symbols)
    return len(labels) + int((labels[1:] == labels[:-1]).sum())
