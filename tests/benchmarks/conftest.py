from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the scripts import each other, as they do when one of them is run; every test imports its own."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    ours = {path.stem for path in BENCHMARKS.glob("*.py")} | {"contenders"}
    for name in [name for name in sys.modules if name.split(".")[0] in ours]:
        del sys.modules[name]
