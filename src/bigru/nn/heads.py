"""Heads: from states to logits, and the scores of a linear-chain CRF on top of them."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["Crf"]


class Crf(nn.Module):
    """The scores of a linear-chain CRF over K tags (`docs/math/crf.md`), unconstrained.

    They start at zero, where the CRF is one softmax per step. What a tag scheme forbids is no weight: it is
    applied where the scores are used, in the loss and in decoding.

    Attributes:
        transitions: [K, K], from tag i (row) to tag j (column).
        start: [K], of beginning with a tag.
        end: [K], of ending with a tag.
    """

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.start = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))
