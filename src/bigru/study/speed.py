"""How long a layer takes: sizes, what they cost, and contenders timed in turns so that noise hits all alike."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..errors import ArgumentError, sentence

__all__ = ["GRID", "Size", "Stopwatch", "Timing", "operations", "read_size", "take_turns"]

LARGEST = 1 << 28
"""Most numbers in the arrays of one size, gates included: a gigabyte."""


class Size(NamedTuple):
    """Batch, time, input, hidden of a bidirectional layer."""

    B: int
    T: int
    I: int
    H: int


GRID = (
    Size(1, 100, 30, 64),
    Size(32, 100, 30, 64),
    Size(1, 50, 128, 128),
    Size(32, 50, 128, 128),
    Size(64, 200, 100, 128),
    Size(32, 100, 256, 256),
    Size(64, 100, 300, 512),
)
"""What is measured: one sequence and batches, from the model of the tutorials to weights beyond a core's cache."""


def read_size(text: str, where: str = "bench") -> Size:
    """Return the size that `B,T,I,H` names.

    Raises:
        ArgumentError: it is not four integers above 0, or their arrays would take more than a gigabyte.
    """
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise ArgumentError(sentence(where, "--size", "B,T,I,H, four integers above 0", repr(text)))
    size = Size(*map(int, parts))
    numbers = size.B * size.T * (size.I + 12 * size.H) + 12 * size.H * (size.I + size.H)
    if numbers > LARGEST:
        want = f"a size whose arrays hold at most {LARGEST:,} numbers"
        raise ArgumentError(sentence(where, "--size", want, f"{text} with {numbers:,}"))
    return size


def operations(size: Size, *, training: bool = False, steps: int | None = None) -> float:
    """Return the floating-point operations of both directions: 2 * 3H * (I + H) a step and row, training three times
    that.

    `steps` is the sum of all lengths, B * T where there are none. Gates and biases are not counted.
    """
    count = size.B * size.T if steps is None else steps
    return (3.0 if training else 1.0) * 2 * 2 * 3 * size.H * (size.I + size.H) * count


class Timing(NamedTuple):
    """Median and quartiles of the rounds, in the unit that the rounds were in."""

    median: float
    low: float
    high: float
    rounds: int

    @classmethod
    def summarise(cls, values: Sequence[float]) -> Timing:
        """Summarise one value per round, two at least."""
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high, len(values))

    def in_unit(self, factor: float) -> Timing:
        """Return it in another unit."""
        return Timing(self.median * factor, self.low * factor, self.high * factor, self.rounds)

    def to_json(self) -> dict[str, float]:
        """Return it for a result file, with four digits."""
        times = {name: float(f"{getattr(self, name):.4g}") for name in ("median", "low", "high")}
        return {**times, "rounds": self.rounds}


class Stopwatch:
    """Times one callable in blocks of so many calls that a block takes `block` seconds.

    Args:
        run: what is timed. It is called twice here, to warm up and to count the calls of a block.
        block: seconds.
    """

    def __init__(self, run: Callable[[], object], block: float = 0.01) -> None:
        self._run = run
        run()
        start = time.perf_counter()
        run()
        self.calls = max(1, math.ceil(block / max(time.perf_counter() - start, 1e-7)))

    def turn(self) -> float:
        """Time one block; return seconds per call.

        Short calls have an untimed block's tenth before them: others had the caches since the last turn.
        """
        if self.calls > 1:
            for _ in range(max(1, self.calls // 10)):
                self._run()
        start = time.perf_counter()
        for _ in range(self.calls):
            self._run()
        return (time.perf_counter() - start) / self.calls


def take_turns(
    turns: Mapping[str, Callable[[], float]], budget: float, *, least: int = 5, most: int = 100
) -> dict[str, Timing]:
    """Let every contender have one turn per round, for about `budget` seconds, `least` to `most` rounds.

    Where one is so slow that `least` rounds would take more than three times the budget, two are enough.

    Args:
        turns: by name, what takes one measurement and returns it.
        budget: seconds.
    """
    taken: dict[str, list[float]] = {name: [] for name in turns}
    start = time.perf_counter()
    for done in range(most):
        spent = time.perf_counter() - start
        if (done >= least and spent > budget) or (done >= 2 and spent > 3 * budget):
            break
        for name, turn in turns.items():
            taken[name].append(turn())
    return {name: Timing.summarise(values) for name, values in taken.items()}
