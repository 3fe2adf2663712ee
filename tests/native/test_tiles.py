"""Tiles: whole numbers add up to the same bits as without them, and a unit that multiplies wrongly is reported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases import forward, random_case

from bigru.ops import library

TILED = [name for name, runs in library.instruction_sets() if runs and name.startswith("amx")]
WRONG = """
import sys, types
import numpy
stub = types.ModuleType("bigru._native")
stub.isa = lambda: None
stub.instruction_sets = lambda: [("amx", True), ("avx512_bf16", True)]
import bigru
sys.modules["bigru._native"] = bigru._native = stub
import bigru.ops.gru.native
"""

pytestmark = [pytest.mark.any_instruction_set, pytest.mark.process]


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env={
            **{name: value for name, value in os.environ.items() if name != "BIGRU_ISA"},
            "PYTHONPATH": str(Path(__file__).parents[1]),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", TILED)
def test_whole_numbers_add_up_to_the_same_bits(name):
    case, sums = random_case(3, 37, 5, 70, 65, precision="int8"), []
    for instruction_set in (name, "avx512_bf16"):
        with library.use_instruction_set(instruction_set):
            sums.append([array.tobytes() for array in forward(case)[:2]])
    assert sums[0] == sums[1]


@pytest.mark.parametrize("environment", [{}, {"BIGRU_ISA": "amx"}])
def test_tiles_that_multiply_wrongly_are_an_error(environment):
    message = "bigru: the tiles of amx must multiply as AMX defines it, got other sums. BIGRU_ISA=avx512_bf16"
    assert message in run(WRONG, **environment).stderr
