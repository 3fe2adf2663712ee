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

MOST_ENTRIES = 1 << 18
"""Numbers that the filters of two rates may hold (1 MB); rates that need more share one filter with polynomials."""

ORDER = 7
"""Of the polynomials in the phase."""


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
        up, down = (ceil(PHASES / self._rates[0]) * rate for rate in self._rates)
        self._engine: _Phases | _Polynomials = (
            _Phases(up, down) if _entries(up, down) <= MOST_ENTRIES else _Polynomials(*self._rates)
        )
        self._waiting = np.zeros(self._engine.width, np.float32)
        self._read = self._made = self._blocks = self._first = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take float32 [N] and return the samples that are certain now."""
        self._read += len(samples)
        self._waiting = np.concatenate([self._waiting, samples])
        over, under = self._engine.step
        # The last block begins at `most` or before.
        most = self._first + len(self._waiting) - self._engine.reach
        ready = ((most + 1) * under - 1) // over + 1 if most >= 0 else 0
        return self._take(max(ready - self._blocks, 0))

    def finish(self) -> np.ndarray:
        """Return the samples whose filters reach beyond the end, where zeros stand."""
        left = -(-self._read * self._rates[0] // self._rates[1]) - self._made
        blocks = max(-(-left // self._engine.size), 0)
        over, under = self._engine.step
        end = (self._blocks + blocks - 1) * over // under + self._engine.reach
        self._waiting = np.pad(self._waiting, (0, max(end - self._first - len(self._waiting), 0)))
        return self._take(blocks)[:left]

    def _take(self, blocks: int) -> np.ndarray:
        """Return the next blocks of samples."""
        result = self._engine.blocks(self._waiting, self._first, self._blocks, blocks)
        self._blocks += blocks
        self._made += blocks * self._engine.size
        over, under = self._engine.step
        begin = self._blocks * over // under
        self._waiting = self._waiting[begin - self._first :].copy()
        self._first = begin
        return result.reshape(-1)


class _Phases:
    """Filters for each phase of the output: a block has all phases, and every block is the same product.

    Attributes:
        size: outputs of a block.
        step: inputs from block to block, as a fraction.
        width: zeros that stand before the first input.
        reach: inputs that a block reads.
    """

    def __init__(self, up: int, down: int) -> None:
        self.width, self._filters = _filters(up, down)
        self.reach = max(first + len(kernel) for first, kernel in self._filters)
        self.size, self.step = up, (down, 1)

    def blocks(self, waiting: np.ndarray, first: int, begin: int, count: int) -> np.ndarray:
        """Return [count, size], the blocks from `begin` on, of inputs from `first` on."""
        down = self.step[0]
        waiting = waiting[begin * down - first :]
        result = np.empty((count, self.size), np.float32)
        for n, (at, kernel) in enumerate(self._filters):
            windows = _windows(waiting[at:], count, down, len(kernel))
            _multiply(windows, kernel, result[:, n * GROUP : (n + 1) * GROUP])
        return result


class _Polynomials:
    """One filter for every phase, whose taps are polynomials in the phase (Farrow 1988): for rates that share so small
    a factor that filters for each of their phases would take megabytes. Error below -100 dB.

    Attributes: as of `_Phases`.
    """

    def __init__(self, up: int, down: int) -> None:
        self.width, self.size, self._taps = _polynomials(up, down)
        self.reach = self._taps.shape[1]
        self.step = self.size * down, up

    def blocks(self, waiting: np.ndarray, first: int, begin: int, count: int) -> np.ndarray:
        """Return [count, size], the blocks from `begin` on, of inputs from `first` on."""
        over, under = self.step
        numbers = [(begin + n) * over for n in range(count)]
        phases = np.array([number % under / under - 0.5 for number in numbers], np.float32)[:, None]
        starts = np.array([number // under - first for number in numbers], np.int64)
        result, product = np.empty((count, self.size), np.float32), np.empty((ROWS, self.size), np.float32)
        for row in range(0, count, ROWS):
            windows = waiting[starts[row : row + ROWS, None] + np.arange(self.reach)]
            values = result[row : row + ROWS]
            values[:] = 0
            for taps in self._taps[::-1]:
                _multiply(windows, taps, product[: len(windows)])
                values *= phases[row : row + ROWS]
                values += product[: len(windows)]
        return result


def _multiply(windows: np.ndarray, kernel: np.ndarray, result: np.ndarray) -> None:
    """Write the products of rows and a kernel. A product has all its rows always: a BLAS rounds by the shape."""
    for row in range(0, len(windows), ROWS):
        rows = windows[row : row + ROWS]
        if len(rows) < ROWS:
            rows = np.concatenate([rows, np.zeros((ROWS - len(rows), len(kernel)), np.float32)])
        result[row : row + ROWS] = (rows @ kernel)[: len(windows) - row]


def _windows(waiting: np.ndarray, count: int, step: int, width: int) -> np.ndarray:
    """Return [count, width], rows `step` apart; of rows that overlap NumPy would compute without BLAS."""
    rows = np.lib.stride_tricks.as_strided(waiting, (count, width), (step * 4, 4), writeable=False)
    return rows if width <= step else np.ascontiguousarray(rows)


def _entries(up: int, down: int) -> int:
    """Return how many numbers the filters of all phases hold, about."""
    width = 2 * ZEROS * down / (ROLLOFF * min(up, down))
    return ceil(up * (GROUP * down / up + width))


def _kernel(times: np.ndarray) -> np.ndarray:
    """Return a sinc under a Hann window at times in zero crossings."""
    times = np.clip(times, -ZEROS, ZEROS)
    window = np.cos(times * np.pi / (2 * ZEROS)) ** 2
    kernel: np.ndarray = np.sinc(times) * window
    return kernel


@lru_cache(maxsize=8)
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
        kernel = _kernel((inputs[:, None] / down - phases / up) * cutoff)
        groups.append((first, np.asarray(kernel * (cutoff / down), np.float32)))
    return width, groups


@lru_cache(maxsize=8)
def _polynomials(up: int, down: int) -> tuple[int, int, np.ndarray]:
    """Return how far the filter reaches, the outputs of a block, and the taps [ORDER + 1, inputs, outputs].

    The block begins at an input plus a phase of 0 to 1; its taps, known at the Chebyshev points of that range, are
    polynomials through them, in the phase less 0.5.
    """
    cutoff = ROLLOFF * min(1.0, up / down)
    width = ceil(ZEROS / cutoff)
    # Longer filters serve more outputs, but never so many that the taps grow beyond measure.
    size = max(min(GROUP, MOST_ENTRIES // (width * (ORDER + 1))), 1)
    inputs = np.arange(-width, width + ceil(size * down / up) + 2)
    points = np.cos(np.pi * (np.arange(ORDER + 1) + 0.5) / (ORDER + 1)) / 2
    known = [
        _kernel((inputs[:, None] - (point + 0.5) - np.arange(size) * (down / up)) * cutoff) * cutoff for point in points
    ]
    powers = np.linalg.inv(np.vander(points, increasing=True))
    taps = np.einsum("kp,pis->kis", powers, np.stack(known))
    return width, size, np.ascontiguousarray(taps, np.float32)
