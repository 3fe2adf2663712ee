"""Which look-ahead a step of training has, for models that answer before a sequence has ended."""

from __future__ import annotations

import numpy as np

from ...config import TrainConfig
from ...ops.recurrent.chunking import Chunking
from ..data.seeds import LOOKAHEAD, derive

__all__ = ["dev_chunking", "sample_chunking"]


def sample_chunking(training: TrainConfig, step: int) -> Chunking | None:
    """Return the window of a step: its look-ahead drawn evenly between both bounds, from (seed, step) alone.

    A model that met many look-aheads can be asked with any of them (Xue & Yan 2017 train with one alone).
    """
    if training.lookahead is None:
        return None
    low, high = training.lookahead
    random = np.random.default_rng(derive(training.seed, LOOKAHEAD, step))
    return Chunking.of_lookahead(int(random.integers(low, high, endpoint=True)))


def dev_chunking(training: TrainConfig) -> Chunking | None:
    """Return the window that the dev score is measured in: the middle between both bounds."""
    return None if training.lookahead is None else Chunking.of_lookahead(sum(training.lookahead) // 2)
