"""The peak is a rate that more lanes and more work per second explain."""

from __future__ import annotations

import pytest

from bigru.ops.library import isa, product_rate


def best(threads: int) -> float:
    return max(product_rate("fp32", threads) or 0.0 for _ in range(5))


def test_a_rate_is_that_of_a_processor() -> None:
    # Between a hundredth and a hundred of the vectors that a core of 1 GHz works on.
    lanes = {"portable": 4, "avx2": 8}.get(isa(), 16)
    assert 0.01 < best(1) / (2e9 * lanes) < 100


def test_fewer_bits_are_faster_or_not_multiplied() -> None:
    rates = [product_rate(precision, 1) for precision in ("bf16", "int8")]
    if isa() in ("avx512_bf16", "amx"):
        assert all(rate > best(1) / 2 for rate in rates)
    else:
        assert rates == [None, None]


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match=r"bigru\._native: precision must be fp32, bf16 or int8, got float32\."):
        product_rate("float32", 1)
