"""Sizes whose sums and products leave 64 bits are refused by name: no array is read or written past its end."""

from __future__ import annotations

import numpy as np
import pytest

from bigru import _native

MOST, HALF = 2**63 - 1, 2**62
WIDE = 2**60  # three of them, as gates are stacked, still fit into 64 bits; eight side by side do not


def floats(*shape):
    return np.zeros(shape, np.float32)


def integers(*values):
    return np.array(values, np.int64)


@pytest.mark.parametrize("column", [MOST, MOST - 3, HALF, 6, -1, -MOST - 1])
def test_pooled_columns_lie_within_the_result(column):
    to = floats(2, 9)
    with pytest.raises(ValueError, match=r"^bigru\._native: to must hold the columns\.$"):
        _native.pool(np.ones((2, 3, 4), np.float32), integers(3, 1), "max", to, column)
    assert not to.any()
    _native.pool(np.ones((2, 3, 4), np.float32), integers(3, 1), "max", to, 5)
    np.testing.assert_array_equal(to, [[0] * 5 + [1] * 4] * 2)


@pytest.mark.parametrize("column", [MOST, 3, -1])
def test_buckets_lie_within_the_result(column):
    with pytest.raises(ValueError, match=r"^bigru\._native: to must hold the column\.$"):
        _native.ngrams(np.zeros(2, np.uint64), integers(2), 0, 0, 9, None, np.zeros((2, 3), np.int32), column)


@pytest.mark.parametrize(
    ("B", "T", "I", "H"),
    [
        (HALF, HALF, 1, 1),
        (1, 1, 1, WIDE),
        (1, 1, 1, MOST),
        (1, 1, MOST, MOST),
        (1, 1, MOST - 8 * 5, 5 + 1),
        (0, MOST, 1, 1),
        (MOST, 0, 1, 1),
    ],
)
def test_gates_of_a_layer_that_is_too_large(B, T, I, H):
    with pytest.raises(ValueError, match=r"^bigru_gru_gate_floats: the arrays would be too large$"):
        _native.gru_gates(B, T, I, H, 1, None)


def test_weights_without_rows_claim_no_width():
    with pytest.raises(ValueError, match=r"^bigru\._native: weight_ih must be float32 \[3458764513820540928, 5\], got"):
        _native.Prepared([(floats(0, 5), floats(0, WIDE), None, None)], [False], True, "fp32")


def test_tables_side_by_side_are_wider_than_64_bits_tell():
    tables = _native.Tables([(floats(0, WIDE), None)] * 8)
    empty = np.zeros((0, 8), np.int32), integers(), integers()
    with pytest.raises(ValueError, match=r"^bigru\._native: to must be float32 \[0, 0, 9223372036854775807\], got"):
        tables.lookup(*empty, floats(0, 0, 0))


def test_a_table_wider_than_any_memory():
    tables = _native.Tables([(floats(0, WIDE), None)])
    empty = np.zeros((0, 1), np.int32), integers(), integers()
    text = r"tables must have sizes of at least 0, dims of at least 1, and at most 2\^40 numbers$"
    with pytest.raises(ValueError, match=rf"^bigru_embedding_lookup: {text}"):
        tables.lookup(*empty, floats(0, 0, WIDE))
    with pytest.raises(ValueError, match=rf"^bigru_embedding_bag: {text}"):
        tables.bag(*empty, floats(0, WIDE))


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ((HALF, HALF), r"^bigru\._native: tags must be int64 \[9223372036854775807\], got \[1\]\.$"),
        ((MOST, 1, 1), r"^bigru\._native: tags must be int64 \[9223372036854775807\], got \[1\]\.$"),
        ((-MOST - 1, 1), r"span 0 must be non-empty and within its sequence, got start 0, size -9223372036854775808$"),
        ((1, MOST - 1), r"^bigru\._native: tags must be int64 \[9223372036854775807\], got \[1\]\.$"),
    ],
)
def test_sizes_of_stretches_are_added_without_overflow(sizes, text):
    scores = floats(2, 2), floats(2), floats(2)
    none = integers(*[0] * len(sizes))
    with pytest.raises(ValueError, match=text):
        _native.crf_span_marginals(
            floats(1, 3, 2), None, scores, 1, none, none, integers(*sizes), integers(0), None, np.zeros(len(sizes))
        )


def test_threads_are_not_started_by_the_million():
    with pytest.raises(ValueError, match=r"^bigru_product_rate: threads must be at most 4096, got 2147483647$"):
        _native.product_rate("fp32", 2**31 - 1)
