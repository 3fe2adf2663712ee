"""The torch seam gives the outputs and gradients of the references, through each of its engines."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bigru.errors import ArgumentError
from bigru.layout import weight_shapes
from bigru.ops.gru import reference as gru
from bigru.ops.lstm import reference as lstm
from bigru.ops.recurrent import autograd
from bigru.ops.recurrent.walk import Packing
from bigru.ops.rnn import reference as rnn
from tolerances import FLOAT32, FLOAT32_STEP, FLOAT64

WALKS = ("forward", "backward")
# name -> (cell, reset_after)
CELLS = {"gru": ("gru", True), "gru-before": ("gru", False), "rnn": ("rnn", True), "lstm": ("lstm", True)}
every_cell = pytest.mark.parametrize("name", CELLS)
every_direction = pytest.mark.parametrize("walks", [("forward",), ("backward",), WALKS])


def weights_of(cell, inputs, hidden, walks, seed=0):
    rng = np.random.default_rng(seed)
    return {walk: [rng.normal(0, 0.5, shape) for shape in weight_shapes(cell, inputs, hidden)] for walk in walks}


def reference_of(name, x, weights, h0, lengths, reverse, dy, dh_n):
    """Return y, h_n, dx, dweights and dh0 of the reference, h alone where the state is (h, c)."""
    if name == "lstm":
        zero = np.zeros_like(h0)
        y, (h_n, _), saved = lstm.forward(x, weights, (h0, zero), lengths, reverse=reverse)
        dx, dweights, (dh0, _) = lstm.backward(dy, (dh_n, zero), saved)
        return y, h_n, dx, dweights, dh0
    if name == "rnn":
        y, h_n, saved = rnn.forward(x, weights, h0, lengths, reverse=reverse)
        return y, h_n, *rnn.backward(dy, dh_n, saved)
    y, h_n, saved = gru.forward(x, weights, h0, lengths, reverse=reverse, reset_after=CELLS[name][1])
    return y, h_n, *gru.backward(dy, dh_n, saved)


def by_walk(walks, y, h_n):
    """Return y and h_n of each walk, views of [B, T, D*H] and [D, B, H]."""
    return dict(zip(walks, y.chunk(len(walks), dim=2), strict=True)), dict(zip(walks, h_n, strict=True))


def leaf(array):
    return torch.from_numpy(array.copy()).requires_grad_()


def assert_equals_reference(run, name, x, lengths, hidden, walks, dtype=np.float64):
    """Compare outputs and every gradient of `run(x, weights, h0)` with the reference's, walk by walk."""
    tolerance = FLOAT64 if dtype == np.float64 else FLOAT32
    cell = CELLS[name][0]
    rng = np.random.default_rng(3)
    batch, time, inputs = x.shape
    weights = weights_of(cell, inputs, hidden, walks)
    h0 = {walk: rng.normal(size=(batch, hidden)) for walk in walks}
    dy = {walk: rng.normal(size=(batch, time, hidden)) for walk in walks}
    dh_n = {walk: rng.normal(size=(batch, hidden)) for walk in walks}
    tx = leaf(x.astype(dtype))
    tweights = {walk: [leaf(w.astype(dtype)) for w in arrays] for walk, arrays in weights.items()}
    th0 = leaf(np.stack([h0[walk] for walk in walks]).astype(dtype))
    y, h_n = by_walk(walks, *run(tx, tweights, th0))
    loss = sum((y[w] * torch.from_numpy(dy[w])).sum() + (h_n[w] * torch.from_numpy(dh_n[w])).sum() for w in walks)
    loss.backward()
    dx = np.zeros_like(x)
    for walk in walks:
        want = reference_of(name, x, weights[walk], h0[walk], lengths, walk == "backward", dy[walk], dh_n[walk])
        np.testing.assert_allclose(y[walk].detach(), want[0], **tolerance)
        np.testing.assert_allclose(h_n[walk].detach(), want[1], **tolerance)
        dx += want[2]
        for got, gradient in zip(tweights[walk], want[3], strict=True):
            np.testing.assert_allclose(got.grad, gradient, **tolerance)
        np.testing.assert_allclose(th0.grad[walks.index(walk)], want[4], **tolerance)
    np.testing.assert_allclose(tx.grad, dx, **tolerance)


