"""AdamW whose embedding tables pay only for the rows that a batch used.

A dense AdamW over a table of 65,536 hashed n-grams reads and writes the whole table at every
step, which costs as much as the GRU itself. Here a parameter with a sparse gradient is updated
row by row: moments and the count of steps belong to the row, so a row seen for the first time
is corrected for bias as at its own first step (dense Adam would move it ~30 times as far).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["RowAdamW"]


class RowAdamW(torch.optim.AdamW):
    """AdamW (Loshchilov & Hutter, 2019) with per-row steps for sparse gradients.

    Dense gradients go through torch's own AdamW unchanged. Rows of sparse gradients follow
    Adam (Kingma & Ba, 2015, algorithm 1) with the row's own count of steps and without weight
    decay: a row that is not used would not decay, so decay would weigh frequency, not size.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step; `closure` computes the gradients and returns the loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        sparse = []
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None and weight.grad.is_sparse:
                    self._step_rows(weight, weight.grad, group)
                    sparse.append((weight, weight.grad))
                    weight.grad = None
        super().step()
        for weight, grad in sparse:
            weight.grad = grad
        return loss

    def _step_rows(self, weight: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            # Under the name "step", since torch.optim.Adam.__setstate__ looks for it.
            state["step"] = weight.new_zeros(len(weight), 1)
            # Both moments of a row lie side by side, so that they are fetched at once.
            state["moments"] = weight.new_zeros(len(weight), 2, weight.shape[1])
        rows, values = _once_each(grad)
        beta1, beta2 = group["betas"]
        count = state["step"].index_select(0, rows).add_(1)
        moments = state["moments"].index_select(0, rows)
        first, second = moments.unbind(1)
        first.lerp_(values, 1 - beta1)
        second.mul_(beta2).addcmul_(values, values, value=1 - beta2)
        state["step"].index_copy_(0, rows, count)
        state["moments"].index_copy_(0, rows, moments)
        scale = (second / (1 - beta2**count)).sqrt_().add_(group["eps"])
        weight.index_add_(0, rows, first.div(scale.mul_(1 - beta1**count)), alpha=-float(group["lr"]))


def _once_each(grad: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows of a sparse gradient, each once, and their values; autograd loses the mark that they are."""
    rows = grad._indices()[0]
    if not bool((rows[1:] > rows[:-1]).all()):
        grad = grad.coalesce()
    return grad._indices()[0], grad._values()
