"""AdamW whose embedding tables pay only for the rows that a batch used.

A dense AdamW over a table of 65,536 hashed n-grams reads and writes the whole table at every
step, which costs as much as the GRU itself. Here a parameter with a sparse gradient is updated
row by row: moments and the count of steps belong to the row, so a row seen for the first time
is corrected for bias as at its own first step (dense Adam would move it ~30 times as far).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["ParameterGroup", "RowAdamW"]


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters with one weight decay."""

    parameters: list[Tensor]
    weight_decay: float = 0.0


class RowAdamW:
    """AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) with per-row steps for sparse gradients.

    Dense gradients go through the operator of `torch.optim.AdamW(fused=True)`, with the same bits. That class itself
    imports torch's compiler when it is made, which takes as long as torch. Rows of sparse gradients follow
    Adam (Kingma & Ba, 2015, algorithm 1) with the row's own count of steps and without weight
    decay: a row that is not used would not decay, so decay would weigh frequency, not size.

    Args:
        groups: the parameters, which have their gradients in `grad`; those without one are left alone.
        lr: the learning rate, which may be set before every step.
        betas: decay of both moments.
        eps: added to the root of the second moment.

    Attributes:
        state: what is kept of each parameter that was updated, by its place in all groups: "step" and, of a dense
            one, "exp_avg" and "exp_avg_sq" in its shape; of a table [R, D] with sparse gradients "step" [R, 1] and
            both "moments" [R, 2, D].
    """

    def __init__(
        self,
        groups: Iterable[ParameterGroup],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.groups, self.lr, self.betas, self.eps = list(groups), lr, betas, eps
        self.state: dict[int, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Take one step."""
        place = 0
        for group in self.groups:
            dense = []
            for parameter in group.parameters:
                gradient = parameter.grad
                if gradient is not None and gradient.is_sparse:
                    self._step_rows(place, parameter, gradient)
                elif gradient is not None:
                    dense.append((parameter, gradient, self._dense_state(place, parameter)))
                place += 1
            if dense:
                self._step_dense(dense, group.weight_decay)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs; not copied."""
        return {"state": self.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state as `state_dict` gave it, on the devices of the parameters."""
        parameters = [parameter for group in self.groups for parameter in group.parameters]
        self.state = {
            place: {name: tensor.to(parameters[place].device, copy=True) for name, tensor in kept.items()}
            for place, kept in state["state"].items()
        }

    def _dense_state(self, place: int, parameter: Tensor) -> dict[str, Tensor]:
        if place not in self.state:
            self.state[place] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
        return self.state[place]

    def _step_dense(self, dense: list[tuple[Tensor, Tensor, dict[str, Tensor]]], weight_decay: float) -> None:
        parameters, gradients, states = (list(part) for part in zip(*dense, strict=True))
        steps, first, second = ([state[name] for state in states] for name in ("step", "exp_avg", "exp_avg_sq"))
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            parameters,
            gradients,
            first,
            second,
            [],
            steps,
            lr=self.lr,
            beta1=self.betas[0],
            beta2=self.betas[1],
            weight_decay=weight_decay,
            eps=self.eps,
            amsgrad=False,
            maximize=False,
        )

    def _step_rows(self, place: int, weight: Tensor, gradient: Tensor) -> None:
        if place not in self.state:
            # Both moments of a row lie side by side, so that they are fetched at once.
            moments = weight.new_zeros(len(weight), 2, weight.shape[1])
            self.state[place] = {"step": weight.new_zeros(len(weight), 1), "moments": moments}
        state = self.state[place]
        rows, values = _once_each(gradient)
        beta1, beta2 = self.betas
        count = state["step"].index_select(0, rows).add_(1)
        moments = state["moments"].index_select(0, rows)
        first, second = moments.unbind(1)
        first.lerp_(values, 1 - beta1)
        second.mul_(beta2).addcmul_(values, values, value=1 - beta2)
        state["step"].index_copy_(0, rows, count)
        state["moments"].index_copy_(0, rows, moments)
        scale = (second / (1 - beta2**count)).sqrt_().add_(self.eps)
        weight.index_add_(0, rows, first.div(scale.mul_(1 - beta1**count)), alpha=-self.lr)


def _once_each(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows of a sparse gradient, each once, and their values; autograd loses the mark that they are."""
    rows = gradient._indices()[0]
    if not bool((rows[1:] > rows[:-1]).all()):
        gradient = gradient.coalesce()
    return gradient._indices()[0], gradient._values()
