from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bigru.features.hashing import END, START, buckets, combine, hash_strings, mix

MASK = 2**64 - 1


def slow_mix(h: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = ((h ^ (h >> 33)) * factor) & MASK
    return h ^ (h >> 33)


def slow_string(text: str) -> int:
    total = sum((ord(c) + 1) * pow(0x100000001B3, i + 1, 2**64) for i, c in enumerate(text))
    return slow_mix((total + len(text) * 0x9E3779B97F4A7C15) & MASK)


def slow_combine(*codes: int) -> int:
    h = len(codes)
    for code in codes:
        h = slow_mix((h * 0x9E3779B97F4A7C15 + code) & MASK)
    return h


def test_literal_values_never_change() -> None:
    """Saved models hold embeddings by bucket: a change here breaks every one of them."""
    assert mix(np.array([0, 1, 2**64 - 1], np.uint64)).tolist() == [0, 12994781566227106604, 7256831767414464289]
    assert hash_strings(["", "a", "ab", "电影"]).tolist() == [
        0,
        813960738311740523,
        8521022641986060840,
        3447517373251654150,
    ]
    pair = combine(np.array([ord("电"), ord("影")], np.uint64), np.array([ord("影"), END], np.uint64))
    assert pair.tolist() == [11325555373450242054, 1129394928895231715]
    assert buckets(pair, 32768).tolist() == [20118, 2007]


@given(st.lists(st.text(max_size=9), max_size=7))
def test_strings_equal_python_integers(texts: list[str]) -> None:
    assert hash_strings(texts).tolist() == [slow_string(text) for text in texts]


@given(st.lists(st.tuples(st.integers(0, MASK), st.integers(0, MASK), st.integers(0, MASK)), max_size=7))
def test_combine_equals_python_integers(rows: list[tuple[int, int, int]]) -> None:
    columns = np.array(rows, np.uint64).reshape(-1, 3).T
    assert combine(*columns).tolist() == [slow_combine(*row) for row in rows]


def test_order_and_number_of_parts_matter() -> None:
    a, b = np.array([7], np.uint64), np.array([9], np.uint64)
    assert len({int(combine(*parts)[0]) for parts in ((a, b), (b, a), (a,), (a, b, b))}) == 4


def test_marks_lie_beyond_every_code_point() -> None:
    assert START > 0x10FFFF
    assert END > START


def test_buckets_fill_evenly_and_never_give_zero() -> None:
    counts = np.bincount(buckets(mix(np.arange(1, 63001, dtype=np.uint64)), 64), minlength=64)
    assert counts[0] == 0
    assert len(counts) == 64
    assert counts[1:].min() > 850
    assert counts[1:].max() < 1150
    assert set(buckets(mix(np.arange(9, dtype=np.uint64)), 2).tolist()) == {1}
