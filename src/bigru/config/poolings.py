"""How the steps of a sequence become one vector: the only list of poolings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import truediv
from typing import Any

__all__ = ["POOLINGS", "POOLING_RULES", "STATISTICS", "PoolingRule", "attends", "pooled_widths", "pools_inputs"]

STATISTICS = ("last", "sum", "largest", "attended", "steps", "root")
"""What every engine can tell of a sequence: the joined final states, sum and maximum over the steps, their mean
weighted by attention, [B, C] each; the number of steps, at least 1, and its root, [B, 1]."""

OF_STATES = ("last", "attended")


@dataclass(frozen=True)
class PoolingRule:
    """One way to make a vector of a sequence.

    Attributes:
        reads: the statistics that it is made of, of `STATISTICS`.
        formula: the result from these, in their order, written with operators alone, so that arrays, tensors and
            nodes of a graph go through it alike.
        inputs: whether it is made of what the encoder reads instead of what it returns.
    """

    reads: tuple[str, ...]
    formula: Callable[..., Any]
    inputs: bool = False

    def evaluate(self, statistics: Mapping[str, Callable[[], Any]]) -> Any:
        """Return the result of one engine's statistics, of which only those that are read are computed."""
        return self.formula(*(statistics[name]() for name in self.reads))


def _itself(value: Any) -> Any:
    return value


POOLING_RULES = {
    "last": PoolingRule(("last",), _itself),
    "mean": PoolingRule(("sum", "steps"), truediv),
    "max": PoolingRule(("largest",), _itself),
    "attention": PoolingRule(("attended",), _itself),
    "sqrt_n": PoolingRule(("sum", "root"), truediv, inputs=True),
}
"""Every pooling by its name. `attention` has weights (Yang et al. 2016, equations 5 to 7); `sqrt_n`, the sum of the
inputs themselves over the root of their number, keeps the plain bag of words in sight of the head."""

POOLINGS = tuple(POOLING_RULES)
"""How a sequence becomes one vector; `sqrt_n` is made of the inputs themselves."""


def pools_inputs(kind: str) -> bool:
    """Return whether a pooling is made of the encoder's inputs instead of its outputs."""
    return POOLING_RULES[kind].inputs


def pooled_widths(kinds: Iterable[str], states: int, inputs: int) -> list[int]:
    """Return the width of each pooling, for an encoder that reads `inputs` columns and returns `states`."""
    return [inputs if pools_inputs(kind) else states for kind in kinds]


def attends(kinds: Iterable[str]) -> bool:
    """Return whether one of the poolings needs the weights of attention."""
    return any("attended" in POOLING_RULES[kind].reads for kind in kinds)
