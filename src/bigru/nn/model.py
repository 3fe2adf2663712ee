"""The whole model: features in, logits out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..config import ModelConfig
from ..ops.recurrent.chunking import Chunking
from .conv import ConvFrontEnd
from .embedding import NGRAM_SPREAD, ChannelEmbedding, WideLinear
from .encoder import Encoder, dropout_mask, shared_dropout
from .heads import Crf, project
from .pooling import Pooling, padding_places, sum_over_sqrt_n, zero_padding

__all__ = ["SequenceModel"]


class SequenceModel(nn.Module):
    """Embedding, front end and pooling if there are any, encoder, and a linear head; a CRF's scores beside it.

    The names in its state_dict are those of a saved model (`bigru.bundle.weights.shapes`), and
    `bigru.runtime.network.sequence.Network` computes the same without torch.

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
            if config.wide_linear:
                self.wide = WideLinear(config.channels, config.outputs, *dropouts)
        if config.conv:
            self.front = ConvFrontEnd(config.conv, config.embedded)
        self.encoder = Encoder(encoder, config.inputs)
        width = encoder.outputs + (config.inputs if config.skip else 0)
        if config.pooling:
            self.pool = Pooling(config.pooling, encoder.outputs, config.inputs)
            width = self.pool.outputs
        self.head = nn.Linear(width, config.outputs)
        nn.init.zeros_(self.head.bias)
        if config.crf:
            self.crf = Crf(config.outputs)

    def forward(self, inputs: Tensor, lengths: Tensor, window: Chunking | None = None) -> Tensor:
        """Compute the logits of one padded batch.

        Args:
            inputs: [B, T, C] int64, or [B, T, I] float32; what lies past a length is never read.
            lengths: [B] int64 within 0..T.
            window: the chunks that the encoder reads in, None for whole sequences.

        Returns:
            [B, K] for a pooled model, else [B, T', K] with T' = `config.steps(T)`, zero past `config.steps(lengths)`.
        """
        config, training = self.config.encoder, self.training
        ended, past = lengths, padding_places(lengths, inputs.shape[1])
        # Ids of the padding must be rows of a table; numbers in it are read by the skip alone.
        ids = x = zero_padding(inputs, past) if self.config.channels or self.config.skip else inputs
        if self.config.channels:
            x = self.embedding(x)
        if self.config.conv:
            x, lengths = self.front(x, lengths)
        x = shared_dropout(x, config.input_dropout, training)
        states, last = self.encoder(x, lengths, window)
        if self.config.pooling:
            logits: Tensor = self.head(shared_dropout(self.pool(x, states, last, lengths), config.dropout, training))
            if self.config.wide_linear:
                logits = logits + sum_over_sqrt_n(self.wide(ids), ended)
            return logits
        if self.config.stride > 1:
            past = padding_places(lengths, x.shape[1])
        logits = self._steps(states, x)
        if self.config.wide_linear:
            logits = logits + self.wide(ids)
        return zero_padding(logits, past)

    def _steps(self, states: Tensor, x: Tensor) -> Tensor:
        """Return the logits of every step; states and inputs are multiplied apart, not copied side by side."""
        p = self.config.encoder.dropout
        weight, skipped = self.head.weight, None
        if self.config.skip:
            weight, skipped = weight.split([states.shape[2], x.shape[2]], dim=1)
        # What torch computes in half precision has gradients that only torch's own operators know.
        if self.training and p and not torch.is_autocast_enabled(x.device.type):
            logits = project(states, dropout_mask(states, p), weight, self.head.bias)
        else:
            logits = F.linear(shared_dropout(states, p, self.training), weight, self.head.bias)
        return logits if skipped is None else logits + F.linear(x, skipped)
