"""The fast NumPy engine gives what the references give, walk by walk."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.layout import weight_shapes
from bigru.ops.lstm import reference as lstm
from bigru.ops.recurrent.vectorised import Layer
from bigru.ops.rnn import reference as rnn
from tolerances import FLOAT32, FLOAT64

CELLS = {"rnn": rnn.forward, "lstm": lstm.forward}
every_cell = pytest.mark.parametrize("cell", CELLS)
every_direction = pytest.mark.parametrize("walks", [("forward",), ("backward",), ("forward", "backward")])


def weights_of(cell, inputs, hidden, walks, dtype=np.float64):
    rng = np.random.default_rng(0)
    shapes = weight_shapes(cell, inputs, hidden)
    return {walk: tuple(rng.normal(0, 0.5, shape).astype(dtype) for shape in shapes) for walk in walks}


def states_of(cell, batch, hidden, walks):
    rng = np.random.default_rng(1)
    states = {walk: rng.normal(size=(2, batch, hidden)) for walk in walks}
    return {walk: (h, c) if cell == "lstm" else h for walk, (h, c) in states.items()}


def assert_equals_reference(cell, x, weights, lengths, h0, **tolerance):
    y, h_n = Layer(weights, cell=cell).run(x, lengths, h0)
    assert list(y) == list(h_n) == list(weights)
    for walk, arrays in weights.items():
        start = None if h0 is None else h0[walk]
        want, h_want, _ = CELLS[cell](x, arrays, start, lengths, reverse=walk == "backward")
        np.testing.assert_allclose(y[walk], want, **tolerance)
        np.testing.assert_allclose(h_n[walk], h_want, **tolerance)


@every_cell
@every_direction
def test_equals_the_reference_on_ragged_batches_with_states(cell, walks):
    lengths = np.array([3, 0, 7, 1, 7, 5])
    x = np.random.default_rng(2).normal(size=(6, 7, 2))
    for row, length in enumerate(lengths):
        x[row, length:] = np.nan
    assert_equals_reference(cell, x, weights_of(cell, 2, 3, walks), lengths, states_of(cell, 6, 3, walks), **FLOAT64)


@every_cell
@pytest.mark.parametrize(
    ("batch", "time", "inputs", "hidden"),
    [(1, 1, 1, 1), (1, 63, 2, 7), (2, 7, 63, 1), (7, 1, 1, 63), (3, 0, 2, 2), (0, 3, 2, 2)],
)
def test_equals_the_reference_on_full_batches(cell, batch, time, inputs, hidden):
    x = np.random.default_rng(2).normal(size=(batch, time, inputs))
    weights = weights_of(cell, inputs, hidden, ("forward", "backward"))
    assert_equals_reference(cell, x, weights, None, None, **FLOAT64)


@every_cell
def test_all_sequences_empty(cell):
    walks = ("forward", "backward")
    x = np.full((2, 4, 2), np.nan)
    states = states_of(cell, 2, 3, walks)
    assert_equals_reference(cell, x, weights_of(cell, 2, 3, walks), np.zeros(2, np.int64), states, **FLOAT64)


@every_cell
def test_float32_stays_float32(cell):
    walks = ("forward", "backward")
    x = np.random.default_rng(2).normal(size=(3, 7, 2)).astype(np.float32)
    weights = weights_of(cell, 2, 7, walks, np.float32)
    assert_equals_reference(cell, x, weights, np.array([7, 2, 3]), None, **FLOAT32)
    y, _ = Layer(weights, cell=cell).run(x)
    assert y["backward"].dtype == np.float32


@every_cell
def test_large_inputs_saturate_without_a_warning(cell):
    layer = Layer(weights_of(cell, 1, 2, ("forward",)), cell=cell)
    y, _ = layer.run(np.full((1, 2, 1), 1e6))
    assert np.abs(y["forward"]).max() <= 2


def test_a_layer_runs_again_with_the_same_answer_and_leaves_its_inputs_alone():
    walks = ("forward", "backward")
    weights, states = weights_of("rnn", 2, 3, walks), states_of("rnn", 2, 3, walks)
    layer = Layer(weights, cell="rnn")
    x = np.random.default_rng(2).normal(size=(2, 5, 2))
    first, _ = layer.run(x, h0=states)
    second, _ = layer.run(x, h0=states)
    np.testing.assert_array_equal(first["backward"], second["backward"])
    np.testing.assert_array_equal(weights["backward"][1], weights_of("rnn", 2, 3, walks)["backward"][1])
    np.testing.assert_array_equal(states["forward"], states_of("rnn", 2, 3, walks)["forward"])
    np.testing.assert_array_equal(x, np.random.default_rng(2).normal(size=(2, 5, 2)))


def test_bad_arguments_are_refused_with_their_name():
    weights = weights_of("rnn", 2, 3, ("forward",))
    with pytest.raises(ArgumentError, match=r"^Layer: cell must be one of rnn, lstm, got 'gru'\."):
        Layer(weights, cell="gru")
    with pytest.raises(ArgumentError, match=r"^Layer: walk must be one of forward, backward, got 'both'\."):
        Layer({"both": weights["forward"]}, cell="rnn")
    with pytest.raises(ArgumentError, match=r"^Layer: weight_ih_l0 must be float \[12, 2\], got shape \[3, 2\]\.$"):
        Layer(weights, cell="lstm")
    layer = Layer(weights, cell="rnn")
    with pytest.raises(ArgumentError, match=r"^rnn\.forward: x must be float \[B, T, 2\], got shape \[1, 4, 3\]\.$"):
        layer.run(np.zeros((1, 4, 3)))
    with pytest.raises(ArgumentError, match=r"^rnn\.forward: lengths must be within 0\.\.T=4, got -1\.$"):
        layer.run(np.zeros((1, 4, 2)), np.array([-1]))
    with pytest.raises(ArgumentError, match=r"^rnn\.forward: h0 must be float \[1, 3\], got shape \[2, 3\]\.$"):
        layer.run(np.zeros((1, 4, 2)), h0={"forward": np.zeros((2, 3))})
