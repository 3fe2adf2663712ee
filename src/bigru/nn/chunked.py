"""A layer in chunks with a bounded look-ahead, differentiably; see `bigru.ops.recurrent.chunking` for what is computed.

The windows of all sequences are one batch of the walk backward, so that a step of training in chunks is a few large
calls, whatever the chunks.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..ops.recurrent import autograd
from ..ops.recurrent.chunking import Chunking
from .recurrent import Recurrent, apply_weight_dropout

__all__ = ["ChunkedBatch"]


class ChunkedBatch:
    """The windows of one batch.

    Args:
        window: the chunk C and its look-ahead R.
        lengths: [B] int64.
        time: T of the padded batch.

    Attributes:
        count: chunks of each sequence, n.
    """

    def __init__(self, window: Chunking, lengths: Tensor, time: int) -> None:
        self.window, self.time, self.count = window, time, max(window.count(time), 1)
        self._lengths = lengths.cpu().numpy()
        self._inside = window.lengths(self._lengths, self.count)
        self._ahead = window.ahead(self._lengths, self.count)

    def cut(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return x [B, T, I] as whole chunks [B, n * C, I], and what lies behind each of them [B * n, R, I]."""
        here = F.pad(x, (0, 0, 0, self.count * self.window.chunk - self.time))
        shape = (len(x) * self.count, self.window.lookahead, x.shape[2])
        if not self.time or not self.window.lookahead:
            return here, x.new_zeros(shape)
        places = torch.from_numpy(self.window.places(self.count, self.time)).to(x.device)
        return here, x.index_select(1, places).reshape(shape)

    def run(
        self, layer: Recurrent, here: Tensor, beyond: Tensor, top: bool
    ) -> tuple[Tensor, Tensor | None, dict[str, Tensor]]:
        """Run one layer.

        Args:
            layer: the layer.
            here, beyond: what it reads, as `cut` returns it.
            top: whether no layer follows, so that nobody asks for what lies behind the chunks.

        Returns:
            Its outputs here [B, n * C, C'] and beyond [B * n, R, C'] (None at the top), and by walk the state [B, H]
            that it ends with: forward behind the last step, backward at the first.
        """
        (batch, steps, _), (chunk, windows) = here.shape, (self.window.chunk, len(beyond))
        views, looks, finals = {}, {}, {}
        for walk, weights in apply_weight_dropout(layer, layer.spec).items():
            if walk == "forward":
                y, h_n = self._walk(layer, here, walk, weights, self._lengths)
                views[walk], finals[walk] = y, h_n[0]
                if not top:
                    starts = y[:, chunk - 1 :: chunk].reshape(1, windows, -1)
                    looks[walk] = self._walk(layer, beyond, walk, weights, self._ahead, starts)[0]
            else:
                both = torch.cat([here.reshape(windows, chunk, -1), beyond], dim=1)
                y, h_n = self._walk(layer, both, walk, weights, self._inside)
                views[walk], finals[walk] = y[:, :chunk].reshape(batch, steps, -1), h_n[0, :: self.count]
                looks[walk] = y[:, chunk:]
        return layer.join(views), None if top else layer.join(looks), finals

    @staticmethod
    def _walk(
        layer: Recurrent, x: Tensor, walk: str, weights: list[Tensor], lengths: np.ndarray, h0: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        spec = layer.spec
        return autograd.forward(x, {walk: weights}, lengths, cell=spec.cell, reset_after=spec.reset_after, h0=h0)
