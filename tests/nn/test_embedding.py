"""Channel embeddings: side by side, hidden by position."""

from __future__ import annotations

import torch

from bigru.config import ChannelConfig
from bigru.nn.embedding import ChannelEmbedding, WideLinear
from tolerances import FLOAT32

CHANNELS = (ChannelConfig("unit", 5, 2), ChannelConfig("bigram", 7, 3))


def test_vectors_of_channels_stand_side_by_side() -> None:
    embedding = ChannelEmbedding(CHANNELS)
    with torch.no_grad():
        embedding[0].weight.copy_(torch.arange(10.0).view(5, 2))
        embedding[1].weight.copy_(-torch.arange(21.0).view(7, 3))
    assert embedding(torch.tensor([[[4, 1], [0, 6]]])).tolist() == [[[8, 9, -3, -4, -5], [0, 1, -18, -19, -20]]]
    assert list(embedding.state_dict()) == ["0.weight", "1.weight"]


def test_units_start_small_and_hashed_channels_as_asked() -> None:
    torch.manual_seed(0)
    channels = (ChannelConfig("unit", 500, 20), ChannelConfig("bigram", 500, 20))
    units, bigrams = ChannelEmbedding(channels)
    assert abs(units.weight.std().item() - 0.1) < 0.005
    assert units.weight[1:].abs().min() > 0
    assert not units.weight[0].any()
    assert not bigrams.weight.any()
    _, noisy = ChannelEmbedding(channels, ngram_spread=0.05)
    assert abs(noisy.weight.std().item() - 0.05) < 0.003


def test_the_linear_part_starts_at_zero_and_adds_its_channels() -> None:
    wide = WideLinear(CHANNELS, 2)
    ids = torch.tensor([[[4, 1], [0, 6]]])
    assert wide(ids).tolist() == [[[0, 0], [0, 0]]]
    with torch.no_grad():
        wide[0].weight.copy_(torch.arange(10.0).view(5, 2))
        wide[1].weight.copy_(torch.arange(14.0).view(7, 2))
    assert wide(ids).tolist() == [[[10, 12], [12, 14]]]


def test_positions_are_hidden_in_training_only_each_channel_by_itself() -> None:
    torch.manual_seed(0)
    embedding = ChannelEmbedding(CHANNELS, unit_dropout=0.25, ngram_dropout=0.75)
    for table in embedding:
        torch.nn.init.ones_(table.weight)
    ids = torch.randint(1, 5, (20, 500, 2))
    vectors = embedding(ids)
    unit, bigram = vectors[..., :2], vectors[..., 2:]
    assert set(vectors.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(unit[..., 0], unit[..., 1])
    assert abs(unit.mean().item() - 0.75) < 0.02
    assert abs(bigram.mean().item() - 0.25) < 0.02
    both = (unit[..., 0] * bigram[..., 0]).mean().item()
    assert abs(both - 0.75 * 0.25) < 0.02
    assert torch.equal(embedding.eval()(ids), torch.ones(20, 500, 5))


def test_no_ids_give_no_vectors() -> None:
    assert ChannelEmbedding(CHANNELS)(torch.zeros(2, 0, 2, dtype=torch.int64)).shape == (2, 0, 5)


def test_gradients_may_be_sparse() -> None:
    embedding = ChannelEmbedding(CHANNELS)
    embedding[1].sparse = True
    embedding(torch.tensor([[[4, 1]]])).sum().backward()
    assert embedding[1].weight.grad is not None
    assert embedding[1].weight.grad.is_sparse


def test_a_hidden_unit_is_not_looked_up() -> None:
    """Its row would have a gradient of zero, and an optimiser's momentum would move it all the same."""
    torch.manual_seed(0)
    embedding = ChannelEmbedding((ChannelConfig("bigram", 100, 2),), ngram_dropout=0.5, ngram_spread=0.1)
    embedding[0].sparse = True
    embedding(torch.arange(1, 100)[None, :, None]).sum().backward()
    gradient = embedding[0].weight.grad.coalesce()
    touched = gradient.indices()[0][gradient.values().abs().sum(dim=1) == 0]
    assert touched.tolist() in ([], [0])


def test_gradients_are_those_of_torchs_own_lookup() -> None:
    torch.manual_seed(0)
    embedding = ChannelEmbedding(CHANNELS, unit_dropout=0.5, ngram_spread=0.1)
    ids = torch.randint(0, 5, (7, 63, 2))
    for sparse in (False, True):
        for table in embedding:
            table.sparse = sparse
        embedding.zero_grad()
        torch.manual_seed(1)
        vectors = embedding(ids)
        back = torch.randn(vectors.shape)
        vectors.backward(back)
        torch.manual_seed(1)
        shown = (torch.rand(7, 63) >= 0.5)[..., None]
        weights = [table.weight.detach().clone().requires_grad_() for table in embedding]
        want = torch.cat([weights[0][ids[..., 0]] * shown, weights[1][ids[..., 1]]], dim=-1)
        want.backward(back)
        torch.testing.assert_close(vectors, want, **FLOAT32)
        for table, weight in zip(embedding, weights, strict=True):
            assert table.weight.grad.is_sparse is sparse
            torch.testing.assert_close(table.weight.grad.to_dense(), weight.grad, **FLOAT32)


def test_a_sparse_gradient_holds_each_row_once() -> None:
    embedding = ChannelEmbedding(CHANNELS)
    embedding[1].sparse = True
    embedding(torch.tensor([[[4, 1], [3, 0], [4, 1]]])).sum().backward()
    assert embedding[1].weight.grad._indices().tolist() == [[0, 1]]
    assert embedding[1].weight.grad._values().tolist() == [[1.0] * 3, [2.0] * 3]
