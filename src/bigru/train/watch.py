"""What happens between two steps: evaluation, cooling down, checkpoints, figures and Ctrl-C."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import lightning.pytorch as L
import torch
from lightning.pytorch.loggers import Logger

from ..errors import TrainingError
from . import checkpoint
from .dev import Dev
from .display import Display, clock
from .interrupt import Interrupt
from .logs import EVERY
from .module import Training
from .run import Best
from .schedule import cool, fraction_done
from .skill import Skill
from .stream import Stream

__all__ = ["Watch"]

CHECKPOINT_SECONDS = 60.0
"""Seconds after which a checkpoint is written within an epoch; one is written after every epoch."""


class Watch(L.Callback):
    """Watches over a training between its steps.

    Args:
        module: the training.
        stream: its batches.
        dev: scores the model; None where there is no dev set.
        folder: where checkpoints go, or None for none.
        fingerprint: what the checkpoints say the training was started with.
        display, loggers, interrupt: opened and closed by the caller.

    Attributes:
        aside: seconds of this session that went to the start, to evaluations and to checkpoints.
    """

    def __init__(
        self,
        module: Training,
        stream: Stream,
        dev: Dev | Skill | None,
        folder: str | os.PathLike[str] | None,
        fingerprint: dict[str, str],
        display: Display,
        loggers: Sequence[Logger],
        interrupt: Interrupt,
    ) -> None:
        self.module, self.run, self.stream, self.dev = module, module.run, stream, dev
        self.folder, self.fingerprint = folder, fingerprint
        self.display, self.loggers, self.interrupt = display, loggers, interrupt
        self.budget = module.training_config.time
        self.entered = self.saved = time.perf_counter()
        self.seconds_before, self.first_step = self.run.seconds, self.run.step
        self.sequences_before, self.learning_before = self.run.sequences, self.run.learning
        self.aside = 0.0
        self.interrupted = False

    @property
    def seconds(self) -> float:
        """Time spent on this training, earlier sessions included."""
        return self.seconds_before + time.perf_counter() - self.entered

    @property
    def done(self) -> float:
        """The fraction of the training that is done."""
        return fraction_done(self.run.step, self.stream.steps, self.seconds, self.budget, self.run.cooling)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Leave what came before the first step out of the rates."""
        self.aside = time.perf_counter() - self.entered

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, *batch: Any) -> None:
        """Follow up one step."""
        lengths = batch[0].lengths
        self.run.sequences += len(lengths)
        self.run.time_steps += int(lengths.sum())
        if self.budget is not None:
            self.module.elapsed = self.seconds
        if self.loggers and self.run.step % EVERY == 0:
            self._log(
                {
                    "train/loss": self.run.loss,
                    "train/rate": self.module.rate,
                    "train/steps_per_second": self._speed()[0],
                }
            )
        if self.display.due():
            self.display.show(self._title(), self._quality(), self._pace(), self.done)
        before = time.perf_counter()
        self.settle()
        self.aside += time.perf_counter() - before
        trainer.should_stop = self.run.finished or self.interrupted

    def settle(self) -> None:
        """Finish the epoch if its last step is taken, obey Ctrl-C, and write a checkpoint if it is time."""
        over = self.done >= 1.0
        ended = over or self.run.step % self.stream.per_epoch == 0
        if ended and not self.run.finished and self.run.loss_steps:
            self._finish_epoch(over)
        self.interrupted = self.interrupt.requested and not self.run.finished
        if ended or self.interrupted or time.perf_counter() - self.saved > CHECKPOINT_SECONDS:
            self.save()

    def save(self) -> None:
        """Write a checkpoint, if the training has a folder."""
        self.saved = time.perf_counter()
        if self.folder is None:
            return
        module, run = self.module, self.run
        module.check(run.loss_sum, "loss", always=True)
        run.seconds, run.learning = self.seconds, self.learning
        state = {
            "step": run.step,
            "fingerprint": self.fingerprint,
            "run": run.state_dict(),
            "model": module.model.state_dict(),
            "average": module.average.state_dict(),
            "optimizer": module.adamw.state_dict(),
        }
        checkpoint.save(self.folder, state)

    def _finish_epoch(self, over: bool) -> None:
        """Score the average weights, keep them if they are the best, and decide whether to go on."""
        run, epoch = self.run, len(self.run.history) + 1
        self.module.check(run.loss_sum, "loss", always=True)
        row = {"epoch": epoch, "step": run.step, "loss": run.loss}
        if self.dev is not None:
            row |= self._evaluate(self.dev, epoch)
        run.history.append({**row, "seconds": self.seconds})
        if self.loggers:
            self._log({f"epoch/{key}": value for key, value in row.items()})
        run.finished = over
        self.display.finish(f"{self._title(epoch)}  {self._quality()}  {self._pace()}", row)
        if run.stale >= self.module.training_config.patience and run.cooling is None and not over:
            self._cool()
        run.loss_sum, run.loss_steps = torch.zeros_like(run.loss_sum), 0

    def _cool(self) -> None:
        """Let the rate fall to 0, since the dev score stopped to rise."""
        run, stream = self.run, self.stream
        run.cooling = cool(run.step, stream.steps, stream.per_epoch, self.done)
        if run.cooling is not None:
            epochs = run.cooling.steps // stream.per_epoch
            more = f"{epochs} more epoch{'s' if epochs > 1 else ''}"
            self.display.say(f"no better dev score for {run.stale} epochs: the rate falls to 0 within {more}")

    def _evaluate(self, dev: Dev | Skill, epoch: int) -> dict[str, float]:
        """Score the average weights. A tie in score goes to the smaller loss, but is no progress.

        Of few examples no epoch can be chosen: the last one, whose rate fell to 0, is taken.
        """
        run, model, average = self.run, self.module.model, self.module.average
        average.swap()
        score, loss = dev.score(model)
        best = None if dev.few else run.best
        run.stale = 0 if best is None or score > best.score else run.stale + 1
        if best is None or (score, -loss) > (best.score, -best.loss):
            weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
            run.best = Best(score, loss, epoch, run.step, weights)
        average.swap()
        return {"dev_loss": loss, f"dev_{dev.name}": score}

    def _log(self, figures: dict[str, float]) -> None:
        try:
            for logger in self.loggers:
                logger.log_metrics(figures, step=self.run.step)
        except OSError as error:
            raise TrainingError(
                f"train: logs must be writable, got {error.strerror} below {str(self.folder)!r}. "
                "Make room and run again with --resume, or train without loggers."
            ) from error

    @property
    def learning(self) -> float:
        """Seconds that the steps of this training took, earlier sessions included."""
        session = time.perf_counter() - self.entered - self.aside if self.run.step > self.first_step else 0.0
        return self.learning_before + session

    @property
    def rates(self) -> tuple[float, float]:
        """Sequences and real time steps per second of the steps of all sessions, evaluations left out."""
        seconds = max(self.learning, 1e-9)
        return self.run.sequences / seconds, self.run.time_steps / seconds

    def _speed(self) -> tuple[float, float]:
        """Steps and sequences per second of this session."""
        seconds = max(time.perf_counter() - self.entered, 1e-9)
        return (self.run.step - self.first_step) / seconds, (self.run.sequences - self.sequences_before) / seconds

    def _title(self, epoch: int | None = None) -> str:
        steps = self.stream.steps if self.run.cooling is None else self.run.cooling.start + self.run.cooling.steps
        epochs = steps // self.stream.per_epoch
        title = f"{self.display.title}  " if self.display.title else ""
        return f"{title}epoch {epoch or len(self.run.history) + 1}/{epochs}"

    def _quality(self) -> str:
        """Loss, and the latest and the best dev score."""
        loss = f"loss {self.run.loss:.4f}"
        if self.dev is None or self.run.best is None:
            return loss
        latest, best = self.run.history[-1][f"dev_{self.dev.name}"], self.run.best
        return f"{loss}  dev {self.dev.name} {latest:.4f} (best {best.score:.4f}, epoch {best.epoch})"

    def _pace(self) -> str:
        """Speed and time left."""
        steps, sequences = self._speed()
        left = self.seconds * (1.0 - self.done) / max(self.done, 1e-9)
        return f"{steps:.1f} steps/s  {sequences:.0f} sequences/s  {clock(left)} left"
