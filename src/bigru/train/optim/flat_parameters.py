"""The parameters of a model as one vector: what is done to all of them is then one operator instead of dozens.

A model around a small encoder has ten to thirty parameters, most of them tiny, and every operator costs some
microseconds however little it works on. Clipping, AdamW and the average of the weights work on the vector.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["FlatParameters"]

SMALLEST = 1e-6
"""Added to the norm before it is divided by, as in `torch.nn.utils.clip_grad_norm_`."""


class FlatParameters:
    """A model whose dense parameters become views of one vector, and their gradients views of another.

    Tables with sparse gradients (`nn.Embedding`) stay as they are. Make it once the model is on its device.

    Args:
        model: its parameters are moved; names, shapes and values stay.
        decays: says of a parameter, by name, whether weight decay applies; those come first in the vector.

    Attributes:
        decayed, free: the two parts of the vector as parameters, which have their part of the gradients.
        tables: the parameters with sparse gradients.
        whole: the vector, and behind it the tables.
    """

    def __init__(self, model: nn.Module, decays: Callable[[str, Tensor], bool] = lambda name, parameter: False) -> None:
        sparse = {id(part.weight) for part in model.modules() if isinstance(part, nn.Embedding) and part.sparse}
        named = dict(model.named_parameters())
        tables = {name: p for name, p in named.items() if id(p) in sparse}
        dense = {name: p for name, p in named.items() if id(p) not in sparse}
        first = [name for name, p in dense.items() if decays(name, p)]
        self._order = [*first, *(name for name in dense if name not in first)]
        self._sizes = [dense[name].numel() for name in self._order]
        self._shapes = [dense[name].shape for name in self._order]
        self._names, self._tables = list(named), list(tables)
        self.tables = list(tables.values())

        vector = torch.cat([dense[name].detach().reshape(-1) for name in self._order])
        self._gradient = torch.zeros_like(vector)
        self.whole = [vector, *(table.detach() for table in self.tables)]
        weights, gradients = self._views(vector), self._views(self._gradient)
        split = sum(self._sizes[: len(first)])
        self.decayed, self.free = nn.Parameter(vector[:split]), nn.Parameter(vector[split:])
        self._gradients = [(dense[name], gradients[name]) for name in self._order]
        self._gradients += [(self.decayed, self._gradient[:split]), (self.free, self._gradient[split:])]
        for name, parameter in dense.items():
            parameter.data = weights[name]
        self.zero_grad()

    def named(self, whole: list[Tensor]) -> dict[str, Tensor]:
        """Return tensors made like `whole` by the names of the parameters, in the model's order; not copied."""
        found = self._views(whole[0]) | dict(zip(self._tables, whole[1:], strict=True))
        return {name: found[name] for name in self._names}

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self._gradient.zero_()
        # Again at every step, since others may have taken them away.
        for parameter, gradient in self._gradients:
            parameter.grad = gradient
        for table in self.tables:
            table.grad = None

    def clip(self, largest: float) -> Tensor:
        """Scale the dense gradients so that their joint norm is at most `largest`; return the norm before.

        Sparse gradients are left alone: Adam bounds the step of a row whatever its gradient's size.
        """
        norm = torch.linalg.vector_norm(self._gradient)
        self._gradient.mul_((largest / (norm + SMALLEST)).clamp(max=1.0))
        return norm

    def _views(self, vector: Tensor) -> dict[str, Tensor]:
        parts = vector.split(self._sizes)
        return {name: part.view(s) for name, part, s in zip(self._order, parts, self._shapes, strict=True)}
