"""What happens between two steps: evaluation, cooling down, checkpoints, figures and Ctrl-C."""

from __future__ import annotations

import os
import time

import torch

from ..data.loader import Batch, BatchLoader
from ..objective.evaluator import Evaluator
from ..objective.forecast import ForecastEvaluator
from ..optim.schedule import cool, fraction_done
from . import checkpoint
from .display import Display, clock
from .interrupt import Interrupt
from .loggers import EVERY, Loggers
from .state import Best
from .trainer import Trainer

__all__ = ["TrainingCallback"]

CHECKPOINT_SECONDS = 60.0
"""Seconds after which a checkpoint is written within an epoch; one is written after every epoch."""


class TrainingCallback:
    """Follows a training between its steps; see `start` and `after_step`.

    Args:
        trainer: takes the steps.
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
        trainer: Trainer,
        stream: BatchLoader,
        dev: Evaluator | ForecastEvaluator | None,
        folder: str | os.PathLike[str] | None,
        fingerprint: dict[str, str],
        display: Display,
        loggers: Loggers,
        interrupt: Interrupt,
    ) -> None:
        self.trainer, self.state, self.stream, self.dev = trainer, trainer.state, stream, dev
        self.folder, self.fingerprint = folder, fingerprint
        self.display, self.loggers, self.interrupt = display, loggers, interrupt
        self.budget = trainer.config.max_seconds
        self.entered = self.saved = time.perf_counter()
        self.seconds_before, self.first_step = self.state.seconds, self.state.step
        self.sequences_before, self.learning_before = self.state.sequences, self.state.learning
        self.aside = 0.0
        self.interrupted = False

    @property
    def seconds(self) -> float:
        """Time spent on this training, earlier sessions included."""
        return self.seconds_before + time.perf_counter() - self.entered

    @property
    def done(self) -> float:
        """The fraction of the training that is done."""
        return fraction_done(self.state.step, self.stream.steps, self.seconds, self.budget, self.state.cooling)

    def start(self) -> bool:
        """Evaluate and write a checkpoint where that is due before the first step; return whether to take one."""
        self.settle()
        self.aside = time.perf_counter() - self.entered
        return self.proceeds

    def after_step(self, batch: Batch) -> bool:
        """Follow up one step; return whether to take another."""
        self.state.sequences += len(batch.lengths)
        self.state.time_steps += int(batch.lengths.sum())
        if self.budget is not None:
            self.trainer.elapsed = self.seconds
        if self.loggers and self.state.step % EVERY == 0:
            figures = {"loss": self.state.loss, "rate": self.trainer.rate, "steps_per_second": self._speed()[0]}
            self.loggers.log({f"train/{name}": value for name, value in figures.items()}, self.state.step)
        if self.display.due():
            self.display.show(self._title(), self._quality(), self._pace(), self.done)
        before = time.perf_counter()
        self.settle()
        self.aside += time.perf_counter() - before
        return self.proceeds

    @property
    def proceeds(self) -> bool:
        """Whether another step is to be taken."""
        return not self.state.finished and not self.interrupted

    def settle(self) -> None:
        """Finish the epoch if its last step is taken, obey Ctrl-C, and write a checkpoint if it is time."""
        over = self.done >= 1.0
        ended = over or self.state.step % self.stream.per_epoch == 0
        if ended and not self.state.finished and self.state.loss_steps:
            self._finish_epoch(over)
        self.interrupted = self.interrupt.requested and not self.state.finished
        if ended or self.interrupted or time.perf_counter() - self.saved > CHECKPOINT_SECONDS:
            self.save()

    def save(self) -> None:
        """Write a checkpoint, if the training has a folder."""
        self.saved = time.perf_counter()
        if self.folder is None:
            return
        trainer, state = self.trainer, self.state
        trainer.check(state.loss_sum, "loss", always=True)
        state.seconds, state.learning = self.seconds, self.learning
        written = {
            "step": state.step,
            "fingerprint": self.fingerprint,
            "run": state.state_dict(),
            "model": trainer.model.state_dict(),
            "average": trainer.average.state_dict(),
            "optimizer": trainer.adamw.state_dict(),
        }
        checkpoint.save(self.folder, written)

    def _finish_epoch(self, over: bool) -> None:
        """Score the average weights, keep them if they are the best, and decide whether to go on."""
        state, epoch = self.state, len(self.state.history) + 1
        self.trainer.check(state.loss_sum, "loss", always=True)
        row = {"epoch": epoch, "step": state.step, "loss": state.loss}
        if self.dev is not None:
            row |= self._evaluate(self.dev, epoch)
        state.history.append({**row, "seconds": self.seconds})
        if self.loggers:
            self.loggers.log({f"epoch/{key}": value for key, value in row.items()}, state.step)
        state.finished = over
        self.display.finish(f"{self._title(epoch)}  {self._quality()}  {self._pace()}", row)
        if state.stale >= self.trainer.config.patience and state.cooling is None and not over:
            self._cool()
        state.loss_sum, state.loss_steps = torch.zeros_like(state.loss_sum), 0

    def _cool(self) -> None:
        """Let the rate fall to 0, since the dev score stopped to rise."""
        state, stream = self.state, self.stream
        state.cooling = cool(state.step, stream.steps, stream.per_epoch, self.done)
        if state.cooling is not None:
            epochs = state.cooling.steps // stream.per_epoch
            more = f"{epochs} more epoch{'s' if epochs > 1 else ''}"
            self.display.say(f"no better dev score for {state.stale} epochs: the rate falls to 0 within {more}")

    def _evaluate(self, dev: Evaluator | ForecastEvaluator, epoch: int) -> dict[str, float]:
        """Score the average weights. A tie in score goes to the smaller loss, but is no progress.

        Of few examples no epoch can be chosen: the last one, whose rate fell to 0, is taken.
        """
        state, model, average = self.state, self.trainer.model, self.trainer.average
        average.swap()
        score, loss = dev.score(model)
        best = None if dev.few else state.best
        state.stale = 0 if best is None or score > best.score else state.stale + 1
        if best is None or (score, -loss) > (best.score, -best.loss):
            weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
            state.best = Best(score, loss, epoch, state.step, weights)
        average.swap()
        return {"dev_loss": loss, f"dev_{dev.name}": score}

    @property
    def learning(self) -> float:
        """Seconds that the steps of this training took, earlier sessions included."""
        session = time.perf_counter() - self.entered - self.aside if self.state.step > self.first_step else 0.0
        return self.learning_before + session

    @property
    def rates(self) -> tuple[float, float]:
        """Sequences and real time steps per second of the steps of all sessions, evaluations left out."""
        seconds = max(self.learning, 1e-9)
        return self.state.sequences / seconds, self.state.time_steps / seconds

    def _speed(self) -> tuple[float, float]:
        """Steps and sequences per second of this session."""
        seconds = max(time.perf_counter() - self.entered, 1e-9)
        return (self.state.step - self.first_step) / seconds, (self.state.sequences - self.sequences_before) / seconds

    def _title(self, epoch: int | None = None) -> str:
        steps = self.stream.steps if self.state.cooling is None else self.state.cooling.start + self.state.cooling.steps
        epochs = steps // self.stream.per_epoch
        title = f"{self.display.title}  " if self.display.title else ""
        return f"{title}epoch {epoch or len(self.state.history) + 1}/{epochs}"

    def _quality(self) -> str:
        """Loss, and the latest and the best dev score."""
        loss = f"loss {self.state.loss:.4f}"
        if self.dev is None or self.state.best is None:
            return loss
        latest, best = self.state.history[-1][f"dev_{self.dev.name}"], self.state.best
        return f"{loss}  dev {self.dev.name} {latest:.4f} (best {best.score:.4f}, epoch {best.epoch})"

    def _pace(self) -> str:
        """Speed and time left."""
        steps, sequences = self._speed()
        left = self.seconds * (1.0 - self.done) / max(self.done, 1e-9)
        return f"{steps:.1f} steps/s  {sequences:.0f} sequences/s  {clock(left)} left"
