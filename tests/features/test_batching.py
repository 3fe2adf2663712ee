from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.features.batching import STEPS, JoinedBatch, batches, pad


def sequences(lengths: list[int]) -> list[np.ndarray]:
    return [np.arange(2 * n, dtype=np.int32).reshape(n, 2) for n in lengths]


def flat(cut: list[np.ndarray]) -> list[int]:
    return [int(i) for batch in cut for i in batch]


def test_without_a_seed_the_shortest_come_first_and_ties_keep_their_order() -> None:
    cut = batches(sequences([3, 1, 2, 1, 0]), 2)
    assert [batch.tolist() for batch in cut] == [[4, 1], [3, 2], [0]]
    assert cut[0].dtype == np.int64


def test_without_seed_and_buckets_the_order_is_that_of_the_input() -> None:
    assert [b.tolist() for b in batches(sequences([3, 1, 2]), 2, bucket=False)] == [[0, 1], [2]]


@pytest.mark.parametrize("bucket", [True, False])
@pytest.mark.parametrize("count", [0, 1, 7, 63])
def test_shuffling_keeps_every_index_once(count: int, bucket: bool) -> None:
    lengths = [(37 * i) % 11 for i in range(count)]
    cut = batches(sequences(lengths), 4, shuffle=5, bucket=bucket)
    assert sorted(flat(cut)) == list(range(count))
    assert len(cut) == -(-count // 4)


def test_the_seed_alone_decides_the_order() -> None:
    data = sequences([(37 * i) % 29 for i in range(63)])
    first = flat(batches(data, 4, shuffle=1))
    assert first == flat(batches(data, 4, shuffle=1))
    assert first != flat(batches(data, 4, shuffle=2))


def test_buckets_spare_padding_even_when_shuffled() -> None:
    lengths = [(37 * i) % 101 for i in range(202)]
    data = sequences(lengths)

    def padding(cut: list[np.ndarray]) -> int:
        return sum(max(lengths[i] for i in b) * len(b) - sum(lengths[i] for i in b) for b in cut)

    assert padding(batches(data, 8, shuffle=3)) * 4 < padding(batches(data, 8, shuffle=3, bucket=False))


def test_a_very_long_sequence_stands_alone() -> None:
    lengths = [3] * 7 + [STEPS // 4, STEPS // 4 + 1]
    features = [np.zeros((n, 0)) for n in lengths]
    plain = [batch.tolist() for batch in batches(features, 4)]
    assert plain == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]
    for seed in range(9):
        shuffled = batches(features, 4, shuffle=seed)
        assert len(shuffled) == 3
        assert [8] in [batch.tolist() for batch in shuffled]


def test_as_many_share_a_batch_as_fit() -> None:
    assert [len(b) for b in batches(np.full(400, 300), 100_000)] == [400]  # 120,000 steps
    assert [len(b) for b in batches(np.full(2000, 300), 100_000)] == [500] * 4  # 1,000 would be 300,000
    assert [len(b) for b in batches(np.full(2000, 300), 1024)] == [512, 512, 512, 464]
    assert [len(b) for b in batches(np.full(5, STEPS), 100)] == [1] * 5
    assert [len(b) for b in batches(np.full(5, STEPS // 2), 100)] == [2, 2, 1]


@pytest.mark.parametrize("size", [1, 2, 63, 1000, 10**9])
def test_no_batch_is_larger_than_it_may_be_and_their_number_is_the_same_every_time(size: int) -> None:
    lengths = np.array([0, 1, STEPS, STEPS + 1, *(int(STEPS / 1.3**i) for i in range(40))] + [7] * 300)
    counts = set()
    for seed in (None, *range(20)):
        cut = batches(lengths, size, shuffle=seed)
        assert sorted(flat(cut)) == list(range(len(lengths)))
        for batch in cut:
            assert len(batch) <= size
            assert len(batch) == 1 or lengths[batch].max() * len(batch) <= STEPS
        counts.add(len(cut))
    assert len(counts) == 1


def test_size_below_one_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^batches: size must be at least 1, got 0\.$"):
        batches(sequences([1]), 0)


def test_pad_by_hand() -> None:
    padded, lengths = pad([np.array([[1, 2]], np.int32), np.zeros((0, 2), np.int32), np.array([[3, 4], [5, 6]])])
    assert padded.tolist() == [[[1, 2], [0, 0]], [[0, 0], [0, 0]], [[3, 4], [5, 6]]]
    assert lengths.tolist() == [1, 0, 2]
    assert (padded.dtype, lengths.dtype) == (np.int64, np.int64)


def test_pad_floats_with_nan_past_the_ends() -> None:
    padded, _ = pad([np.array([1.5]), np.array([2.0, 3.0])], fill=np.nan)
    assert padded.dtype == np.float32
    np.testing.assert_array_equal(padded, np.array([[1.5, np.nan], [2.0, 3.0]], np.float32))


def test_pad_only_empty_sequences() -> None:
    padded, lengths = pad([np.zeros((0, 3)), np.zeros((0, 3))])
    assert padded.shape == (2, 0, 3)
    assert lengths.tolist() == [0, 0]


def test_pad_refuses_nothing() -> None:
    with pytest.raises(ArgumentError, match=r"^pad: sequences must be at least one, got none\.$"):
        pad([])


def test_pad_refuses_different_widths() -> None:
    with pytest.raises(ArgumentError, match=r"alike in every axis but the first, got \[\(2,\), \(3,\)\]"):
        pad([np.zeros((1, 2)), np.zeros((1, 3))])


def test_pad_refuses_a_mixture_of_kinds() -> None:
    with pytest.raises(ArgumentError, match=r"all integers or all floats, got kinds \['f', 'i'\]"):
        pad([np.zeros(1), np.zeros(1, np.int64)])


@pytest.mark.parametrize("indices", [[0], [3], [1, 3, 1, 2], [0, 3]])
def test_a_batch_of_joined_sequences_is_those_sequences_padded(indices: list[int]) -> None:
    data = sequences([2, 0, 5, 1])
    ours, theirs = JoinedBatch(data, -100).batch(np.array(indices)), pad([data[n] for n in indices], -100)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)
        assert mine.dtype == np.int64
    for row, n in zip(ours[0], indices, strict=True):
        np.testing.assert_array_equal(row[: len(data[n])], data[n])
        assert (row[len(data[n]) :] == -100).all()
