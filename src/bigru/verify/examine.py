"""One engine, in every arrangement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .batchings import ALONE, Engine, PaddedBatch, run
from .outcomes import Figures, Judge, Outcome

__all__ = ["examine"]


def examine(
    engine: Engine, judge: Judge, features: Sequence[np.ndarray], plan: Mapping[str, Sequence[PaddedBatch]]
) -> tuple[list[Outcome], dict[str, Figures]]:
    """Run an engine in every arrangement.

    Args:
        engine: the engine.
        judge: of the model.
        features: the samples.
        plan: of `arrangements`.

    Returns:
        What it says of each sample alone, and per other arrangement how far what it says there lies from that.
    """
    alone = run(engine, judge, features, plan[ALONE])
    figures = {}
    for name, batches in plan.items():
        if name != ALONE:
            found = run(engine, judge, features, batches)
            figures[name] = judge.compare([alone[n] for n in found], list(found.values()))
    return [alone[n] for n in range(len(features))], figures
