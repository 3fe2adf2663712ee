"""A network and a linear model of the same ids become one model: the product of what both hold likely.

Each is trained by itself. A linear part that learns beside the network is no further than the network when that is
best; fitted by itself it is at its optimum, and where the errors of both differ, their product has fewer (Hinton 2002,
"Training products of experts by minimizing contrastive divergence"). Two numbers say how much each counts. They are
those that make the dev tags likeliest, so that the product is as sure of itself as it is right; both scale weights
that the model has anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...config import ModelConfig
from ...features.batching import batches
from ...nn.build import load_network
from ...nn.pooling import sum_over_sqrt_n
from ...ops.crf.autograd import negative_log_likelihood
from ...ops.crf.weights import CrfWeights
from ...plain.bag import Bag, Choice, fit_bag
from ...plain.linear import Linear, fit_linear
from ..data.holdout import take
from ..data.loader import IGNORED, Batch, Collator, Data, Targets
from ..objective.evaluator import SIZE

__all__ = ["FIRST_WITH_VECTORS", "Mixture", "learn_linear", "mix"]

EXAMPLES = 2000
"""Dev examples that the two numbers are chosen by, at most."""

STEPS = 30
"""Evaluations of the loss that the choice takes, at most."""

FIRST = {True: (0.15, 0.9), False: (0.7, 0.7)}
"""What network and linear model count before the choice, with and without pooling. Their answers are alike, so that the
plain product would be too sure of itself; and of few texts a network learns less than a bag of words."""

FIRST_WITH_VECTORS = (0.05, 0.9)
"""The same with pooling where the linear part has vectors of raw texts: it knows most of what few labels can teach."""

DOUBT = {True: (1.0, 0.3), False: (0.5, 0.5)}
"""Standard deviations of the logarithms of the two numbers about `FIRST`, before dev is seen: a few examples that are
all right must not make a model infinitely sure."""


class Mixture(NamedTuple):
    """What became of a network and a linear model.

    Attributes:
        weights: of the network with its linear part, by name.
        shares: what the network's and the linear model's scores were multiplied by.
    """

    weights: dict[str, np.ndarray]
    shares: tuple[float, float]


class _TagScores(NamedTuple):
    """A batch of dev with the logits [B, T, K] or [B, K] of both."""

    batch: Batch
    network: Tensor
    linear: Tensor


def learn_linear(
    data: Data,
    config: ModelConfig,
    choice: Choice | None = None,
    balanced: bool = False,
    vectors: Mapping[int, np.ndarray] | None = None,
) -> Bag | None:
    """Return the linear model of the ids of `data`; for one output that of the second of two labels.

    Args:
        data: what to learn from.
        config: of the model that it becomes a part of.
        choice: how a classifier's is fitted, None chooses it; a tagger's is fixed.
        balanced: whether the classes of a classifier count inversely to their frequency.
        vectors: by channel the vector of each id, for a classifier; see `fit_bag`.

    Returns:
        None where the data are too large, or too little, for it.

    Raises:
        MissingExtraError: python-crfsuite is not installed, which fits the taggers' part.
    """
    features, targets = data
    sizes = [channel.size for channel in config.channels]
    if config.pooling:
        gold = np.asarray(targets)
        return fit_bag(features, gold, sizes, config.outputs, choice=choice, balanced=balanced, vectors=vectors)
    linear = fit_linear(features, list(targets), sizes, max(config.outputs, 2), config.crf)
    if config.outputs == 1:
        tables = [table[:, 1:] - table[:, :1] for table in linear.tables]
        linear = Linear(tables, linear.bias[1:] - linear.bias[:1], linear.transitions)
    return Bag(linear, None)


def mix(
    weights: dict[str, np.ndarray],
    linear: Linear,
    config: ModelConfig,
    masks: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    dev: Data | None,
    shares: tuple[float, float] | None = None,
    *,
    first: tuple[float, float] | None = None,
) -> Mixture:
    """Return one model that is the product of a network and a linear model.

    Args:
        weights: of the network, by name, without a linear part.
        linear: the linear model.
        config: the network with its linear part.
        masks: what the tag scheme allows a CRF; None for everything.
        dev: what the two numbers are chosen by; None leaves them at `FIRST`.
        shares: the two numbers, where they were chosen before.
        first: what they are before the choice; None for the usual (`FIRST`).
    """
    chain = [torch.from_numpy(weights[f"crf.{name}"]) for name in CrfWeights._fields] if config.crf else []
    own = [torch.from_numpy(linear.transitions), *map(torch.zeros_like, chain[1:])] if chain else []
    forbidden = None if masks is None else [torch.from_numpy(~mask) for mask in masks]
    scored = [] if dev is None or shares is not None else _score_tags(weights, linear, config, dev)
    pooled = bool(config.pooling)

    def loss(a: Tensor, b: Tensor) -> Tensor:
        scores = [a * first + b * second for first, second in zip(chain, own, strict=True)]
        if forbidden is not None and scores:
            scores = [s.masked_fill(no, -torch.inf) for s, no in zip(scores, forbidden, strict=True)]
        return torch.stack([_loss(a * one.network + b * one.linear, one.batch, scores) for one in scored]).sum()

    begin = first or FIRST[pooled]
    a, b = shares or (_shares(loss, begin, DOUBT[pooled]) if scored else begin)
    mixed = {name: value * np.float32(a) if _scores(name) else value for name, value in weights.items()}
    mixed |= {f"wide.{c}.weight": table * np.float32(b) for c, table in enumerate(linear.tables)}
    mixed["head.bias"] = mixed["head.bias"] + np.float32(b) * linear.bias
    if config.crf:
        mixed["crf.transitions"] = mixed["crf.transitions"] + np.float32(b) * linear.transitions
    return Mixture(mixed, (a, b))


def _scores(name: str) -> bool:
    """Tell whether the logits, or the scores of the CRF, are linear in a weight."""
    return name.split(".")[0] in ("head", "crf")


@torch.no_grad()
def _score_tags(weights: dict[str, np.ndarray], linear: Linear, config: ModelConfig, dev: Data) -> list[_TagScores]:
    features, targets = dev
    model = load_network(replace(config, wide_linear=False), weights).eval()
    # A CRF has no likelihood for a sequence with a tag that it does not have.
    unsure = config.crf or (bool(config.pooling) and not _is_multilabel(targets))
    known = [n for n in range(len(features)) if len(features[n]) and not (unsure and (targets[n] < 0).any())]
    known = known[:: -(-len(known) // EXAMPLES) or 1]
    if not known:
        return []
    kept = [features[n] for n in known]
    collate = Collator(kept, take(targets, np.array(known)))
    found = []
    for indices in batches(kept, SIZE):
        batch = collate(indices)
        ids = batch.inputs.numpy()
        rows = torch.from_numpy(sum(table[ids[..., c]] for c, table in enumerate(linear.tables)))
        plain = sum_over_sqrt_n(rows, batch.lengths) if config.pooling else rows
        found.append(_TagScores(batch, model(batch.inputs, batch.lengths), plain + torch.from_numpy(linear.bias)))
    return found


def _is_multilabel(targets: Targets) -> bool:
    """Tell whether targets are any number of labels each."""
    return isinstance(targets, np.ndarray) and targets.ndim == 2


def _loss(logits: Tensor, batch: Batch, scores: list[Tensor]) -> Tensor:
    """Return the negative log-likelihood of a batch, summed."""
    if scores:
        return negative_log_likelihood(logits, batch.targets.clamp(min=0), batch.lengths, *scores).sum()
    if batch.targets.is_floating_point():
        return F.binary_cross_entropy_with_logits(logits, batch.targets, reduction="sum")
    counted = batch.targets != IGNORED
    if logits.shape[-1] == 1:
        gold = batch.targets[counted].to(logits.dtype)
        return F.binary_cross_entropy_with_logits(logits[..., 0][counted], gold, reduction="sum")
    return F.cross_entropy(logits[counted], batch.targets[counted], reduction="sum")


def _shares(
    loss: Callable[[Tensor, Tensor], Tensor], first: tuple[float, float], doubt: tuple[float, float]
) -> tuple[float, float]:
    """Return the two numbers that a loss is least with, by L-BFGS on their logarithms, begun at `first`."""
    begin, width = torch.tensor(first).log(), torch.tensor(doubt)
    logs = begin.clone().requires_grad_()
    search = torch.optim.LBFGS([logs], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        search.zero_grad()
        value = loss(*logs.exp()) + ((logs - begin) / width).square().sum() / 2
        value.backward()
        return value

    search.step(closure)
    a, b = logs.detach().exp().tolist()
    return a, b
