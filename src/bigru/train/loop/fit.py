"""Training from start to end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ...bundle.weights import Shape
from ...config import TrainConfig
from ...errors import TrainingError, argument
from ...nn.build import load_network
from ..data.fingerprint import changes
from ..data.holdout import drop_features, drop_targets, take_first
from ..data.loader import Batch, BatchLoader, Data
from ..linear.part import LinearPart, Say, divide_vectors, fit_linear_part
from ..objective.evaluator import Evaluator
from ..objective.forecast import ForecastEvaluator
from ..objective.losses import Loss
from ..regularise.lookahead import dev_chunking
from ..regularise.series import augmentation
from ..regularise.singletons import singleton_dropout
from . import checkpoint
from .build import build_trainer, first_model
from .callback import TrainingCallback
from .checks import check
from .display import Display
from .interrupt import Interrupt
from .job import TrainingJob
from .loggers import Loggers
from .memory import enough_memory
from .state import TrainState
from .trainer import Trainer

__all__ = ["Fitted", "fit"]

SCORERS: dict[str, Any] = {"sequence": Evaluator, "step": Evaluator, "window": ForecastEvaluator}
"""What scores a model on dev, by what it has one output of."""


@dataclass(frozen=True)
class Fitted:
    """A finished training.

    Attributes:
        weights: the average weights of the best epoch by dev score (of the end, without a dev set), by name.
        history: per epoch its figures: epoch, step, loss, rate, dev_loss, dev_NAME, seconds.
        score_name: name of the dev score, "" without a dev set.
        best_score: the best dev score, None without a dev set.
        best_epoch: the epoch the weights are of, counted from 1.
        steps: steps taken.
        seconds: time spent, earlier sessions included.
        rates: sequences and real time steps per second of this session's training steps; 0 where none was taken.
        held_out: indices of the training examples that served as dev set, None where one was given.
        reproducible: whether the same call gives the same bits on the same machine: not with a time limit.
        judged: the weights that were scored on dev, where `weights` have learnt from the held-out examples since.
        linear_score: the dev score of the linear part alone, None where none was fitted by itself.
        network_score: the dev score of the network alone, which its checkpoint holds; None in the same case.
        ensemble: of how many trainings the weights learnt, and the dev scores on the way; None of a single training.
    """

    weights: dict[str, np.ndarray]
    history: list[dict[str, float]]
    score_name: str
    best_score: float | None
    best_epoch: int
    steps: int
    seconds: float
    rates: tuple[float, float]
    held_out: np.ndarray | None
    reproducible: bool
    judged: dict[str, np.ndarray] | None = None
    linear_score: float | None = None
    network_score: float | None = None
    ensemble: dict[str, Any] | None = None


def fit(job: TrainingJob, *, title: str = "", hold: bool = True) -> Fitted:
    """Train a model once, whatever `job.training.ensemble` says (see `bigru.train.ensemble.members`).

    On a CPU the same job and number of threads give bit-identical weights, killed and resumed
    or not, unless `training.max_seconds` is set.

    Args:
        job: what to train, from what, and where it writes.
        title: what stands before the epoch in the display.
        hold: whether examples are held out where there is no dev set.

    Raises:
        ArgumentError: an argument does not fit.
        DataError: too little to learn from, or no group of examples that can be held out.
        TrainingError: the loss is not finite, the disk is full, a checkpoint is damaged or of another training, or
            Ctrl-C was pressed and the checkpoint is kept, another training writes to the folder, or the memory does
            not suffice.
        KeyboardInterrupt: Ctrl-C was pressed and there is no folder to keep a checkpoint in.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    training, soft = job.training, job.soft
    with ExitStack() as stack:
        stack.enter_context(enough_memory())
        if job.folder is not None:
            stack.enter_context(checkpoint.exclusive(job.folder))
        check(job)
        display = stack.enter_context(Display(job.progress, title=title))
        interrupt = stack.enter_context(Interrupt())
        stack.enter_context(torch.random.fork_rng(devices=[device] if device.type == "cuda" else []))
        origin = job.fingerprint()
        state = _load(job.folder, origin, display) if job.resume and job.folder is not None else None
        learn, judge, held = job.divide() if hold else (job.train, job.dev, None)
        _say(display, learn, judge, held, training, state)

        # A checkpoint holds what became of the first vectors, and the time that they took.
        texts = learn[0] if training.init_from_cooccurrence and state is None else None
        if texts is not None:
            display.say("first vectors are learnt from what stands near what in the training texts")
        began = time.perf_counter()
        real = learn if soft is None or soft.labelled is None else take_first(learn, soft.labelled)
        whole = None if held is None else job.train
        given, vectors = divide_vectors(job.initial_weights)
        part = fit_linear_part(real, whole, job.model, job.config, training, display.say, vectors)
        shape = job.model if part is None else part.network
        given = given if part is None else part.without(given)
        model = first_model(shape, given, training.seed, device, texts)
        augment: Callable[[Batch, int], Batch] | None = augmentation(training, job.config)
        if augment is None:
            augment = singleton_dropout(learn[0], shape.channels, training.singleton_dropout)
        shown = [drop_features(variant, held) for variant in job.variants]
        answers = None if soft is None else drop_targets(soft.rows, held)
        stream = BatchLoader(*learn, training.batch_size, training.epochs, training.seed, augment, shown, answers)
        trainer = build_trainer(model, shape, job.config, stream, training, state, soft)
        trainer.elapsed = trainer.state.seconds = trainer.state.seconds + time.perf_counter() - began
        scorer = None if judge is None else _judge(job, shape, judge, trainer.loss)
        opened = stack.enter_context(Loggers(job.loggers, job.folder, trainer.state.step))
        callback = TrainingCallback(trainer, stream, scorer, job.folder, origin, display, opened, interrupt)
        if callback.start():
            trainer.train(stream, callback.after_step)
        rates = callback.rates
        if callback.interrupted:
            _stop(trainer.state, stream, job.folder)
        fitted = _result(trainer, scorer, callback.seconds, rates, held)
        return fitted if part is None else _join_linear_part(fitted, part, judge, scorer, display.say)


