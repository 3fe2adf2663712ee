"""The peak is a rate that more lanes and more work per second explain."""

from __future__ import annotations

import pytest

from bigru.ops.gru import native


def best(threads: int) -> float:
    return max(native.product_rate("float32", threads) or 0.0 for _ in range(5))


def test_a_rate_is_that_of_a_processor() -> None:
    # Between a hundredth and a hundred of the vectors that a core of 1 GHz works on.
    lanes = {"portable": 4, "avx2": 8}.get(native.isa(), 16)
    assert 0.01 < best(1) / (2e9 * lanes) < 100


def test_a_type_without_products_has_no_rate() -> None:
    assert native.product_rate("bfloat16", 1) is None


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"bigru\._native: type must be 'float32' or 'bfloat16'\."):
        native.product_rate("int8", 1)
