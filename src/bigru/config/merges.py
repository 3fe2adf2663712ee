"""How the two directions of a layer become one: the only list of merges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["MERGES", "MERGE_RULES", "MergeRule"]


@dataclass(frozen=True)
class MergeRule:
    """One way to join what both walks of a layer return, [..., H] each.

    Attributes:
        formula: the result from the forward and the backward view, written with operators alone, so that arrays,
            tensors and nodes of a graph go through it alike; None where it needs more than both views.
        columns: width of the result, in H.
    """

    formula: Callable[[Any, Any], Any] | None = None
    columns: int = 1


MERGE_RULES = {
    "concat": MergeRule(columns=2),
    "sum": MergeRule(lambda forward, backward: forward + backward),
    "mul": MergeRule(lambda forward, backward: forward * backward),
    "average": MergeRule(lambda forward, backward: (forward + backward) * 0.5),
    "gated": MergeRule(),
}
"""Every merge by its name. `gated` learns a convex mix per unit."""

MERGES = tuple(MERGE_RULES)
"""How the two directions of a layer are joined."""
