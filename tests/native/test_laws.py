"""The four laws: by hand, padding, mirror, cut."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from cases import (
    PRECISIONS,
    TRAINING,
    assert_close,
    backward,
    forward,
    forward_reference,
    output_gradients,
    poison,
    prepare,
    random_case,
)

from bigru.ops.gru import native
from tolerances import FLOAT32_STEP, near

SIZES = [1, 2, 7, 63, 65]


def by_hand(x, h, reset_after):
    """The case of test_by_hand, written out with math's functions."""
    sigmoid = lambda v: 1 / (1 + math.exp(-v))  # noqa: E731
    r = sigmoid(0.5 * x + 0.01 - 0.8 * h + 0.04)
    z = sigmoid(-0.6 * x + 0.02 + 0.9 * h + 0.05)
    if reset_after:
        n = math.tanh(0.7 * x + 0.03 + r * (1.1 * h + 0.06))
    else:
        n = math.tanh(0.7 * x + 0.03 + 1.1 * (r * h) + 0.06)
    return n + z * (h - n)


@pytest.mark.parametrize("reset_after", [True, False])
def test_by_hand(reset_after):
    column = lambda *v: np.array(v, np.float32)[:, None]  # noqa: E731
    weights = [
        (
            column(0.5, -0.6, 0.7),
            column(-0.8, 0.9, 1.1),
            np.array([0.01, 0.02, 0.03], np.float32),
            np.array([0.04, 0.05, 0.06], np.float32),
        )
    ]
    x, h0 = np.array([[[1.5]]], np.float32), np.array([[[-0.4]]], np.float32)
    y, h_n, _ = native.forward(x, weights, h0=h0, reset_after=reset_after, reverse=(False,))
    assert y[0, 0, 0] == near(by_hand(1.5, -0.4, reset_after), FLOAT32_STEP)
    assert h_n[0, 0, 0] == y[0, 0, 0]


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("H", SIZES)
@pytest.mark.parametrize("I", SIZES)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_forward_equals_reference(precision, I, H, reset_after):
    case = random_case(I * 100 + H, 5, 6, I, H, reset_after=reset_after, precision=precision)
    y, h_n, _ = forward(replace(case, x=poison(case.x, case.lengths)))
    want_y, want_h = forward_reference(case)
    assert_close(y, want_y, "output", precision)
    assert_close(h_n, want_h, "output", precision)


@pytest.mark.parametrize("H", SIZES)
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_the_products_of_one_step_are_those_of_the_rounded_factors(precision, H):
    # No state differs in a last bit yet, so nothing can round to a neighbour: as close as fp32.
    case = random_case(H, 40, 1, 33, H, precision=precision)
    y, h_n, _ = forward(case)
    want_y, want_h = forward_reference(case)
    assert_close(y, want_y, "output")
    assert_close(h_n, want_h, "output")


