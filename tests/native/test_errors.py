"""Wrong arguments give one clear error, never a crash or a wrong answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cases import forward, random_case

from bigru import _native
from bigru.ops.gru import native


@pytest.fixture
def case():
    return random_case(0, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: x.astype(float), "x must be float32"),
        (lambda x: x[:, ::2], "x must be contiguous"),
        (lambda x: np.zeros((3, 4, 7), np.float32), r"x must be float32 \[3, 4, 5\], got \[3, 4, 7\]"),
    ],
)
def test_x(case, wrong, message):
    with pytest.raises(ValueError, match=message):
        forward(replace(case, x=wrong(case.x)))


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([1, -1, 2], r"lengths\[1\] must be 0..4, got -1"),
        ([1, 2, 5], r"lengths\[2\] must be 0..4, got 5"),
        ([1, 2], r"lengths must be int64 \[3\], got \[2\]"),
    ],
)
def test_lengths(case, lengths, message):
    with pytest.raises(ValueError, match=message):
        forward(replace(case, lengths=np.array(lengths)))


def test_lengths_of_another_type(case):
    with pytest.raises(ValueError, match="lengths must be int64"):
        forward(replace(case, lengths=case.lengths.astype(np.int32)))


def test_weights(case):
    (w_ih, w_hh, b_ih, b_hh), other = case.weights
    with pytest.raises(ValueError, match=r"weight_ih must be float32 \[18, 5\], got \[17, 5\]"):
        forward(replace(case, weights=[(w_ih[:-1], w_hh, b_ih, b_hh), other]))
    with pytest.raises(ValueError, match=r"bias_hh must be float32 \[18\], got \[6\]"):
        forward(replace(case, weights=[(w_ih, w_hh, b_ih, b_hh[:6].copy()), other]))
    empty = (np.zeros((0, 5), np.float32), np.zeros((0, 0), np.float32), None, None)
    with pytest.raises(ValueError, match="H must be at least 1"):
        native.forward(case.x, [empty], reverse=(False,))


def test_h0(case):
    with pytest.raises(ValueError, match=r"h0 must be float32 \[2, 3, 6\]"):
        forward(replace(case, h0=case.h0[:1].copy()))


def test_directions(case):
    with pytest.raises(ValueError, match="1 or 2 directions"):
        native.forward(case.x, case.weights * 2, reverse=(False,) * 4)
    with pytest.raises(ValueError, match="one flag per direction"):
        native.forward(case.x, case.weights, reverse=(False,))


def test_threads(case):
    with pytest.raises(ValueError, match="threads must not be negative"):
        forward(case, threads=-1)


def test_outputs_that_overlap_inputs():
    x = np.zeros((2, 3, 4), np.float32)
    weights = [(np.zeros((12, 4), np.float32), np.zeros((12, 4), np.float32), None, None)]
    with pytest.raises(ValueError, match="y must not overlap x"):
        _native.gru_forward(
            weights, [False], True, "fp32", 1, False, x, None, None, x, np.zeros((1, 2, 4), np.float32), None
        )


def test_inference_refuses_outputs_that_overlap():
    x, h_n = np.zeros((2, 3, 4), np.float32), np.zeros((1, 2, 4), np.float32)
    prepared = _native.Prepared([(np.zeros((12, 4), np.float32),) * 2 + (None, None)], [False], True, "fp32")
    with pytest.raises(ValueError, match="bigru_gru_infer: y must not overlap x"):
        prepared.infer(x, None, None, x, h_n, 1)
    with pytest.raises(ValueError, match="bigru_gru_infer: h_n must not overlap h0"):
        prepared.infer(x, None, h_n, x.copy(), h_n, 1)
    with pytest.raises(ValueError, match="bigru_gru_step: h must not overlap x"):
        prepared.step(x[:, 0][:1], x[:, 0][:1])


@pytest.mark.parametrize(
    ("same", "message"),
    [
        ({"dx": "x"}, "dx must not overlap x"),
        ({"dx": "y"}, "dx must not overlap y"),
        ({"dh0": "dh_n"}, "dh0 must not overlap dh_n"),
        ({"dh0": "gates"}, "dh0 must not overlap gates"),
        ({"dx": "dh0"}, "dx must not overlap dh0"),
        ({"weight_hh": "weight_ih"}, "the gradient of weight_ih must not overlap that of weight_hh"),
        ({"bias_ih": "dx"}, "that of bias_ih must not overlap dx"),
    ],
)
def test_gradients_that_overlap(same, message):
    # One block of memory for all, in which what is the same begins at the same place.
    sizes = {"x": (1, 4, 4), "y": (1, 4, 4), "dy": (1, 4, 4), "dx": (1, 4, 4), "dh_n": (1, 1, 4), "dh0": (1, 1, 4)}
    sizes |= {"weight_ih": (12, 4), "weight_hh": (12, 4), "bias_ih": (12,), "bias_hh": (12,), "gates": (1024,)}
    memory = np.zeros((len(sizes), 2048), np.float32)
    at = {name: i for i, name in enumerate(sizes)}
    a = {name: memory[at[same.get(name, name)], : int(np.prod(shape))].reshape(shape) for name, shape in sizes.items()}
    weights = [(np.zeros((12, 4), np.float32),) * 2 + (None, None)]
    gradients = [tuple(a[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))]
    with pytest.raises(ValueError, match=message):
        _native.gru_backward(
            *(weights, [False], True, "fp32", 1, False, a["x"], None, None, a["y"], a["gates"], a["dy"], a["dh_n"]),
            *(a["dx"], a["dh0"], gradients),
        )


def test_a_stream_has_one_direction(case):
    with pytest.raises(ValueError, match="D must be 1, got 2"):
        native.Prepared(case.weights).step(case.x[:, 0].copy(), case.h0[0].copy())


def test_missing_biases_are_zeros(case):
    none = replace(case, weights=[(w_ih, w_hh, None, None) for w_ih, w_hh, _, _ in case.weights])
    zeros = np.zeros(18, np.float32)
    zero = replace(case, weights=[(w_ih, w_hh, zeros, zeros) for w_ih, w_hh, _, _ in case.weights])
    np.testing.assert_array_equal(forward(none)[0], forward(zero)[0])