def _join_linear_part(
    fitted: Fitted, part: LinearPart, judge: Data | None, scorer: Evaluator | ForecastEvaluator | None, say: Say
) -> Fitted:
    """Return a finished training with the linear part that was fitted beside it."""
    joined = part.join(fitted.weights, judge)
    if scorer is None:
        return replace(fitted, weights=joined.weights)
    score = scorer.score(load_network(part.config, joined.judged or joined.weights))[0]
    alone = scorer.score(load_network(part.config, part.alone(fitted.weights)))[0]
    say(
        f"dev {scorer.name} {fitted.best_score:.4f} of the network, {alone:.4f} of the linear part, {score:.4f} of "
        f"both; scores of the network count {joined.shares[0]:.2f}, those of the linear part {joined.shares[1]:.2f}"
    )
    return replace(
        fitted,
        weights=joined.weights,
        judged=joined.judged,
        best_score=score,
        linear_score=alone,
        network_score=fitted.best_score,
    )


def _judge(job: TrainingJob, model: Shape, data: Data, loss: Loss) -> Evaluator | ForecastEvaluator:
    """Return what scores a model of a job on dev."""
    chunking = dev_chunking(job.training)
    scorer: Evaluator | ForecastEvaluator = SCORERS[model.head](job.task, job.config, model, data, loss, chunking)
    return scorer


def _load(folder: str | os.PathLike[str], origin: dict[str, str], display: Display) -> dict[str, Any]:
    """Return the checkpoint in `folder` if it is one of this very training."""
    state = checkpoint.load(folder, display.say)
    changed = changes(state["fingerprint"], origin)
    if changed:
        checkpoint.refuse_changed(folder, changed)
    return state


def _say(
    display: Display,
    learn: Data,
    judge: Data | None,
    held: np.ndarray | None,
    training: TrainConfig,
    state: dict[str, Any] | None,
) -> None:
    """Tell what is about to happen."""
    source = "" if held is None else f", held out from the training data with seed {training.seed}"
    scored = f"{len(judge[0])} dev examples{source}" if judge else "no dev examples: there are too few to hold some out"
    display.say(f"{len(learn[0])} training examples, {scored}")
    if training.max_seconds is not None:
        display.say(f"at most {training.max_seconds:g} s; a training limited by time is not reproducible to the bit")
    if state is not None:
        display.say(f"goes on at step {state['step']}")


def _stop(state: TrainState, stream: BatchLoader, folder: str | os.PathLike[str] | None) -> None:
    """End a training that was interrupted."""
    if folder is None:
        raise KeyboardInterrupt
    raise TrainingError(
        f"train: stopped at step {state.step} of {stream.steps}; the checkpoint is kept in {str(folder)!r}. "
        f"Go on with the same command and {argument('resume', True)}."
    ) from KeyboardInterrupt()


def _result(
    trainer: Trainer,
    dev: Evaluator | ForecastEvaluator | None,
    seconds: float,
    rates: tuple[float, float],
    held: np.ndarray | None,
) -> Fitted:
    state, best = trainer.state, trainer.state.best
    weights = {**trainer.model.state_dict(), **trainer.average.state_dict()} if best is None else best.weights
    return Fitted(
        weights={name: value.detach().cpu().numpy().copy() for name, value in weights.items()},
        history=state.history,
        score_name="" if dev is None else dev.name,
        best_score=None if best is None else best.score,
        best_epoch=len(state.history) if best is None else best.epoch,
        steps=state.step,
        seconds=seconds,
        rates=rates,
        held_out=held,
        reproducible=trainer.config.max_seconds is None,
    )
