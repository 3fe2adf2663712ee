"""The encoder in chunks with a bounded look-ahead; see `bigru.ops.recurrent.chunking` for what is computed.

All windows of all sequences are one batch of the walk backward, so that chunks cost no more calls than whole sequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...ops.recurrent.chunking import Chunking
from .layers import RecurrentLayer, State, visible_state

__all__ = ["Encoded", "encode"]


class Encoded(NamedTuple):
    """What came of a batch: states [B, N, C]; h_n [D, B, H], the walk forward's state behind the last of them and the
    walk backward's at the first; the walks forward as they stand, one per layer, to go on from.
    """

    states: np.ndarray
    h_n: np.ndarray
    carried: list[State]


def encode(
    layers: Sequence[RecurrentLayer],
    x: np.ndarray,
    lengths: np.ndarray,
    window: Chunking,
    steps: int | None = None,
    carried: Sequence[State] | None = None,
) -> Encoded:
    """Run the layers over a padded batch in chunks.

    Args:
        layers: from the lowest to the top.
        x: [B, T, I]; what lies past a length is never read.
        lengths: [B].
        window: the chunk and its look-ahead.
        steps: N, how many steps to answer for, in whole chunks; what follows is only looked ahead to. None for all.
        carried: the walks forward as an earlier call left them, None at the beginning.

    Returns:
        States of the N steps, and where the walks stand.
    """
    batch, time, _ = x.shape
    steps = time if steps is None else steps
    count = max(window.count(steps), 1)
    wanted, inside, ahead = np.minimum(lengths, steps), window.lengths(lengths, count), window.ahead(lengths, count)
    here = np.zeros((batch, count * window.chunk, x.shape[2]), np.float32)
    here[:, :steps] = x[:, :steps]
    beyond = np.zeros((batch * count, window.lookahead, x.shape[2]), np.float32)
    if time:
        beyond = x[:, window.places(count, time)].reshape(beyond.shape)
    left = list(carried or [None] * len(layers))
    ends: list[np.ndarray] = []
    for number, layer in enumerate(layers):
        views, looks, ends = [], [], []
        needed = number < len(layers) - 1
        if "forward" in layer.walks:
            y, left[number] = layer.apart["forward"](here, wanted, left[number])
            views.append(y)
            ends.append(visible_state(left[number])[0])
            if needed:
                starts = np.ascontiguousarray(y[:, window.chunk - 1 :: window.chunk]).reshape(1, batch * count, -1)
                looks.append(layer.apart["forward"](beyond, ahead, starts)[0])
        if "backward" in layer.walks:
            windows = np.concatenate([here.reshape(batch * count, window.chunk, -1), beyond], axis=1)
            y, state = layer.apart["backward"](windows, inside)
            views.append(y[:, : window.chunk].reshape(batch, count * window.chunk, -1))
            ends.append(visible_state(state)[0, ::count])
            looks.append(y[:, window.chunk :])
        here = layer.join(views)
        beyond = layer.join(looks) if needed else beyond
    return Encoded(here[:, :steps], np.stack(ends), left)
