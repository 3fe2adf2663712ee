"""What cannot be trained on, refused before anything is built."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ...config import ForecastModelConfig, ModelConfig, TrainConfig
from ...errors import ArgumentError, DataError, sentence
from ...ops.recurrent.chunking import check_chunking
from ...tables.windows import Windows
from . import checkpoint

if TYPE_CHECKING:
    from ..data.loader import Data, Targets
    from .job import TrainingJob

__all__ = ["check", "check_shape", "refuse_ensemble"]


def check(job: TrainingJob) -> None:
    """Raise unless there is something to learn from and somewhere to write.

    Raises:
        ArgumentError: the model does not fit the task, or there is nothing to resume from.
        DataError: no examples, as many features as targets they are not, or one class only.
        TrainingError: the folder holds the checkpoint of another training.
    """
    config, train, dev = job.config, job.train, job.dev
    check_shape(config, job.model, job.training)
    for name, data in (("training", train), ("dev", dev)):
        if data is not None and (len(data[0]) != len(data[1]) or not len(data[0])):
            want = "at least one, and as many features as targets"
            got = f"{len(data[0])} features and {len(data[1])} targets"
            raise DataError(sentence("train", f"{name} examples", want, got))
        if config.objective != "ctc":
            _check_steps(name, data)
    if isinstance(train[1], Windows) and dev is None:
        remedy = "Windows that share rows cannot be divided by chance."
        raise ArgumentError(sentence("train", "dev examples", "given for forecasts", None, remedy))
    if config.objective != "ctc":
        _check_classes(config, train[1])
    if job.folder is None and job.resume:
        raise ArgumentError(sentence("train", "folder", "given to resume from", None))
    if job.folder is not None and not job.resume and checkpoint.exists(job.folder):
        checkpoint.refuse_taken(job.folder)


def refuse_ensemble(task: ModuleType, count: int) -> None:
    """Raise ArgumentError where several trainings are asked for and the answers of a task have no mean."""
    if count > 1 and task.NO_MEAN:
        raise ArgumentError(sentence("train", "ensemble", f"1 for {task.NO_MEAN}", count, "Leave it out."))


def check_shape(config: Any, model: ModelConfig | ForecastModelConfig, training: TrainConfig) -> None:
    """Refuse a model that cannot give what the task asks for, or cannot be trained so.

    Raises:
        ArgumentError: it is such a model.
    """
    if model.outputs != config.outputs:
        want = f"{config.outputs}, the outputs of the task"
        raise ArgumentError(sentence("train", "outputs of the model", want, model.outputs))
    if config.objective == "labels" and model.per_step and model.stride > 1:
        raise ArgumentError(sentence("train", "stride of the front end", "1 for a label per step", model.stride))
    if (training.augment.time_masks or training.augment.freq_masks) and getattr(model, "channels", None):
        raise ArgumentError(sentence("train", "time_masks and freq_masks", "0 for inputs that are no numbers", "more"))
    if training.lookahead is not None:
        check_chunking(model.encoder)
    if training.init_from_cooccurrence and not getattr(model, "channels", None):
        raise ArgumentError(sentence("train", "init_from_cooccurrence", "false for numeric sequences", True))


def _check_steps(name: str, data: Data | None) -> None:
    """Refuse sequences that have not one tag per step."""
    features, targets = data or ([], [])
    if isinstance(targets, np.ndarray | Windows):
        return
    for n, (steps, tags) in enumerate(zip(features, targets, strict=True), 1):
        if len(steps) != len(tags):
            raise DataError(sentence(f"train: {name} example {n}", "tags", f"one per step ({len(steps)})", len(tags)))


def _check_classes(config: Any, targets: Targets) -> None:
    if isinstance(targets, Windows) or (isinstance(targets, np.ndarray) and targets.dtype.kind == "f"):
        return
    flat = targets if isinstance(targets, np.ndarray) else np.concatenate(targets)
    classes = np.unique(flat)
    if len(classes) < 2:
        got = f"{config.labels[classes[0]]!r} alone" if len(classes) else "none"
        raise DataError(
            sentence("train", "labels of the training examples", "at least two", got, "One class teaches nothing.")
        )
