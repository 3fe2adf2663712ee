"""How arrays are laid out: gates are restacked by name, and layers have the weights of torch's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bigru.layout import DIRECTIONS, GATES, layer_shapes, reorder_gates


@pytest.mark.parametrize("source", itertools.permutations(GATES))
def test_gates_are_restacked_by_name_in_every_order(source: tuple[str, ...]) -> None:
    """The orders in use (z, r, n of others) are swaps, which are their own inverse; the turns of three are not."""
    value = {gate: number * np.ones((2, 3)) for number, gate in enumerate(GATES)}
    stacked = np.concatenate([value[gate] for gate in source])
    np.testing.assert_array_equal(reorder_gates(stacked, source, GATES), np.concatenate([value[g] for g in GATES]))
    np.testing.assert_array_equal(reorder_gates(reorder_gates(stacked, source, GATES), GATES, source), stacked)


def test_a_layer_has_the_weights_of_torch_and_of_its_merge() -> None:
    """Shapes by hand, since the configuration's and the module's are both made of them."""
    walk = [(9, 2), (9, 3), (9,), (9,)]
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    both = [f"{name}_l1{end}" for end in ("", "_reverse") for name in names]
    merge = {"weight_merge_l1": (3, 6), "bias_merge_l1": (3,)}
    expected = dict(zip(both, walk * 2, strict=True)) | merge
    found = layer_shapes("gru", 2, 3, DIRECTIONS["both"], "gated", layer=1)
    assert list(found.items()) == list(expected.items())
    assert layer_shapes("gru", 2, 3, DIRECTIONS["both"], layer=1) == dict(zip(both, walk * 2, strict=True))
    bare = layer_shapes("rnn", 2, 3, DIRECTIONS["backward"], "gated", bias=False)
    assert bare == {"weight_ih_l0_reverse": (3, 2), "weight_hh_l0_reverse": (3, 3)}
