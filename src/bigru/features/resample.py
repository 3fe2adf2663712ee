"""Waveforms from one sample rate to another: band-limited interpolation (Smith & Gossett 1984), in NumPy."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd

import numpy as np

__all__ = ["Resampler", "resample"]

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
    stream = Resampler(source, target)
    return np.concatenate([stream.push(samples), stream.finish()])


class Resampler:
    """A waveform at another rate that comes piece by piece: the same bits, each sample as soon as its filter is read.

    Args:
        source, target: as of `resample`.
    """

    def __init__(self, source: int, target: int) -> None:
        shared = gcd(source, target)
        self._rates = target // shared, source // shared
        many = ceil(PHASES / self._rates[0])
        self._up, self._down = (many * rate for rate in self._rates)
        width, self._filters = _filters(self._up, self._down)
        self._reach = max(first + len(kernel) for first, kernel in self._filters)
        self._waiting = np.zeros(width, np.float32)
        self._read = self._told = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take float32 [N] and return the samples that are certain now."""
        self._read += len(samples)
        self._waiting = np.concatenate([self._waiting, samples])
        return self._take(max((len(self._waiting) - self._reach) // self._down + 1, 0))

    def finish(self) -> np.ndarray:
        """Return the samples whose filters reach beyond the end, where zeros stand."""
        left = -(-self._read * self._rates[0] // self._rates[1]) - self._told
        blocks = -(-left // self._up)
        missing = max((blocks - 1) * self._down + self._reach - len(self._waiting), 0)
        self._waiting = np.pad(self._waiting, (0, missing))
        return self._take(blocks)[:left]

    def _take(self, blocks: int) -> np.ndarray:
        """Return the next blocks of samples. A product has all its rows always: a BLAS rounds by the shape."""
        result = np.empty((blocks, self._up), np.float32)
        for n, (first, kernel) in enumerate(self._filters):
            windows = _windows(self._waiting[first:], blocks, self._down, len(kernel))
            columns = result[:, n * GROUP : (n + 1) * GROUP]
            for row in range(0, blocks, ROWS):
                rows = windows[row : row + ROWS]
                if len(rows) < ROWS:
                    rows = np.concatenate([rows, np.zeros((ROWS - len(rows), len(kernel)), np.float32)])
                columns[row : row + ROWS] = (rows @ kernel)[: blocks - row]
        self._waiting = self._waiting[blocks * self._down :].copy()
        self._told += blocks * self._up
        return result.reshape(-1)


def _windows(waiting: np.ndarray, count: int, step: int, width: int) -> np.ndarray:
    """Return [count, width], rows `step` apart; of rows that overlap NumPy would compute without BLAS."""
    rows = np.lib.stride_tricks.as_strided(waiting, (count, width), (step * 4, 4), writeable=False)
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
