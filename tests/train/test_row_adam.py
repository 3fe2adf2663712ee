from __future__ import annotations

import copy

import torch

from bigru.train.row_adam import RowAdamW
from tolerances import FLOAT32


def table(sparse: bool) -> torch.nn.Embedding:
    torch.manual_seed(0)
    return torch.nn.Embedding(7, 3, sparse=sparse)


def train(embedding: torch.nn.Embedding, optimiser: torch.optim.Optimizer, batches: list[list[int]]) -> torch.Tensor:
    for batch in batches:
        optimiser.zero_grad()
        embedding(torch.tensor(batch)).pow(3).sum().backward()
        optimiser.step()
    return embedding.weight.detach()


def test_rows_used_in_every_batch_move_as_under_dense_adam() -> None:
    batches = [[0, 1, 2, 3, 4, 5, 6, 2, 2]] * 5
    sparse, dense = table(True), table(False)
    ours = train(sparse, RowAdamW(sparse.parameters(), lr=0.1), batches)
    theirs = train(dense, torch.optim.Adam(dense.parameters(), lr=0.1), batches)
    torch.testing.assert_close(ours, theirs, **FLOAT32)


def test_rows_not_used_stay_bit_for_bit() -> None:
    embedding = table(True)
    before = embedding.weight.detach().clone()
    after = train(embedding, RowAdamW(embedding.parameters(), lr=0.1, weight_decay=0.5), [[1, 4], [4]])
    untouched = [0, 2, 3, 5, 6]
    assert torch.equal(after[untouched], before[untouched])
    assert not torch.equal(after[[1, 4]], before[[1, 4]])


def test_a_row_seen_late_takes_its_own_first_step() -> None:
    embedding = table(True)
    optimiser = RowAdamW(embedding.parameters(), lr=0.1)
    train(embedding, optimiser, [[0]] * 50)
    before = embedding.weight[3].detach().clone()
    train(embedding, optimiser, [[3]])
    # Adam's first step is lr in every coordinate, whatever the gradient's size.
    torch.testing.assert_close((embedding.weight[3].detach() - before).abs(), torch.full((3,), 0.1), **FLOAT32)


def test_dense_weights_go_through_adamw() -> None:
    torch.manual_seed(0)
    ours, theirs = (torch.nn.Linear(2, 2) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    for layer, kind in ((ours, RowAdamW), (theirs, torch.optim.AdamW)):
        optimiser = kind(layer.parameters(), lr=0.1, weight_decay=0.3)
        for _ in range(3):
            optimiser.zero_grad()
            layer(torch.ones(1, 2)).pow(2).sum().backward()
            optimiser.step()
    assert torch.equal(ours.weight, theirs.weight)


def test_state_survives_a_checkpoint() -> None:
    straight, resumed = table(True), table(True)
    first = RowAdamW(straight.parameters(), lr=0.1)
    train(straight, first, [[1, 2], [2]])
    resumed.load_state_dict(straight.state_dict())
    second = RowAdamW(resumed.parameters(), lr=0.1)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert torch.equal(train(straight, first, [[2], [5]]), train(resumed, second, [[2], [5]]))


def test_closure_is_run_and_its_loss_returned() -> None:
    embedding = table(True)

    def closure() -> torch.Tensor:
        loss = embedding(torch.tensor([1])).sum()
        loss.backward()
        return loss

    want = embedding.weight[1].sum().item()
    assert RowAdamW(embedding.parameters(), lr=0.1).step(closure).item() == want
