"""The loop of a training, and its step."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...config import TrainConfig
from ...errors import TrainingError
from ..data.loader import Batch, BatchLoader
from ..data.seeds import DROPOUT, derive, set_seed
from ..objective.losses import Loss
from ..optim.ema import ExponentialMovingAverage
from ..optim.flat_parameters import FlatParameters
from ..optim.row_adamw import ParameterGroup, RowAdamW
from ..optim.schedule import fraction_done, rate_factor
from ..regularise.lookahead import sample_chunking
from ..regularise.rdrop import duplicate, symmetric_kl
from ..regularise.specaugment import mask_batch
from .state import TrainState

__all__ = ["Trainer", "decays", "optimizer"]

CHECK_EVERY = 50
"""Steps between two looks at the loss on a GPU, which each wait for it; on a CPU every step is looked at."""


def decays(name: str, parameter: Tensor) -> bool:
    """Tell whether weight decay applies: to the matrices of encoder, pooling and head.

    Biases, norms, embeddings, the linear part and the CRF, whose entries have no reason to be small, are left alone.
    """
    return parameter.ndim >= 2 and name.split(".")[0] not in ("embedding", "wide", "crf", "position", "channel")


def optimizer(flat: FlatParameters, training: TrainConfig) -> RowAdamW:
    """Return AdamW over a model's parameters."""
    groups = [ParameterGroup([flat.decayed], training.weight_decay), ParameterGroup([flat.free, *flat.tables])]
    return RowAdamW(groups, training.learning_rate)


class Trainer:
    """A model with its loss, optimiser and average of weights: `train` runs the loop, `step` takes one step.

    All randomness of a step follows from (seed, step), so that the loop can be entered at any step.

    Args:
        model: on its device, with the weights to start from.
        loss: of its logits and a batch.
        flat: the parameters of the model.
        adamw: the optimiser of `flat`.
        average: the average of `flat`.
        state: where the training is.
        config: how to train.
        steps: how many steps are planned.
        per_step: whether the loss is a mean over the steps of sequences, else over sequences.

    Attributes:
        elapsed: seconds spent so far, which count where time is limited.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        flat: FlatParameters,
        adamw: RowAdamW,
        average: ExponentialMovingAverage,
        state: TrainState,
        config: TrainConfig,
        steps: int,
        per_step: bool,
    ) -> None:
        self.model, self.loss, self.flat, self.adamw, self.average = model, loss, flat, adamw, average
        self.state, self.config, self.steps, self.per_step = state, config, steps, per_step
        self.elapsed = state.seconds
        self.device = next(model.parameters()).device

    @property
    def rate(self) -> float:
        """The learning rate of the step to come; the middle of a step stands for it, so that none is 0."""
        config = self.config
        done = fraction_done(self.state.step + 0.5, self.steps, self.elapsed, config.max_seconds, self.state.cooling)
        return config.learning_rate * rate_factor(done, config.warmup_fraction)

    def train(self, batches: BatchLoader, after_step: Callable[[Batch], bool]) -> None:
        """Take a step for each batch until there are no more, or `after_step` returns False.

        Args:
            batches: from the next step on.
            after_step: called with the batch after each step; whether to continue.

        Raises:
            TrainingError: the loss or its gradient is not finite.
        """
        self.model.train()
        # A caller may have switched gradients off.
        with torch.enable_grad():
            for batch in batches:
                self.step(batch)
                if not after_step(batch):
                    break

    def step(self, batch: Batch) -> None:
        """Take one step and count it.

        Raises:
            TrainingError: the loss or its gradient is not finite.
        """
        state, config = self.state, self.config
        self.adamw.lr = self.rate
        loss = self._loss(batch.to(self.device))
        self.check(loss, "loss")
        self._backward(loss)
        norm = self.flat.clip(config.max_grad_norm)
        self.check(norm, "norm of the gradient")
        self.adamw.step()
        state.step += 1
        state.loss_steps += 1
        state.loss_sum += loss.detach()
        self.average.update(state.step)

    def _loss(self, batch: Batch) -> Tensor:
        """Return the loss of a batch in training, with its dropout and masks drawn by seed and step."""
        config, step = self.config, self.state.step
        if config.r_drop:
            batch = duplicate(batch)
        set_seed(derive(config.seed, DROPOUT, step), self.device)
        if config.augment.time_masks or config.augment.freq_masks:
            batch = mask_batch(batch, config.augment.time_masks, config.augment.freq_masks)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            window = sample_chunking(config, step)
            logits = self.model(batch.inputs, batch.lengths, *(() if window is None else (window,)))
        logits = logits.float()
        loss = self.loss(logits, batch)
        if config.r_drop:
            loss = loss + config.r_drop * symmetric_kl(logits, batch, self.per_step)
        return loss

    def _backward(self, loss: Tensor) -> None:
        """Compute the gradients, and them alone: several processes would add up theirs here."""
        self.flat.zero_grad()
        loss.backward()

    def check(self, value: Tensor, name: str, always: bool = False) -> None:
        """Raise TrainingError if `value` is not finite, where it can be looked at for free or the time has come."""
        look = always or value.device.type == "cpu" or self.state.step % CHECK_EVERY == 0
        if look and not math.isfinite(value.item()):
            raise TrainingError(
                f"train: {name} must be finite at every step, got {value.item()} by step {self.state.step + 1}. "
                f"Lower the learning rate (now {self.config.learning_rate:g}), and look for extreme "
                "values in the data."
            )
