"""The forecaster: segments of the past through the encoder, all segments of the future decoded at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import ForecastModelConfig
from .encoder import Encoder, drop
from .gru import GRU

__all__ = ["ForecastModel"]

EPSILON = 1e-5
"""Least variance of a window that its values are divided by the root of."""


class Interval(nn.Module):
    """The half widths of the conformal intervals, which are measured after the training: no parameter learns them."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.radius: Tensor
        self.register_buffer("radius", torch.zeros(*shape))


class ForecastModel(nn.Module):
    """SegRNN (Lin et al. 2023, arXiv:2308.11200), with covariates and with a past that may be read both ways.

    A window is freed of its level, cut into segments of w steps, and each segment made a vector of width H; the encoder
    reads them. From where it ends the decoder takes one step for each segment of the future, all of them side by side,
    with what tells the segment and the target as its input. The names in its state_dict are those of a saved model, and
    `bigru.runtime.forecast.ForecastNetwork` computes the same without torch.

    Args:
        config: its shape.
    """

    def __init__(self, config: ForecastModelConfig) -> None:
        super().__init__()
        self.config = config
        width, hidden = config.width, config.encoder.hidden
        self.embed = nn.Linear(width, hidden)
        if config.past + config.known:
            self.covariates = nn.Linear(config.segment * (config.past + config.known), hidden, bias=False)
        self.encoder = Encoder(config.encoder, hidden)
        if config.encoder.outputs != hidden:
            self.bridge = nn.Linear(config.encoder.outputs, hidden)
        own = 0 if config.joint or config.targets == 1 else hidden // 2
        self.position = nn.Parameter(torch.randn(config.ahead, hidden - own))
        if own:
            self.channel = nn.Parameter(torch.randn(config.targets, own))
        if config.known:
            self.future = nn.Linear(config.segment * config.known, hidden, bias=False)
        self.decoder = GRU(hidden, hidden, batch_first=True, reset_after=config.encoder.reset_after)
        self.head = nn.Linear(hidden, width * config.heads)
        if config.levels:
            self.interval = Interval(len(config.levels), config.horizon, config.targets)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Forecast one batch.

        Args:
            inputs: [B, T, I] float32: the past, and behind it the future where something of it is known; of the future
                only the last columns, the known ones, are read.
            lengths: not used: all windows are equally long.

        Returns:
            [B, horizon, targets, heads].
        """
        config = self.config
        B, C = len(inputs), config.targets
        past = inputs[:, : config.lookback]
        levelled, offset, spread = level(past[:, :, :C], config.normalise)
        x = self.embed(self._segments(levelled))
        each = 1 if config.joint else C
        if config.past + config.known:
            beside = self.covariates(past[:, :, C:].reshape(B, config.steps, -1))
            x = x + beside.repeat_interleave(each, 0)
        x = torch.relu(x)
        _, last = self.encoder(x, torch.full((len(x),), config.steps))
        start = self.bridge(last) if hasattr(self, "bridge") else last
        asked = self._asked(inputs, each)
        states = start[:, None].expand(-1, config.ahead, -1).reshape(1, -1, start.shape[1])
        decoded = self.decoder(asked, states.contiguous())[1][0]
        values = self.head(drop(decoded, config.encoder.dropout, self.training))
        return self._arranged(values, B) * spread + offset

    def _segments(self, values: Tensor) -> Tensor:
        """Return [B, L, C] as segments: [B * C, n, w], or [B, n, w * C] where targets are read together."""
        B, _, C = values.shape
        if self.config.joint:
            return values.reshape(B, self.config.steps, -1)
        return values.transpose(1, 2).reshape(B * C, self.config.steps, -1)

    def _asked(self, inputs: Tensor, each: int) -> Tensor:
        """Return what the decoder is told of each segment of each row, [B * each * ahead, 1, H]."""
        config, B = self.config, len(inputs)
        told = self.position.expand(each, -1, -1)
        if hasattr(self, "channel"):
            told = torch.cat([told, self.channel[:, None].expand(-1, config.ahead, -1)], dim=2)
        told = told.expand(B, -1, -1, -1)
        if config.known:
            known = inputs[:, config.lookback :, config.targets + config.past :]
            known = nn.functional.pad(known, (0, 0, 0, config.ahead * config.segment - config.horizon))
            told = told + self.future(known.reshape(B, 1, config.ahead, -1))
        return told.reshape(-1, 1, config.encoder.hidden)

    def _arranged(self, values: Tensor, B: int) -> Tensor:
        """Return the head's output of every segment as [B, horizon, C, heads]."""
        config = self.config
        if config.joint:
            found = values.reshape(B, -1, config.targets, config.heads)
        else:
            found = values.reshape(B, config.targets, -1, config.heads).transpose(1, 2)
        return found[:, : config.horizon]


def level(values: Tensor, kind: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return windows [B, L, C] freed of their level, and what gives it back to forecasts [B, H, C, heads].

    Args:
        values: the windows.
        kind: "last" takes off the last value, "revin" the mean and the deviation (Kim et al. 2022), "none" nothing.

    Returns:
        [B, L, C]; what to add and what to multiply by, [B, 1, C, 1].
    """
    one = values.new_ones(())
    if kind == "none":
        return values, 0 * one, one
    offset = values[:, -1:] if kind == "last" else values.mean(dim=1, keepdim=True)
    values = values - offset
    if kind == "last":
        return values, offset[..., None], one
    spread = (values.square().mean(dim=1, keepdim=True) + EPSILON).sqrt()
    return values / spread, offset[..., None], spread[..., None]
