"""Soft targets: a network learns from the probabilities that other networks gave its training examples.

Hinton, Vinyals & Dean 2015, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531, at temperature 1.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..data.loader import IGNORED, Batch, Targets
from .losses import Loss

__all__ = ["SoftTargets", "distillation_loss"]


class SoftTargets(NamedTuple):
    """What others answered to training examples, and how much that counts.

    Attributes:
        rows: per example the probability of each output of the model: float32 [N, K], or a list of [T_n, K] for a
            label per step (with a CRF its marginals). Without a CRF they may be about the first outputs alone, among
            themselves; the others learn from the targets.
        share: what they count beside the targets, within 0..1; 1 leaves the targets out.
        labelled: how many examples have targets that were not made up; they come first, and a linear part that is
            fitted by itself learns from them alone. None for all.
    """

    rows: Targets
    share: float
    labelled: int | None = None


def distillation_loss(loss: Loss, share: float, crf: bool) -> Loss:
    """Return a loss that soft targets share with the targets; without them (on dev) it is the loss itself.

    With a CRF the share is taken from the scores of the gold tags' emissions: what the loss raises at each step is the
    score of the gold tag, (1 - share) of it then, and the rest are the scores of all tags by their probabilities. The
    gradient in the emissions is the difference of marginals and targets; transitions learn from the gold tags alone.

    Args:
        loss: of the targets.
        share: as of `SoftTargets`.
        crf: whether the model ends in a CRF.
    """

    def mixed(logits: Tensor, batch: Batch) -> Tensor:
        hard = loss(logits, batch)
        if batch.soft is None:
            return hard
        if crf:
            return hard + share * _exchange(logits, batch, batch.soft)
        return (1.0 - share) * hard + share * _cross_entropy(logits, batch, batch.soft)

    return mixed


def _exchange(emissions: Tensor, batch: Batch, soft: Tensor) -> Tensor:
    """Return what the mean loss of a CRF's sequences changes by where soft targets take the place of gold tags."""
    real = batch.targets != IGNORED
    gold = F.one_hot(batch.targets.clamp(min=0), emissions.shape[2]).to(emissions.dtype)
    return ((gold - soft) * emissions * real[:, :, None]).sum() / len(emissions)


def _cross_entropy(logits: Tensor, batch: Batch, soft: Tensor) -> Tensor:
    """Return the mean cross entropy: per sequence or per step, for independent labels per label.

    Outputs behind those that the soft targets are about are left out.
    """
    logits = logits[..., : soft.shape[-1]]
    if batch.targets.is_floating_point():
        return F.binary_cross_entropy_with_logits(logits, soft)
    real = (batch.targets != IGNORED).to(logits.dtype)
    if logits.shape[-1] == 1:
        each = F.binary_cross_entropy_with_logits(logits, soft, reduction="none").squeeze(-1)
    else:
        each = -(soft * logits.log_softmax(-1)).sum(-1)
    return (each * real).sum() / real.sum().clamp(min=torch.finfo(torch.float32).tiny)
