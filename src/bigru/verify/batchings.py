"""How samples are put into batches: none of it may change an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..config import ForecastModelConfig, ModelConfig
from ..features.batching import pad
from .outcomes import Judge, Outcome

__all__ = ["ALONE", "Engine", "arrangements", "run"]

Engine = Callable[[np.ndarray, np.ndarray], Any]
"""From a padded batch to logits.

Takes inputs, int64 [B, T, C] or float32 [B, T, I], and lengths, int64 [B] within 0..T; B is at least 1, T may be 0.
What lies past a length is never to be read: it is NaN, or ids that mean something else. Returns float [B, K] for a
pooled model, [B, T', K] where each step has an output, [B, horizon, targets, heads] for a forecaster; where the engine
decides labels itself, a pair of that and the labels, as `decide` of the model's task has them (`Decision.labels`): of
tags int [B, T'].
"""

ALONE = "alone"

SIZE = 32
"""Samples per batch at most."""

STEPS = 1 << 15
"""Steps, padding included, per batch at most, unless one sample alone has more."""

EDGES = 128
"""Samples that are put first and last in a batch at most: each costs a batch of its own."""

MATES = 3
"""Others beside a sample that is put first or last."""

EXTRA = 7
"""Steps of padding beyond the longest sample of a batch."""


class PaddedBatch(NamedTuple):
    """Samples that are run together.

    Attributes:
        rows: their numbers.
        kept: the places in the batch whose outcomes are looked at.
        extra: steps of padding beyond the longest.
        dirty: whether what is padded is NaN, or ids that mean something, instead of zeros.
    """

    rows: list[int]
    kept: slice = slice(None)
    extra: int = 0
    dirty: bool = False


def arrangements(lengths: Sequence[int], padded: bool, seed: int = 0) -> dict[str, list[PaddedBatch]]:
    """Return every arrangement of samples by name; `ALONE` comes first.

    Args:
        lengths: of the samples.
        padded: whether lengths differ, so that there is padding at all.
        seed: of the order of the batches.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(lengths)).tolist()
    groups = list(_cut_batches(order, lengths))
    found = {
        ALONE: [PaddedBatch([n]) for n in range(len(lengths))],
        "batches": [PaddedBatch(rows) for rows in groups],
        "mirrored": [PaddedBatch(rows[::-1]) for rows in groups],
    }
    if padded:
        found["padded"] = [PaddedBatch(rows, extra=EXTRA, dirty=True) for rows in groups]
    short = [n for n in order if lengths[n] * (MATES + 1) <= STEPS]
    for n in short[:EDGES] if len(short) > 1 else ():
        mates = [short[k] for k in random.integers(0, len(short), MATES)]
        found.setdefault("first", []).append(PaddedBatch([n, *mates], slice(0, 1)))
        found.setdefault("last", []).append(PaddedBatch([*mates, n], slice(MATES, MATES + 1)))
    return found


def _cut_batches(order: list[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    rows: list[int] = []
    longest = 0
    for n in order:
        longest = max(longest, lengths[n])
        if rows and (len(rows) == SIZE or longest * (len(rows) + 1) > STEPS):
            yield rows
            rows, longest = [], lengths[n]
        rows.append(n)
    if rows:
        yield rows


def run(
    engine: Engine, judge: Judge, features: Sequence[np.ndarray], batches: Sequence[PaddedBatch]
) -> dict[int, Outcome]:
    """Run an engine over batches and return what it said, by the number of the sample."""
    model, found = judge.model, dict[int, Outcome]()
    for batch in batches:
        inputs, lengths = _fill_padding(model, [features[n] for n in batch.rows], batch)
        answer = engine(inputs, lengths)
        logits, labels = answer if isinstance(answer, tuple) else (answer, None)
        rows = [np.asarray(row) for row in logits]
        if model.per_step:
            rows = [row[:end] for row, end in zip(rows, model.steps(lengths).tolist(), strict=True)]
        outcomes = _decide_finite(judge, rows, labels)
        found |= dict(zip(batch.rows[batch.kept], outcomes[batch.kept], strict=True))
    return found


def _decide_finite(judge: Judge, rows: list[np.ndarray], labels: Sequence[np.ndarray] | None) -> list[Outcome]:
    """Decide; of logits that are not finite, which a decoder may refuse, every label is -1.

    Logits of another shape than the model's, of which nothing can be decided, have no labels.
    """
    if not all(judge.fits(row) for row in rows):
        return [Outcome(row, np.zeros(0, np.int64), np.zeros(0)) for row in rows]
    broken = [n for n, row in enumerate(rows) if not np.isfinite(row).all()]
    outcomes = judge.decide([np.nan_to_num(row, posinf=0.0, neginf=0.0) for row in rows] if broken else rows, labels)
    for n in broken:
        outcomes[n] = Outcome(rows[n], np.full_like(outcomes[n].labels, -1), outcomes[n].confidence)
    return outcomes


def _fill_padding(
    model: ModelConfig | ForecastModelConfig, features: list[np.ndarray], batch: PaddedBatch
) -> tuple[np.ndarray, np.ndarray]:
    inputs, lengths = pad(features)
    if batch.extra:
        inputs = np.pad(inputs, ((0, 0), (0, batch.extra), (0, 0)))
    if batch.dirty:
        ids = [channel.size - 1 for channel in model.channels]
        filler = np.array(ids) if ids else np.float32(np.nan)
        inputs[np.arange(inputs.shape[1]) >= lengths[:, None]] = filler
    return inputs, lengths
