"""The batches of a whole training as one stream that can be entered at any step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..data.batching import Joined, batches
from .seeds import AUGMENT, ORDER, derive

__all__ = ["IGNORED", "Batch", "Collator", "Data", "Stream", "Targets"]

IGNORED = -100
"""The target written past a sequence's end: the index that torch's cross entropy leaves out."""

Targets = np.ndarray | Sequence[np.ndarray]
"""int64 [N] or float32 [N, K] (one row per sequence), or a list of int64 [T_n] (one target per step)."""

Data = tuple[Sequence[np.ndarray], Targets]
"""(features, targets) as `featurise` and `targets` of a task return them."""


class Batch(NamedTuple):
    """One step's inputs [B, T, C] int64 or [B, T, I] float32, lengths [B], targets [B], [B, K] or [B, T]."""

    inputs: Tensor
    lengths: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on `device`; on its own device it is not copied."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


class Collator:
    """Examples ready to be taken in batches.

    Args:
        features, targets: as in `Data`.
    """

    def __init__(self, features: Sequence[np.ndarray], targets: Targets) -> None:
        self._features = Joined(features)
        self._targets = targets if isinstance(targets, np.ndarray) else Joined(targets, IGNORED)

    def __call__(self, indices: np.ndarray) -> Batch:
        """Return the examples at `indices` as one padded batch."""
        inputs, lengths = self._features.batch(indices)
        of = self._targets
        rows = of[indices] if isinstance(of, np.ndarray) else of.batch(indices)[0]
        return Batch(torch.from_numpy(inputs), torch.from_numpy(lengths), torch.from_numpy(rows))


class Stream:
    """The batches from step `start` to the last, epoch after epoch.

    The batch of a step is a pure function of the data, the seed and the step: the order of an epoch
    is drawn from (seed, epoch) alone, and sequences of similar length share a batch. So a training
    that was killed goes on with exactly the batch that came next.

    Args:
        features, targets: as in `Data`.
        size: sequences per batch.
        epochs: how often all of them come.
        seed: of the order, and of what `augment` draws.
        augment: what is done to each batch, with a seed of the step's own; None for nothing.

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
    ) -> None:
        self.features, self.targets, self.size, self.seed = features, targets, size, seed
        self._augment = augment
        self._collate = Collator(features, targets)
        self.per_epoch = len(self._order(0))
        self.steps = self.per_epoch * epochs
        self.start = 0

    def __len__(self) -> int:
        return self.steps - self.start

    def __iter__(self) -> Iterator[Batch]:
        for epoch in range(self.start // self.per_epoch, self.steps // self.per_epoch):
            order = self._order(epoch)
            for index in range(max(self.start - epoch * self.per_epoch, 0), self.per_epoch):
                batch = self._collate(order[index])
                if self._augment is not None:
                    batch = self._augment(batch, derive(self.seed, AUGMENT, epoch * self.per_epoch + index))
                yield batch

    def _order(self, epoch: int) -> list[np.ndarray]:
        return batches(self.features, self.size, shuffle=derive(self.seed, ORDER, epoch))
