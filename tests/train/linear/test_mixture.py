from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bigru.config import ChannelConfig, EncoderConfig, ModelConfig, TrainConfig
from bigru.features.text import TextFeatures
from bigru.nn.build import build_network, torch_logits
from bigru.plain.linear import Linear
from bigru.tasks import tag
from bigru.train.linear import part as linear_part
from bigru.train.linear.mixture import DOUBT, FIRST, learn_linear, mix
from bigru.train.loop.fit import fit
from bigru.train.loop.job import TrainingJob
from tolerances import FLOAT32

CHANNELS = (ChannelConfig("unit", 7, 3), ChannelConfig("end1", 9, 2))
MODEL = ModelConfig(
    outputs=3, channels=CHANNELS, encoder=EncoderConfig(hidden=4), wide_linear=True, crf=True, skip=True
)


def weights_of(model: ModelConfig) -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    module = build_network(replace(model, wide_linear=False))
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return {name: value.detach().numpy() for name, value in module.state_dict().items()}


def linear_of(model: ModelConfig) -> Linear:
    random = np.random.default_rng(1)
    K = model.outputs
    tables = [random.standard_normal((c.size, K)).astype(np.float32) for c in model.channels]
    return Linear(tables, random.standard_normal(K).astype(np.float32), random.random((K, K)).astype(np.float32))


