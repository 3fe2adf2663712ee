"""Gradients of every input against the float64 reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cases import TRAINING, assert_close, backward, backward_reference, output_gradients, poison, random_case


def assert_gradients_close(got, want, precision="fp32"):
    for g, w in zip(got[:2], want[:2], strict=True):
        assert_close(g, w, "gradient", precision)
    for g_direction, w_direction in zip(got[2], want[2], strict=True):
        for g, w in zip(g_direction, w_direction, strict=True):
            assert_close(g, w, "gradient", precision)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("H", [1, 2, 7, 63, 65])
@pytest.mark.parametrize("I", [1, 2, 7, 63, 65])
@pytest.mark.parametrize("precision", TRAINING)
def test_backward_equals_reference(precision, I, H, reset_after):
    case = random_case(I * 100 + H, 5, 4, I, H, reset_after=reset_after, precision=precision)
    dy, dh_n = output_gradients(case)
    poisoned = replace(case, x=poison(case.x, case.lengths))
    got = backward(poisoned, poison(dy, case.lengths), dh_n)
    assert_gradients_close(got, backward_reference(case, dy, dh_n), precision)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("reverse", [(False,), (True,), (True, False)])
@pytest.mark.parametrize(("B", "T"), [(1, 1), (1, 70), (2, 5), (9, 1), (17, 40), (33, 3)])
@pytest.mark.parametrize("precision", TRAINING)
def test_shapes_and_walks(precision, B, T, reverse, reset_after):
    case = random_case(B * 100 + T, B, T, 5, 20, reset_after=reset_after, reverse=reverse, precision=precision)
    dy, dh_n = output_gradients(case)
    assert_gradients_close(backward(case, dy, dh_n), backward_reference(case, dy, dh_n), precision)


def test_missing_output_gradients_are_zeros():
    case = random_case(1, 5, 6, 3, 9)
    dy, dh_n = output_gradients(case)
    assert_gradients_close(backward(case, None, dh_n), backward_reference(case, np.zeros_like(dy), dh_n))
    assert_gradients_close(backward(case, dy, None), backward_reference(case, dy, np.zeros_like(dh_n)))


def test_what_is_not_needed_is_not_computed_and_changes_nothing():
    case = random_case(2, 5, 6, 3, 9)
    dy, dh_n = output_gradients(case)
    _, _, want = backward(case, dy, dh_n)
    dx, dh0, got = backward(case, dy, dh_n, needs=(False, False, True))
    assert dx is None
    assert dh0 is None
    for g_direction, w_direction in zip(got, want, strict=True):
        for g, w in zip(g_direction, w_direction, strict=True):
            np.testing.assert_array_equal(g, w)


def test_gradients_past_a_length_are_zero():
    case = random_case(3, 6, 7, 3, 5)
    dx, _, _ = backward(replace(case, x=poison(case.x, case.lengths)), *output_gradients(case))
    for row, length in zip(dx, case.lengths, strict=True):
        assert not row[length:].any()


EMPTY = {
    "no sequences": lambda case: case.rows([]),
    "no sequences, no lengths": lambda case: replace(case.rows([]), lengths=None),
    "no steps": lambda case: replace(case, x=case.x[:, :0].copy(), lengths=np.zeros_like(case.lengths)),
    "neither": lambda case: replace(case.rows([]), x=case.x[:0, :0].copy(), lengths=None),
    "lengths of zero": lambda case: replace(case, lengths=np.zeros_like(case.lengths)),
}


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("size", [1, 2, 7, 63])
@pytest.mark.parametrize("precision", TRAINING)
def test_gradients_of_nothing_are_zero_whatever_was_computed_before(precision, size, reset_after, empty):
    case = random_case(4, 33, 5, size, 64 - size, reset_after=reset_after, precision=precision)
    backward(case, *output_gradients(case))  # leaves its sums in the working memory
    nothing = EMPTY[empty](case)
    (B, T, _), (D, _, H) = nothing.x.shape, nothing.h0.shape
    dy, dh_n = np.ones((B, T, D * H), np.float32), np.ones((D, B, H), np.float32)
    dx, dh0, dweights = backward(nothing, dy, dh_n)
    np.testing.assert_array_equal(dx, np.zeros_like(nothing.x))
    np.testing.assert_array_equal(dh0, dh_n)
    for walk in dweights:
        for gradient in walk:
            np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


@pytest.mark.parametrize("seed", range(60))
def test_fuzz(seed):
    rng = np.random.default_rng(seed)
    B, T, I, H = (int(rng.integers(1, top)) for top in (40, 24, 50, 90))
    walks = [(False,), (True,), (False, True), (True, False), (False, False)]
    kind = {"reset_after": bool(rng.integers(2)), "precision": TRAINING[rng.integers(2)]}
    case = random_case(seed, B, T, I, H, reverse=walks[rng.integers(5)], **kind)
    case = case.rows(rng.permutation(B)[: 1 + B // 4])
    dy, dh_n = output_gradients(case)
    poisoned = replace(case, x=poison(case.x, case.lengths))
    got = backward(poisoned, poison(dy, case.lengths), dh_n, threads=int(rng.integers(1, 4)))
    assert_gradients_close(got, backward_reference(case, dy, dh_n), case.precision)
