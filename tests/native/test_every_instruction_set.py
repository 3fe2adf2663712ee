"""All the tests of this folder again on each instruction set of the machine that is not the active one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bigru.ops.library import instruction_sets, isa

OTHERS = [name for name, runs in instruction_sets() if runs and name != isa()]


@pytest.mark.skipif("BIGRU_ISA" in os.environ, reason="this is such a run")
@pytest.mark.parametrize("name", OTHERS)
def test_tests_pass_on(name):
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", str(here)],
        env={**os.environ, "BIGRU_ISA": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
