"""The whole model: features in, logits out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import ModelConfig
from .embedding import NGRAM_SPREAD, ChannelEmbedding, Wide
from .encoder import Encoder, drop
from .heads import Crf
from .pooling import Pooling, real_steps, total

__all__ = ["SequenceModel"]


class SequenceModel(nn.Module):
    """Embedding, encoder, pooling if there is any, and a linear head; a CRF's scores beside it.

    The names in its state_dict are those of a saved model (`bigru.bundle.weights.shapes`), and
    `bigru.runtime.network.Network` computes the same without torch.

    Args:
        config: its shape.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        encoder = config.encoder
        if config.channels:
            spread = 0.0 if config.pooling else NGRAM_SPREAD
            dropouts = encoder.embedding_dropout, encoder.ngram_dropout
            self.embedding = ChannelEmbedding(config.channels, *dropouts, spread)
            if config.wide:
                self.wide = Wide(config.channels, config.outputs, *dropouts)
        self.encoder = Encoder(encoder, config.inputs)
        width = encoder.outputs + (config.inputs if config.skip else 0)
        if config.pooling:
            self.pool = Pooling(config.pooling, encoder.outputs, config.inputs)
            width = self.pool.outputs
        self.head = nn.Linear(width, config.outputs)
        nn.init.zeros_(self.head.bias)
        if config.crf:
            self.crf = Crf(config.outputs)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Compute the logits of one padded batch.

        Args:
            inputs: [B, T, C] int64, or [B, T, I] float32; what lies past a length is never read.
            lengths: [B] int64 within 0..T.

        Returns:
            [B, K] for a pooled model, else [B, T, K], zero past a length.
        """
        config, training = self.config.encoder, self.training
        real = real_steps(lengths, inputs.shape[1]).unsqueeze(-1)
        ids = x = inputs.masked_fill(~real, 0)
        if self.config.channels:
            x = self.embedding(x)
        x = drop(x, config.input_dropout, training)
        states, last = self.encoder(x, lengths)
        if self.config.pooling:
            logits: Tensor = self.head(drop(self.pool(x, states, last, lengths), config.dropout, training))
            if self.config.wide:
                logits = logits + total(self.wide(ids), lengths)
            return logits
        states = drop(states, config.dropout, training)
        logits = self.head(torch.cat([states, x], dim=-1) if self.config.skip else states)
        if self.config.wide:
            logits = logits + self.wide(ids)
        return logits.masked_fill(~real, 0)
