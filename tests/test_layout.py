"""How arrays are laid out: gates are restacked by name."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bigru.layout import GATES, reorder_gates


@pytest.mark.parametrize("source", itertools.permutations(GATES))
def test_gates_are_restacked_by_name_in_every_order(source: tuple[str, ...]) -> None:
    """The orders in use (z, r, n of others) are swaps, which are their own inverse; the turns of three are not."""
    value = {gate: number * np.ones((2, 3)) for number, gate in enumerate(GATES)}
    stacked = np.concatenate([value[gate] for gate in source])
    np.testing.assert_array_equal(reorder_gates(stacked, source, GATES), np.concatenate([value[g] for g in GATES]))
    np.testing.assert_array_equal(reorder_gates(reorder_gates(stacked, source, GATES), GATES, source), stacked)
