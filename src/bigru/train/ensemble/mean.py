"""The mean of what several networks of one shape answer, as a network that can be scored and asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...config import ModelConfig
from ...features.batching import JoinedBatch, batches
from ...nn.build import load_network
from ...nn.heads import Crf
from ...ops.crf.native import marginals
from ...ops.recurrent.chunking import Chunking
from ...tasks import tag
from ..data.loader import Targets
from ..objective.distill import LEAST

__all__ = ["MeanModel", "answer_all"]


SIZE = 128
"""Sequences that are answered together."""


class MeanModel(nn.Module):
    """Networks whose mean probabilities are the answer; `forward` gives logits that stand for them.

    Networks with a CRF answer by the marginals of each step. Of the legal paths the one with the largest product of
    mean marginals is then the answer: a CRF of zeros finds it, and is the `crf` of this network.

    Args:
        config: the task's, whose scheme constrains a CRF.
        shape: of every network.
        weights: of each network, by name.
        device: where they compute.
    """

    shape: ModelConfig

    def __init__(
        self, config: Any, shape: ModelConfig, weights: Sequence[Mapping[str, np.ndarray]], device: torch.device
    ) -> None:
        super().__init__()
        self.shape = shape
        # First weights are drawn only to be written over.
        with torch.random.fork_rng(devices=[]):
            self.members = nn.ModuleList(load_network(shape, own) for own in weights)
        self.chains = [tag.prepare(config, own) for own in weights] if shape.crf else [None] * len(weights)
        if shape.crf:
            self.crf = Crf(shape.outputs)
        self.independent = shape.outputs == 1 or getattr(config, "multi_label", False)
        self.eval().to(device)

    @torch.no_grad()
    def probabilities(self, inputs: Tensor, lengths: Tensor, window: Chunking | None = None) -> Tensor:
        """Return the mean probability of each output, in the shape of the logits; anything past a length."""
        total = torch.zeros(())
        for member, chain in zip(self.members, self.chains, strict=True):
            logits = member(inputs, lengths, window).float()
            if chain is not None:
                shares = torch.from_numpy(marginals(logits.cpu().numpy(), chain, lengths.cpu().numpy()))
                total = total + shares.to(logits.device)
            else:
                total = total + (logits.sigmoid() if self.independent else logits.softmax(-1))
        return total / len(self.members)

    def forward(self, inputs: Tensor, lengths: Tensor, window: Chunking | None = None) -> Tensor:
        """Return logits whose softmax, or sigmoid where outputs are independent, is `probabilities`."""
        shares = self.probabilities(inputs, lengths, window).clamp(LEAST, 1.0 - LEAST)
        return shares.logit() if self.independent else shares.log()


def answer_all(mean: MeanModel, features: Sequence[np.ndarray], window: Chunking | None) -> Targets:
    """Return the mean probabilities of each example: float32 [N, K], or a list of [T_n, K]."""
    device, joined = next(mean.parameters()).device, JoinedBatch(features)
    found: list[np.ndarray] = [np.zeros(0, np.float32)] * len(features)
    for indices in batches(features, SIZE):
        inputs, lengths = (torch.from_numpy(part).to(device) for part in joined.batch(indices))
        rows = mean.probabilities(inputs, lengths, window).cpu().numpy()
        for index, row in zip(indices, rows, strict=True):
            found[index] = row[: len(features[index])].copy() if mean.shape.per_step else row
    return found if mean.shape.per_step else np.stack(found)
