"""All parameters as one vector: views that the model and its gradients stay in."""

from __future__ import annotations

import copy

import torch

from bigru.train.optim.flat_parameters import FlatParameters
from tolerances import FLOAT32


def model() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Embedding(5, 3, sparse=True), torch.nn.Linear(3, 2), torch.nn.Linear(2, 1))


def loss(parts: torch.nn.Sequential) -> torch.Tensor:
    return parts(torch.tensor([[1, 4, 1]])).pow(2).sum() * 100


def test_the_model_computes_as_before_and_its_gradients_lie_in_the_vector() -> None:
    ours, theirs = model(), model()
    flat = FlatParameters(ours, lambda name, parameter: parameter.ndim == 2)
    flat.zero_grad()
    for parts in (ours, theirs):
        loss(parts).backward()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)
        assert torch.equal(mine.grad.to_dense(), other.grad.to_dense())
    matrices = [theirs[1].weight, theirs[2].weight]
    assert torch.equal(flat.decayed.grad, torch.cat([matrix.grad.flatten() for matrix in matrices]))
    assert flat.tables == [ours[0].weight]


def test_a_step_on_the_vector_is_a_step_of_the_model() -> None:
    ours, theirs = model(), model()
    flat = FlatParameters(ours)
    flat.zero_grad()
    for parts, parameters in ((ours, [flat.free]), (theirs, [*theirs[1].parameters(), *theirs[2].parameters()])):
        optimiser = torch.optim.AdamW(parameters, lr=0.1)
        loss(parts).backward()
        optimiser.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, **FLOAT32)


def test_gradients_are_forgotten_between_steps() -> None:
    parts = model()
    flat = FlatParameters(parts)
    loss(parts).backward()
    once = parts[1].weight.grad.clone()
    parts.zero_grad()  # as a user of the model might
    flat.zero_grad()
    assert parts[0].weight.grad is None
    loss(parts).backward()
    assert torch.equal(parts[1].weight.grad, once)
    assert flat.free.grad.norm() > 0


def test_names_are_the_models_and_nothing_is_copied() -> None:
    parts = model()
    flat = FlatParameters(parts, lambda name, parameter: name == "2.bias")
    named = flat.named(flat.whole)
    assert list(named) == [name for name, _ in parts.named_parameters()]
    for name, parameter in parts.named_parameters():
        assert named[name].data_ptr() == parameter.data_ptr()
        assert named[name].shape == parameter.shape


def test_clipping_scales_dense_gradients_and_leaves_sparse_ones() -> None:
    ours, theirs = model(), model()
    flat = FlatParameters(ours)
    for parts in (ours, theirs):
        loss(parts).backward()
    dense = [*theirs[1].parameters(), *theirs[2].parameters()]
    want = torch.nn.utils.clip_grad_norm_(dense, 1.0)
    torch.testing.assert_close(flat.clip(1.0), want, **FLOAT32)
    for mine, other in zip([*ours[1].parameters(), *ours[2].parameters()], dense, strict=True):
        torch.testing.assert_close(mine.grad, other.grad, **FLOAT32)
    assert torch.equal(ours[0].weight.grad.to_dense(), theirs[0].weight.grad.to_dense())


def test_a_small_gradient_is_not_scaled() -> None:
    parts = model()
    flat = FlatParameters(parts)
    loss(parts).backward()
    before = copy.deepcopy(flat.free.grad)
    flat.clip(1e9)
    assert torch.equal(flat.free.grad, before)
