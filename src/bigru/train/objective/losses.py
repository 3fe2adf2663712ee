"""The loss of each head, chosen by what the model puts out and what the targets are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...config import ModelConfig, TrainConfig
from ...errors import ArgumentError, sentence
from ...ops.crf.autograd import negative_log_likelihood, step_losses
from ...ops.crf.weights import CrfWeights
from ..data.loader import IGNORED, Batch, Targets

__all__ = ["Loss", "choose_loss", "class_weights", "ctc_loss"]

Loss = Callable[[Tensor, Batch], Tensor]
"""(logits [B, K] or [B, T, K], batch) -> mean loss, a scalar."""

Masks = tuple[np.ndarray, np.ndarray, np.ndarray]
"""What a tag scheme allows: transitions [K, K], first tags [K], last tags [K], all bool."""


def class_weights(targets: Targets, outputs: int, kind: str) -> np.ndarray | None:
    """Return what an example of each class counts, float32, or None where all count 1.

    "balanced" is N / (K n_k) for K classes with n_k of the N targets each, so that every class
    counts the same in sum; a class without a target counts 1. For a multi-label target it is the weight of
    a positive answer, (N - n_k) / n_k.

    Args:
        targets: as `Stream` takes them.
        outputs: width of the head; 1 stands for two classes.
        kind: "none" or "balanced".
    """
    if kind == "none":
        return None
    if isinstance(targets, np.ndarray) and targets.dtype.kind == "f":
        positive = targets.sum(axis=0)
        weights = (len(targets) - positive) / np.maximum(positive, 1)
        return np.where(positive > 0, weights, 1.0).astype(np.float32)
    flat = targets if isinstance(targets, np.ndarray) else np.concatenate(targets)
    counts = np.bincount(flat, minlength=max(outputs, 2))
    weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts > 0, weights, 1.0).astype(np.float32)


def choose_loss(
    model: nn.Module, config: ModelConfig, targets: Targets, training: TrainConfig, masks: Masks | None = None
) -> Loss:
    """Return the loss that fits a model and its training targets.

    Args:
        model: the model; a CRF's scores and the device are read from it.
        config: its shape.
        targets: as `Stream` takes them; their kind tells one label from many, their counts give class weights.
        training: class weights and label smoothing.
        masks: what the tag scheme allows a CRF, None for everything.

    Raises:
        ArgumentError: label smoothing with a CRF, which has no distribution per tag to smooth.
    """
    device = next(model.parameters()).device
    weights = class_weights(targets, config.outputs, training.class_weights)
    weight = None if weights is None else torch.from_numpy(weights).to(device)
    smoothing = training.label_smoothing
    if config.crf:
        if smoothing:
            raise ArgumentError(sentence("train", "label_smoothing", "0 with a CRF", smoothing))
        forbidden = None if masks is None else [torch.from_numpy(~mask).to(device) for mask in masks]
        return _crf(model, weight, forbidden)
    if isinstance(targets, np.ndarray) and targets.dtype.kind == "f":
        return _multilabel_loss(weight, smoothing)
    return (_two_classes if config.outputs == 1 else _classes)(weight, smoothing)


def ctc_loss(steps: Callable[[Tensor], Tensor]) -> Loss:
    """Return the loss of transcripts: the negative log-likelihood of each, summed over its alignments, per symbol.

    Graves et al. 2006; the blank is number 0.

    Args:
        steps: how many steps of output inputs of such lengths have.
    """

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        counts = (batch.targets != IGNORED).sum(1)
        log_p = logits.log_softmax(2).transpose(0, 1)
        each = F.ctc_loss(log_p, batch.targets.clamp(min=0), steps(batch.lengths), counts, reduction="sum")
        return each / counts.sum()

    return loss


def _classes(weight: Tensor | None, smoothing: float) -> Loss:
    """Cross entropy over K classes, per sequence or per step; past a sequence's end nothing counts."""

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        gold = batch.targets.reshape(-1)
        flat = logits.reshape(-1, logits.shape[-1])
        total = F.cross_entropy(flat, gold, weight, ignore_index=IGNORED, label_smoothing=smoothing, reduction="sum")
        return total / _mass(gold[gold != IGNORED], weight)

    return loss


def _two_classes(weight: Tensor | None, smoothing: float) -> Loss:
    """Binary cross entropy on one logit, per sequence or per step."""

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        counted = batch.targets != IGNORED
        gold = batch.targets * counted
        # Weights of 0 instead of picking out what counts, which costs more than all the rest.
        each = counted.to(logits.dtype) if weight is None else weight[gold] * counted
        wanted = _smooth(gold.to(logits.dtype), smoothing)
        scores = torch.where(counted, logits.squeeze(-1), 0.0)
        total = F.binary_cross_entropy_with_logits(scores, wanted, each, reduction="sum")
        return total / each.sum().clamp(min=torch.finfo(torch.float32).tiny)

    return loss


def _multilabel_loss(weight: Tensor | None, smoothing: float) -> Loss:
    """Binary cross entropy on K logits of which any number is true."""

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        return F.binary_cross_entropy_with_logits(logits, _smooth(batch.targets, smoothing), pos_weight=weight)

    return loss


def _smooth(gold: Tensor, smoothing: float) -> Tensor:
    return gold * (1.0 - smoothing) + 0.5 * smoothing


def _mass(gold: Tensor, weight: Tensor | None) -> Tensor:
    """Return what the targets count together; not 0, since a batch of empty sequences has none."""
    total = gold.new_tensor(len(gold), dtype=torch.float32) if weight is None else weight[gold].sum()
    return total.clamp(min=torch.finfo(torch.float32).tiny)


def _crf(model: nn.Module, weight: Tensor | None, forbidden: list[Tensor] | None) -> Loss:
    """Mean negative log-likelihood of a CRF's sequences; with class weights each step's share counts by its gold tag,
    relative to the mean weight, so that the whole stays as large.

    Not per step: gradients then stay so small that clipping never evens out the batches, which costs F1 (measured).
    """

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        scores: list[Tensor] = [model.get_parameter(f"crf.{name}") for name in CrfWeights._fields]
        if forbidden is not None:
            scores = [s.masked_fill(no, -torch.inf) for s, no in zip(scores, forbidden, strict=True)]
        tags = batch.targets.clamp(min=0)
        if weight is None:
            return negative_log_likelihood(logits, tags, batch.lengths, *scores).mean()
        real = batch.targets[batch.targets != IGNORED]
        total = (step_losses(logits, tags, batch.lengths, *scores) * weight[tags]).sum()
        return total / _mass(real, weight) * (len(real) / len(tags))

    return loss
