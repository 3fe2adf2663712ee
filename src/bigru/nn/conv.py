"""The convolution front end: neighbouring steps are read together before the encoder ("CNN-BiGRU")."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from ..config import ConvConfig
from .pooling import padding_places, zero_padding

__all__ = ["ConvFrontEnd"]


class ConvFrontEnd(nn.ModuleList):
    """Convolutions over time, each followed by layer normalisation (if asked for) and ReLU.

    Zeros stand beyond both ends of each sequence, at its own end as at its beginning, so that neither padding nor
    batch mates are seen. Normalisation is per step for the same reason: a batch normalisation would see both.

    Args:
        layers: their sizes.
        inputs: width of what the first one reads.
    """

    def __init__(self, layers: Sequence[ConvConfig], inputs: int) -> None:
        widths = [inputs, *(layer.filters for layer in layers)]
        super().__init__(Convolution(width, layer) for width, layer in zip(widths, layers, strict=False))

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Run all layers.

        Args:
            x: [B, T, I]; what lies past a length is never read.
            lengths: [B] int64.

        Returns:
            [B, T', F], finite but meaningless past a length, and the lengths [B] that are left
            (`ModelConfig.steps` of both).
        """
        for layer in self:
            assert isinstance(layer, Convolution)
            x = layer(zero_padding(x, padding_places(lengths, x.shape[1])))
            lengths = layer.config.steps(lengths)
        return x, lengths


class Convolution(nn.Module):
    """One layer; its weights are those of `torch.nn.Conv1d`: weight [F, I, kernel] and bias [F]."""

    def __init__(self, inputs: int, config: ConvConfig) -> None:
        super().__init__()
        like = nn.Conv1d(inputs, config.filters, config.kernel)
        assert like.bias is not None
        self.weight, self.bias = like.weight, like.bias
        self.norm = nn.LayerNorm(config.filters) if config.layer_norm else None
        self.config = config

    def forward(self, x: Tensor) -> Tensor:
        """Return [B, ceil(T / stride), F] of x [B, T, I]."""
        config, time = self.config, self.config.steps(x.shape[1])
        after = (max(time, 1) - 1) * config.stride + config.kernel - config.before - x.shape[1]
        padded = F.pad(x, (0, 0, config.before, after)).transpose(1, 2)
        y = F.conv1d(padded, self.weight, self.bias, config.stride).transpose(1, 2)[:, :time]
        return F.relu(y if self.norm is None else self.norm(y))
