"""The encoder: dropout where the configuration says, final states that match the outputs."""

from __future__ import annotations

import pytest
import torch

from bigru.config import EncoderConfig
from bigru.nn.encoder import Encoder, shared_dropout
from tolerances import EXACT, FLOAT32

PLAIN = {"dropout": 0.0, "input_dropout": 0.0, "embedding_dropout": 0.0, "ngram_dropout": 0.0}


def test_a_unit_is_dropped_at_every_step_of_its_sequence() -> None:
    torch.manual_seed(0)
    x = shared_dropout(torch.ones(50, 4, 60), 0.25, True)
    assert torch.equal(x, x[:, :1].expand_as(x))
    assert set(x.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert abs(x.mean().item() - 1.0) < 0.03
    assert not torch.equal(x[0], x[1])


def test_vectors_are_dropped_unit_by_unit() -> None:
    torch.manual_seed(0)
    assert abs((shared_dropout(torch.ones(100, 100), 0.5, True) == 0).float().mean().item() - 0.5) < 0.03


@pytest.mark.parametrize(("p", "training"), [(0.0, True), (0.5, False)])
def test_nothing_is_dropped_in_evaluation_or_at_zero(p: float, training: bool) -> None:
    x = torch.ones(2, 3, 4)
    assert shared_dropout(x, p, training) is x


@pytest.mark.parametrize("cell", ["gru", "rnn", "lstm"])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_the_final_states_are_the_outputs_where_each_walk_ends(cell: str, layer_norm: bool) -> None:
    torch.manual_seed(0)
    lengths = torch.tensor([7, 1, 2])
    rows = torch.arange(3)
    for direction, end in (("forward", lengths - 1), ("backward", torch.zeros(3, dtype=torch.int64))):
        config = EncoderConfig(cell=cell, hidden=3, layers=2, direction=direction, layer_norm=layer_norm)
        states, last = Encoder(config, 2).eval()(torch.randn(3, 7, 2), lengths)
        torch.testing.assert_close(last, states[rows, end], **FLOAT32)


def test_the_final_states_of_both_walks_are_joined_as_the_outputs_are() -> None:
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(hidden=3), 2).eval()
    lengths = torch.tensor([4, 2])
    states, last = encoder(torch.randn(2, 4, 2), lengths)
    torch.testing.assert_close(last[:, :3], states[[0, 1], [3, 1], :3], **FLOAT32)
    torch.testing.assert_close(last[:, 3:], states[:, 0, 3:], **FLOAT32)


def test_dropout_acts_between_layers_only() -> None:
    torch.manual_seed(0)
    x, lengths = torch.randn(2, 5, 2), torch.tensor([5, 5])
    one = Encoder(EncoderConfig(hidden=3, **{**PLAIN, "dropout": 0.5}), 2)
    torch.testing.assert_close(one.train()(x, lengths)[0], one.eval()(x, lengths)[0], **EXACT)
    two = Encoder(EncoderConfig(hidden=3, layers=2, **{**PLAIN, "dropout": 0.5}), 2)
    assert not torch.equal(two.train()(x, lengths)[0], two.eval()(x, lengths)[0])


def test_recurrent_dropout_reaches_the_layers() -> None:
    torch.manual_seed(0)
    x, lengths = torch.randn(2, 5, 2), torch.tensor([5, 5])
    encoder = Encoder(EncoderConfig(hidden=3, **PLAIN, recurrent_dropout=0.5), 2)
    assert not torch.equal(encoder.train()(x, lengths)[0], encoder.eval()(x, lengths)[0])
