from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from bigru.ops.crf.reference import log_likelihood
from bigru.ops.crf.weights import CrfWeights
from bigru.train.crf_steps import Scores, step_losses
from tolerances import FLOAT32, FLOAT64

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
    shares = step_losses(emissions, tags, LENGTHS, scores)
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

    share = step_losses(emissions, tags, torch.tensor([3]), scores)[0, t]
    assert share.item() == pytest.approx(-np.log(mass(t + 1) / mass(t)), rel=1e-9)


def test_forbidden_transitions_take_no_part_and_leave_finite_gradients() -> None:
    emissions, _, scores = problem()
    tags = torch.zeros(len(LENGTHS), 7, dtype=torch.int64)
    scores.transitions[0, 1] = scores.start[2] = scores.end[1] = -torch.inf
    emissions.requires_grad_()
    shares = step_losses(emissions, tags, LENGTHS, scores)
    want = -log_likelihood(emissions.detach().numpy(), tags.numpy(), numpy(scores), LENGTHS.numpy())
    np.testing.assert_allclose(shares.sum(1).detach(), want, **FLOAT32)
    shares.sum().backward()
    assert emissions.grad is not None
    assert torch.isfinite(emissions.grad).all()


def test_gradients_agree_with_finite_differences() -> None:
    emissions, tags, scores = problem(T=4)
    lengths = torch.tensor([3, 1, 0, 4])
    leaves = [emissions.requires_grad_(), *(score.requires_grad_() for score in scores)]
    assert torch.autograd.gradcheck(lambda e, *s: step_losses(e, tags, lengths, Scores(*s)), leaves)


def test_no_steps_at_all() -> None:
    _, _, scores = problem()
    shares = step_losses(torch.zeros(2, 0, 3), torch.zeros(2, 0, dtype=torch.int64), torch.zeros(2), scores)
    assert shares.shape == (2, 0)
