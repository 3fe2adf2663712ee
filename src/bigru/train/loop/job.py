"""What one training is given: a planned model, examples as arrays, and where it writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ...bundle.weights import Shape
from ...config import TrainConfig
from ..data.fingerprint import fingerprint
from ..data.holdout import divide

if TYPE_CHECKING:
    from ..data.loader import Data
    from ..objective.distill import SoftTargets

__all__ = ["TrainingJob"]


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """What `bigru.train.loop.fit.fit` and `bigru.train.ensemble.members.fit_ensemble` train.

    Attributes:
        task: a module of `bigru.tasks`.
        config: the task's Config.
        model: the model's shape; its outputs must be the task's.
        train: features and targets to learn from.
        dev: features and targets that choose the best epoch; None holds out a tenth of `train` (not of windows).
        training: how to train.
        folder: where checkpoints and logs go; None writes nothing at all.
        resume: whether to continue from the checkpoint in `folder`.
        loggers: of "csv" and "tensorboard", written below `folder`.
        progress: "auto", "live", "plain", "silent" or a function; see `bigru.train.loop.display.Display`.
        initial_weights: weights to start from, by name, of all or of some parameters; and by the names "vectors.{c}"
            vectors of the ids of channels, float32 [V, D], that the linear part is fitted with (`plain.bag.fit_bag`).
        variants: further features of the training examples; see `bigru.train.data.loader.BatchLoader`.
        soft: soft targets of the training examples, in addition to the targets in `train`.
        groups: what each training example belongs to, so that all of a group are held out or none; see
            `bigru.train.data.holdout.hold_out`.
    """

    task: ModuleType
    config: Any
    model: Shape
    train: Data
    dev: Data | None
    training: TrainConfig
    _: KW_ONLY
    folder: str | os.PathLike[str] | None = None
    resume: bool = False
    loggers: Sequence[str] = ()
    progress: Any = "auto"
    initial_weights: Mapping[str, np.ndarray] | None = None
    variants: Sequence[Sequence[np.ndarray]] = ()
    soft: SoftTargets | None = None
    groups: Sequence[str] | None = None

    def divide(self) -> tuple[Data, Data | None, np.ndarray | None]:
        """Return what is learnt from, what chooses the epoch, and the indices of what is held out for that."""
        return divide(self.train, self.dev, self.training.seed, self.groups)

    def fingerprint(self) -> dict[str, str]:
        """Return what a checkpoint of this job must agree with."""
        given = (self.train, self.dev, self.training, self.initial_weights, self.soft, self.groups)
        return fingerprint(self.config, self.model, *given)
