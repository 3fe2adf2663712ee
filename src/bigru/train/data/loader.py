"""The batches of a whole training as one stream that can be entered at any step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...features.batching import STEPS, JoinedBatch, batches
from ...tables.windows import Windows
from ...tasks.labels import UNKNOWN
from .seeds import AUGMENT, ORDER, VARIANT, derive

__all__ = ["IGNORED", "Batch", "BatchLoader", "Collator", "Data", "Targets"]

IGNORED = UNKNOWN
"""The target written past a sequence's end, and of a label that the task has not: no loss counts it."""

Targets = np.ndarray | Sequence[np.ndarray]
"""int64 [N] or float32 [N, K] (one row per sequence), a list of int64 [T_n] (one target per step), or windows."""

Data = tuple[Sequence[np.ndarray], Targets]
"""(features, targets) as `featurise` and `targets` of a task return them."""


class Batch(NamedTuple):
    """One step's inputs [B, T, C] int64 or [B, T, I] float32, lengths [B], targets [B], [B, K] or [B, T].

    With soft targets also the probability of each output, float32 [B, K] or [B, T, K].
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor
    soft: Tensor | None = None

    def each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """Return the batch with every part changed alike."""
        soft = None if self.soft is None else change(self.soft)
        return Batch(change(self.inputs), change(self.lengths), change(self.targets), soft)

    def to(self, device: torch.device) -> Batch:
        """Return the batch on `device`; on its own device it is not copied."""
        return self.each(lambda part: part.to(device, non_blocking=True))


class Collator:
    """Examples ready to be taken in batches.

    Args:
        features, targets: as in `Data`.
        soft: soft targets of the same examples, or None; see `SoftTargets`.
    """

    def __init__(self, features: Sequence[np.ndarray], targets: Targets, soft: Targets | None = None) -> None:
        self._features = features if isinstance(features, Windows) else JoinedBatch(features)
        self._targets = targets if isinstance(targets, (np.ndarray, Windows)) else JoinedBatch(targets, IGNORED)
        self._soft = soft if soft is None or isinstance(soft, np.ndarray) else JoinedBatch(soft)

    def __call__(self, indices: np.ndarray) -> Batch:
        """Return the examples at `indices` as one padded batch."""
        inputs, lengths = self._features.batch(indices)
        soft = None if self._soft is None else _rows(self._soft, indices)
        return Batch(torch.from_numpy(inputs), torch.from_numpy(lengths), _rows(self._targets, indices), soft)


def _rows(values: np.ndarray | JoinedBatch | Windows, indices: np.ndarray) -> Tensor:
    return torch.from_numpy(values[indices] if isinstance(values, np.ndarray) else values.batch(indices)[0])


def _repeat_targets(targets: Targets, copies: int) -> Targets:
    """Return targets as often as there are variants of the features, one behind the other."""
    if copies == 1:
        return targets
    return np.concatenate([targets] * copies) if isinstance(targets, np.ndarray) else list(targets) * copies


class BatchLoader:
    """The batches from step `start` to the last, epoch after epoch.

    The batch of a step is a pure function of the data, the seed and the step: the order of an epoch
    is drawn from (seed, epoch) alone, and sequences of similar length share a batch. So a training
    that was killed goes on with exactly the batch that came next.

    Args:
        features, targets: as in `Data`.
        size: sequences per batch.
        epochs: how often all of them come.
        seed: of the order, of the variants, and of what `augment` draws.
        augment: what is done to each batch, with a seed of the step's own; None for nothing.
        variants: further features of the same examples (recordings at other speeds); each epoch draws for each
            example which of its features are shown.
        soft: soft targets of the examples beside their targets, or None.

    Attributes:
        per_epoch: steps per epoch.
        start: the step the iteration begins at.
    """

    def __init__(
        self,
        features: Sequence[np.ndarray],
        targets: Targets,
        size: int,
        epochs: int,
        seed: int,
        augment: Callable[[Batch, int], Batch] | None = None,
        variants: Sequence[Sequence[np.ndarray]] = (),
        soft: Targets | None = None,
    ) -> None:
        self.features, self.targets, self.size, self.seed = features, targets, size, seed
        self._augment, self._kinds = augment, 1 + len(variants)
        shown = list(chain(features, *variants)) if variants else features
        answers = None if soft is None else _repeat_targets(soft, self._kinds)
        self._collate = Collator(shown, _repeat_targets(targets, self._kinds), answers)
        self.per_epoch = len(self._order(0))
        self.steps = self.per_epoch * epochs
        self.start = 0

    def __len__(self) -> int:
        return self.steps - self.start

    def __iter__(self) -> Iterator[Batch]:
        for epoch in range(self.start // self.per_epoch, self.steps // self.per_epoch):
            order, drawn = self._order(epoch), self._draw_variants(epoch)
            for index in range(max(self.start - epoch * self.per_epoch, 0), self.per_epoch):
                chosen = order[index]
                batch = self._collate(chosen + drawn[chosen])
                if self._augment is not None:
                    batch = self._augment(batch, derive(self.seed, AUGMENT, epoch * self.per_epoch + index))
                yield batch

    def _draw_variants(self, epoch: int) -> np.ndarray:
        """Return for each example what leads from its features to those of the variant that this epoch shows."""
        random = np.random.default_rng(derive(self.seed, VARIANT, epoch))
        return random.integers(0, self._kinds, len(self.features)) * len(self.features)

    def _order(self, epoch: int) -> list[np.ndarray]:
        seed = derive(self.seed, ORDER, epoch)
        if isinstance(self.features, Windows):
            fit = max(1, STEPS // max(self.features.length, 1))
            return self.features.order(min(self.size, fit), seed)
        return batches(self.features, self.size, shuffle=seed)
