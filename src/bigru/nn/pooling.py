"""Pooling: the states of all steps become one vector per sequence, blind to padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ..config.poolings import POOLING_RULES, attends, pooled_widths, pools_inputs

__all__ = ["Pooling", "padding_places", "step_mask", "sum_over_sqrt_n", "zero_padding"]


def step_mask(lengths: Tensor, time: int) -> Tensor:
    """Return which steps lie before each length: lengths [B] -> [B, T] bool."""
    return torch.arange(time, device=lengths.device) < lengths.unsqueeze(1)


def padding_places(lengths: Tensor, time: int) -> Tensor:
    """Return the places past the lengths [B] in [B * time], int64."""
    return torch.nonzero(~step_mask(lengths, time).flatten())[:, 0]


def zero_padding(x: Tensor, padding: Tensor) -> Tensor:
    """Return x [B, T, C] with zeros at the places of `padding`, whatever stood there, NaN included.

    Batches hold little padding: filling its rows takes a sixth of the time of a mask over all entries.
    """
    return x.flatten(0, 1).index_fill(0, padding, 0.0).view(x.shape)


def sum_over_sqrt_n(values: Tensor, lengths: Tensor) -> Tensor:
    """Sum [B, T, K] over the real steps, divided by the root of their number: [B, K].

    A mean would let the evidence of ten words in a long text weigh less than that of one in a short one; the root
    keeps the deviation of a sum of independent terms the same at any length.
    """
    summed: Tensor = _Pool.apply(values, padding_places(lengths, values.shape[1]), False)[0]
    return summed / lengths.clamp(min=1).sqrt().unsqueeze(-1)


class _Pool(torch.autograd.Function):
    """Sum and, if asked for, maximum over the steps of x [B, T, C] outside `padding`: [B, C] each.

    One copy of x forward and one backward; where several steps have the maximum, they share its gradient.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, padding: Tensor, largest: bool) -> tuple[Tensor, Tensor | None]:
        ctx.padding, ctx.shape = padding, x.shape
        clean = zero_padding(x, padding)
        summed = clean.sum(1)
        if not largest:
            return summed, None
        clean.flatten(0, 1).index_fill_(0, padding, torch.finfo(x.dtype).min)
        most = clean.amax(1) if x.shape[1] else torch.zeros_like(summed)
        ctx.save_for_backward(clean, most)
        return summed, most

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_sum: Tensor | None, d_most: Tensor | None) -> tuple[Tensor | None, None, None]:
        assert d_sum is not None
        if not ctx.saved_tensors:
            d = d_sum.unsqueeze(1).expand(ctx.shape).contiguous()
        else:
            assert d_most is not None
            clean, most = ctx.saved_tensors
            d = (clean == most.unsqueeze(1)).to(clean.dtype)
            d.mul_((d_most / d.sum(1).clamp(min=1.0)).unsqueeze(1)).add_(d_sum.unsqueeze(1))
        return d.flatten(0, 1).index_fill_(0, ctx.padding, 0.0).view(ctx.shape), None, None


class Pooling(nn.Module):
    """Several poolings side by side, in the order given. An empty sequence pools to zeros.

    Each is a formula (`bigru.config.poolings`) of these statistics over the real steps:

    - last: the state each walk ends with, joined as the outputs are (the forward walk's at the last
      real step, the backward walk's at the first);
    - sum, largest: per unit;
    - attended: the mean weighted by softmax over real steps of `query . tanh(attend h_t)`
      (Yang et al. 2016, equations 5 to 7, for words of one sequence).

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
        self.outputs = sum(pooled_widths(kinds, states, inputs))
        if attends(kinds):
            self.attend = nn.Linear(states, states)
            self.query = nn.Parameter(torch.empty(states).uniform_(-(states**-0.5), states**-0.5))

    def forward(self, inputs: Tensor, states: Tensor, last: Tensor, lengths: Tensor) -> Tensor:
        """Pool one batch.

        Args:
            inputs: [B, T, I], what the encoder read; padding may hold anything, NaN included.
            states: [B, T, C], what it returned, of the same form.
            last: [B, C], the joined final states.
            lengths: [B] int64.

        Returns:
            [B, P].
        """
        past = padding_places(lengths, states.shape[1])
        reduced = {of: self._reduce(of, x, past) for of, x in ((False, states), (True, inputs))}
        shared = {
            "last": lambda: last,
            "attended": lambda: self._attention(zero_padding(states, past), step_mask(lengths, states.shape[1])),
            "steps": lambda: lengths.clamp(min=1).unsqueeze(-1),
            "root": lambda: lengths.clamp(min=1).sqrt().unsqueeze(-1),
        }
        rules = [POOLING_RULES[kind] for kind in self.kinds]
        parts = [rule.evaluate(shared | reduced[rule.inputs]) for rule in rules]
        return torch.cat(parts, dim=-1).masked_fill((lengths == 0).unsqueeze(-1), 0.0)

    def _reduce(self, inputs: bool, x: Tensor, past: Tensor) -> dict[str, Callable[[], Any]]:
        """Return sum and maximum of x [B, T, C] over the real steps, those that are read computed together."""
        read = {name for kind in self.kinds if pools_inputs(kind) == inputs for name in POOLING_RULES[kind].reads}
        summed, largest = _Pool.apply(x, past, "largest" in read) if read & {"sum", "largest"} else (x, None)
        return {"sum": lambda: summed, "largest": lambda: largest}

    def _attention(self, states: Tensor, real: Tensor) -> Tensor:
        scores = torch.tanh(self.attend(states)) @ self.query
        # The lowest finite number instead of -inf: an empty sequence would turn to NaN before it is zeroed.
        weights = scores.masked_fill(~real, torch.finfo(scores.dtype).min).softmax(1)
        return torch.bmm(weights.unsqueeze(1), states).squeeze(1)