def ragged(inputs):
    lengths = np.array([3, 0, 7, 1, 7, 5])
    x = np.random.default_rng(2).normal(size=(6, 7, inputs))
    for row, length in enumerate(lengths):
        x[row, length:] = np.nan
    return x, lengths


@every_cell
@every_direction
def test_equals_the_reference_on_ragged_batches(name, walks):
    x, lengths = ragged(2)
    cell, reset_after = CELLS[name]

    def run(x, weights, h0):
        return autograd.forward(x, weights, lengths, cell=cell, reset_after=reset_after, h0=h0)

    assert_equals_reference(run, name, x, lengths, 3, walks)


@pytest.mark.parametrize("name", ["gru", "gru-before"])
@every_direction
def test_the_compiled_gru_equals_the_reference_on_ragged_batches(name, walks, monkeypatch):
    for other in ("run_stepwise", "run_fused"):
        monkeypatch.delattr(autograd, other)
    x, lengths = ragged(2)

    def run(x, weights, h0):
        return autograd.forward(x, weights, lengths, reset_after=CELLS[name][1], h0=h0)

    assert_equals_reference(run, name, x, lengths, 3, walks, np.float32)


@every_direction
def test_torchs_own_gru_equals_the_reference_on_ragged_batches(walks):
    x, lengths = ragged(2)

    def run(x, weights, h0):
        return autograd.run_fused(x, weights, lengths, h0, cell="gru")

    assert_equals_reference(run, "gru", x, lengths, 3, walks)


@every_cell
@pytest.mark.parametrize(("batch", "time", "inputs", "hidden"), [(1, 1, 1, 1), (2, 7, 63, 1), (7, 2, 1, 63)])
def test_equals_the_reference_on_full_batches(name, batch, time, inputs, hidden):
    cell, reset_after = CELLS[name]

    def run(x, weights, h0):
        return autograd.forward(x, weights, cell=cell, reset_after=reset_after, h0=h0)

    x = np.random.default_rng(2).normal(size=(batch, time, inputs))
    assert_equals_reference(run, name, x, None, hidden, WALKS)


@pytest.mark.parametrize("name", ["gru", "gru-before"])
def test_many_steps_cross_the_chunks_of_the_backward_pass(name, monkeypatch):
    monkeypatch.setattr(autograd, "CHUNK", 16)
    x, lengths = ragged(2)

    def run(x, weights, h0):
        return autograd.forward(x, weights, lengths, reset_after=CELLS[name][1], h0=h0)

    assert_equals_reference(run, name, x, lengths, 3, WALKS)


@every_cell
@pytest.mark.parametrize(("batch", "time"), [(3, 0), (0, 3), (2, 4)])
def test_nothing_to_read_leaves_the_state(name, batch, time):
    x = np.full((batch, time, 2), np.nan)
    lengths = np.zeros(batch, np.int64)
    cell, reset_after = CELLS[name]
    weights = {w: [torch.from_numpy(a) for a in arrays] for w, arrays in weights_of(cell, 2, 3, WALKS).items()}
    h0 = torch.randn(2, batch, 3, dtype=torch.float64)
    y, h_n = autograd.forward(torch.from_numpy(x), weights, lengths, cell=cell, reset_after=reset_after, h0=h0)
    np.testing.assert_array_equal(y, np.zeros((batch, time, 6)))
    np.testing.assert_array_equal(h_n, h0)


