"""Embeddings: integer channels become the vectors that the encoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ..config import ChannelConfig

__all__ = ["NGRAM_SPREAD", "ChannelEmbedding", "WideLinear"]

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

    Id 0, what training never saw, starts as zero, as a position looks that is hidden.

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
            with torch.no_grad():
                table.weight[0] = 0.0
            self.append(table)
            self.dropouts.append(unit_dropout if unit else ngram_dropout)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the vectors [B, T, I] of ids [B, T, C] int64; I is the sum of the channels' widths."""
        return self._rows(ids)

    def _rows(self, ids: Tensor) -> Tensor:
        shown = None
        if self.training and any(self.dropouts):
            draws = [torch.rand(ids.shape[:2], device=ids.device) if p else ids.new_ones(()) for p in self.dropouts]
            shown = [draw >= p for draw, p in zip(draws, self.dropouts, strict=True)]
        tables: list[Any] = list(self)
        sparse = [table.sparse for table in tables]
        vectors: Tensor = _Lookup.apply(ids, shown, sparse, *(table.weight for table in tables))
        return vectors


class WideLinear(ChannelEmbedding):
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
        return self._rows(ids).unflatten(2, (len(self), -1)).sum(2)


class _Lookup(torch.autograd.Function):
    """Rows of C tables side by side, [B, T, I], where they are shown; zeros elsewhere.

    torch's own lookup gives a sparse gradient of a row per position, which the optimiser would have to sort and
    sum; here each row comes once. It also costs a copy of the vectors less.
    """

    @staticmethod
    def forward(ctx: Any, ids: Tensor, shown: list[Tensor] | None, sparse: list[bool], *tables: Tensor) -> Tensor:
        ctx.widths = [table.shape[1] for table in tables]
        ctx.sparse, ctx.shapes = sparse, [table.shape for table in tables]
        ctx.ids, ctx.shown = [], shown
        vectors = []
        for c, table in enumerate(tables):
            # A hidden unit is not looked up: a row with a gradient of zero would still move by its momentum.
            row = (ids[..., c] if shown is None else ids[..., c] * shown[c]).flatten()
            found = table.index_select(0, row).view(*ids.shape[:2], ctx.widths[c])
            vectors.append(found if shown is None else found.mul_(shown[c].unsqueeze(-1)))
            ctx.ids.append(row)
        return torch.cat(vectors, 2)  # not written into views of the result: torch.export refuses those

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        found: list[Tensor | None] = []
        for c, part in enumerate(gradient.split(ctx.widths, 2)):
            if not ctx.needs_input_grad[3 + c]:
                found.append(None)
                continue
            values = part if ctx.shown is None else part * ctx.shown[c].unsqueeze(-1)
            found.append(_table_gradient(ctx.ids[c], values.reshape(-1, ctx.widths[c]), ctx.shapes[c], ctx.sparse[c]))
        return None, None, None, *found


def _table_gradient(ids: Tensor, values: Tensor, shape: torch.Size, sparse: bool) -> Tensor:
    """Return the gradient of a table [V, I] from that of the rows `ids` [N] taken from it, [N, I]."""
    if not sparse:
        return values.new_zeros(shape).index_add_(0, ids, values)
    rows, places = torch.unique(ids, return_inverse=True)
    summed = values.new_zeros(len(rows), shape[1]).index_add_(0, places, values)
    # Said to be coalesced, since rows come once and in order; nothing is checked or sorted again.
    return torch.sparse_coo_tensor(rows[None], summed, shape, is_coalesced=True, check_invariants=False)
