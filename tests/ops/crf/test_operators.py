"""The operators `bigru::crf_loss` in torch: registration, compilation, float32 laws, gradients that are not wanted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torchcrf import CRF

from bigru.errors import ArgumentError
from bigru.ops.crf import torch_ops
from bigru.ops.crf.autograd import negative_log_likelihood
from tolerances import FLOAT32


def draw(B: int, T: int, K: int, grad: bool = True) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    generator = torch.Generator().manual_seed(K)
    emissions = torch.randn(B, T, K, generator=generator) * 2
    tags = torch.randint(0, K, (B, T), generator=generator)
    weights = [torch.randn(shape, generator=generator) for shape in ((K, K), (K,), (K,))]
    leaves = [a.requires_grad_(grad) for a in (emissions, *weights)]
    return leaves[0], tags, torch.full((B,), T), leaves[1:]


# Sixteen tags and full lengths: everything that is kept for the gradient is written then, so that runs can be compared.
@pytest.mark.parametrize("per_step", [False, True])
@pytest.mark.parametrize("grad", [False, True])
def test_opcheck(grad: bool, per_step: bool) -> None:
    emissions, tags, lengths, weights = draw(3, 5, 16, grad)
    torch.library.opcheck(torch.ops.bigru.crf_loss.default, (emissions, tags, lengths, *weights, per_step, True))
    if not grad:
        kept = torch.ops.bigru.crf_loss(emissions, tags, lengths, *weights, per_step, True)[1]
        for needs in ([True] * 4, [False, True, False, False]):
            d_losses = torch.ones(3, 5) if per_step else torch.ones(3)
            arguments = (d_losses, emissions, tags, lengths, *weights, kept, needs)
            torch.library.opcheck(torch.ops.bigru.crf_loss_backward.default, arguments)


@pytest.mark.parametrize(("B", "T", "K"), [(1, 1, 2), (5, 17, 9), (3, 40, 33), (2, 5, 57)])
def test_equal_to_pytorch_crf_in_float32(B: int, T: int, K: int) -> None:
    emissions, tags, _, weights = draw(B, T, K)
    lengths = torch.tensor([T, *np.random.default_rng(0).integers(1, T + 1, B - 1).tolist()])
    crf = CRF(K, batch_first=True)
    for theirs, ours in zip((crf.transitions, crf.start_transitions, crf.end_transitions), weights, strict=True):
        theirs.data.copy_(ours.detach())
    real = torch.arange(T) < lengths[:, None]
    same = emissions.detach().clone().requires_grad_()
    loss = negative_log_likelihood(emissions, tags, lengths, *weights)
    want = -crf(same, tags, mask=real, reduction="none")
    np.testing.assert_allclose(loss.detach(), want.detach(), **FLOAT32)
    loss.mean().backward()
    want.mean().backward()
    pairs = [
        (emissions, same),
        *zip(weights, (crf.transitions, crf.start_transitions, crf.end_transitions), strict=True),
    ]
    for ours, theirs in pairs:
        assert ours.grad is not None
        np.testing.assert_allclose(ours.grad, torch.zeros_like(ours) if theirs.grad is None else theirs.grad, **FLOAT32)


def test_gradients_that_are_not_wanted_are_not_made() -> None:
    emissions, tags, lengths, weights = draw(3, 5, 4)
    everything = torch.autograd.grad(
        negative_log_likelihood(emissions, tags, lengths, *weights).sum(), [emissions, *weights]
    )
    for n, leaf in enumerate([emissions, *weights]):
        alone = [a.detach() for a in (emissions, *weights)]
        alone[n] = leaf
        loss = negative_log_likelihood(alone[0], tags, lengths, *alone[1:])
        np.testing.assert_array_equal(torch.autograd.grad(loss.sum(), leaf)[0], everything[n])


def test_a_second_backward_over_the_same_graph_gives_the_same() -> None:
    emissions, tags, lengths, weights = draw(3, 5, 4)
    loss = negative_log_likelihood(emissions, tags, lengths, *weights).sum()
    first = torch.autograd.grad(loss, [emissions, *weights], retain_graph=True)
    for one, other in zip(first, torch.autograd.grad(loss, [emissions, *weights]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_gradients_of_gradients_are_refused() -> None:
    emissions, tags, lengths, weights = draw(3, 5, 4)
    loss = negative_log_likelihood(emissions, tags, lengths, *weights).sum()
    with pytest.raises(ArgumentError, match="create_graph must be False in backward, got True"):
        torch.autograd.grad(loss, emissions, create_graph=True)


def test_strides_do_not_matter() -> None:
    emissions, tags, lengths, weights = draw(4, 6, 5, grad=False)
    want = negative_log_likelihood(emissions, tags, lengths, *weights)
    moved = emissions.transpose(0, 1).contiguous().transpose(0, 1).requires_grad_()
    turned = weights[0].T.contiguous().T
    got = negative_log_likelihood(moved, tags.T.contiguous().T, lengths, turned, *weights[1:])
    np.testing.assert_array_equal(got.detach(), want)
    got.sum().backward()
    assert moved.grad is not None
    assert moved.grad.isfinite().all()


def test_both_ways_of_the_loss_agree() -> None:
    emissions, tags, lengths, weights = draw(7, 11, 6, grad=False)
    lengths[:3] = torch.tensor([0, 1, 5])
    want = torch_ops.losses(emissions, tags, lengths, *weights)
    np.testing.assert_allclose(negative_log_likelihood(emissions, tags, lengths, *weights), want, **FLOAT32)


def test_compiled_without_a_break_in_the_graph() -> None:
    emissions, tags, lengths, weights = draw(3, 5, 16)

    def loss(e: Tensor, *w: Tensor) -> Tensor:
        return negative_log_likelihood(e, tags, lengths, *w).mean()

    want = torch.autograd.grad(loss(emissions, *weights), [emissions, *weights])
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    for got, other in zip(torch.autograd.grad(compiled(emissions, *weights), [emissions, *weights]), want, strict=True):
        np.testing.assert_allclose(got, other, **FLOAT32)
