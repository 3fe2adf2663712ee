"""Waveforms from one sample rate to another: band-limited interpolation (Smith & Gossett 1984), in NumPy."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd

import numpy as np

__all__ = ["resample"]

ZEROS = 12
"""Zero crossings of the sinc to each side."""

ROLLOFF = 0.95
"""Where the pass band ends, as a share of the lower of both Nyquist frequencies."""

PHASES, GROUP, ROWS = 128, 32, 64
"""Outputs computed side by side at least, those of them that share a matrix, and its rows at a time: products so small
that no BLAS divides them among threads, which would cost more than it saves.
"""


def resample(samples: np.ndarray, source: int, target: int) -> np.ndarray:
    """Return a waveform at another rate.

    Args:
        samples: float32 [N]; zeros stand beyond both ends.
        source: its rate in hertz.
        target: the rate wanted.

    Returns:
        float32 [ceil(N * target / source)].
    """
    if source == target or not len(samples):
        return samples
    shared = gcd(source, target)
    up, down = target // shared, source // shared
    many = ceil(PHASES / up)
    up, down = many * up, many * down
    width, filters = _filters(up, down)
    wanted = -(-len(samples) * up // down)
    blocks = -(-wanted // up)
    padded = np.zeros(blocks * down + 2 * width + 1, np.float32)
    inside = samples[: len(padded) - width]
    padded[width : width + len(inside)] = inside
    result = np.empty((blocks, up), np.float32)
    for n, (first, kernel) in enumerate(filters):
        windows = _windows(padded[first:], blocks, down, len(kernel))
        for row in range(0, blocks, ROWS):
            np.matmul(windows[row : row + ROWS], kernel, out=result[row : row + ROWS, n * GROUP : (n + 1) * GROUP])
    return result.reshape(-1)[:wanted]


def _windows(padded: np.ndarray, count: int, step: int, width: int) -> np.ndarray:
    """Return [count, width], rows `step` apart; of rows that overlap NumPy would compute without BLAS."""
    rows = np.lib.stride_tricks.as_strided(padded, (count, width), (step * 4, 4), writeable=False)
    return rows if width <= step else np.ascontiguousarray(rows)


@lru_cache(maxsize=16)
def _filters(up: int, down: int) -> tuple[int, list[tuple[int, np.ndarray]]]:
    """Return how far the filters reach, and for each group of phases the first sample it reads and its filters.

    The same `up` filters serve every `down` samples: a sinc under a Hann window, moved by the phase of the output.
    """
    cutoff = ROLLOFF * min(up, down)
    width = ceil(ZEROS * down / cutoff)
    groups = []
    for start in range(0, up, GROUP):
        phases = np.arange(start, min(start + GROUP, up))
        first, last = int(phases[0]) * down // up, -(-int(phases[-1]) * down // up)
        inputs = np.arange(first - width, last + width + 1)
        times = np.clip((inputs[:, None] / down - phases / up) * cutoff, -ZEROS, ZEROS)
        window = np.cos(times * np.pi / (2 * ZEROS)) ** 2
        groups.append((first, np.asarray(np.sinc(times) * window * (cutoff / down), np.float32)))
    return width, groups
