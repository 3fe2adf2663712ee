from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from bigru.train.optim.row_adamw import ParameterGroup, RowAdamW
from tolerances import FLOAT32


def table(sparse: bool) -> torch.nn.Embedding:
    torch.manual_seed(0)
    return torch.nn.Embedding(7, 3, sparse=sparse)


def optimiser(module: torch.nn.Module, weight_decay: float = 0.0) -> RowAdamW:
    return RowAdamW([ParameterGroup(list(module.parameters()), weight_decay)], lr=0.1)


def train(embedding: torch.nn.Embedding, steps: Any, batches: list[list[int]]) -> torch.Tensor:
    for batch in batches:
        embedding.zero_grad()
        embedding(torch.tensor(batch)).pow(3).sum().backward()
        steps.step()
    return embedding.weight.detach()


def test_rows_used_in_every_batch_move_as_under_dense_adam() -> None:
    batches = [[0, 1, 2, 3, 4, 5, 6, 2, 2]] * 5
    sparse, dense = table(True), table(False)
    ours = train(sparse, optimiser(sparse), batches)
    theirs = train(dense, torch.optim.Adam(dense.parameters(), lr=0.1), batches)
    torch.testing.assert_close(ours, theirs, **FLOAT32)


def test_rows_not_used_stay_bit_for_bit() -> None:
    embedding = table(True)
    before = embedding.weight.detach().clone()
    after = train(embedding, optimiser(embedding, 0.5), [[1, 4], [4]])
    untouched = [0, 2, 3, 5, 6]
    assert torch.equal(after[untouched], before[untouched])
    assert not torch.equal(after[[1, 4]], before[[1, 4]])


def test_a_row_seen_late_takes_its_own_first_step() -> None:
    embedding = table(True)
    ours = optimiser(embedding)
    train(embedding, ours, [[0]] * 50)
    before = embedding.weight[3].detach().clone()
    train(embedding, ours, [[3]])
    # Adam's first step is lr in every coordinate, whatever the gradient's size.
    torch.testing.assert_close((embedding.weight[3].detach() - before).abs(), torch.full((3,), 0.1), **FLOAT32)


@pytest.mark.parametrize("device", ["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def test_dense_weights_have_the_bits_of_fused_adamw(device: str) -> None:
    torch.manual_seed(0)
    ours, theirs = (torch.nn.Sequential(torch.nn.Linear(3, 7), torch.nn.Linear(7, 63)).to(device) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    decayed = [
        ParameterGroup([ours[0].weight, ours[1].weight], 0.3),
        ParameterGroup([ours[0].bias, ours[1].bias]),
    ]
    groups = [
        {"params": [theirs[0].weight, theirs[1].weight], "weight_decay": 0.3},
        {"params": [theirs[0].bias, theirs[1].bias], "weight_decay": 0.0},
    ]
    mine, other = RowAdamW(decayed, lr=1.0), torch.optim.AdamW(groups, lr=1.0, fused=True)
    for lr in (0.1, 0.01, 0.3, 0.0):
        mine.lr = lr
        for group in other.param_groups:
            group["lr"] = lr
        for model, steps in ((ours, mine), (theirs, other)):
            model.zero_grad()
            model(torch.ones(2, 3, device=device)).pow(2).sum().backward()
            steps.step()
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, two)


def test_weights_without_a_gradient_are_left_alone() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    ours = optimiser(model, 0.5)
    model[0](torch.ones(1, 2)).sum().backward()
    ours.step()
    same = {name: torch.equal(weight, before[name]) for name, weight in model.state_dict().items()}
    assert same == {"0.weight": False, "0.bias": False, "1.weight": True, "1.bias": True}
    assert sorted(ours.state) == [0, 1]


def test_state_survives_a_checkpoint() -> None:
    straight, resumed = table(True), table(True)
    first = optimiser(straight)
    train(straight, first, [[1, 2], [2]])
    resumed.load_state_dict(straight.state_dict())
    second = optimiser(resumed)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert torch.equal(train(straight, first, [[2], [5]]), train(resumed, second, [[2], [5]]))
