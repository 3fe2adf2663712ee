"""The dev score: how good a model is on examples that it does not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...config import ModelConfig
from ...features.batching import batches
from ...ops.recurrent.chunking import Chunking
from ..data.loader import Batch, Collator, Targets
from .losses import Loss

__all__ = ["Evaluator"]

FEW = 100
"""Decisions (sequences, spans, or steps of plain tags) below which a score is off by ten points by chance."""

SIZE = 128
"""Sequences per batch of an evaluation."""


class Evaluator:
    """Scores a model on a dev set, with the decisions of `task.decide` and the score of `task.score` that tells most.

    The scores with intervals and tables take seconds, and confidences are not needed here; so labels are only decided,
    and only the one figure is counted that chooses the best epoch (`dev_score` of the task): accuracy for one label,
    micro F1 for many labels, span F1 for tags with a scheme, else the accuracy of tags; for transcripts 1 less the
    edits per symbol of greedy decoding.

    Attributes:
        name: what the score is called.
        few: whether it rests on so few decisions that its rise and fall are chance.
    """

    def __init__(
        self,
        task: ModuleType,
        config: Any,
        model: ModelConfig,
        data: tuple[Sequence[np.ndarray], Targets],
        loss: Loss,
        window: Chunking | None = None,
    ) -> None:
        self.task, self.config, self.loss, self.window = task, config, loss, window
        self.features, self.targets = data
        self.plan, self._collate = batches(self.features, SIZE), Collator(self.features, self.targets)
        self.steps, self.name = model.steps, task.dev_score(config)
        # A CRF has no likelihood for a sequence with a tag that it does not have.
        unsure = [model.crf and bool((self.targets[n] < 0).any()) for n in range(len(self.features))]
        self._sure = ~np.array(unsure, bool)
        self.few = task.decisions(config, self.targets, sum(map(len, self.features))) < FEW

    @torch.no_grad()
    def score(self, model: nn.Module) -> tuple[float, float]:
        """Return the score, a fraction, and the mean loss of `model` as it stands."""
        training = model.training
        model.eval()
        device = next(model.parameters()).device
        own = {name: array.cpu().numpy() for name, array in model.state_dict().items() if name.startswith("crf.")}
        weights = self.task.prepare(self.config, own)
        loss, rows = 0.0, [np.zeros(0)] * len(self.features)
        for indices in self.plan:
            batch = self._collate(indices).to(device)
            logits = model(batch.inputs, batch.lengths, self.window).float()
            loss += self._sum_losses(logits, batch, self._sure[indices])
            lengths = self.steps(batch.lengths).cpu().numpy()
            decision = self.task.decide(self.config, logits.cpu().numpy(), lengths, weights, quick=True)
            for index, row in zip(indices, decision.rows(), strict=True):
                rows[index] = row
        model.train(training)
        return self.task.quick_score(self.config, self.targets, rows), loss / max(int(self._sure.sum()), 1)

    def _sum_losses(self, logits: Tensor, batch: Batch, sure: np.ndarray) -> float:
        """Return the sum of the losses of a batch over the sequences that have one."""
        if not sure.any():
            return 0.0
        if not sure.all():
            kept = torch.from_numpy(sure).to(logits.device)
            logits, batch = logits[kept], batch.each(lambda part: part[kept])
        return float(self.loss(logits, batch)) * int(sure.sum())
