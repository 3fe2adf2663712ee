"""SpecAugment: parts of a recording are hidden in training, so that no single moment or band is relied on.

Park et al. 2019, arXiv:1904.08779, without time warping. What is hidden becomes 0, which is the mean of
normalised inputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..data.loader import Batch

__all__ = ["BANDS", "TIME", "mask_batch"]

TIME = 0.15
"""The widest stretch of time that a mask hides, as a share of the recording."""

BANDS = 0.2
"""The widest group of neighbouring bands that a mask hides, as a share of all."""


def mask_batch(batch: Batch, time_masks: int, freq_masks: int) -> Batch:
    """Return the batch with stretches of time and groups of bands hidden, drawn for each sequence by itself.

    Args:
        batch: inputs [B, T, I] float32.
        time_masks: stretches of each sequence, each up to `TIME` of it.
        freq_masks: groups of bands of each sequence, each up to `BANDS` of them.
    """
    x = batch.inputs
    lengths = batch.lengths.to(x.dtype)
    hidden = _draw_masks(lengths, TIME, x.shape[1], time_masks).unsqueeze(2)
    hidden = hidden | _draw_masks(torch.full_like(lengths, x.shape[2]), BANDS, x.shape[2], freq_masks).unsqueeze(1)
    return batch._replace(inputs=x.masked_fill(hidden, 0.0))


def _draw_masks(sizes: Tensor, share: float, places: int, masks: int) -> Tensor:
    """Return which of the places are hidden, bool [B, places], by masks within the sizes [B]."""
    hidden = torch.zeros(len(sizes), places, dtype=torch.bool, device=sizes.device)
    steps = torch.arange(places, device=sizes.device)
    for _ in range(masks):
        width, start = torch.rand(2, len(sizes), device=sizes.device)
        width = (width * (share * sizes + 1)).floor()
        start = (start * (sizes - width + 1)).floor()
        hidden |= (steps >= start.unsqueeze(1)) & (steps < (start + width).unsqueeze(1))
    return hidden
