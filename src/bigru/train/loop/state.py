"""The state of one training: all that changes from step to step besides model and optimiser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..optim.schedule import Cooling

__all__ = ["Best", "TrainState"]


@dataclass
class Best:
    """The weights with the best dev score so far, and where they came from."""

    score: float
    loss: float
    epoch: int
    step: int
    weights: dict[str, Tensor]


@dataclass
class TrainState:
    """Where a training is and what it has reached.

    Attributes:
        step: steps taken.
        seconds: time spent up to the last checkpoint.
        loss_sum: sum of the losses of the current epoch's steps, float64 []; not finite once one was.
        loss_steps: how many losses `loss_sum` holds.
        sequences, time_steps: learnt from; what is past a length is none.
        learning: seconds that the steps took, without the start, evaluations and checkpoints.
        stale: epochs since the dev score last rose.
        cooling: since when the rate falls faster than planned; None while the dev score rises.
        finished: whether no step is left to take.
        best: the best weights so far; None before the first evaluation.
        history: per finished epoch its figures: epoch, step, loss, rate, seconds, dev_loss and the score by name.
    """

    step: int = 0
    seconds: float = 0.0
    loss_sum: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    loss_steps: int = 0
    sequences: int = 0
    time_steps: int = 0
    learning: float = 0.0
    stale: int = 0
    cooling: Cooling | None = None
    finished: bool = False
    best: Best | None = None
    history: list[dict[str, float]] = field(default_factory=list)

    @property
    def loss(self) -> float:
        """Mean loss of the current epoch so far; not a number before its first step."""
        return float(self.loss_sum) / self.loss_steps if self.loss_steps else float("nan")

    def state_dict(self) -> dict[str, Any]:
        """Return the state as tensors and plain values."""
        cooling = None if self.cooling is None else tuple(self.cooling)
        return {**vars(self), "cooling": cooling, "best": None if self.best is None else dict(vars(self.best))}

    @classmethod
    def from_state_dict(cls, state: dict[str, Any]) -> TrainState:
        """Return the training state that `state_dict` described."""
        best, cooling = state["best"], state["cooling"]
        read = {
            "best": None if best is None else Best(**best),
            "cooling": None if cooling is None else Cooling(*cooling),
        }
        return cls(**{**state, **read})
