"""Pooling: by hand, blind to padding, safe for empty sequences."""

from __future__ import annotations

import pytest
import torch

from bigru.config import POOLINGS
from bigru.nn.pooling import Pooling, step_mask, sum_over_sqrt_n
from tolerances import FLOAT32

NAN = float("nan")
STATES = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [NAN, NAN]], [[-5.0, 6.0], [NAN, NAN], [NAN, NAN]]])
INPUTS = torch.tensor([[[2.0], [4.0], [NAN]], [[7.0], [NAN], [NAN]]])
LAST = torch.tensor([[10.0, 11.0], [12.0, 13.0]])
LENGTHS = torch.tensor([2, 1])


def pool(*kinds: str) -> list[list[float]]:
    pooling = Pooling(kinds, 2, 1)
    result = pooling(INPUTS, STATES, LAST, LENGTHS)
    assert result.shape == (2, pooling.outputs)
    return result.tolist()


def test_every_kind_by_hand() -> None:
    assert pool("last") == [[10, 11], [12, 13]]
    assert pool("mean") == [[2, -3], [-5, 6]]
    assert pool("max") == [[3, -2], [-5, 6]]
    assert pool("sqrt_n") == [[pytest.approx(6 / 2**0.5)], [7]]


def test_the_deviation_of_a_total_does_not_grow_with_the_length() -> None:
    """Steps that are 1 in a column of their own are orthogonal: the squares of their total sum to 1."""
    lengths = torch.tensor([4, 900])
    values = torch.eye(900).expand(2, 900, 900).clone()
    values[0, 4:] = NAN
    torch.testing.assert_close(sum_over_sqrt_n(values, lengths).square().sum(1), torch.ones(2), **FLOAT32)
    torch.testing.assert_close(sum_over_sqrt_n(torch.ones(2, 900, 1), lengths), lengths.sqrt()[:, None], **FLOAT32)


def test_kinds_stand_side_by_side_in_their_order() -> None:
    assert pool("max", "last", "mean") == [[3, -2, 10, 11, 2, -3], [-5, 6, 12, 13, -5, 6]]


def test_attention_by_hand() -> None:
    pooling = Pooling(("attention",), 2, 1)
    with torch.no_grad():
        pooling.attend.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.5]]))
        pooling.attend.bias.copy_(torch.tensor([0.0, 1.0]))
        pooling.query.copy_(torch.tensor([2.0, -1.0]))
    scores = torch.tensor(
        [2 * torch.tanh(torch.tensor(h)) - torch.tanh(torch.tensor(g / 2 + 1)) for h, g in [(1.0, -4.0), (3.0, -2.0)]]
    )
    share = scores.softmax(0)
    expected = share[0] * torch.tensor([1.0, -4.0]) + share[1] * torch.tensor([3.0, -2.0])
    result = pooling(INPUTS, STATES, LAST, LENGTHS)
    torch.testing.assert_close(result[0], expected, **FLOAT32)
    torch.testing.assert_close(result[1], torch.tensor([-5.0, 6.0]), **FLOAT32)


@pytest.mark.parametrize("time", [0, 1, 3])
def test_an_empty_sequence_pools_to_zeros_and_its_gradient_is_finite(time: int) -> None:
    pooling = Pooling(POOLINGS, 2, 1)
    states = torch.full((1, time, 2), 9.0, requires_grad=True)
    result = pooling(torch.full((1, time, 1), 9.0), states, torch.ones(1, 2), torch.tensor([0]))
    assert result.tolist() == [[0.0] * 9]
    result.sum().backward()
    assert states.grad is not None
    assert not states.grad.any()
    assert all(not parameter.grad.any() for parameter in pooling.parameters())


def test_no_gradient_reaches_padding() -> None:
    states = STATES.clone().requires_grad_()
    Pooling(POOLINGS, 2, 1)(INPUTS, states, LAST, LENGTHS).sum().backward()
    assert states.grad is not None
    assert states.grad.isfinite().all()
    assert not states.grad[~step_mask(LENGTHS, 3)].any()


def test_gradients_of_sum_and_maximum_are_those_of_torchs_own() -> None:
    torch.manual_seed(0)
    lengths = torch.tensor([7, 1, 4])
    real = step_mask(lengths, 7)[..., None]
    x = torch.randn(3, 7, 5)
    x[0, 2] = x[0, 4] = 9.0  # shared maxima
    ours, theirs = (x.clone().requires_grad_() for _ in range(2))
    back = torch.randn(3, 10)
    Pooling(("mean", "max"), 5, 1)(x[..., :1], ours, x[:, 0], lengths).backward(back)
    mean = theirs.masked_fill(~real, 0.0).sum(1) / lengths[:, None]
    torch.cat([mean, theirs.masked_fill(~real, -torch.inf).amax(1)], dim=1).backward(back)
    torch.testing.assert_close(ours.grad, theirs.grad, **FLOAT32)


def test_real_steps() -> None:
    assert step_mask(torch.tensor([0, 2]), 2).tolist() == [[False, False], [True, True]]
