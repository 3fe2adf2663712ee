"""The four laws, finite differences and torch as oracle, for the reference of every cell."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bigru.errors import ArgumentError
from bigru.layout import weight_shapes
from bigru.ops.gru import reference as gru
from bigru.ops.lstm import reference as lstm
from bigru.ops.rnn import reference as rnn
from tolerances import DIFFERENCES, FLOAT32, FLOAT64

# name -> (cell, forward, backward)
CELLS = {
    "gru": ("gru", gru.forward, gru.backward),
    "gru-before": ("gru", partial(gru.forward, reset_after=False), gru.backward),
    "rnn": ("rnn", rnn.forward, rnn.backward),
    "lstm": ("lstm", lstm.forward, lstm.backward),
}
every_cell = pytest.mark.parametrize("name", CELLS)
both_ways = pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])


def weights_of(cell, inputs, hidden, seed=0):
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(0, 0.5, shape) for shape in weight_shapes(cell, inputs, hidden))


def state_of(cell, batch, hidden, seed=1):
    rng = np.random.default_rng(seed)
    h, c = rng.normal(size=(2, batch, hidden))
    return (h, c) if cell == "lstm" else h


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def rows_of(state, rows):
    return tuple(s[rows] for s in state) if isinstance(state, tuple) else state[rows]


def assert_states_equal(got, want, **tolerance):
    for g, w in zip(parts(got), parts(want), strict=True):
        np.testing.assert_allclose(g, w, **tolerance)


# -- by hand ---------------------------------------------------------------------------------------

W = tuple(np.array(w) for w in ([[0.1], [-0.2], [0.3]], [[0.4], [0.5], [-0.6]], [0.7, -0.8, 0.9], [0.15, 0.25, -0.35]))


def test_one_step_by_hand_with_reset_after_the_product():
    # x = 2, h = 0.5:  r = sigmoid(0.2 + 0.7 + 0.2 + 0.15), z = sigmoid(-0.4 - 0.8 + 0.25 + 0.25),
    # n = tanh(0.6 + 0.9 + r (-0.3 - 0.35))
    r, z = 1 / (1 + math.exp(-1.25)), 1 / (1 + math.exp(0.7))
    n = math.tanh(1.5 - 0.65 * r)
    y, h_n, _ = gru.forward(np.array([[[2.0]]]), W, np.array([[0.5]]))
    np.testing.assert_allclose(y, [[[n + z * (0.5 - n)]]], **FLOAT64)
    np.testing.assert_allclose(h_n, [[0.6733162914722347]], **FLOAT64)


def test_one_step_by_hand_with_reset_before_the_product():
    r, z = 1 / (1 + math.exp(-1.25)), 1 / (1 + math.exp(0.7))
    n = math.tanh(1.5 - 0.6 * (r * 0.5) - 0.35)
    y, h_n, _ = gru.forward(np.array([[[2.0]]]), W, np.array([[0.5]]), reset_after=False)
    np.testing.assert_allclose(y, [[[n + z * (0.5 - n)]]], **FLOAT64)
    np.testing.assert_allclose(h_n, [[0.6499312026654158]], **FLOAT64)


# -- the laws --------------------------------------------------------------------------------------


@every_cell
@both_ways
def test_padding_law(name, reverse):
    """A sequence gives alone what it gives in any batch, whatever lies past its end."""
    cell, forward, backward = CELLS[name]
    lengths = np.array([3, 0, 7, 1, 5])
    x = np.random.default_rng(2).normal(size=(5, 7, 2))
    dy = np.random.default_rng(3).normal(size=(5, 7, 3))
    for row, length in enumerate(lengths):
        x[row, length:] = dy[row, length:] = np.nan
    weights, h0, dh_n = weights_of(cell, 2, 3), state_of(cell, 5, 3), state_of(cell, 5, 3, seed=4)
    y, h_n, saved = forward(x, weights, h0, lengths, reverse=reverse)
    dx, dweights, dh0 = backward(dy, dh_n, saved)
    alone = [np.zeros_like(w) for w in weights]
    for row, length in enumerate(lengths):
        one = slice(row, row + 1)
        y1, h1, saved1 = forward(x[one, :length], weights, rows_of(h0, one), reverse=reverse)
        dx1, dweights1, dh1 = backward(dy[one, :length], rows_of(dh_n, one), saved1)
        np.testing.assert_allclose(y[one, :length], y1, **FLOAT64)
        np.testing.assert_array_equal(y[row, length:], 0.0)
        np.testing.assert_allclose(dx[one, :length], dx1, **FLOAT64)
        np.testing.assert_array_equal(dx[row, length:], 0.0)
        assert_states_equal(rows_of(h_n, one), h1, **FLOAT64)
        assert_states_equal(rows_of(dh0, one), dh1, **FLOAT64)
        alone = [a + d for a, d in zip(alone, dweights1, strict=True)]
    for got, want in zip(dweights, alone, strict=True):
        np.testing.assert_allclose(got, want, **FLOAT64)


@every_cell
def test_mirror_law(name):
    """The reverse walk equals the forward walk of the reversed sequence."""
    cell, forward, _ = CELLS[name]
    x = np.random.default_rng(2).normal(size=(2, 7, 3))
    weights, h0 = weights_of(cell, 3, 2), state_of(cell, 2, 2)
    y, h_n, _ = forward(x, weights, h0, reverse=True)
    mirrored, h_mirrored, _ = forward(x[:, ::-1], weights, h0)
    np.testing.assert_allclose(y, mirrored[:, ::-1], **FLOAT64)
    assert_states_equal(h_n, h_mirrored, **FLOAT64)


@every_cell
@both_ways
def test_cut_law(name, reverse):
    """Two pieces that carry the state equal one run."""
    cell, forward, _ = CELLS[name]
    x = np.random.default_rng(2).normal(size=(2, 7, 3))
    weights, h0 = weights_of(cell, 3, 2), state_of(cell, 2, 2)
    whole, h_whole, _ = forward(x, weights, h0, reverse=reverse)
    pieces = [x[:, 3:], x[:, :3]] if reverse else [x[:, :3], x[:, 3:]]
    first, h, _ = forward(pieces[0], weights, h0, reverse=reverse)
    second, h, _ = forward(pieces[1], weights, h, reverse=reverse)
    joined = [second, first] if reverse else [first, second]
    np.testing.assert_allclose(np.concatenate(joined, axis=1), whole, **FLOAT64)
    assert_states_equal(h, h_whole, **FLOAT64)


@every_cell
def test_an_empty_sequence_leaves_the_state(name):
    cell, forward, _ = CELLS[name]
    h0 = state_of(cell, 2, 3)
    y, h_n, _ = forward(np.full((2, 4, 1), np.nan), weights_of(cell, 1, 3), h0, np.zeros(2, np.int64))
    np.testing.assert_array_equal(y, np.zeros((2, 4, 3)))
    assert_states_equal(h_n, h0)


@every_cell
def test_the_initial_state_is_not_written_to(name):
    cell, forward, _ = CELLS[name]
    h0 = state_of(cell, 2, 3)
    forward(np.ones((2, 4, 1)), weights_of(cell, 1, 3), h0)
    assert_states_equal(h0, state_of(cell, 2, 3))


# -- the backward pass against central differences -------------------------------------------------


def differences(loss, array, step=1e-6):
    """Return d loss / d array by central differences; `array` is perturbed in place."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = loss()
        array[index] = kept - step
        gradient[index] = (above - loss()) / (2 * step)
        array[index] = kept
    return gradient


