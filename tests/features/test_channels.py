from __future__ import annotations

import pytest

from bigru.features.channels import shape


@pytest.mark.parametrize(
    ("unit", "pattern"),
    [
        ("", ""),
        ("Xenon", "Xxx"),
        ("IBM", "XX"),
        ("1998", "dd"),
        ("McDonald's", "XxXxx'x"),
        ("北京", "cc"),
        ("2,000.5", "d,dd.d"),
        ("---", "--"),
        ("École", "Xxx"),
    ],
)
def test_shapes(unit: str, pattern: str) -> None:
    assert shape(unit) == pattern
