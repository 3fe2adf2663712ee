"""Heads: from states to logits, and the scores of a linear-chain CRF on top of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

__all__ = ["Crf", "project"]


def project(x: Tensor, mask: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return (x * mask) @ weight.T + bias: a linear layer behind variational dropout, without a copy of x.

    The mask is the same at every step of a sequence, so it can stand on the weights, of which there are fewer.

    Args:
        x: [B, T, C].
        mask: [B, 1, C], without a gradient.
        weight: [K, C].
        bias: [K].

    Returns:
        [B, T, K], differentiable once in x, weight and bias.
    """
    logits: Tensor = _Project.apply(x, mask, weight, bias)
    return logits


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, mask: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        masked = weight * mask
        ctx.save_for_backward(x, mask, masked)
        return torch.baddbmm(bias, x, masked.transpose(1, 2))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, mask, masked = ctx.saved_tensors
        # A product over one number is many small calls; as a multiplication it is one.
        dx = gradient * masked if masked.shape[1] == 1 else torch.bmm(gradient, masked)
        dweight = (torch.bmm(gradient.transpose(1, 2), x) * mask).sum(0)
        return dx, None, dweight, gradient.sum((0, 1))


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
