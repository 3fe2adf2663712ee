"""The forecaster: segments of the past through the encoder, all segments of the future decoded at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..config import ForecastModelConfig
from ..config.model import EPSILON
from ..ops.recurrent import autograd
from .encoder import Encoder, shared_dropout
from .gru import GRU

__all__ = ["ForecastModel"]

OTHERS = ("weight_hh", "bias_ih", "bias_hh")
"""The decoder's weights beside that of its input."""


class Interval(nn.Module):
    """The half widths of the conformal intervals, which are measured after the training: no parameter learns them."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.radius: Tensor
        self.register_buffer("radius", torch.zeros(*shape))


class LinearMap(nn.Module):
    """The linear map beside the network (`bigru.plain.ridge`), and the share of it in the answer: no training changes
    them."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.map: Tensor
        self.bias: Tensor
        self.share: Tensor
        self.register_buffer("map", torch.zeros(rows, columns))
        self.register_buffer("bias", torch.zeros(rows))
        self.register_buffer("share", torch.ones(1))


class ForecastModel(nn.Module):
    """SegRNN (Lin et al. 2023, arXiv:2308.11200), with covariates and with a past that may be read both ways.

    A window is freed of its level, cut into segments of w steps, and each segment made a vector of width H; the encoder
    reads them. From where it ends the decoder takes one step for each segment of the future, all of them side by side,
    with what tells the segment and the target as its input. The names in its state_dict are those of a saved model, and
    `bigru.runtime.network.forecast.ForecastNetwork` computes the same without torch.

    Args:
        config: its shape.
    """

    def __init__(self, config: ForecastModelConfig) -> None:
        super().__init__()
        self.config = config
        width, hidden = config.width, config.encoder.hidden
        self.embed = nn.Linear(width, hidden)
        beside = config.segment * (config.past + config.known)
        self.covariates = nn.Linear(beside, hidden, bias=False) if beside else None
        self.encoder = Encoder(config.encoder, hidden)
        joined = config.encoder.outputs
        self.bridge = nn.Linear(joined, hidden) if joined != hidden else None
        own = 0 if config.joint or config.targets == 1 else hidden // 2
        self.position = nn.Parameter(torch.randn(config.ahead, hidden - own))
        self.channel = nn.Parameter(torch.randn(config.targets, own)) if own else None
        self.future = nn.Linear(config.segment * config.known, hidden, bias=False) if config.known else None
        own_step = GRU(hidden, hidden, batch_first=True, reset_after=config.encoder.reset_after)
        self.decoder = None if config.shared else own_step
        self.head = nn.Linear(hidden, width * config.heads)
        self.linear = None if config.linear == "none" else LinearMap(*config.mapped)
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
        levelled, offset, spread = remove_level(past[:, :, :C], config.normalise)
        x = self.embed(self._segments(levelled))
        each = 1 if config.joint else C
        if self.covariates is not None:
            beside = self.covariates(past[:, :, C:].reshape(B, config.segments, -1))
            x = x + beside.repeat_interleave(each, 0)
        x = torch.relu(x)
        _, last = self.encoder(x, torch.full((len(x),), config.segments))
        start = last if self.bridge is None else self.bridge(last)
        decoded = self._decode(inputs, start, each)
        values = self.head(shared_dropout(decoded, config.encoder.dropout, self.training))
        found: Tensor = config.of_horizon(values)
        if self.linear is not None:
            found = found + self.linear.share * self._apply_linear_map(self.linear, levelled, inputs)[..., None]
        return found * spread + offset

    def _apply_linear_map(self, linear: LinearMap, levelled: Tensor, inputs: Tensor) -> Tensor:
        """Return what the linear map answers to windows [B, L, C] freed of their level, [B, horizon, C]."""
        config = self.config
        B, L, C = levelled.shape
        if config.linear == "all":
            beside = [inputs[:, :L, C:].flatten(1), inputs[:, L:, C + config.past :].flatten(1)]
            x = torch.cat([levelled.flatten(1), *beside], dim=1)
            return (x @ linear.map.T + linear.bias).reshape(B, C, -1).transpose(1, 2)
        weight = linear.map.reshape(-1, config.horizon, L)
        x = levelled.permute(2, 0, 1) @ weight.transpose(1, 2) + linear.bias.reshape(-1, 1, config.horizon)
        return x.permute(1, 2, 0)

    def _segments(self, values: Tensor) -> Tensor:
        """Return [B, L, C] as segments: [B * C, n, w], or [B, n, w * C] where targets are read together."""
        B, _, C = values.shape
        if self.config.joint:
            return values.reshape(B, self.config.segments, -1)
        return values.transpose(1, 2).reshape(B * C, self.config.segments, -1)

    def _decode(self, inputs: Tensor, start: Tensor, each: int) -> Tensor:
        """Return the state of each segment of the future of each row, [B * each, ahead, H].

        The input of the decoder's step is a row of one table beside a row of another, so the product of input and
        weight is one of table and weight, made once, of which the step picks its columns by ones: the GRU then
        multiplies a few columns and not H.
        """
        config, ahead = self.config, self.config.ahead
        rows = len(start) * ahead
        owner = self.encoder.layers[0] if self.decoder is None else self.decoder
        weight = owner.get_parameter("weight_ih_l0")
        tables = [weight[:, : self.position.shape[1]] @ self.position.T]
        one = torch.eye(ahead, device=start.device)
        asked = [one.expand(len(start), -1, -1)]
        if self.channel is not None:
            tables.append(weight[:, self.position.shape[1] :] @ self.channel.T)
            own = torch.eye(each, device=start.device)[:, None]
            asked.append(own.expand(len(inputs), -1, ahead, -1).reshape(len(start), ahead, each))
        if self.future is not None:
            known = inputs[:, config.lookback :, config.targets + config.past :]
            known = nn.functional.pad(known, (0, 0, 0, ahead * config.segment - config.horizon))
            tables.append(weight @ self.future.weight)
            asked.append(known.reshape(len(inputs), ahead, -1).repeat_interleave(each, 0))
        folded = [torch.cat(tables, dim=1).to(weight.dtype), *(owner.get_parameter(f"{name}_l0") for name in OTHERS)]
        x = torch.cat(asked, dim=2).reshape(rows, 1, -1)
        states = start[:, None].expand(-1, ahead, -1).reshape(1, rows, -1)
        options: dict[str, Any] = {"cell": "gru", "reset_after": config.encoder.reset_after}
        decoded = autograd.forward(x, {"forward": folded}, None, h0=states, **options)[1]
        return decoded.reshape(len(start), ahead, -1)


def remove_level(values: Tensor, kind: str) -> tuple[Tensor, Tensor, Tensor]:
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
