"""The exact probability of every tag at every step, where more than that of the tags decided is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..ops.crf.native import marginals
from ..ops.crf.weights import CrfWeights
from .probabilities import binary, softmax

if TYPE_CHECKING:
    from .tag import Config

__all__ = ["probabilities", "scores"]


def probabilities(
    config: Config, logits: np.ndarray, lengths: np.ndarray, weights: CrfWeights | None = None
) -> np.ndarray:
    """Return the probability of every tag at every step of B inputs, float64 [B, T, K]; with a CRF its marginals.

    Args:
        config: the task.
        logits: [B, T, outputs]; what lies past a length is not read.
        lengths: int64 [B].
        weights: of `tag.prepare`.
    """
    if weights is not None:
        return marginals(logits, weights, lengths)
    return binary(logits) if config.outputs == 1 else softmax(logits)


def scores(
    config: Config, logits: np.ndarray, lengths: np.ndarray, weights: CrfWeights | None = None
) -> list[list[dict[str, float]]]:
    """Return these probabilities by tag, a list of steps for each input; arguments are those of `probabilities`."""
    rows, names = probabilities(config, logits, lengths, weights).tolist(), config.labels
    ends = np.asarray(lengths).tolist()
    return [[dict(zip(names, row, strict=True)) for row in one[:end]] for one, end in zip(rows, ends, strict=True)]