@every_cell
@both_ways
def test_backward_equals_finite_differences(name, reverse):
    cell, forward, backward = CELLS[name]
    lengths = np.array([3, 0, 2])
    rng = np.random.default_rng(5)
    x, dy = rng.normal(size=(3, 3, 2)), rng.normal(size=(3, 3, 2))
    weights, h0, dh_n = weights_of(cell, 2, 2), state_of(cell, 3, 2), state_of(cell, 3, 2, seed=6)

    def loss():
        y, h_n, _ = forward(x, weights, h0, lengths, reverse=reverse)
        return (y * dy).sum() + sum((h * d).sum() for h, d in zip(parts(h_n), parts(dh_n), strict=True))

    _, _, saved = forward(x, weights, h0, lengths, reverse=reverse)
    dx, dweights, dh0 = backward(dy, dh_n, saved)
    for got, array in zip((dx, *dweights, *parts(dh0)), (x, *weights, *parts(h0)), strict=True):
        np.testing.assert_allclose(got, differences(loss, array), **DIFFERENCES)


# -- torch as oracle -------------------------------------------------------------------------------

ORACLES = {"gru": torch.nn.GRU, "rnn": torch.nn.RNN, "lstm": torch.nn.LSTM}


def oracle_of(cell, weights):
    """Return torch's bidirectional module whose reverse walk has the weights, negated."""
    hidden, inputs = weights[1].shape[1], weights[0].shape[1]
    oracle = ORACLES[cell](inputs, hidden, batch_first=True, bidirectional=True, dtype=torch.float64)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    with torch.no_grad():
        for name, weight in zip(names, weights, strict=True):
            getattr(oracle, name).copy_(torch.from_numpy(weight))
            getattr(oracle, name + "_reverse").copy_(torch.from_numpy(-weight))
    return oracle


