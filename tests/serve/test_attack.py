"""Hostile clients beside good ones, for seconds here, longer in `benchmarks/attack.py`: no good request is lost."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def attack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import the benchmark as its own folder lets it."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import attack

    yield attack
    for name in ("attack", "hostile", "provenance"):
        sys.modules.pop(name, None)


@pytest.fixture
def live(attack: Any, tmp_path: Path) -> Iterator[Any]:
    made = attack.Server(tmp_path)
    yield made
    if made.process.poll() is None:
        made.stop()


def test_every_good_request_is_answered_rightly(attack: Any, live: Any) -> None:
    found = attack.mixed(live, 6.0, 4)
    assert found["good"]["asked"] > 0
    assert (found["good"]["lost"], found["good"]["what_was_lost"]) == (0, {})
    assert found["memory_mib"]["most"] < found["memory_mib"]["before"] + 400
    assert found["reloads"]["replaced"] > 2
    assert all(own["times"] > 0 for own in found["sent"].values())
    ended = live.stop()
    assert (ended["exit_code"], ended["last_line"]) == (0, "stopped; every accepted request was answered.")


def test_a_hostile_request_is_cheap(attack: Any, live: Any) -> None:
    found = attack.alone(live, "wide_table", 1)
    assert found["mib"] < 100
    assert found["status"] == 413
