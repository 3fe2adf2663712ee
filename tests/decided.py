"""From logits to answers in one call, as a predictor makes them."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from bigru.features.batching import pad
from bigru.ops.crf.weights import CrfWeights

__all__ = ["answers"]


def answers(
    task: ModuleType, config: Any, logits: Any, crf: CrfWeights | None = None, inputs: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Return the answers of a task: logits are [N, K], or per input [T, K] where each step has a row."""
    weights = {} if crf is None else {f"crf.{name}": array for name, array in crf._asdict().items()}
    if task.HEAD == "sequence":
        given = logits, np.ones(len(logits), np.int64)
    else:
        padded, lengths = pad([np.asarray(rows) for rows in logits])
        given = padded, lengths
    decision = task.decide(config, *given, task.prepare(config, weights))
    found: list[dict[str, Any]] = task.answer(config, decision, given[0], inputs)
    return found
