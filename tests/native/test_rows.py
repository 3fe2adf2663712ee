"""Rows of tables, their sums and poolings, and n-grams, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.features.channels import NGRAMS, ngrams
from bigru.features.hashing import END, START, buckets, combine
from bigru.ops.embedding import reference
from bigru.ops.embedding.native import Tables, pool_steps
from bigru.ops.library import native as _native
from tolerances import FLOAT32, FLOAT32_STEP

LENGTHS = [(0,), (1,), (2, 0, 7), (63, 1, 65), (3,) * 9]
WIDTHS = [(1,), (3, 2), (64, 32), (65, 63, 7)]
KINDS = ["float", "whole", "both"]


def drawn(widths: tuple[int, ...], kind: str) -> list[reference.Table]:
    random = np.random.default_rng(len(widths))
    tables: list[reference.Table] = []
    for n, width in enumerate(widths):
        if kind == "float" or (kind == "both" and n % 2):
            tables.append((random.normal(size=(11 + n, width)).astype(np.float32), None))
        else:
            whole = random.integers(-127, 128, (11 + n, width)).astype(np.int8)
            tables.append((whole, random.uniform(0.01, 0.1, width).astype(np.float32)))
    return tables


def compiled(tables: list[reference.Table]) -> Tables:
    return Tables([rows for rows, _ in tables], [scales for _, scales in tables])


def placed(lengths: tuple[int, ...], channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ids, starts and lengths; there are rows between the sequences whose ids are nonsense."""
    counts = np.array(lengths, np.int64)
    starts = np.cumsum(counts + 2) - counts
    ids = np.full((int(counts.sum()) + 2 * len(counts) + 1, channels), -5, np.int32)
    random = np.random.default_rng(7)
    for start, count in zip(starts, counts, strict=True):
        ids[start : start + count] = random.integers(0, 11, (count, channels))
    return ids, starts, counts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_rows_are_looked_up_as_in_numpy(lengths: tuple[int, ...], widths: tuple[int, ...], kind: str) -> None:
    tables, (ids, starts, counts) = drawn(widths, kind), placed(lengths, len(widths))
    for steps in (max(lengths), max(lengths) + 3):
        got = compiled(tables).lookup(ids, starts, counts, steps)
        np.testing.assert_array_equal(got, reference.lookup(tables, ids, starts, counts, steps))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [1, 2, 15, 65])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_rows_are_summed_as_in_numpy(lengths: tuple[int, ...], width: int, kind: str) -> None:
    tables, (ids, starts, counts) = drawn((width, width), kind), placed(lengths, 2)
    got = compiled(tables).sum_over_sqrt_n(ids, starts, counts)
    np.testing.assert_allclose(got, reference.sum_over_sqrt_n(tables, ids, starts, counts), **FLOAT32)


@pytest.mark.parametrize("kind", ["max", "mean", "sqrt_n"])
@pytest.mark.parametrize("width", [1, 2, 63, 65])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_values_are_pooled_as_in_numpy(lengths: tuple[int, ...], width: int, kind: str) -> None:
    counts = np.array(lengths, np.int64)
    values = np.random.default_rng(3).normal(size=(len(counts), max(lengths) + 2, width)).astype(np.float32)
    for b, count in enumerate(counts):
        values[b, count:] = np.nan
    to = np.full((len(counts), width + 3), 9, np.float32)
    pool_steps(values, counts, kind, to, 2)
    np.testing.assert_allclose(to[:, 2:-1], reference.pool_steps(values, counts, kind), **FLOAT32_STEP)
    assert (to[:, :2] == 9).all()
    assert (to[:, -1] == 9).all()


@pytest.mark.parametrize("steps", [256, 257, 512, 1000, 1_000_000])
def test_sums_over_very_many_steps_are_as_exact_as_short_ones(steps: int) -> None:
    values = np.random.default_rng(5).uniform(0.5, 1, (1, steps, 3)).astype(np.float32)
    values[:, :, 2] = 0.1
    counts = np.array([steps])
    for kind, divisor in (("mean", steps), ("sqrt_n", np.sqrt(steps))):
        to = np.zeros((1, 3), np.float32)
        pool_steps(values, counts, kind, to, 0)
        np.testing.assert_allclose(to, values.sum(1, dtype=np.float64) / divisor, **FLOAT32)
    ids = np.zeros((steps, 1), np.int32)
    got = Tables([values[:1, 0]], [None]).sum_over_sqrt_n(ids, np.array([0]), counts)
    np.testing.assert_allclose(got[0], values[0, 0] * np.float64(steps) / np.sqrt(steps), **FLOAT32)


def test_a_sequence_is_the_same_bits_in_any_batch() -> None:
    tables, (ids, starts, counts) = drawn((65, 65), "both"), placed((63, 1, 0, 65), 2)
    table = compiled(tables)
    rows, sums = table.lookup(ids, starts, counts, 70), table.sum_over_sqrt_n(ids, starts, counts)
    pooled = np.empty((4, 130), np.float32)
    for kind in ("max", "mean", "sqrt_n"):
        pool_steps(rows, counts, kind, pooled, 0)
        for b, count in enumerate(counts.tolist()):
            own = starts[b : b + 1], counts[b : b + 1]
            alone = table.lookup(ids, *own, count)
            assert alone.tobytes() == rows[b, :count].tobytes()
            assert table.sum_over_sqrt_n(ids, *own).tobytes() == sums[b].tobytes()
            to = np.empty((1, 130), np.float32)
            pool_steps(alone, own[1], kind, to, 0)
            assert to.tobytes() == pooled[b].tobytes()


