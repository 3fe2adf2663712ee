"""Units that training shows once are now and then shown as unknown: so the unknown's row is learnt, and of such units
as it will stand for (Lample et al. 2016, arXiv:1603.01360, section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ...config import ChannelConfig
from ..data.loader import Batch

__all__ = ["SingletonDropout", "singleton_dropout"]


class SingletonDropout:
    """Shows rare units of a batch as unknown.

    Args:
        features: the training inputs, each int [T, C].
        column: where the units' ids stand.
        size: of that channel.
        share: how often a unit seen once is shown as unknown.
    """

    def __init__(self, features: Sequence[np.ndarray], column: int, size: int, share: float) -> None:
        counts = sum(np.bincount(rows[:, column], minlength=size) for rows in features)
        self._once = torch.from_numpy(np.asarray(counts) == 1)
        self._column, self._share = column, share

    def __call__(self, batch: Batch, seed: int) -> Batch:
        """Return the batch as `seed` draws it."""
        ids = batch.inputs[..., self._column]
        hidden = torch.from_numpy(np.random.default_rng(seed).random(tuple(ids.shape)) < self._share)
        inputs = batch.inputs.clone()
        inputs[..., self._column] = ids.masked_fill(hidden & self._once[ids], 0)
        return batch._replace(inputs=inputs)


def singleton_dropout(
    features: Sequence[np.ndarray], channels: Sequence[ChannelConfig], share: float
) -> SingletonDropout | None:
    """Return what shows rare units as unknown; None where that is not asked for or no channel holds units."""
    columns = [n for n, channel in enumerate(channels) if channel.name == "unit"]
    if not share or not columns:
        return None
    return SingletonDropout(features, columns[0], channels[columns[0]].size, share)
