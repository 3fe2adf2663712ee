from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def unwritten_outputs(monkeypatch):
    """Let `np.empty` give arrays of NaN (integers: of -77), so that an output that a kernel does not write is seen."""
    empty = np.empty

    def spoilt(*arguments, **options):
        array = empty(*arguments, **options)
        array.fill(np.nan if array.dtype.kind == "f" else -77)
        return array

    monkeypatch.setattr(np, "empty", spoilt)
