"""From weights to a saved model, by way of a verification: torch, runtime and specification must answer alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..bundle.card import VERIFICATION
from ..bundle.weights import Shape
from ..verify import gate

__all__ = ["export"]


def export(
    task: ModuleType,
    config: Any,
    model: Shape,
    weights: Mapping[str, np.ndarray],
    inputs: Sequence[Any],
    *,
    metrics: Mapping[str, Any] | None = None,
    card: str = "",
) -> Bundle:
    """Return a model ready to be saved, after it was verified on real inputs.

    Args:
        task: a module of `bigru.tasks`.
        config: the task's Config.
        model: the model's shape.
        weights: what `fit` returned, by name.
        inputs: real inputs, as users will send them (the dev examples, say).
        metrics: what else goes into metrics.json; the verification goes under "verification".
        card: Markdown on data and training for the model card; the verification is added.

    Raises:
        VerificationError: engines disagree, or an answer hangs on batch mates or padding; nothing must be saved then.
    """
    made = Bundle(task.__name__.rpartition(".")[2], model, config, dict(weights))
    report = gate(made, "export", inputs, torch=True)
    parts = (card.strip() or "Nothing was written down about them.", f"## {VERIFICATION}", report.section())
    return replace(made, metrics={**(metrics or {}), "verification": report.summary()}, card="\n\n".join(parts))