@pytest.mark.parametrize("name", NGRAMS)
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("size", [2, 1000, 2**31])
def test_ngrams_are_the_hash_of_their_units(name: str, lengths: tuple[int, ...], size: int) -> None:
    counts = np.array(lengths, np.int64)
    codes = np.random.default_rng(1).integers(0, 2**64, counts.sum(), np.uint64)
    wanted, at = [], 0
    for count in lengths:
        own = codes[at : at + count].tolist()
        padded = dict(enumerate(own)) | {-1: START, count: END}
        parts = [np.array([padded[t + step] for t in range(count)], np.uint64) for step in NGRAMS[name]]
        wanted += buckets(combine(*parts), size).tolist()
        at += count
    to = np.full((len(codes), 3), -1, np.int32)
    ngrams(name, codes, counts, size, to, 1)
    assert to[:, 1].tolist() == wanted
    assert (to[:, [0, 2]] == -1).all()


def test_what_does_not_fit_is_refused_by_name() -> None:
    table = Tables([np.zeros((4, 2), np.float32)])
    one, none = np.ones(1, np.int64), np.zeros(1, np.int64)
    ids = np.zeros((1, 1), np.int32)
    with pytest.raises(ValueError, match=r"bigru_embedding_lookup: ids\[0, 0\] must be 0\.\.3, got 4"):
        table.lookup(ids + 4, none, one, 1)
    with pytest.raises(ValueError, match=r"bigru_embedding_bag: ids\[0, 0\] must be 0\.\.3, got -1"):
        table.sum_over_sqrt_n(ids - 1, none, one)
    for start, length in ((1, 1), (0, 2), (-1, 1), (0, -1), (2**62, 2**62)):
        with pytest.raises(ValueError, match="sequence 0 must lie within the 1 rows"):
            table.lookup(ids, np.array([start]), np.array([length]), 2)
    with pytest.raises(ValueError, match="T must be at least the longest length, got 0"):
        table.lookup(ids, none, one, 0)
    with pytest.raises(ValueError, match=r"ids must be int32 \[1, 1\]"):
        table.lookup(ids.astype(np.int64), none, one, 1)
    uneven = Tables([np.zeros((4, 2), np.float32), np.zeros((4, 3), np.float32)])
    with pytest.raises(ValueError, match="the tables must be equally wide"):
        uneven.sum_over_sqrt_n(np.zeros((1, 2), np.int32), none, one)
    with pytest.raises(ValueError, match=r"scales must be float32 \[2\]"):
        Tables([np.zeros((4, 2), np.int8)], [np.ones(3, np.float32)])
    with pytest.raises(ValueError, match=r"table must be int8 \[4, 2\]"):
        Tables([np.zeros((4, 2), np.float32)], [np.ones(4, np.float32)])
    with pytest.raises(ValueError, match="lengths must not be negative and add up to N"):
        ngrams("bigram", np.zeros(2, np.uint64), one, 10, np.zeros((2, 1), np.int32), 0)
    with pytest.raises(ValueError, match=r"size must be 2\.\.2\^31, got 1"):
        ngrams("bigram", np.zeros(1, np.uint64), one, 1, np.zeros((1, 1), np.int32), 0)
    values = np.zeros((1, 1, 2), np.float32)
    with pytest.raises(ValueError, match=r"lengths\[0\] must be 0\.\.1"):
        pool_steps(values, one + 1, "max", np.zeros((1, 2), np.float32), 0)
    with pytest.raises(ValueError, match="to must hold the columns"):
        pool_steps(values, one, "max", np.zeros((1, 2), np.float32), 1)
    with pytest.raises(ValueError, match="pooling must be 'max', 'mean' or 'sqrt_n'"):
        pool_steps(values, one, "last", np.zeros((1, 2), np.float32), 0)


def test_a_pooled_nan_is_seen() -> None:
    values = np.array([[[1.0], [np.nan], [2.0]]], np.float32)
    for kind in ("max", "mean", "sqrt_n"):
        to = np.zeros((1, 1), np.float32)
        pool_steps(values, np.array([3]), kind, to, 0)
        assert np.isnan(to).all()


def test_tables_hold_the_arrays_that_they_read() -> None:
    table = np.arange(8, dtype=np.float32).reshape(4, 2)
    before = table.copy()
    held = Tables([table])
    del table
    assert np.array_equal(
        held.lookup(np.array([[3]], np.int32), np.zeros(1, np.int64), np.ones(1, np.int64), 1)[0], before[3:]
    )


@pytest.mark.parametrize("dtype", ["bool", "float16", ">f4", "complex64", "S4", "M8[s]"])
def test_arrays_of_other_types_are_refused(dtype: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        _native.vector_math("exp", np.zeros(3, dtype), np.zeros(3, np.float32))


def test_what_is_written_must_be_writable() -> None:
    to = np.zeros(3, np.float32)
    to.flags.writeable = False
    with pytest.raises((ValueError, TypeError)):
        _native.vector_math("exp", np.zeros(3, np.float32), to)
    assert not to.any()


def test_steps_of_odd_bytes_are_refused() -> None:
    packed = np.zeros(3, np.dtype([("a", "i1"), ("b", "<f4")]))["b"]
    with pytest.raises((ValueError, TypeError)):
        _native.vector_math("exp", packed, np.zeros(3, np.float32))
