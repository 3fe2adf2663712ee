"""Embeddings: integer channels become the vectors that the encoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..config import ChannelConfig

__all__ = ["NGRAM_SPREAD", "ChannelEmbedding", "Wide"]

SPREAD = 0.1
"""Standard deviation of fresh rows of the channel "unit"."""

NGRAM_SPREAD = 0.05
"""The same of the hashed channels of a model with one output per step."""


class ChannelEmbedding(nn.ModuleList):
    """One table per channel; the vectors of a step's channels stand side by side.

    Units start as normal numbers with deviation `SPREAD`. Adam moves every entry by about the learning
    rate per step however large it is: from a deviation of 1, torch's default, a row that occurs ten times
    stays the noise that it began as, while from 0.1 it is mostly what was learnt. Hashed channels start at
    `ngram_spread`: at zero an n-gram which training never saw adds nothing to a pooled vector; a model that
    tags each step learns better from small noise, which it gets used to ignoring (measured on entities).

    In training, positions are hidden: their vector is zero. Each channel draws for itself, so that the encoder
    learns to do without a single unit or n-gram. What is left is not scaled up (Iyyer et al. 2015, section 3.2,
    for words): in use nothing is hidden, and a unit that is there looks as it did in training.

    Args:
        channels: their sizes and widths.
        unit_dropout: share of the positions at which the channel "unit" is hidden.
        ngram_dropout: the same of every other channel.
        ngram_spread: standard deviation of fresh rows of every other channel.
    """

    def __init__(
        self,
        channels: Sequence[ChannelConfig],
        unit_dropout: float = 0.0,
        ngram_dropout: float = 0.0,
        ngram_spread: float = 0.0,
    ) -> None:
        super().__init__()
        self.dropouts: list[float] = []
        for channel in channels:
            unit = channel.name == "unit"
            table = nn.Embedding(channel.size, channel.dim)
            nn.init.normal_(table.weight, std=SPREAD if unit else ngram_spread)
            self.append(table)
            self.dropouts.append(unit_dropout if unit else ngram_dropout)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the vectors [B, T, I] of ids [B, T, C] int64; I is the sum of the channels' widths."""
        return torch.cat([self._vectors(c, table, ids[..., c]) for c, table in enumerate(self)], dim=-1)

    def _vectors(self, c: int, table: nn.Module, ids: Tensor) -> Tensor:
        if not (self.training and self.dropouts[c]):
            vectors: Tensor = table(ids)
            return vectors
        shown = torch.rand(ids.shape, device=ids.device) >= self.dropouts[c]
        # A hidden unit is not looked up: a row with a gradient of zero would still move by its momentum.
        hidden: Tensor = table(ids * shown) * shown.unsqueeze(-1)
        return hidden


class Wide(ChannelEmbedding):
    """The linear part of a model: per channel and id K numbers that are added to the logits.

    Args:
        channels: their sizes.
        outputs: K.
        unit_dropout, ngram_dropout: as of `ChannelEmbedding`.
    """

    def __init__(
        self, channels: Sequence[ChannelConfig], outputs: int, unit_dropout: float = 0.0, ngram_dropout: float = 0.0
    ) -> None:
        super().__init__([replace(channel, dim=outputs) for channel in channels], unit_dropout, ngram_dropout)
        for weight in self.parameters():
            nn.init.zeros_(weight)

    def forward(self, ids: Tensor) -> Tensor:
        """Return what each step adds, [B, T, K], of ids [B, T, C] int64."""
        return torch.stack([self._vectors(c, table, ids[..., c]) for c, table in enumerate(self)]).sum(0)
