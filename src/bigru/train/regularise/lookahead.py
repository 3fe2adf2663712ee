"""Which look-ahead a step of training has, for models that shall answer before a sequence has ended."""

from __future__ import annotations

import numpy as np

from ...config import TrainConfig
from ...ops.recurrent.chunking import Window
from ..data.seeds import LOOKAHEAD, derive

__all__ = ["judged", "of_step"]


def of_step(training: TrainConfig, step: int) -> Window | None:
    """Return the window of a step: its look-ahead drawn evenly between both bounds, from (seed, step) alone.

    A model that met many look-aheads can be asked with any of them (Xue & Yan 2017 train with one alone).
    """
    if training.lookahead is None:
        return None
    low, high = training.lookahead
    random = np.random.default_rng(derive(training.seed, LOOKAHEAD, step))
    return Window.of(int(random.integers(low, high, endpoint=True)))


def judged(training: TrainConfig) -> Window | None:
    """Return the window that the dev score is measured in: the middle between both bounds."""
    return None if training.lookahead is None else Window.of(sum(training.lookahead) // 2)
