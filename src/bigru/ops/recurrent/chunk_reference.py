"""What a chunked run computes, chunk by chunk over one sequence: the specification of `chunking.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..gru.reference import forward
from .chunking import Chunking
from .walk import Weights

__all__ = ["encode"]

Join = Callable[[list[np.ndarray]], np.ndarray]


def encode(
    x: np.ndarray,
    layers: Sequence[Mapping[str, Weights]],
    window: Chunking,
    join: Join = lambda views: np.concatenate(views, axis=-1),
) -> np.ndarray:
    """Run stacked GRU layers over one sequence in chunks.

    Args:
        x: [T, I] float32 or float64.
        layers: per layer the weights of each walk, "forward", "backward" or both in this order.
        window: the chunk and its look-ahead.
        join: how the outputs of a layer's walks, [S, H] each, become one array [S, C].

    Returns:
        The last layer's outputs [T, C].
    """
    carried: list[np.ndarray | None] = [None] * len(layers)
    outputs = []
    for start in range(0, len(x), window.chunk):
        now = x[start : start + window.size]
        for number, walks in enumerate(layers):
            views = []
            for walk, weights in walks.items():
                backward = walk == "backward"
                y, _, _ = forward(now[None], weights, None if backward else carried[number], reverse=backward)
                if not backward:
                    carried[number] = y[:, min(window.chunk, len(now)) - 1]
                views.append(y[0])
            now = join(views)
        outputs.append(now[: window.chunk])
    return np.concatenate(outputs) if outputs else join([np.zeros((0, w[1].shape[1])) for w in layers[-1].values()])
