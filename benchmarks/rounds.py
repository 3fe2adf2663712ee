"""All seeds of all rows of a table in one queue, so many side by side, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

__all__ = ["end_with_parent", "rounds"]


def rounds(
    names: list[str],
    folder: Path,
    seeds: list[int],
    jobs: int,
    train: Callable[[str, Path, int, int], Any],
    baseline: Callable[[str, Path], Any],
    done: Callable[[str, list[Any], Any], None],
) -> None:
    """Run rows, and hand on each row's results once its seeds are done.

    Args:
        names: the rows.
        folder: of the data.
        seeds: of each row.
        jobs: runs side by side; they share the processors evenly.
        train: runs one seed of a row, with so many threads.
        baseline: scores what a row is compared with.
        done: takes a row, what its seeds gave, and what the baseline gave.
    """
    threads = max(1, len(os.sched_getaffinity(0)) // jobs)
    with ProcessPoolExecutor(jobs, initializer=end_with_parent, max_tasks_per_child=1) as pool:
        queued = {
            name: (
                [pool.submit(train, name, folder, seed, threads) for seed in seeds],
                pool.submit(baseline, name, folder),
            )
            for name in names
        }
        for name, (runs, beside) in queued.items():
            done(name, [one.result() for one in runs], beside.result())


def end_with_parent() -> None:
    """End this process when the one that started it ends, however that ends: a killed one ends no pool."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
