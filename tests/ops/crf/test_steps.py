from __future__ import annotations

import itertools
from collections import namedtuple

import numpy as np
import pytest
import torch

from bigru.ops.crf.autograd import negative_log_likelihood, step_losses
from bigru.ops.crf.reference import log_likelihood
from bigru.ops.crf.weights import CrfWeights
from tolerances import CRF, FLOAT32, FLOAT64, near

Scores = namedtuple("Scores", CrfWeights._fields)
LENGTHS = torch.tensor([3, 1, 0, 7])


def problem(K: int = 3, T: int = 7) -> tuple[torch.Tensor, torch.Tensor, Scores]:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    tags = torch.randint(0, K, (len(LENGTHS), T), generator=generator)
    return draw(len(LENGTHS), T, K), tags, Scores(draw(K, K), draw(K), draw(K))


def numpy(scores: Scores) -> CrfWeights:
    return CrfWeights(*(score.numpy() for score in scores))


def test_the_shares_sum_to_the_whole() -> None:
    emissions, tags, scores = problem()
    emissions[0, 3:] = torch.nan
    shares = step_losses(emissions, tags, LENGTHS, *scores)
    want = -log_likelihood(emissions.numpy(), tags.numpy(), numpy(scores), LENGTHS.numpy())
    np.testing.assert_allclose(shares.sum(1), want, **FLOAT64)
    assert shares[torch.arange(7) >= LENGTHS[:, None]].abs().sum() == 0


@pytest.mark.parametrize("t", [0, 1, 2])
def test_each_share_is_a_conditional_probability(t: int) -> None:
    emissions, tags, scores = problem()
    emissions, tags = emissions[:1, :3], tags[:1, :3]

    def mass(fixed: int) -> float:
        """Sum over all paths that agree with the gold tags on their first `fixed` steps."""
        total = 0.0
        for path in itertools.product(range(3), repeat=3):
            if list(path[:fixed]) == tags[0, :fixed].tolist():
                total += np.exp(log_likelihood(emissions.numpy(), np.array([path]), numpy(scores))[0])
        return total

    share = step_losses(emissions, tags, torch.tensor([3]), *scores)[0, t]
    assert share.item() == near(-np.log(mass(t + 1) / mass(t)), FLOAT64)


def test_forbidden_transitions_take_no_part_and_leave_finite_gradients() -> None:
    emissions, _, scores = problem()
    tags = torch.zeros(len(LENGTHS), 7, dtype=torch.int64)
    scores.transitions[0, 1] = scores.start[2] = scores.end[1] = -torch.inf
    emissions.requires_grad_()
    shares = step_losses(emissions, tags, LENGTHS, *scores)
    want = -log_likelihood(emissions.detach().numpy(), tags.numpy(), numpy(scores), LENGTHS.numpy())
    np.testing.assert_allclose(shares.sum(1).detach(), want, **FLOAT32)
    shares.sum().backward()
    assert emissions.grad is not None
    assert torch.isfinite(emissions.grad).all()


def test_gradients_agree_with_finite_differences() -> None:
    emissions, tags, scores = problem(T=4)
    lengths = torch.tensor([3, 1, 0, 4])
    leaves = [emissions.requires_grad_(), *(score.requires_grad_() for score in scores)]
    assert torch.autograd.gradcheck(lambda e, *s: step_losses(e, tags, lengths, *s), leaves)


def test_no_steps_at_all() -> None:
    _, _, scores = problem()
    tags, lengths = torch.zeros(2, 0, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
    assert step_losses(torch.zeros(2, 0, 3), tags, lengths, *scores).shape == (2, 0)


@pytest.mark.parametrize(("B", "T", "K"), [(1, 1, 1), (2, 1, 9), (5, 17, 9), (9, 12, 33), (3, 9, 57), (4, 63, 2)])
@pytest.mark.parametrize("scale", [1.0, 10.0, 1e3])
def test_the_compiled_shares_and_their_gradients_equal_those_in_float64(B: int, T: int, K: int, scale: float) -> None:
    generator = torch.Generator().manual_seed(K)
    lengths = torch.randint(0, T + 1, (B,), generator=generator)
    lengths[0] = T
    tags = torch.randint(0, K, (B, T), generator=generator)
    arrays = [torch.randn(shape, generator=generator) for shape in ((B, T, K), (K, K), (K,), (K,))]
    arrays[0] *= scale
    weight = torch.rand(K, generator=generator) * 3
    results = []
    for dtype in (torch.float32, torch.float64):
        leaves = [a.to(dtype, copy=True).requires_grad_() for a in arrays]
        shares = step_losses(leaves[0], tags, lengths, *leaves[1:])
        (shares * weight[tags].to(dtype)).sum().backward()
        results.append([shares.detach(), *(leaf.grad for leaf in leaves)])
    for n, (got, want) in enumerate(zip(*results, strict=True)):
        assert got is not None
        size = (1 if n else scale) * (1 + want.abs().max())
        np.testing.assert_allclose(got / size, want / size, rtol=0, atol=CRF)


def test_equal_weights_give_the_gradient_of_the_whole() -> None:
    emissions, tags, scores = problem()
    leaves = [a.float().requires_grad_() for a in (emissions, *scores)]
    apart = torch.autograd.grad(step_losses(leaves[0], tags, LENGTHS, *leaves[1:]).sum(), leaves)
    whole = torch.autograd.grad(negative_log_likelihood(leaves[0], tags, LENGTHS, *leaves[1:]).sum(), leaves)
    for one, other in zip(apart, whole, strict=True):
        np.testing.assert_allclose(one, other, **FLOAT32)


def test_a_forbidden_step_has_an_infinite_share_and_finite_gradients() -> None:
    emissions, tags, scores = problem()
    leaves = [a.float() for a in (emissions, *scores)]
    leaves[1][tags[0, 0], tags[0, 1]] = -torch.inf
    leaves = [leaf.requires_grad_() for leaf in leaves]
    shares = step_losses(leaves[0], tags, LENGTHS, *leaves[1:])
    assert shares[0].isinf().tolist() == [False, True, False, False, False, False, False]
    assert all(g.isfinite().all() for g in torch.autograd.grad(shares.sum(), leaves))