@every_cell
def test_without_biases_equals_biases_of_zero(name):
    cell, reset_after = CELLS[name]
    weights = {w: [torch.from_numpy(a) for a in arrays] for w, arrays in weights_of(cell, 2, 3, WALKS).items()}
    bare = {walk: arrays[:2] for walk, arrays in weights.items()}
    zero = {walk: [*arrays[:2], *(torch.zeros_like(b) for b in arrays[2:])] for walk, arrays in weights.items()}
    x = torch.randn(2, 5, 2, dtype=torch.float64)
    got, _ = autograd.forward(x, bare, cell=cell, reset_after=reset_after)
    want, _ = autograd.forward(x, zero, cell=cell, reset_after=reset_after)
    np.testing.assert_allclose(got, want, **FLOAT64)


@pytest.mark.parametrize("kind", [list, tuple, np.array, torch.tensor])
def test_lengths_may_be_a_list_an_array_or_a_tensor(kind):
    weights = {"forward": [torch.from_numpy(a) for a in weights_of("gru", 1, 2, ("forward",))["forward"]]}
    x = torch.ones(2, 3, 1, dtype=torch.float64)
    y, _ = autograd.forward(x, weights, kind([1, 3]))
    want, _ = autograd.forward(x[:1, :1], weights)
    np.testing.assert_allclose(y[0, 0], want[0, 0], **FLOAT64)
    np.testing.assert_array_equal(y[0, 1:], np.zeros((2, 2)))


def test_lengths_beyond_the_batch_are_refused():
    weights = {"forward": [torch.from_numpy(a) for a in weights_of("gru", 1, 2, ("forward",))["forward"]]}
    x = torch.ones(2, 3, 1, dtype=torch.float64)
    with pytest.raises(ArgumentError, match=r"^gru\.forward: lengths must be within 0\.\.T=3, got 4\.$"):
        autograd.forward(x, weights, [4, 1])
    with pytest.raises(ArgumentError, match=r"^gru\.forward: lengths must be int \[2\], got shape \[1\]\.$"):
        autograd.forward(x, weights, [3])


@pytest.mark.parametrize("reset_after", [True, False])
def test_backward_may_run_twice_over_a_kept_graph(reset_after):
    weights = {"forward": [leaf(a) for a in weights_of("gru", 2, 3, ("forward",))["forward"]]}
    y, _ = autograd.forward(torch.randn(2, 5, 2, dtype=torch.float64), weights, reset_after=reset_after)
    loss = y.square().sum()
    first = torch.autograd.grad(loss, weights["forward"], retain_graph=True)
    second = torch.autograd.grad(loss, weights["forward"])
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@every_cell
def test_mixed_precision_takes_halves_and_keeps_the_state_precise(name):
    cell, reset_after = CELLS[name]
    weights = {"forward": [leaf(a.astype(np.float32)) for a in weights_of(cell, 2, 3, ("forward",))["forward"]]}
    x = torch.randn(2, 5, 2).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y, _ = autograd.forward(x, weights, cell=cell, reset_after=reset_after)
        loss = y.float().square().sum()
    loss.backward()
    assert weights["forward"][1].grad.dtype == torch.float32
    if cell == "gru":
        assert y.dtype == torch.float32
        arrays = [weight.detach().numpy() for weight in weights["forward"]]
        rounded, _, _ = gru.forward(x.float().numpy(), arrays, reset_after=reset_after, precision="bf16")
        np.testing.assert_allclose(y.detach(), rounded, **FLOAT32_STEP)  # rounded factors, a precise state


@pytest.mark.parametrize("reset_after", [True, False])
def test_backward_leaves_the_gradients_it_is_given_alone(reset_after):
    packing = Packing(np.array([3, 1]), 3)
    (arrays,) = weights_of("gru", 2, 3, ("forward",)).values()
    W, U, b_ih, b_hh = (leaf(a[None]) for a in arrays)
    packed, initial = torch.randn(1, 4, 2, dtype=torch.float64), torch.zeros(1, 2, 3, dtype=torch.float64)
    outputs = autograd.Steps.apply(reset_after, packing, packed, W, U, b_ih, b_hh, initial)
    given = [torch.ones_like(output) for output in outputs]
    torch.autograd.grad(outputs, [W], given)
    for gradient in given:
        np.testing.assert_array_equal(gradient, torch.ones_like(gradient))
