"""A network and a linear model of the same ids become one tagger: the product of what both hold likely.

Each is trained by itself. A linear part that learns beside the network is no further than the network when that is
best; fitted by itself it is at its optimum, and where the errors of both differ, their product has fewer (Hinton 2002,
"Training products of experts by minimizing contrastive divergence"). Two numbers say how much each counts. They are
those that make the dev tags likeliest, so that the product is as sure of itself as it is right; both scale weights
that the model has anyway.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..config import ModelConfig
from ..features.batching import batches
from ..nn.engine import network
from ..ops.crf.autograd import negative_log_likelihood
from ..ops.crf.weights import CrfWeights
from ..plain.linear import Linear, fit_linear
from .dev import SIZE
from .stream import IGNORED, Batch, Collator, Data

__all__ = ["Mixed", "learn_linear", "mix"]

EXAMPLES = 2000
"""Dev examples that the two numbers are chosen by, at most."""

STEPS = 30
"""Evaluations of the loss that the choice takes, at most."""

FIRST = 0.7
"""What both count before the choice: their answers are alike, and the plain product would be too sure of itself."""

DOUBT = 0.5
"""Standard deviation of the logarithms of the two numbers about `FIRST`, before dev is seen: a few examples that are
all right must not make a model infinitely sure."""


class Mixed(NamedTuple):
    """What became of a network and a linear model.

    Attributes:
        weights: of the network with its linear part, by name.
        shares: what the network's and the linear model's scores were multiplied by.
    """

    weights: dict[str, np.ndarray]
    shares: tuple[float, float]


class _Scored(NamedTuple):
    """A batch of dev with the logits [B, T, K] of both."""

    batch: Batch
    network: Tensor
    linear: Tensor


def learn_linear(data: Data, config: ModelConfig) -> Linear:
    """Return the linear model of the ids of `data`; for one output that of the second of two tags.

    Raises:
        MissingExtraError: python-crfsuite is not installed.
    """
    features, targets = data
    sizes = [channel.size for channel in config.channels]
    linear = fit_linear(features, list(targets), sizes, max(config.outputs, 2), config.crf)
    if config.outputs > 1:
        return linear
    tables = [table[:, 1:] - table[:, :1] for table in linear.tables]
    return Linear(tables, linear.bias[1:] - linear.bias[:1], linear.transitions)


def mix(
    weights: dict[str, np.ndarray],
    linear: Linear,
    config: ModelConfig,
    masks: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    dev: Data | None,
) -> Mixed:
    """Return one tagger that is the product of a network and a linear model.

    Args:
        weights: of the network, by name, without a linear part.
        linear: the linear model.
        config: the network with its linear part.
        masks: what the tag scheme allows a CRF; None for everything.
        dev: what the two numbers are chosen by; None leaves them at `FIRST`.
    """
    chain = [torch.from_numpy(weights[f"crf.{name}"]) for name in CrfWeights._fields] if config.crf else []
    own = [torch.from_numpy(linear.transitions), *map(torch.zeros_like, chain[1:])] if chain else []
    forbidden = None if masks is None else [torch.from_numpy(~mask) for mask in masks]
    scored = [] if dev is None else _scored(weights, linear, config, dev)

    def loss(a: Tensor, b: Tensor) -> Tensor:
        scores = [a * first + b * second for first, second in zip(chain, own, strict=True)]
        if forbidden is not None and scores:
            scores = [s.masked_fill(no, -torch.inf) for s, no in zip(scores, forbidden, strict=True)]
        return torch.stack([_loss(a * one.network + b * one.linear, one.batch, scores) for one in scored]).sum()

    a, b = _shares(loss) if scored else (FIRST, FIRST)
    mixed = {name: value * np.float32(a) if _scores(name) else value for name, value in weights.items()}
    mixed |= {f"wide.{c}.weight": table * np.float32(b) for c, table in enumerate(linear.tables)}
    mixed["head.bias"] = mixed["head.bias"] + np.float32(b) * linear.bias
    if config.crf:
        mixed["crf.transitions"] = mixed["crf.transitions"] + np.float32(b) * linear.transitions
    return Mixed(mixed, (a, b))


def _scores(name: str) -> bool:
    """Tell whether the logits, or the scores of the CRF, are linear in a weight."""
    return name.split(".")[0] in ("head", "crf")


@torch.no_grad()
def _scored(weights: dict[str, np.ndarray], linear: Linear, config: ModelConfig, dev: Data) -> list[_Scored]:
    features, targets = dev
    model = network(replace(config, wide=False))
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    model.eval()
    # A CRF has no likelihood for a sequence with a tag that it does not have.
    known = [n for n in range(len(features)) if len(features[n]) and not (config.crf and (targets[n] < 0).any())]
    known = known[:: -(-len(known) // EXAMPLES) or 1]
    if not known:
        return []
    kept = [features[n] for n in known]
    collate = Collator(kept, [targets[n] for n in known])
    found = []
    for indices in batches(kept, SIZE):
        batch = collate(indices)
        ids = batch.inputs.numpy()
        plain = sum((table[ids[..., c]] for c, table in enumerate(linear.tables)), start=linear.bias)
        found.append(_Scored(batch, model(batch.inputs, batch.lengths), torch.from_numpy(np.asarray(plain))))
    return found


def _loss(logits: Tensor, batch: Batch, scores: list[Tensor]) -> Tensor:
    """Return the negative log-likelihood of a batch, summed."""
    if scores:
        return negative_log_likelihood(logits, batch.targets.clamp(min=0), batch.lengths, *scores).sum()
    counted = batch.targets != IGNORED
    if logits.shape[-1] == 1:
        gold = batch.targets[counted].to(logits.dtype)
        return F.binary_cross_entropy_with_logits(logits[..., 0][counted], gold, reduction="sum")
    return F.cross_entropy(logits[counted], batch.targets[counted], reduction="sum")


def _shares(loss: Callable[[Tensor, Tensor], Tensor]) -> tuple[float, float]:
    """Return the two numbers that a loss is least with, by L-BFGS on their logarithms."""
    logs = torch.full((2,), math.log(FIRST), requires_grad=True)
    search = torch.optim.LBFGS([logs], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        search.zero_grad()
        doubt = ((logs - math.log(FIRST)) / DOUBT).square().sum() / 2
        value = loss(*logs.exp()) + doubt
        value.backward()
        return value

    search.step(closure)
    a, b = logs.detach().exp().tolist()
    return a, b
