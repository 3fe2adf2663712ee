"""A CRF's negative log-likelihood divided among the steps, so that each can be weighted by its tag.

By the chain rule `log p(y | x) = sum_t log p(y_t | y_1 .. y_t-1, x)`, and in a linear chain each
factor follows from the backward scores b (Sutton & McCallum 2012, section 4.1):

    log p(y_1 | x)          = s(y_1) + e_1(y_1) + b_1(y_1) - log sum_k exp(s(k) + e_1(k) + b_1(k))
    log p(y_t | y_t-1, x)   = a(y_t-1, y_t) + e_t(y_t) + b_t(y_t) - b_t-1(y_t-1)
    b_t(i)                  = log sum_j exp(a(i, j) + e_t+1(j) + b_t+1(j)),   b_T(i) = f(i)

with transitions a, start s, end f and emissions e. The shares sum to the whole; weighted, they stay
log-likelihoods, so a rare tag can count more without the frequent tags around it counting more too.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Scores", "step_losses"]

FORBIDDEN = -1e4
"""What stands for -inf: low enough that no path is taken, and with a gradient that is a number."""


class Scores(NamedTuple):
    """A linear chain's transitions [K, K] (from row to column), start [K] and end [K]; -inf forbids."""

    transitions: Tensor
    start: Tensor
    end: Tensor


def step_losses(emissions: Tensor, tags: Tensor, lengths: Tensor, scores: Scores) -> Tensor:
    """Return -log p(y_t | y_1 .. y_t-1, x) for every step, [B, T]; 0 past each length.

    Args:
        emissions: [B, T, K].
        tags: the gold tags, int64 [B, T], within 0..K-1 everywhere.
        lengths: [B] int64.
        scores: the chain.
    """
    B, T, K = emissions.shape
    if not T:
        return emissions.new_zeros(B, 0)
    transitions, start, end = (score.clamp(min=FORBIDDEN) for score in scores)
    emissions = emissions.masked_fill((torch.arange(T, device=lengths.device) >= lengths[:, None])[..., None], 0.0)
    onward = end.expand(B, K)
    backward = [onward]
    for t in range(T - 2, -1, -1):
        inner = torch.logsumexp(transitions + (emissions[:, t + 1] + onward)[:, None], dim=2)
        onward = torch.where((t < lengths - 1)[:, None], inner, end)
        backward.append(onward)
    after = torch.stack(backward[::-1], dim=1)
    gold = (emissions + after).gather(2, tags[..., None])[..., 0]
    first = start[tags[:, :1]] - torch.logsumexp(start + emissions[:, 0] + after[:, 0], dim=1, keepdim=True)
    came = after[:, :-1].gather(2, tags[:, :-1, None])[..., 0]
    later = transitions[tags[:, :-1], tags[:, 1:]] - came
    real = torch.arange(T, device=lengths.device) < lengths[:, None]
    return -(gold + torch.cat([first, later], dim=1)) * real
