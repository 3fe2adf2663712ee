"""The whole model: names, laws, dropout, gradients."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from bigru.bundle.weights import shapes
from bigru.config import POOLINGS, ChannelConfig, EncoderConfig, ModelConfig
from bigru.nn.model import SequenceModel
from tolerances import FLOAT32

CHANNELS = (ChannelConfig("unit", 9, 3), ChannelConfig("bigram", 11, 2))
SMALL = EncoderConfig(hidden=4, layers=2, layer_norm=True)

MODELS = {
    "label": ModelConfig(3, CHANNELS, 0, SMALL, POOLINGS),
    "step": ModelConfig(5, CHANNELS, 0, SMALL, ()),
    "crf": ModelConfig(5, CHANNELS, 0, dataclasses.replace(SMALL, merge="gated"), skip=True, crf=True),
    "wide": ModelConfig(3, CHANNELS, 0, SMALL, ("max", "sqrt_n"), wide_linear=True),
    "wide steps": ModelConfig(5, CHANNELS, 0, SMALL, (), crf=True, wide_linear=True),
    "series": ModelConfig(1, (), 2, EncoderConfig(cell="lstm", hidden=3, direction="backward"), ("last", "sqrt_n")),
    "value": ModelConfig(1, (), 1, EncoderConfig(cell="rnn", hidden=3, merge="sum"), ()),
}


def build(name: str) -> SequenceModel:
    torch.manual_seed(0)
    model = SequenceModel(MODELS[name])
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def sequences(config: ModelConfig, lengths: list[int]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    if not config.channels:
        return [torch.randn(t, config.input_size, generator=generator) for t in lengths]
    return [
        torch.stack([torch.randint(0, c.size, (t,), generator=generator) for c in config.channels], dim=1)
        for t in lengths
    ]


def padded(rows: list[torch.Tensor], time: int, fill: float) -> torch.Tensor:
    batch = torch.full((len(rows), time, rows[0].shape[1]), fill, dtype=rows[0].dtype)
    for number, row in enumerate(rows):
        batch[number, : len(row)] = row
    return batch


@pytest.mark.parametrize("name", MODELS)
def test_the_state_dict_has_the_names_and_shapes_of_a_saved_model(name: str) -> None:
    state = build(name).state_dict()
    assert {key: tuple(value.shape) for key, value in state.items()} == shapes(MODELS[name])


@pytest.mark.parametrize("name", MODELS)
def test_padding_batch_mates_and_position_change_nothing(name: str) -> None:
    config, model = MODELS[name], build(name).eval()
    lengths = [7, 1, 0, 2]
    rows = sequences(config, lengths)
    fill = float("nan") if config.input_size else 10**9
    together = model(padded(rows, 9, fill), torch.tensor(lengths))
    for place, row in enumerate(rows):
        alone = model(row[None], torch.tensor([len(row)]))[0]
        other = model(padded([rows[0], row], 7, fill), torch.tensor([7, len(row)]))[1]
        if config.pooling:
            torch.testing.assert_close(together[place], alone, **FLOAT32)
            torch.testing.assert_close(other, alone, **FLOAT32)
        else:
            torch.testing.assert_close(together[place, : len(row)], alone, **FLOAT32)
            torch.testing.assert_close(other[: len(row)], alone, **FLOAT32)
            assert not together[place, len(row) :].any()


def test_an_empty_text_is_answered_by_the_bias_alone() -> None:
    model = build("label").eval()
    logits = model(torch.zeros(1, 0, 2, dtype=torch.int64), torch.tensor([0]))
    assert torch.equal(logits[0], model.head.bias)


@pytest.mark.parametrize("name", MODELS)
def test_gradients_are_finite_beside_padding_and_empty_sequences(name: str) -> None:
    config, model = MODELS[name], build(name).train()
    rows = sequences(config, [5, 0, 1])
    fill = float("nan") if config.input_size else 0
    model(padded(rows, 5, fill), torch.tensor([5, 0, 1])).sum().backward()
    for key, parameter in model.named_parameters():
        if not key.startswith("crf."):
            assert parameter.grad is not None, key
            assert parameter.grad.isfinite().all(), key


@pytest.mark.parametrize(
    "kind", ["dropout", "input_dropout", "embedding_dropout", "ngram_dropout", "recurrent_dropout"]
)
@pytest.mark.parametrize("pooling", [("max",), ()])
def test_each_dropout_acts_in_training_and_never_in_evaluation(kind: str, pooling: tuple[str, ...]) -> None:
    none = dict.fromkeys(["dropout", "input_dropout", "embedding_dropout", "ngram_dropout", "recurrent_dropout"], 0.0)
    config = ModelConfig(2, CHANNELS, 0, EncoderConfig(hidden=4, **{**none, kind: 0.5}), pooling)
    torch.manual_seed(0)
    model = SequenceModel(config)
    torch.nn.init.normal_(model.embedding[1].weight)
    ids, lengths = padded(sequences(config, [6, 6]), 6, 0), torch.tensor([6, 6])
    assert not torch.equal(model.train()(ids, lengths), model(ids, lengths))
    assert torch.equal(model.eval()(ids, lengths), model(ids, lengths))


def test_a_fresh_model_has_no_opinion() -> None:
    torch.manual_seed(0)
    model = SequenceModel(MODELS["crf"])
    assert not model.head.bias.any()
    assert not any(parameter.any() for parameter in model.crf.parameters())
