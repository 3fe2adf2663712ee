"""The example that `docs/math/ctc.md` works by hand: its code is run."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "math" / "ctc.md"


def test_the_page_computes_what_it_says() -> None:
    failed, ran = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert ran > 8
