"""From weights to a saved model, by way of a comparison: what torch trained must answer the same in the runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch

from ..bundle import Bundle
from ..config import ForecastModelConfig
from ..data.batching import pad
from ..errors import TrainingError, sentence
from ..ops.crf.weights import CrfWeights
from ..runtime.forecast import ForecastNetwork
from ..runtime.network import Network
from ..runtime.predictor import changed
from ..tasks import transcribe
from .build import Shape, network

__all__ = ["TOLERANCE", "Comparison", "compare", "export"]

TOLERANCE = 1e-4
"""How far the logits may lie apart, as a share of the largest logit or of 1, whichever is more."""

INPUTS = 64
"""Inputs that are compared at most, the shortest and the longest among them."""

SIZE = 16
"""Sequences per batch of the comparison: small, so that real padding of many lengths is met."""

Comparison = dict[str, float]
"""`inputs` compared, `logits_difference` scaled as `TOLERANCE`, `changed_answers`."""


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
    """Return a model ready to be saved, after torch and the runtime have answered real inputs alike.

    Args:
        task: a module of `bigru.tasks`.
        config: the task's Config.
        model: the model's shape.
        weights: what `fit` returned, by name.
        inputs: real inputs, as users will send them (the dev examples, say).
        metrics: what else metrics.json shall hold; the comparison goes under "verification".
        card: Markdown on data and training for the model card; the comparison is added.

    Raises:
        TrainingError: the two disagree; nothing must be saved then.
    """
    found = compare(task, config, model, weights, inputs)
    if not found["logits_difference"] <= TOLERANCE or found["changed_answers"]:
        got = f"logits {found['logits_difference']:.1e} apart and {found['changed_answers']} changed answers"
        want = f"the same in torch and in the runtime (logits within {TOLERANCE:g}) on {found['inputs']} inputs"
        remedy = "The model is not saved. Please report this, with the settings of the training."
        raise TrainingError(sentence("export", "answers", want, got, remedy))
    checked = (
        f"Before it was saved, torch and the kernels that predict answered {found['inputs']} inputs with it: "
        f"logits at most {found['logits_difference']:.1e} apart, no answer changed."
    )
    return Bundle(
        task=task.__name__.rpartition(".")[2],
        model=model,
        config=config,
        weights=dict(weights),
        metrics={**(metrics or {}), "verification": found},
        card="\n\n".join(part for part in (card.strip(), checked) if part),
    )


def compare(
    task: ModuleType, config: Any, model: Shape, weights: Mapping[str, np.ndarray], inputs: Sequence[Any]
) -> Comparison:
    """Run a model on real inputs in torch and in the runtime and say how far apart they are."""
    features = task.featurise(config, inputs)
    by_length = np.argsort([len(f) for f in features], kind="stable")
    chosen = by_length[np.unique(np.linspace(0, len(features) - 1, min(INPUTS, len(features))).astype(int))]
    module = network(model)
    module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    module.eval()
    runtime: Any = (ForecastNetwork if isinstance(model, ForecastModelConfig) else Network)(model, weights)  # type: ignore[arg-type]
    apart, differing = 0.0, 0
    for start in range(0, len(chosen), SIZE):
        indices = chosen[start : start + SIZE]
        padded, lengths = pad([features[i] for i in indices])
        with torch.no_grad():
            ours = module(torch.from_numpy(padded), torch.from_numpy(lengths)).numpy()
        theirs = runtime(padded, lengths)
        scale = max(1.0, float(np.abs(ours).max(initial=0.0)))
        # Unlike Python's max, NumPy's lets a NaN through, which no comparison may swallow.
        apart = float(np.maximum(apart, np.abs(ours - theirs).max(initial=0.0) / scale))
        batch = [inputs[i] for i in indices]
        answers = [_answers(task, config, model, weights, logits, lengths, batch) for logits in (ours, theirs)]
        differing += changed(*answers)
    return {"inputs": len(chosen), "logits_difference": apart, "changed_answers": differing}


def _answers(
    task: ModuleType,
    config: Any,
    model: Shape,
    weights: Mapping[str, np.ndarray],
    logits: np.ndarray,
    lengths: np.ndarray,
    inputs: Sequence[Any],
) -> list[dict[str, Any]]:
    if isinstance(model, ForecastModelConfig):
        return []  # A forecast is its numbers: nothing is decided that could be decided otherwise.
    if not model.per_step:
        return task.decode(config, logits)
    names = ("crf.transitions", "crf.start", "crf.end")
    crf = CrfWeights(*(weights[name] for name in names)) if model.crf else None
    rows = [row[:end] for row, end in zip(logits, model.steps(lengths), strict=True)]
    if isinstance(config, transcribe.Config):
        return task.decode(config, rows)
    return task.decode(config, rows, crf, inputs)
