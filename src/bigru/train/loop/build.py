"""The parts of a training put together: fresh, or as a checkpoint left them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ...config import ForecastModelConfig, ModelConfig, TrainConfig
from ...errors import ArgumentError, nearest, sentence
from ...nn.build import build_network
from ...nn.forecast import ForecastModel
from ...nn.model import SequenceModel
from ..data.cooccurrence import ppmi_vectors
from ..data.loader import BatchLoader
from ..data.seeds import WEIGHTS, derive, set_seed
from ..objective.distill import SoftTargets, distillation_loss
from ..objective.forecast import forecast_loss
from ..objective.losses import Loss, choose_loss, ctc_loss
from ..optim.ema import ExponentialMovingAverage
from ..optim.flat_parameters import FlatParameters
from .state import TrainState
from .trainer import Trainer, decays, optimizer

__all__ = ["Shape", "build_trainer", "first_model"]

Shape = ModelConfig | ForecastModelConfig


def first_model(
    config: Shape,
    weights: Mapping[str, np.ndarray] | None,
    seed: int,
    device: torch.device,
    inputs: Sequence[np.ndarray] | None = None,
) -> SequenceModel | ForecastModel:
    """Return a model with its first weights: those given, and for the rest what the seed draws.

    Args:
        config: the model's shape.
        weights: first weights by name, of all or of some parameters.
        seed: of what is drawn.
        device: where the model goes.
        inputs: ids to learn first vectors of embeddings from, where no weights are given; None draws them.

    Raises:
        ArgumentError: a given weight has no place in the model, or another shape.
    """
    set_seed(derive(seed, WEIGHTS), torch.device("cpu"))
    model = build_network(config)
    own = model.state_dict()
    if inputs is not None:
        drawn = {name: value.numpy() for name, value in own.items() if name.startswith("embedding.")}
        weights = ppmi_vectors(inputs, config.channels, drawn, derive(seed, WEIGHTS, 1)) | dict(weights or {})
    for name, value in (weights or {}).items():
        if name not in own:
            raise ArgumentError(
                sentence("train", "initial_weights", "named as the model's", repr(name), nearest(name, own))
            )
        if tuple(own[name].shape) != np.shape(value):
            want = f"of shape {list(own[name].shape)}"
            raise ArgumentError(sentence("train", f"initial_weights {name!r}", want, list(np.shape(value))))
        own[name].copy_(torch.from_numpy(np.asarray(value, np.float32)))
    for part in model.modules():
        # The optimiser then pays for the rows that a batch used, not for the whole table (see `RowAdamW`).
        if isinstance(part, nn.Embedding):
            part.sparse = True
    return model.to(device)


def build_trainer(
    model: SequenceModel | ForecastModel,
    shape: Shape,
    config: Any,
    stream: BatchLoader,
    training: TrainConfig,
    state: dict[str, Any] | None,
    soft: SoftTargets | None = None,
) -> Trainer:
    """Return what trains `model` on `stream`.

    Args:
        model: with its first weights.
        shape: the model's configuration.
        config: the task's, whose tag scheme constrains a CRF.
        stream: the batches; `start` sets where to begin.
        training: how to train.
        state: a checkpoint to go on from, or None.
        soft: the soft targets of the training examples, None for none.
    """
    progress = TrainState() if state is None else TrainState.from_state_dict(state["run"])
    progress.loss_sum = progress.loss_sum.to(next(model.parameters()).device)
    if state is not None:
        model.load_state_dict(state["model"])
    flat = FlatParameters(model, decays)
    average, adamw = ExponentialMovingAverage(flat, training.ema_decay), optimizer(flat, training)
    if state is not None:
        average.load_state_dict(state["average"])
        adamw.load_state_dict(state["optimizer"])
    stream.start = progress.step
    loss = OBJECTIVES[config.objective](model, shape, config, stream, training)
    if soft is not None:
        loss = distillation_loss(loss, soft.share, shape.crf, soft.temperature)
    per_step = shape.per_step and not shape.crf
    return Trainer(model, loss, flat, adamw, average, progress, training, stream.steps, per_step)


def _labels(model: nn.Module, shape: Any, config: Any, stream: BatchLoader, training: TrainConfig) -> Loss:
    return choose_loss(model, shape, stream.targets, training, config.constraints if shape.crf else None)


def _ctc(model: nn.Module, shape: Any, config: Any, stream: BatchLoader, training: TrainConfig) -> Loss:
    return ctc_loss(shape.steps)


def _window(model: nn.Module, shape: Any, config: Any, stream: BatchLoader, training: TrainConfig) -> Loss:
    return forecast_loss(config.loss, shape)


OBJECTIVES: dict[str, Callable[[nn.Module, Any, Any, BatchLoader, TrainConfig], Loss]] = {
    "labels": _labels,
    "ctc": _ctc,
    "window": _window,
}
"""What a training makes small, by the `objective` of its task."""