def examples(count: int, tags: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    random = np.random.default_rng(2)
    lengths = random.integers(0, 6, count)
    ids = [random.integers(0, 7, (n, 2)).astype(np.int32) for n in lengths]
    return ids, [random.integers(0, tags, n) for n in lengths]


@pytest.mark.parametrize("model", [MODEL, replace(MODEL, crf=False), replace(MODEL, crf=False, outputs=1)])
def test_scores_are_the_sum_of_both_each_times_its_share(model: ModelConfig) -> None:
    weights, linear = weights_of(model), linear_of(model)
    ids, tags = examples(20, max(model.outputs, 2))
    mixed, (a, b) = mix(weights, linear, model, None, (ids, tags))
    assert 0 < a != FIRST[False][0]
    assert 0 < b != FIRST[False][1]
    rows, length = ids[0][None].astype(np.int64), np.array([len(ids[0])])
    plain = linear.bias + sum(table[rows[..., c]] for c, table in enumerate(linear.tables))
    want = a * torch_logits(replace(model, wide_linear=False), weights)(rows, length) + b * plain
    np.testing.assert_allclose(torch_logits(model, mixed)(rows, length), want, **FLOAT32)
    if model.crf:
        want = a * weights["crf.transitions"] + b * linear.transitions
        np.testing.assert_allclose(mixed["crf.transitions"], want, **FLOAT32)
        np.testing.assert_allclose(mixed["crf.end"], a * weights["crf.end"], **FLOAT32)
    changed = {n for n, v in weights.items() if not np.array_equal(mixed[n], v)}
    assert changed == {n for n in weights if n.startswith(("head.", "crf."))}


def test_what_is_right_counts_more() -> None:
    """The tag is the first id: the linear model says so, and the network says anything."""
    model = replace(MODEL, crf=False)
    linear = linear_of(model)
    linear = linear._replace(tables=[np.eye(7, 3, dtype=np.float32), np.zeros((9, 3), np.float32)])
    linear = linear._replace(bias=np.zeros(3, np.float32))
    ids, _ = examples(200, 3)
    ids = [rows % 3 for rows in ids]
    a, b = mix(weights_of(model), linear, model, None, (ids, [rows[:, 0].astype(np.int64) for rows in ids])).shares
    assert b > 4 * FIRST[False][1]
    assert a < b / 5


def test_a_few_examples_do_not_make_it_infinitely_sure() -> None:
    model = replace(MODEL, crf=False)
    linear = linear_of(model)._replace(bias=np.array([9, 0, 0], np.float32))
    dev = [np.zeros((1, 2), np.int32)], [np.zeros(1, np.int64)]
    a, b = mix(weights_of(model), linear, model, None, dev).shares
    assert max(a, b) < max(FIRST[False]) * np.exp(4 * max(DOUBT[False]))


@pytest.mark.parametrize("dev", [None, ([np.zeros((0, 2), np.int32)], [np.zeros(0, np.int64)])])
def test_without_dev_both_count_the_same(dev: Any) -> None:
    assert mix(weights_of(MODEL), linear_of(MODEL), MODEL, None, dev).shares == FIRST[False]


def test_the_choice_begins_where_it_is_asked_to() -> None:
    model = replace(MODEL, crf=False)
    dev = [np.zeros((1, 2), np.int32)], [np.zeros(1, np.int64)]
    arguments = weights_of(model), linear_of(model), model, None
    assert mix(*arguments, None, first=(0.01, 0.4)).shares == (0.01, 0.4)
    assert mix(*arguments, dev, first=(0.01, 0.4)).shares[0] < 0.1 * mix(*arguments, dev).shares[0]


def test_dev_sequences_with_unknown_tags_are_left_out() -> None:
    ids, tags = examples(20, 3)
    odd = [*ids, np.ones((3, 2), np.int32)], [*tags, np.array([0, -100, 1])]
    arguments = weights_of(MODEL), linear_of(MODEL), MODEL, None
    assert mix(*arguments, odd).shares == mix(*arguments, (ids, tags)).shares


def test_two_tags_have_one_column() -> None:
    ids = [np.array([[1, 1], [2, 1]])] * 5
    fitted = learn_linear((ids, [np.array([0, 1])] * 5), replace(MODEL, crf=False, outputs=1))
    assert fitted is not None
    made = fitted.linear
    assert [table.shape for table in made.tables] == [(7, 1), (9, 1)]
    assert made.tables[0][2, 0] > 0 > made.tables[0][1, 0]
    assert made.bias.shape == (1,)


Problem = tuple[tag.Config, ModelConfig, tuple[list[np.ndarray], list[np.ndarray]], TrainConfig]


@pytest.fixture
def tagged_tokens() -> Problem:
    """Tokens of which two are spans, wherever they stand."""
    random = np.random.default_rng(3)
    inputs = [list(random.choice(["ab", "cd", "ef", "gh"], n)) for n in random.integers(2, 7, 60)]
    tags = [["B-X" if unit in ("ab", "cd") else "O" for unit in row] for row in inputs]
    config = tag.Config(("O", "B-X", "I-X"), TextFeatures.fit(inputs, unit="token", channels=("unit",)), "BIO", True)
    model = ModelConfig(3, config.features.channels, encoder=EncoderConfig(hidden=3), crf=True, wide_linear=True)
    data = tag.featurise(config, inputs), tag.targets(config, tags)
    return config, model, data, TrainConfig(epochs=1, separate_linear=True)


def test_fit_joins_the_linear_part_to_the_network(tagged_tokens: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    config, model, data, training = tagged_tokens
    fitted = fit(TrainingJob(tag, config, model, data, None, training, progress="plain"))
    assert "of the network, 1.0000 of the linear part, 1.0000 of both; scores of the" in capsys.readouterr().err
    assert (fitted.best_score, fitted.linear_score) == (1.0, 1.0)
    beside = fit(
        TrainingJob(tag, config, model, data, None, replace(training, separate_linear=False), progress="silent")
    )
    assert beside.linear_score is None
    assert np.abs(beside.weights["wide.0.weight"]).max() < np.abs(fitted.weights["wide.0.weight"]).max()


def test_the_linear_part_learns_from_the_held_out_examples_once_they_have_chosen(
    tagged_tokens: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, model, data, training = tagged_tokens
    fitted = fit(TrainingJob(tag, config, model, data, None, training, progress="silent"))
    assert fitted.judged is not None
    kept = np.setdiff1d(np.arange(len(data[0])), fitted.held_out)
    part = [data[0][n] for n in kept], [data[1][n] for n in kept]
    for weights, learnt in ((fitted.judged, part), (fitted.weights, data)):
        made = learn_linear(learnt, model)
        assert made is not None
        want = made.linear.tables[0]
        share = np.abs(weights["wide.0.weight"]).max() / np.abs(want).max()
        np.testing.assert_allclose(weights["wide.0.weight"], share * want, **FLOAT32)
    assert fit(TrainingJob(tag, config, model, data, part, training, progress="silent")).judged is None
    monkeypatch.setattr(linear_part, "AGAIN", 10)
    assert fit(TrainingJob(tag, config, model, data, None, training, progress="silent")).judged is None
