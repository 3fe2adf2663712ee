"""Every test of this folder runs on every instruction set of the machine, by name: `test_x[avx2-...]`.

With `BIGRU_ISA` set, on that one alone. Tests that say themselves which sets they run on, or run on none, are marked
`any_instruction_set` and run once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from bigru.ops import library

sys.path.insert(0, str(Path(__file__).parent))

RUNNING = [name for name, runs in library.instruction_sets() if runs]
SETS = [library.isa()] if os.environ.get("BIGRU_ISA") else RUNNING
UNWRITTEN = {"f": np.nan, "i": -77, "u": 77}


def pytest_generate_tests(metafunc):
    if metafunc.definition.get_closest_marker("any_instruction_set") is None:
        metafunc.parametrize("instruction_set", SETS, indirect=True)


@pytest.fixture(autouse=True)
def instruction_set(request):
    """The set that the kernels run on during a test; threads that a test starts must choose it for themselves."""
    name = getattr(request, "param", library.isa())
    with library.use_instruction_set(name):
        yield name


@pytest.fixture(autouse=True)
def unwritten_outputs(monkeypatch):
    """Let `np.empty` give arrays of NaN, -77 or 77, so that an output that a kernel does not write is seen."""
    empty = np.empty

    def spoilt(*arguments, **options):
        array = empty(*arguments, **options)
        if array.dtype.kind in UNWRITTEN:
            array.fill(UNWRITTEN[array.dtype.kind])
        return array

    monkeypatch.setattr(np, "empty", spoilt)
