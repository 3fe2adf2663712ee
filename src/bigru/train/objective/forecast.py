"""What a forecaster is trained and chosen by: the loss of its values, and how far that is below the last value's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...config import ForecastModelConfig
from ...tables.windows import Windows
from ..data.loader import Batch, Collator
from .losses import Loss

__all__ = ["ForecastEvaluator", "forecast_loss"]

SIZE = 64
"""Windows per batch of an evaluation."""


def forecast_loss(kind: str, model: ForecastModelConfig) -> Loss:
    """Return the mean loss of forecasts [B, H, C, heads] against targets [B, H, C].

    Args:
        kind: "mae", "mse", "huber" (of 1 deviation), or "pinball" of the model's quantiles.
        model: the model's shape.
    """
    shares = torch.tensor(model.quantiles)

    def pinball(values: Tensor, batch: Batch) -> Tensor:
        error, own = batch.targets[..., None] - values, shares.to(values.device)
        # Twice, so that the median alone counts as the absolute error does.
        return 2 * torch.maximum(own * error, (own - 1) * error).mean()

    plain = {"mae": F.l1_loss, "mse": F.mse_loss, "huber": F.smooth_l1_loss}
    return pinball if kind == "pinball" else lambda values, batch: plain[kind](values[..., 0], batch.targets)


class ForecastEvaluator:
    """Scores a forecaster on a dev set by its skill: 1 - loss / loss of the last value for ever. Above 0 it is better.

    The loss is that of the training: an absolute error is not chosen by its squares, which a few days decide.

    Arguments are those of `Evaluator`, of which a window has no use for the task, its configuration and chunks.

    Attributes:
        name: "skill".
    """

    name, few = "skill", False

    def __init__(
        self,
        task: ModuleType,
        config: Any,
        model: ForecastModelConfig,
        data: tuple[Windows, Windows],
        loss: Loss,
        window: None = None,
    ) -> None:
        self.model, self.loss = model, loss
        self.features, self.targets = data
        self._collate = Collator(self.features, self.targets)
        self.plan = [np.arange(n, min(n + SIZE, len(self.features))) for n in range(0, len(self.features), SIZE)]
        self._naive = self._mean(torch.device("cpu"), self._last_value)

    @torch.no_grad()
    def score(self, model: nn.Module) -> tuple[float, float]:
        """Return the skill and the mean loss of `model` as it stands."""
        training = model.training
        model.eval()
        device = next(model.parameters()).device
        loss = self._mean(device, lambda batch: model(batch.inputs, batch.lengths).float())
        model.train(training)
        # Where the last value is always right, an error is measured as it is.
        return 1.0 - loss / (self._naive or 1.0), loss

    def _mean(self, device: torch.device, answer: Callable[[Batch], Tensor]) -> float:
        """Return the mean loss of answers [B, H, C, heads] over all windows."""
        total = 0.0
        for indices in self.plan:
            batch = self._collate(indices).to(device)
            total += float(self.loss(answer(batch), batch)) * len(indices)
        return total / len(self.features)

    def _last_value(self, batch: Batch) -> Tensor:
        """Return the last value of the past for every step and head."""
        model = self.model
        last = batch.inputs[:, model.lookback - 1, : model.targets]
        return last[:, None, :, None].expand(-1, model.horizon, -1, model.heads)
