"""What a forecaster is trained and chosen by: the loss of its values, and how far it is ahead of the last value."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..config import ForecastModelConfig
from ..data.windows import Windows
from .losses import Loss
from .stream import Batch, Collator

__all__ = ["Skill", "forecast_loss"]

SIZE = 64
"""Windows per batch of an evaluation."""


def forecast_loss(kind: str, model: ForecastModelConfig, device: torch.device) -> Loss:
    """Return the mean loss of forecasts [B, H, C, heads] against targets [B, H, C].

    Args:
        kind: "mae", "mse", "huber" (of 1 deviation), or "pinball" of the model's quantiles.
        model: the model's shape.
        device: where the quantiles go.
    """
    shares = torch.tensor(model.quantiles, device=device)

    def pinball(values: Tensor, batch: Batch) -> Tensor:
        error = batch.targets[..., None] - values
        # Twice, so that the median alone counts as the absolute error does.
        return 2 * torch.maximum(shares * error, (shares - 1) * error).mean()

    plain = {"mae": F.l1_loss, "mse": F.mse_loss, "huber": F.smooth_l1_loss}
    return pinball if kind == "pinball" else lambda values, batch: plain[kind](values[..., 0], batch.targets)


class Skill:
    """Scores a forecaster on a dev set by its skill: 1 - MSE / MSE of the last value for ever. Above 0 it is better.

    Attributes:
        name: "skill".
    """

    name = "skill"

    def __init__(self, model: ForecastModelConfig, data: tuple[Windows, Windows], loss: Loss) -> None:
        self.model, self.loss = model, loss
        self.features, self.targets = data
        self._collate = Collator(self.features, self.targets)
        self.plan = [np.arange(n, min(n + SIZE, len(self.features))) for n in range(0, len(self.features), SIZE)]
        self._naive = self._of_last_value()

    @torch.no_grad()
    def score(self, model: nn.Module) -> tuple[float, float]:
        """Return the skill and the mean loss of `model` as it stands."""
        training = model.training
        model.eval()
        device = next(model.parameters()).device
        loss, squares = 0.0, 0.0
        for indices in self.plan:
            batch = self._collate(indices).to(device)
            values = model(batch.inputs, batch.lengths).float()
            loss += float(self.loss(values, batch)) * len(indices)
            squares += float((values[..., self.model.point] - batch.targets).square().mean()) * len(indices)
        model.train(training)
        # Where the last value is always right, an error is measured as it is.
        return 1.0 - squares / (self._naive or 1.0), loss / len(self.features)

    def _of_last_value(self) -> float:
        """Return the sum over windows of the mean squared error of repeating the last value."""
        row, C = self.model.lookback - 1, self.model.targets
        total = 0.0
        for indices in self.plan:
            batch = self._collate(indices)
            total += float((batch.inputs[:, row : row + 1, :C] - batch.targets).square().mean()) * len(indices)
        return total
