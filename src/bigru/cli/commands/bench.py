"""`bigru bench`: how fast the kernels are on this machine, beside PyTorch where it is installed."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..._version import __version__
from ...errors import ArgumentError, sentence
from ...ops.library import isa, product_rate, threads
from ...study import engines, speed
from .. import show
from ..streams import print_json
from .info import package_version

__all__ = ["bench"]

SECONDS, QUICK = 4.0, 0.3
"""Budget of a row of the table."""

PASSES = {"forward": False, "forward + backward": True}

IDLE_SECONDS = 0.005
"""Seconds before each turn: OpenMP's threads, which torch brings, spin for about a millisecond after their work."""


class BenchRow(NamedTuple):
    """One size in one pass: milliseconds per engine, what bigru reached, and the machine's peak in the same rounds."""

    passes: str
    size: speed.Size
    milliseconds: dict[str, speed.Timing]
    gflops: float
    peak_gflops: float

    def to_json(self) -> dict[str, Any]:
        """Return it as an object of numbers with four digits."""
        times = {engine: timing.to_json() for engine, timing in self.milliseconds.items()}
        rates = {"gflops": float(f"{self.gflops:.4g}"), "peak_gflops": float(f"{self.peak_gflops:.4g}")}
        return {"pass": self.passes, **self.size._asdict(), "milliseconds": times, **rates}


def bench(*, quick: bool, threads: int | None, sizes: Sequence[str]) -> None:
    """Time every size and print one JSON object; a table goes to stderr.

    Args:
        quick: whether to take a second or two in all, for a first impression.
        threads: how many to use; None for as many as the kernels use by themselves.
        sizes: as `B,T,I,H`; none for the grid of `study.speed`.

    Raises:
        ArgumentError: a size or the number of threads is out of its range.
    """
    chosen = [speed.read_size(text) for text in sizes] or list(speed.GRID[:4] if quick else speed.GRID)
    used = _threads(threads)
    facts = {
        "bigru": __version__,
        "torch": _torch_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "isa": isa(),
        "threads": used,
    }
    if facts["torch"] is None:
        show.print_note("PyTorch is not installed: bigru is timed alone.")
    show.print_note(f"instruction set {facts['isa']}, threads {used}; medians in milliseconds, one bidirectional layer")
    rows = [_row(size, name, used, QUICK if quick else SECONDS) for name in PASSES for size in chosen]
    for name in PASSES:
        show.print_note(name)
        show.print_table(_table([row for row in rows if row.passes == name]))
    print_json({**facts, "rows": [row.to_json() for row in rows]})


def _threads(wanted: int | None) -> int:
    most = threads()
    if wanted is not None and not 1 <= wanted <= most:
        raise ArgumentError(sentence("bench", "--threads", f"within 1..{most}", wanted))
    return wanted or most


def _torch_version() -> str | None:
    return package_version("torch")


def _row(size: speed.Size, name: str, threads: int, budget: float) -> BenchRow:
    """Time one size in one pass: every engine and the machine's peak in turns."""
    given, training = engines.layer(size), PASSES[name]
    turns = {engine: _turn(case) for engine, case in _cases(given, training, threads).items()}
    # The largest of several: a thread that wakes after a pause may share its waker's core for some milliseconds.
    peak = {"peak": lambda: max(product_rate("fp32", threads) or 0.0 for _ in range(5))}
    taken = speed.take_turns({**turns, **peak}, budget, least=3)
    reached = taken.pop("peak").median / 1e9
    rate = speed.operations(size, training=training) / taken["bigru"].median / 1e9
    return BenchRow(name, size, {engine: timing.in_unit(1e3) for engine, timing in taken.items()}, rate, reached)


def _cases(given: engines.TimedLayer, training: bool, threads: int) -> dict[str, engines.Case]:
    """Return the engines that are here, checked to give the same numbers."""
    first = engines.bigru_training if training else engines.bigru_forward
    cases = {"bigru": first(given, threads)}
    if _torch_version() is None:
        return cases
    if training:
        cases["bigru.nn"] = engines.torch_training(given, threads, "bigru")
        cases["torch"] = engines.torch_training(given, threads)
    else:
        cases["torch"] = engines.torch_forward(given, threads)
    wanted = cases["bigru"].answers()
    for name, case in cases.items():
        engines.check_equal(name, case.answers(), wanted)
    return cases


def _turn(case: engines.Case) -> Callable[[], float]:
    clock = speed.Stopwatch(case.run)

    def turn() -> float:
        time.sleep(IDLE_SECONDS)
        return clock.turn()

    return turn


def _table(rows: Sequence[BenchRow]) -> list[list[object]]:
    engines_timed = list(rows[0].milliseconds)
    faster = ["times torch"] if "torch" in engines_timed else []
    lines: list[list[object]] = [["B,T,I,H", *engines_timed, *faster, "GFLOP/s", "of the peak"]]
    for row in rows:
        medians = {engine: timing.median for engine, timing in row.milliseconds.items()}
        ratio = [f"{medians['torch'] / medians['bigru']:.1f}"] if faster else []
        share = f"{100 * row.gflops / row.peak_gflops:.0f} %"
        times = [f"{median:.3g}" for median in medians.values()]
        lines.append([",".join(map(str, row.size)), *times, *ratio, f"{row.gflops:.1f}", share])
    return lines
