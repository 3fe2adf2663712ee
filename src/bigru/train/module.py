"""One training step, as Lightning runs it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import lightning.pytorch as L
import torch
from torch import Tensor, nn

from ..config import TrainConfig
from ..errors import TrainingError
from .average import Average
from .consistency import disagreement, twice
from .flat import Flat
from .lookahead import of_step
from .losses import Loss
from .row_adam import RowAdamW
from .run import Run
from .schedule import fraction_done, rate_factor
from .seeds import DROPOUT, derive, set_seed
from .specaugment import masked
from .stream import Batch

__all__ = ["Training", "decays", "optimizer"]

CHECK_EVERY = 50
"""Steps between two looks at the loss on a GPU, which each wait for it; on a CPU every step is looked at."""


def decays(name: str, parameter: Tensor) -> bool:
    """Tell whether weight decay applies: to the matrices of encoder, pooling and head.

    Biases, norms, embeddings, the linear part and the CRF, whose entries have no reason to be small, are left alone.
    """
    return parameter.ndim >= 2 and name.split(".")[0] not in ("embedding", "wide", "crf", "position", "channel")


def optimizer(flat: Flat, training: TrainConfig) -> RowAdamW:
    """Return AdamW over a model's parameters (Loshchilov & Hutter 2019, arXiv:1711.05101)."""
    groups = [
        {"params": [flat.decayed], "weight_decay": training.weight_decay},
        {"params": [flat.free, *flat.tables], "weight_decay": 0.0},
    ]
    return RowAdamW(groups, lr=training.learning_rate, fused=True)


class Training(L.LightningModule):
    """A model with its loss, optimiser and average; `training_step` takes one step and counts it.

    Lightning's own bookkeeping is passed by (manual optimisation): clipping, schedule and average
    belong to the step here, and all randomness in it follows from (seed, step).
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        flat: Flat,
        adamw: RowAdamW,
        average: Average,
        run: Run,
        training: TrainConfig,
        steps: int,
        per_step: bool,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.model, self.loss, self.flat, self.adamw, self.average = model, loss, flat, adamw, average
        self.run, self.training_config = run, training
        self.steps, self.elapsed, self.per_step = steps, run.seconds, per_step

    def configure_optimizers(self) -> RowAdamW:
        """Hand the optimiser, whose state may come from a checkpoint, to Lightning."""
        return self.adamw

    @property
    def rate(self) -> float:
        """The learning rate of the step to come; the middle of a step stands for it, so that none is 0."""
        config = self.training_config
        done = fraction_done(self.run.step + 0.5, self.steps, self.elapsed, config.time, self.run.cooling)
        return config.learning_rate * rate_factor(done, config.warmup)

    def training_step(self, dataloader_iter: Iterator[tuple[Batch, int, int]]) -> None:
        """Take one step. (Lightning hands over the iterator on account of the argument's name; fetching the
        batch oneself spares a tenth of a millisecond of hooks.)

        Raises:
            TrainingError: the loss or its gradient is not finite.
        """
        batch = next(dataloader_iter)[0].to(self.device)
        run, config, device = self.run, self.training_config, batch.inputs.device
        if config.consistency:
            batch = twice(batch)
        set_seed(derive(config.seed, DROPOUT, run.step), device)
        if config.augment.time_masks or config.augment.band_masks:
            batch = masked(batch, config.augment.time_masks, config.augment.band_masks)
        rate = self.rate
        for group in self.adamw.param_groups:
            group["lr"] = rate
        with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            window = of_step(config, run.step)
            logits = self.model(batch.inputs, batch.lengths, *(() if window is None else (window,)))
        logits = logits.float()
        loss = self.loss(logits, batch)
        if config.consistency:
            loss = loss + config.consistency * disagreement(logits, batch, self.per_step)
        self.check(loss, "loss")
        self.flat.zero_grad()
        loss.backward()
        norm = self.flat.clip(config.clip)
        self.check(norm, "norm of the gradient")
        self.adamw.step()
        run.step += 1
        run.loss_steps += 1
        run.loss_sum += loss.detach()
        self.average.update(run.step)

    def check(self, value: Tensor, name: str, always: bool = False) -> None:
        """Raise TrainingError if `value` is not finite, where it can be looked at for free or the time has come."""
        look = always or value.device.type == "cpu" or self.run.step % CHECK_EVERY == 0
        if look and not math.isfinite(value.item()):
            raise TrainingError(
                f"train: {name} must be finite at every step, got {value.item()} by step {self.run.step + 1}. "
                f"Lower the learning rate (now {self.training_config.learning_rate:g}), and look for extreme "
                "values in the data."
            )
