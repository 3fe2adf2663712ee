"""The exponential moving average of the weights: what is evaluated and saved."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["DENSE", "STRIDE", "Average"]

DENSE = 100
"""Steps at the start of a training that are all taken in."""

STRIDE = 10
"""After them, steps from one that is taken in to the next."""


class Average:
    """The running average of a model's parameters.

    After step t (counted from 1) the average moves towards the parameters by 1 - d_t, where
    `d_t = min(decay, t / (t + 9))`: early steps, whose weights are worth nothing, are forgotten
    fast, so that a training of ten steps is averaged as sensibly as one of ten thousand. From step `DENSE` on
    only every `STRIDE`th step is taken in, by 1 - d_t ** STRIDE: the average of a large embedding table would
    otherwise cost as much as the rest of a step. A decay of 0 keeps no average; the parameters themselves then
    stand for it.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.names = [name for name, _ in model.named_parameters()]
        self.parameters = [parameter.detach() for _, parameter in model.named_parameters()]
        self.values = [p.clone() for p in self.parameters] if decay else self.parameters

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the parameters as they are after step `step`, counted from 1."""
        stride = 1 if step <= DENSE else STRIDE
        if self.decay and step % stride == 0:
            kept = min(self.decay, step / (step + 9.0)) ** stride
            torch._foreach_lerp_(self.values, self.parameters, 1.0 - kept)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the model's parameters and their average; a second call undoes the first."""
        if self.decay:
            for value, parameter in zip(self.values, self.parameters, strict=True):
                held = parameter.clone()
                parameter.copy_(value)
                value.copy_(held)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the average by parameter name; empty where none is kept."""
        return dict(zip(self.names, self.values, strict=True)) if self.decay else {}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take over an average as `state_dict` gave it."""
        if self.decay:
            for name, value in zip(self.names, self.values, strict=True):
                value.copy_(state[name])
