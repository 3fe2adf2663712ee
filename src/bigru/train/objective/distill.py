"""Soft targets: a network learns from the probabilities that a teacher, or other networks, gave its training examples.

Hinton, Vinyals & Dean 2015, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..data.loader import IGNORED, Batch, Targets
from .losses import Loss

__all__ = ["LEAST", "SHARE", "SoftTargets", "distillation_loss", "soften"]

SHARE = 0.9
"""What soft targets count beside targets, where nothing else is asked for."""

LEAST = 1e-9
"""The smallest probability whose logarithm is taken."""


class SoftTargets(NamedTuple):
    """What others answered to training examples, and how much that counts.

    Attributes:
        rows: per example the probability of each output of the model: float32 [N, K], or a list of [T_n, K] for a
            label per step (with a CRF its marginals). Without a CRF they may be about the first outputs alone, among
            themselves; the others learn from the targets.
        share: what they count beside the targets, within 0..1; 1 leaves the targets out.
        labelled: how many examples have targets that were not made up; they come first, and a linear part that is
            fitted by itself learns from them alone. None for all.
        temperature: what logits are divided by before they are compared with the rows, which `soften` has divided
            alike; 1 with a CRF.
    """

    rows: Targets
    share: float
    labelled: int | None = None
    temperature: float = 1.0


def soften(rows: np.ndarray, temperature: float, independent: bool) -> np.ndarray:
    """Return the probabilities [..., K] whose logits are those of `rows` divided by the temperature, float32.

    Args:
        rows: probabilities, float [..., K].
        temperature: above 0; 1 changes nothing.
        independent: whether each of them stands for itself, so that they do not sum to 1.
    """
    if temperature == 1.0:
        return rows.astype(np.float32)
    sure = rows.astype(np.float64).clip(LEAST, 1.0 - LEAST)
    if independent:
        odds = (sure / (1.0 - sure)) ** (1.0 / temperature)
        return (odds / (1.0 + odds)).astype(np.float32)
    powers = sure ** (1.0 / temperature)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def distillation_loss(loss: Loss, share: float, crf: bool, temperature: float = 1.0) -> Loss:
    """Return a loss that soft targets share with the targets; without them (on dev) it is the loss itself.

    At a temperature T the gradients of soft targets are smaller by T squared, which their loss is multiplied by.

    With a CRF the share is taken from the scores of the gold tags' emissions: what the loss raises at each step is the
    score of the gold tag, (1 - share) of it then, and the rest are the scores of all tags by their probabilities. The
    gradient in the emissions is the difference of marginals and targets; transitions learn from the gold tags alone.

    Args:
        loss: of the targets.
        share: as of `SoftTargets`.
        crf: whether the model ends in a CRF.
        temperature: as of `SoftTargets`.
    """

    def mixed(logits: Tensor, batch: Batch) -> Tensor:
        hard = loss(logits, batch)
        if batch.soft is None:
            return hard
        if crf:
            return hard + share * _exchange(logits, batch, batch.soft)
        if temperature == 1.0:
            return (1.0 - share) * hard + share * _cross_entropy(logits, batch, batch.soft)
        soft = temperature**2 * _cross_entropy(logits / temperature, batch, batch.soft)
        return (1.0 - share) * hard + share * soft

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
