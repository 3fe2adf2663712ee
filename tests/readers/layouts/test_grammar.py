"""Drawn tables of which the truth is known: read as they are meant or asked about, never read otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
FILES = 30
"""Tables a test draws."""


@pytest.fixture
def layouts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import the benchmark as its own folder lets it."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import layouts

    yield layouts
    for name in ("layouts", "grammar", "sequences", "vocabulary", "provenance"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("part", range(6))
@pytest.mark.slow
def test_drawn_tables_are_read_as_they_are_meant_or_asked_about(part: int, layouts: Any, tmp_path: Path) -> None:
    outcomes = {}
    for seed in range(100_000 + part * FILES, 100_000 + (part + 1) * FILES):
        drawn = layouts.draw(seed)
        outcome, seen = layouts.judge(drawn, tmp_path)
        outcomes[seed] = outcome
        assert outcome in ("right", "asked"), f"seed {seed}, {drawn.kind}: {outcome}, {seen}"
        assert outcome == "right" or not drawn.plain, f"seed {seed}, {drawn.kind}: {seen}"
    assert 2 * list(outcomes.values()).count("right") > len(outcomes) > FILES // 3
