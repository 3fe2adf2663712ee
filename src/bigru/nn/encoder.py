"""The encoder: stacked recurrent layers with the dropout and normalisation between them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import EncoderConfig
from ..layout import DIRECTIONS
from ..ops.recurrent.chunking import Chunking, check_chunking
from .chunked import ChunkedBatch
from .recurrent import Recurrent

__all__ = ["Encoder", "dropout_mask", "shared_dropout"]


def shared_dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Drop units of x [B, T, C] or [B, C] with probability p, the same ones at every step of a sequence.

    Variational dropout (Gal & Ghahramani 2016, arXiv:1512.05287); what is kept is scaled by 1 / (1 - p).
    """
    return x * dropout_mask(x, p) if training and p else x


def dropout_mask(x: Tensor, p: float) -> Tensor:
    """Return what `drop` multiplies x with: [B, 1, C], or [B, C] for vectors."""
    shape = (x.shape[0], 1, x.shape[2]) if x.ndim == 3 else x.shape
    return torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1.0 - p).div_(1.0 - p)


class Encoder(nn.Module):
    """From vectors to states, step by step; nothing in it knows the task.

    Args:
        config: cell, sizes, directions, dropout.
        inputs: width I of what it reads.
    """

    def __init__(self, config: EncoderConfig, inputs: int) -> None:
        super().__init__()
        self.config, self.dropout = config, config.dropout
        walks = DIRECTIONS[config.direction]
        self.layers = nn.ModuleList(
            Recurrent(
                config.cell,
                config.outputs if layer else inputs,
                config.hidden,
                walks,
                reset_after=config.reset_after,
                merge=config.merge,
                recurrent_dropout=config.recurrent_dropout,
            )
            for layer in range(config.layers)
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(config.outputs) for _ in range(config.layers if config.layer_norm else 0)
        )

    def forward(self, x: Tensor, lengths: Tensor, window: Chunking | None = None) -> tuple[Tensor, Tensor]:
        """Encode one batch.

        Args:
            x: [B, T, I]; what lies past a length is never read.
            lengths: [B] int64.
            window: the chunks that it reads in, None for whole sequences.

        Returns:
            states [B, T, C]: outputs of the last layer, meaningless past a length; last [B, C]: its final
            states, joined and normalised as the outputs are.

        Raises:
            ArgumentError: there is a window, and nothing is read backward or the cell is the LSTM.
        """
        if window is not None:
            return self._in_chunks(x, lengths, window)
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, Recurrent)
            if number:
                x = shared_dropout(x, self.dropout, self.training)
            x, finals = layer(x, lengths)
            if self.norms:
                x = self.norms[number](x)
        return x, self._last(finals)

    def _in_chunks(self, x: Tensor, lengths: Tensor, window: Chunking) -> tuple[Tensor, Tensor]:
        check_chunking(self.config)
        windows, top = ChunkedBatch(window, lengths, x.shape[1]), len(self.layers) - 1
        here, beyond = windows.cut(x)
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, Recurrent)
            if number and self.training and self.dropout:
                kept = dropout_mask(here, self.dropout)
                here, beyond = here * kept, beyond * kept.repeat_interleave(windows.count, 0)
            here, looked, finals = windows.run(layer, here, beyond, number == top)
            beyond = beyond if looked is None else looked
            if self.norms:
                here, beyond = self.norms[number](here), beyond if looked is None else self.norms[number](beyond)
        return here[:, : x.shape[1]], self._last(finals)

    def _last(self, finals: dict[str, Tensor]) -> Tensor:
        """Join and normalise the states that the walks of the last layer end with."""
        top = self.layers[-1]
        assert isinstance(top, Recurrent)
        last = top.join(finals)
        return self.norms[-1](last) if self.norms else last
