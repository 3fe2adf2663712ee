from __future__ import annotations

import numpy as np
import torch

from bigru.features.batching import STEPS
from bigru.tables.windows import Windows
from bigru.train.data.loader import IGNORED, BatchLoader, Collator

RANDOM = np.random.default_rng(0)
FEATURES = [RANDOM.integers(1, 9, (length, 2)).astype(np.int32) for length in (3, 1, 0, 7, 2, 5, 4)]
LABELS = np.arange(7)
TAGS = [np.full(len(f), n, np.int64) for n, f in enumerate(FEATURES)]


def labels(stream: BatchLoader) -> list[list[int]]:
    return [batch.targets.tolist() for batch in stream]


def test_a_batch_holds_its_sequences_padded() -> None:
    batch = Collator(FEATURES, TAGS)(np.array([1, 4, 2]))
    assert batch.lengths.tolist() == [1, 2, 0]
    assert batch.inputs.dtype == torch.int64
    assert batch.inputs[1].tolist() == FEATURES[4].tolist()
    assert batch.inputs[0, 1].tolist() == [0, 0]
    assert batch.targets.tolist() == [[1, IGNORED], [4, 4], [IGNORED, IGNORED]]


def test_labels_of_any_kind_are_taken_by_row() -> None:
    many = np.eye(7, dtype=np.float32)
    assert Collator(FEATURES, LABELS)(np.array([5, 0])).targets.tolist() == [5, 0]
    assert torch.equal(Collator(FEATURES, many)(np.array([5])).targets, torch.eye(7)[[5]])


def test_series_stay_float() -> None:
    series = [np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)]
    batch = Collator(series, np.array([0, 1]))(np.array([0, 1]))
    assert batch.inputs.dtype == torch.float32
    assert batch.inputs[1].tolist() == [[1, 1, 1], [0, 0, 0]]


def test_every_epoch_holds_everything_once_in_its_own_order() -> None:
    stream = BatchLoader(FEATURES, LABELS, 2, 3, 0)
    assert (stream.per_epoch, stream.steps, len(stream)) == (4, 12, 12)
    drawn = labels(stream)
    epochs = [[n for batch in drawn[start : start + 4] for n in batch] for start in (0, 4, 8)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(7))] * 3
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_the_stream_can_be_entered_at_any_step() -> None:
    whole = labels(BatchLoader(FEATURES, LABELS, 2, 3, 5))
    for start in range(13):
        stream = BatchLoader(FEATURES, LABELS, 2, 3, 5)
        stream.start = start
        assert labels(stream) == whole[start:]
        assert len(stream) == 12 - start


def test_another_seed_is_another_order() -> None:
    assert labels(BatchLoader(FEATURES, LABELS, 2, 1, 0)) != labels(BatchLoader(FEATURES, LABELS, 2, 1, 1))


def test_windows_are_equally_long_so_that_as_many_share_a_batch_as_fit() -> None:
    values, starts = np.zeros((STEPS, 1), np.float32), np.zeros(7, np.int64)
    for length, counts in ((STEPS // 3, [3, 3, 1]), (STEPS // 3 + 1, [2, 2, 2, 1]), (STEPS, [1] * 7), (5, [7])):
        stream = BatchLoader(Windows(values, starts, length), np.zeros(7, np.int64), 100_000, 1, 0)
        assert [len(batch) for batch in stream._order(0)] == counts
