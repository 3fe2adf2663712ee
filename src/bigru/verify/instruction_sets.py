"""The compiled kernels on the other instruction sets of this machine.

The thread that verifies chooses each set in turn; what other threads compute meanwhile stays on theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..bundle import Bundle
from ..ops.library import instruction_sets, isa, use_instruction_set
from .batchings import PaddedBatch
from .engines import native
from .examine import examine
from .outcomes import Figures, Judge, Outcome

__all__ = ["Examined", "examine_on", "other_sets"]

Examined = dict[str, tuple[list[Outcome], dict[str, Figures]]]
"""By precision what `examine` returned."""


def other_sets() -> list[str]:
    """Return the instruction sets that run here beside the active one; emulations of others are none."""
    return [name for name, runs in instruction_sets() if runs and name != isa() and not name.endswith("_emulated")]


def examine_on(
    name: str,
    bundle: Bundle,
    judge: Judge,
    features: Sequence[np.ndarray],
    plan: Mapping[str, Sequence[PaddedBatch]],
    precisions: Sequence[str],
) -> Examined:
    """Examine the compiled kernels on another instruction set.

    Args:
        name: of the set.
        bundle, judge, features: the model, what decides for it, and the samples.
        plan: of `arrangements`.
        precisions: to run in.

    Raises:
        ArgumentError: this build or this processor lacks the set.
    """
    with use_instruction_set(name):
        return {precision: examine(native(bundle, precision), judge, features, plan) for precision in precisions}