@pytest.mark.parametrize("cell", ORACLES)
@pytest.mark.parametrize(
    ("batch", "time", "inputs", "hidden"), [(1, 1, 1, 1), (2, 7, 1, 63), (7, 1, 63, 2), (3, 5, 7, 7)]
)
def test_equals_torch_on_full_sequences(cell, batch, time, inputs, hidden):
    _, forward, backward = CELLS[cell]
    weights = weights_of(cell, inputs, hidden)
    negated = tuple(-w for w in weights)
    oracle = oracle_of(cell, weights)
    x = torch.randn(batch, time, inputs, dtype=torch.float64, requires_grad=True)
    dy = torch.randn(batch, time, 2 * hidden, dtype=torch.float64)
    want, _ = oracle(x)
    (want * dy).sum().backward()
    h0 = (np.zeros((batch, hidden)),) * 2 if cell == "lstm" else np.zeros((batch, hidden))
    y, _, saved = forward(x.detach().numpy(), weights)
    y_reverse, _, saved_reverse = forward(x.detach().numpy(), negated, reverse=True)
    np.testing.assert_allclose(np.concatenate([y, y_reverse], axis=2), want.detach(), **FLOAT64)
    dx, (dW_ih, dW_hh, db_ih, db_hh), _ = backward(dy[..., :hidden].numpy(), h0, saved)
    dx_reverse, _, _ = backward(dy[..., hidden:].numpy(), h0, saved_reverse)
    np.testing.assert_allclose(dx + dx_reverse, x.grad, **FLOAT64)
    np.testing.assert_allclose(dW_ih, oracle.weight_ih_l0.grad, **FLOAT64)
    np.testing.assert_allclose(dW_hh, oracle.weight_hh_l0.grad, **FLOAT64)
    np.testing.assert_allclose(db_ih, oracle.bias_ih_l0.grad, **FLOAT64)
    np.testing.assert_allclose(db_hh, oracle.bias_hh_l0.grad, **FLOAT64)


@pytest.mark.parametrize("cell", ORACLES)
def test_equals_torch_on_packed_sequences(cell):
    _, forward, _ = CELLS[cell]
    weights = weights_of(cell, 2, 7)
    negated = tuple(-w for w in weights)
    lengths = np.array([2, 7, 1, 7])
    x = np.random.default_rng(2).normal(size=(4, 7, 2))
    h0 = state_of(cell, 4, 7)
    stacked = tuple(torch.from_numpy(np.stack([p, p])) for p in parts(h0))
    packed = pack_padded_sequence(torch.from_numpy(x), torch.from_numpy(lengths), True, enforce_sorted=False)
    want, h_want = oracle_of(cell, weights)(packed, stacked if cell == "lstm" else stacked[0])
    want = pad_packed_sequence(want, batch_first=True)[0].detach()
    y, h_n, _ = forward(x, weights, h0, lengths)
    y_reverse, h_reverse, _ = forward(x, negated, h0, lengths, reverse=True)
    np.testing.assert_allclose(np.concatenate([y, y_reverse], axis=2), want, **FLOAT64)
    for got, got_reverse, both in zip(parts(h_n), parts(h_reverse), parts(h_want), strict=True):
        np.testing.assert_allclose(np.stack([got, got_reverse]), both.detach(), **FLOAT64)


@every_cell
def test_float32_stays_float32_and_is_near_float64(name):
    cell, forward, _ = CELLS[name]
    weights = weights_of(cell, 2, 7)
    x = np.random.default_rng(2).normal(size=(2, 7, 2))
    want, _, _ = forward(x, weights)
    got, h_n, _ = forward(x.astype(np.float32), tuple(w.astype(np.float32) for w in weights))
    assert got.dtype == parts(h_n)[0].dtype == np.float32
    np.testing.assert_allclose(got, want, **FLOAT32)


# -- bad input -------------------------------------------------------------------------------------


@every_cell
def test_a_wrong_array_is_refused_with_its_name(name):
    cell, forward, _ = CELLS[name]
    weights = weights_of(cell, 2, 3)
    rows = weights[0].shape[0]
    x = np.zeros((2, 4, 2))
    with pytest.raises(ArgumentError, match=rf"^{cell}\.forward: x must be float \[B, T, I\], got shape \[4, 2\]\.$"):
        forward(x[0], weights)
    want = rf"^{cell}\.forward: weight_ih must be float \[{rows}, 1\], got shape \[{rows}, 2\]\.$"
    with pytest.raises(ArgumentError, match=want):
        forward(x[..., :1], weights)
    with pytest.raises(ArgumentError, match=rf"^{cell}\.forward: h0 must be float \[2, 3\], got shape \[1, 3\]\.$"):
        forward(x, weights, state_of(cell, 1, 3))
    with pytest.raises(ArgumentError, match=rf"^{cell}\.forward: lengths must be within 0\.\.T=4, got 5\.$"):
        forward(x, weights, None, np.array([5, 1]))
