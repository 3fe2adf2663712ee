"""The exponential moving average of the weights: what is evaluated and saved."""

from __future__ import annotations

import torch
from torch import Tensor

from .flat_parameters import FlatParameters

__all__ = ["DENSE", "STRIDE", "ExponentialMovingAverage"]

DENSE = 100
"""Steps at the start of a training that are all taken in."""

STRIDE = 10
"""After them, steps from one that is taken in to the next."""


class ExponentialMovingAverage:
    """The running average of a model's parameters.

    After step t (counted from 1) the average moves towards the parameters by 1 - d_t, where
    `d_t = min(decay, t / (t + 9))`: early steps, whose weights are worth nothing, are forgotten
    fast, so that a training of ten steps is averaged as sensibly as one of ten thousand. From step `DENSE` on
    only every `STRIDE`th step is taken in, by 1 - d_t ** STRIDE: the average of a large embedding table would
    otherwise cost as much as the rest of a step. A decay of 0 keeps no average; the parameters themselves then
    stand for it.
    """

    def __init__(self, flat: FlatParameters, decay: float) -> None:
        self.flat, self.decay = flat, decay
        self.values = [tensor.clone() for tensor in flat.whole] if decay else flat.whole

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the parameters as they are after step `step`, counted from 1."""
        stride = 1 if step <= DENSE else STRIDE
        if self.decay and step % stride == 0:
            kept = min(self.decay, step / (step + 9.0)) ** stride
            for value, tensor in zip(self.values, self.flat.whole, strict=True):
                value.lerp_(tensor, 1.0 - kept)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the model's parameters and their average; a second call undoes the first."""
        if self.decay:
            for value, tensor in zip(self.values, self.flat.whole, strict=True):
                held = tensor.clone()
                tensor.copy_(value)
                value.copy_(held)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the average by parameter name; empty where none is kept."""
        return self.flat.named(self.values) if self.decay else {}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take over an average as `state_dict` gave it."""
        if self.decay:
            for name, value in self.flat.named(self.values).items():
                value.copy_(state[name])
