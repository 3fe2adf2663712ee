"""Pooling: the states of all steps become one vector per sequence, blind to padding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["Pooling", "real_steps", "total"]


def real_steps(lengths: Tensor, time: int) -> Tensor:
    """Return which steps lie before each length: lengths [B] -> [B, T] bool."""
    return torch.arange(time, device=lengths.device) < lengths.unsqueeze(1)


def total(values: Tensor, lengths: Tensor) -> Tensor:
    """Sum [B, T, K] over the real steps, divided by the root of their number: [B, K].

    A mean would let the evidence of ten words in a long text weigh less than that of one in a short one; the root
    keeps the deviation of a sum of independent terms the same at any length.
    """
    real = real_steps(lengths, values.shape[1]).unsqueeze(-1)
    return values.masked_fill(~real, 0.0).sum(1) / lengths.clamp(min=1).sqrt().unsqueeze(-1)


class Pooling(nn.Module):
    """Several poolings side by side, in the order given. An empty sequence pools to zeros.

    - last: the state each walk ends with, joined as the outputs are (the forward walk's at the last
      real step, the backward walk's at the first);
    - mean, max: over the real steps, per unit;
    - attention: the mean weighted by softmax over real steps of `query . tanh(attend h_t)`
      (Yang et al. 2016, equations 5 to 7, for words of one sequence);
    - bag: the sum of the encoder's inputs over the root of their number (`total`), which keeps the plain bag of
      words in sight of the head.

    Args:
        kinds: poolings, of `bigru.config.POOLINGS`.
        states: width C of the encoder's outputs.
        inputs: width I of the encoder's inputs.

    Attributes:
        outputs: width P of the result.
    """

    def __init__(self, kinds: Sequence[str], states: int, inputs: int) -> None:
        super().__init__()
        self.kinds = tuple(kinds)
        self.outputs = sum(inputs if kind == "bag" else states for kind in kinds)
        if "attention" in kinds:
            self.attend = nn.Linear(states, states)
            self.query = nn.Parameter(torch.empty(states).uniform_(-(states**-0.5), states**-0.5))

    def forward(self, inputs: Tensor, states: Tensor, last: Tensor, lengths: Tensor) -> Tensor:
        """Pool one batch.

        Args:
            inputs: [B, T, I], what the encoder read; padding may hold anything, NaN included.
            states: [B, T, C], what it returned; likewise.
            last: [B, C], the joined final states.
            lengths: [B] int64.

        Returns:
            [B, P].
        """
        real = real_steps(lengths, states.shape[1]).unsqueeze(-1)
        steps = lengths.clamp(min=1).unsqueeze(-1)
        states = states.masked_fill(~real, 0.0)
        parts = []
        for kind in self.kinds:
            if kind == "last":
                part = last
            elif kind == "mean":
                part = states.sum(1) / steps
            elif kind == "max":
                part = _max(states, real)
            elif kind == "attention":
                part = self._attention(states, real)
            else:
                part = total(inputs, lengths)
            parts.append(part)
        return torch.cat(parts, dim=-1).masked_fill((lengths == 0).unsqueeze(-1), 0.0)

    def _attention(self, states: Tensor, real: Tensor) -> Tensor:
        scores = torch.tanh(self.attend(states)) @ self.query
        # The lowest finite number instead of -inf: an empty sequence would turn to NaN before it is zeroed.
        weights = scores.masked_fill(~real.squeeze(-1), torch.finfo(scores.dtype).min).softmax(1)
        return (weights.unsqueeze(-1) * states).sum(1)


def _max(states: Tensor, real: Tensor) -> Tensor:
    if not states.shape[1]:
        return states.new_zeros(states.shape[0], states.shape[2])
    return states.masked_fill(~real, torch.finfo(states.dtype).min).amax(1)
