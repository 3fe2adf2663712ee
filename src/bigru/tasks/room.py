"""Whether a recording has the steps that its transcript needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError, sentence
from ..ops.ctc.labelling import frames_needed
from .labels import place

if TYPE_CHECKING:
    from .transcribe import Config

__all__ = ["check_room", "has_room"]

WHERE = "transcribe"


def has_room(config: Config, frames: np.ndarray, target: np.ndarray) -> bool:
    """Tell whether a recording has a step for each symbol, and one between equal neighbours."""
    return -(-len(frames) // config.stride) >= frames_needed(target)


def check_room(
    config: Config,
    features: Sequence[np.ndarray],
    found: Sequence[np.ndarray],
    *,
    source: str = "",
    lines: Sequence[int] | None = None,
) -> None:
    """Refuse a transcript that is longer than its recording allows.

    Args:
        config: the task.
        features, found: what `featurise` and `targets` returned.
        source, lines: the file and the line of each example, for errors.

    Raises:
        DataError: the symbols and the blanks between equal neighbours are more than the steps.
    """
    for n, (frames, target) in enumerate(zip(features, found, strict=True)):
        if has_room(config, frames, target):
            continue
        steps, seconds = -(-len(frames) // config.stride), len(frames) * config.features.frame_seconds
        want = f"of at most {steps} symbols, as {seconds:.2f} s have {steps} steps"
        got = f"{len(target)} symbols, which need {frames_needed(target)} steps"
        remedy = "Correct the transcript or the recording, or leave the row out."
        raise DataError(sentence(place(WHERE, n, source, lines), "transcript", want, got, remedy))