@pytest.mark.parametrize("B", [1, 2, 3, 7, 8, 9, 16, 17, 33, 65])
@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_padding_a_row_alone_gives_the_same_bits(precision, B, reset_after):
    case = random_case(B, B, 9, 7, 33, reset_after=reset_after, precision=precision)
    y, h_n, _ = forward(replace(case, x=poison(case.x, case.lengths)))
    for b in {0, B // 2, B - 1}:
        alone = case.rows([b])
        own_y, own_h, _ = forward(replace(alone, x=alone.x[:, : max(1, alone.lengths[0])]))
        length = alone.lengths[0]
        np.testing.assert_array_equal(y[b, :length], own_y[0, :length])
        np.testing.assert_array_equal(h_n[:, b], own_h[:, 0])
        assert not y[b, length:].any()


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_mirror_reverse_equals_forward_of_the_reversed(precision, reset_after):
    case = random_case(3, 6, 8, 5, 20, reset_after=reset_after, reverse=(True,), precision=precision)
    mirrored = case.x.copy()
    for b, length in enumerate(case.lengths):
        mirrored[b, :length] = case.x[b, :length][::-1]
    y, h_n, _ = forward(case)
    other_y, other_h, _ = forward(replace(case, x=mirrored, reverse=(False,)))
    np.testing.assert_array_equal(h_n, other_h)
    for b, length in enumerate(case.lengths):
        np.testing.assert_array_equal(y[b, :length], other_y[b, :length][::-1])


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("cut", [1, 4, 300])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_cut_two_pieces_equal_one_run(precision, cut, reset_after):
    case = random_case(4, 3, 301, 5, 17, reset_after=reset_after, reverse=(False,), lengths="full", precision=precision)
    y, h_n, _ = forward(case)
    head = replace(case, x=case.x[:, :cut].copy(), lengths=None)
    y_head, h_head, _ = forward(head)
    tail = replace(case, x=case.x[:, cut:].copy(), h0=h_head, lengths=None)
    y_tail, h_tail, _ = forward(tail)
    np.testing.assert_array_equal(np.concatenate([y_head, y_tail], 1), y)
    np.testing.assert_array_equal(h_tail, h_n)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("reverse", [(False,), (True,), (False, True)])
@pytest.mark.parametrize("precision", TRAINING)
def test_time_first_changes_no_bit(precision, reverse, reset_after):
    case = random_case(8, 19, 7, 5, 20, reverse=reverse, reset_after=reset_after, precision=precision)
    case = replace(case, x=poison(case.x, case.lengths))
    turn = lambda a: np.ascontiguousarray(a.swapaxes(0, 1))  # noqa: E731
    turned = replace(case, x=turn(case.x))
    y, h_n, _ = forward(case)
    other_y, other_h, saved = forward(turned, keep=True, time_first=True)
    np.testing.assert_array_equal(turn(y), other_y)
    np.testing.assert_array_equal(h_n, other_h)
    dy, dh_n = output_gradients(case)
    dx, dh0, dweights = backward(case, dy, dh_n)
    got = native.backward(turn(dy), dh_n, saved)
    np.testing.assert_array_equal(turn(dx), got[0])
    np.testing.assert_array_equal(dh0, got[1])
    for walk, other_walk in zip(dweights, got[2], strict=True):
        for gradient, other in zip(walk, other_walk, strict=True):
            np.testing.assert_array_equal(gradient, other)


def test_lengths_of_zero_and_empty_batches():
    case = random_case(5, 4, 3, 2, 3)
    y, h_n, _ = forward(replace(case, lengths=np.zeros(4, np.int64)))
    assert not y.any()
    np.testing.assert_array_equal(h_n, case.h0)
    y, h_n, _ = forward(replace(case.rows([]), lengths=None))
    assert y.shape == (0, 3, 6)
    assert h_n.shape == (2, 0, 3)
    y, h_n, _ = forward(replace(case, x=case.x[:, :0].copy(), lengths=None))
    assert y.shape == (4, 0, 6)
    np.testing.assert_array_equal(h_n, case.h0)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("precision", TRAINING)
def test_keeping_gates_and_preparing_weights_change_no_bit(precision, reset_after):
    case = random_case(6, 19, 40, 30, 65, reset_after=reset_after, precision=precision)
    y, h_n, _ = forward(case)
    for other_y, other_h in (
        forward(case, keep=True)[:2],
        prepare(case).forward(case.x, lengths=case.lengths, h0=case.h0),
    ):
        np.testing.assert_array_equal(y, other_y)
        np.testing.assert_array_equal(h_n, other_h)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("B", [1, 3, 70])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_steps_of_a_stream_equal_one_run(precision, B, reset_after):
    case = random_case(7, B, 5, 7, 33, reset_after=reset_after, reverse=(False,), lengths="full", precision=precision)
    y, h_n, _ = forward(case)
    stream = prepare(case)
    h = case.h0[0].copy()
    for t in range(5):
        stream.step(np.ascontiguousarray(case.x[:, t]), h)
        np.testing.assert_array_equal(h, y[:, t])
    np.testing.assert_array_equal(h, h_n[0])
