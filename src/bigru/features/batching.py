"""Batches of sequences of similar length, and their padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import ArgumentError, sentence

__all__ = ["STEPS", "JoinedBatch", "batches", "pad"]

STEPS = 1 << 18
"""Steps, padding included, that a batch may hold unless a single sequence has more."""

JITTER = 0.1
"""Lengths are perturbed by up to this fraction before sorting, so that batches differ between epochs."""


def batches(
    features: Sequence[np.ndarray] | np.ndarray, size: int, *, shuffle: int | None = None, bucket: bool = True
) -> list[np.ndarray]:
    """Divide sequences into batches of at most `size`.

    Args:
        features: arrays whose first axis is time, of which only the lengths are read; or their lengths, int [N].
        size: sequences per batch; the last batch may be smaller.
        shuffle: seed of the shuffling (vary it per epoch), or None for a fixed order.
        bucket: put sequences of similar length together, which spares padding. Where `size` of them would take more
            than `STEPS` steps, half as many share a batch, or a quarter, and so on down to one.

    Returns:
        Index arrays, int64, that hold every index of `features` exactly once. The same arguments give the
        same batches on every platform. Without `shuffle`, sequences come shortest first (`bucket`) or as given.

    Raises:
        ArgumentError: `size` is below 1.
    """
    if size < 1:
        raise ArgumentError(sentence("batches", "size", "at least 1", size))
    given = isinstance(features, np.ndarray)
    lengths = np.asarray(features if given else [len(f) for f in features], dtype=np.float64)
    if shuffle is None:
        order = np.argsort(lengths, kind="stable") if bucket else np.arange(len(lengths))
        return _bucket(order, size, lengths) if bucket else _cut_buckets(order, size)
    random = np.random.default_rng(shuffle)
    order = random.permutation(len(lengths))
    if not bucket:
        return _cut_buckets(order, size)
    jittered = lengths[order] * random.uniform(1 - JITTER, 1 + JITTER, len(order))
    cut = _bucket(order[np.argsort(jittered, kind="stable")], size, lengths)
    return [cut[i] for i in random.permutation(len(cut))]


def _bucket(order: np.ndarray, size: int, lengths: np.ndarray) -> list[np.ndarray]:
    """Cut an order by length; the number of batches depends on the lengths alone, not on the order."""
    cut, size, left = [], min(size, max(len(order), 1)), order
    while size > 1:
        fits = lengths[left] * size <= STEPS
        cut += _cut_buckets(left[fits], size)
        left, size = left[~fits], size // 2
    return cut + _cut_buckets(left, 1)


def _cut_buckets(order: np.ndarray, size: int) -> list[np.ndarray]:
    return [order[start : start + size].astype(np.int64) for start in range(0, len(order), size)]


class JoinedBatch:
    """Sequences laid end to end once, so that a padded batch of any of them is a single fetch of rows.

    Args:
        sequences: arrays [T_n, ...] that agree in every axis but the first.
        fill: the value past each end.

    Raises:
        ArgumentError: there is no sequence, or trailing axes or kinds differ.
    """

    def __init__(self, sequences: Sequence[np.ndarray], fill: float = 0) -> None:
        if not len(sequences):
            raise ArgumentError(sentence("pad", "sequences", "at least one", "none"))
        trailing = {s.shape[1:] for s in sequences}
        if len(trailing) > 1:
            raise ArgumentError(sentence("pad", "sequences", "alike in every axis but the first", sorted(trailing)))
        kinds = {s.dtype.kind for s in sequences}
        if not (kinds <= set("iub") or kinds == {"f"}):
            raise ArgumentError(sentence("pad", "sequences", "all integers or all floats", f"kinds {sorted(kinds)}"))
        self._dtype = np.float32 if kinds == {"f"} else np.int64
        past = np.full((1, *trailing.pop()), fill, self._dtype)
        self._rows = np.concatenate([*sequences, past], dtype=self._dtype, casting="unsafe")
        self.lengths = np.array([len(s) for s in sequences], dtype=np.int64)
        self._starts = np.cumsum(self.lengths) - self.lengths

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the sequences at `indices` [B] as one array, and their lengths, int64 [B].

        The array is [B, T, ...] with T the longest length, int64 for integers and float32 for floats.
        """
        lengths, starts = self.lengths[indices], self._starts[indices]
        steps = np.arange(lengths.max())
        places = np.where(steps < lengths[:, None], starts[:, None] + steps, len(self._rows) - 1)
        return self._rows.take(places, axis=0), lengths


def pad(sequences: Sequence[np.ndarray], fill: float = 0) -> tuple[np.ndarray, np.ndarray]:
    """Stack sequences of different lengths into one array: `Joined` for a single batch of all."""
    return JoinedBatch(sequences, fill).batch(np.arange(len(sequences)))
