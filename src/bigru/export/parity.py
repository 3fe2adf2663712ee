"""An export against the runtime: the same logits and the same decisions, at many lengths, sizes and paddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..config import ForecastModelConfig, ModelConfig
from ..errors import VerificationError, sentence
from ..runtime.forecast import ForecastNetwork
from ..runtime.network import Network
from ..tasks import classify, tag, task_named, transcribe
from ..verify import gate

__all__ = ["TOLERANCE", "Comparison", "ParityError", "Run", "check", "compare", "decisions", "drawn", "told"]

TOLERANCE = 1e-5
"""How far logits may lie apart, as a share of the largest logit or of 1, whichever is more."""

LENGTHS = ([0], [1], [2], [7], [63], [65], [7, 0, 1], [65, 63, 2, 0, 1], [*range(17)], [500, 3])

EXTRA = 3
"""Steps of garbage behind the longest sequence of a batch; one batch has none, and one has no step at all."""

WINDOWS = (1, 2, 7, 33)
"""Sizes of the batches of a forecaster, whose windows are all equally long."""

Run = Callable[[np.ndarray, np.ndarray], Mapping[str, np.ndarray]]
"""From inputs and lengths to outputs by name, `logits` among them."""


class ParityError(VerificationError):
    """What was to be exported does not answer as the runtime does; nothing is written."""


@dataclass(frozen=True)
class Comparison:
    """What was found.

    Attributes:
        sequences: how many were compared.
        largest_difference: between logits, scaled as `TOLERANCE`.
        changed: decisions that differ: labels of classifiers, tags, symbols.
    """

    sequences: int
    largest_difference: float
    changed: int

    @property
    def values(self) -> dict[str, Any]:
        """The three by name."""
        return asdict(self)


def check(bundle: Bundle, run: Run, kind: str) -> Comparison:
    """Compare an export with the runtime and refuse one that differs.

    Args:
        bundle: the saved model, with the weights that the export has.
        run: the export.
        kind: what it is called.

    Raises:
        VerificationError: the runtime itself does not pass the verification that a saved model has to.
        ParityError: logits lie farther apart than `TOLERANCE`, or a decision differs.
    """
    gate(bundle, "export")
    found = compare(bundle, run)
    if not found.largest_difference <= TOLERANCE or found.changed:
        got = f"logits {found.largest_difference:.1e} apart and {found.changed} changed decisions"
        want = f"those of the runtime (logits within {TOLERANCE:g}) on {found.sequences} sequences"
        remedy = "Nothing was written. Please report this, with the model's config.json."
        raise ParityError(sentence("export", f"answers of {kind}", want, got, remedy))
    return found


def compare(bundle: Bundle, run: Run, seed: int = 0) -> Comparison:
    """Run drawn inputs through the runtime and through an export and say how far apart they are."""
    model = bundle.model
    network = ForecastNetwork(model, bundle.weights) if isinstance(model, ForecastModelConfig) else None
    ours: Any = network or Network(model, bundle.weights)  # type: ignore[arg-type]
    apart, changed, sequences = 0.0, 0, 0
    for inputs, lengths in drawn(bundle.model, seed):
        logits, theirs = ours(inputs, lengths), run(inputs, lengths)
        if theirs["logits"].shape != logits.shape:
            got = f"shape {list(theirs['logits'].shape)}"
            raise ParityError(sentence("export", "logits", f"of shape {list(logits.shape)}", got))
        scale = max(1.0, float(np.abs(logits).max(initial=0)))
        # Unlike Python's max, NumPy's lets a NaN through, which no comparison may swallow.
        apart = float(np.maximum(apart, np.abs(logits - theirs["logits"]).max(initial=0) / scale))
        pairs = zip(decisions(bundle, logits, lengths), told(bundle, theirs, lengths), strict=True)
        changed += sum(int(np.count_nonzero(one != other)) for one, other in pairs)
        sequences += len(lengths)
    return Comparison(sequences, apart, changed)


def drawn(model: ModelConfig | ForecastModelConfig, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches of drawn inputs and their lengths; past a length stand numbers that no model may read."""
    random = np.random.default_rng(seed)
    if isinstance(model, ForecastModelConfig):
        for size in WINDOWS:
            windows = random.normal(size=(size, model.rows, model.inputs)).astype(np.float32)
            yield windows, np.full(size, model.rows)
        return
    for n, lengths in enumerate([[0], *LENGTHS]):
        time = max(lengths) + (EXTRA if n > 1 else 0)
        shape = (len(lengths), time)
        if model.channels:
            columns = [random.integers(0, channel.size, shape) for channel in model.channels]
            inputs = np.stack(columns, axis=2).astype(np.int64)
        else:
            inputs = random.normal(size=(*shape, model.values)).astype(np.float32)
        past = np.arange(time) >= np.array(lengths)[:, None]
        inputs[past] = 10**9 if model.channels else np.nan
        yield inputs, np.array(lengths)


def decisions(bundle: Bundle, logits: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """Return what the runtime decides by its logits: a row of whole numbers per sequence."""
    config: Any = bundle.config
    task, ends = task_named(bundle.task), bundle.model.steps(lengths)
    rows: list[np.ndarray] = task.decide(config, logits, ends, task.prepare(config, bundle.weights)).rows()
    if isinstance(config, transcribe.Config):
        return [np.where(np.diff(row, prepend=0) != 0, row, 0) for row in rows] if config.beam == 1 else []
    return rows


def told(bundle: Bundle, outputs: Mapping[str, np.ndarray], lengths: np.ndarray) -> list[np.ndarray]:
    """Return what an export decides, by its outputs, as `decisions` does."""
    config = bundle.config
    if isinstance(config, classify.Config):
        shares = outputs["probabilities"]
        if config.multi_label:
            return list(shares >= config.threshold)
        best = shares[:, 1] >= config.threshold if config.outputs == 1 else shares.argmax(axis=1)
        return [np.array([label]) for label in best.astype(int)]
    if isinstance(config, tag.Config):
        return _cut(outputs["tags"], lengths)
    if "symbols" in outputs:
        return _cut(outputs["symbols"], bundle.model.steps(lengths))
    return []


def _cut(rows: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    return [row[:length] for row, length in zip(rows, lengths, strict=True)]
