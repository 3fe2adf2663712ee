from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bigru.config import EncoderConfig, ModelConfig
from bigru.features.batching import pad
from bigru.features.series import SeriesFeatures
from bigru.nn.model import SequenceModel
from bigru.ops.crf.weights import CrfWeights
from bigru.tasks import classify, tag
from bigru.train.objective.evaluator import Evaluator
from decided import answers
from tolerances import FLOAT64_STEP, near

RANDOM = np.random.default_rng(0)
INPUTS = [RANDOM.standard_normal((length, 2)) for length in RANDOM.integers(1, 9, 150)]
FEATURES = SeriesFeatures.fit(INPUTS)
LABELS = ("a", "b", "c")


def scored(task: Any, config: Any, model: ModelConfig, gold: list) -> tuple[tuple[float, float], str, float]:
    """Return what Dev gives, its name, and what the evaluation of a saved model gives under that name."""
    torch.manual_seed(0)
    network = SequenceModel(model)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    features, targets = task.featurise(config, INPUTS), task.targets(config, gold)
    dev = Evaluator(task, config, model, (features, targets), lambda logits, batch: batch.lengths.float().mean())
    padded, lengths = pad(features)
    with torch.no_grad():
        logits = network.eval()(torch.from_numpy(padded), torch.from_numpy(lengths)).numpy()
    crf = CrfWeights(*(p.detach().numpy() for p in network.crf.parameters())) if model.crf else None
    rows = logits if model.pooling else [row[:end] for row, end in zip(logits, lengths, strict=True)]
    found = answers(task, config, rows, crf, INPUTS)
    network.train()
    result = dev.score(network)
    assert network.training
    assert result[1] == pytest.approx(np.mean([len(x) for x in INPUTS]))
    return result, dev.name, task.score(config, gold, found)[dev.name]


@pytest.mark.parametrize(("count", "threshold"), [(3, 0.5), (2, 0.5), (2, 0.3)])
def test_one_label(count: int, threshold: float) -> None:
    config = classify.Config(LABELS[:count], FEATURES, threshold=threshold)
    model = ModelConfig(outputs=config.outputs, input_size=2, pooling=("max",))
    gold = [LABELS[i] for i in RANDOM.integers(0, count, len(INPUTS))]
    (score, _), name, want = scored(classify, config, model, gold)
    assert (name, score) == ("accuracy", want)
    assert 0 < score < 1


def test_many_labels() -> None:
    config = classify.Config(LABELS, FEATURES, multi_label=True)
    model = ModelConfig(outputs=3, input_size=2, pooling=("mean",))
    gold = [[label for label in LABELS if RANDOM.random() < 0.4] for _ in INPUTS]
    (score, _), name, want = scored(classify, config, model, gold)
    assert name == "micro_f1"
    assert score == near(want, FLOAT64_STEP)


@pytest.mark.parametrize("crf", [False, True])
@pytest.mark.parametrize("entities", [None, ("X",)])
def test_spans(crf: bool, entities: tuple[str, ...] | None) -> None:
    config = tag.Config(("O", "B-X", "I-X", "B-Y", "I-Y"), FEATURES, "BIO", crf=crf, entity_labels=entities)
    model = ModelConfig(outputs=5, input_size=2, crf=crf)
    gold = [[("O", "B-X", "B-Y")[i] for i in RANDOM.integers(0, 3, len(x))] for x in INPUTS]
    (score, _), name, want = scored(tag, config, model, gold)
    assert name == "span_f1"
    assert score == near(want, FLOAT64_STEP)
    assert 0 < score < 1


@pytest.mark.parametrize(("count", "crf"), [(2, False), (3, False), (2, True)])
def test_tags(count: int, crf: bool) -> None:
    config = tag.Config(LABELS[:count], FEATURES, crf=crf)
    model = ModelConfig(outputs=config.outputs, input_size=2, crf=crf)
    gold = [[LABELS[i] for i in RANDOM.integers(0, count, len(x))] for x in INPUTS]
    (score, _), name, want = scored(tag, config, model, gold)
    assert name == "accuracy"
    assert score == near(want, FLOAT64_STEP)


@pytest.mark.parametrize("crf", [False, True])
def test_labels_that_the_model_has_not_can_only_be_missed(crf: bool) -> None:
    config = tag.Config(("O", "B-A", "I-A"), FEATURES, "BIO", crf)
    model = ModelConfig(outputs=3, input_size=2, crf=crf)
    inputs = [np.zeros((n, 2)) for n in (1, 2, 4)]
    gold = [["O"], ["B-A", "O"], ["B-A", "B-X", "I-X", "O"]]
    features, targets = tag.featurise(config, inputs), tag.targets(config, gold, unknown=True)
    seen: list[int] = []

    def loss(logits: torch.Tensor, batch: Any) -> torch.Tensor:
        seen.extend(batch.lengths.tolist())
        return logits.sum() * 0 + 2

    dev = Evaluator(tag, config, model, (features, targets), loss)
    assert tag.decisions(config, targets, 7) == 3
    score, mean = dev.score(SequenceModel(model))
    assert (score, mean) == (pytest.approx(0, abs=0.8), 2.0)
    assert sorted(seen) == ([1, 2] if crf else [1, 2, 4])


def test_a_label_that_the_model_has_not_is_never_right() -> None:
    config = classify.Config(LABELS, FEATURES)
    model = ModelConfig(outputs=3, input_size=2, pooling=("max",))
    targets = classify.targets(config, ["new"] * len(INPUTS), unknown=True)
    dev = Evaluator(
        classify, config, model, (classify.featurise(config, INPUTS), targets), lambda logits, _: logits.sum() * 0
    )
    assert dev.score(SequenceModel(model)) == (0.0, 0.0)


@pytest.mark.parametrize(("spans", "few"), [(99, True), (100, False)])
def test_few_spans_choose_no_epoch_however_many_steps_there_are(spans: int, few: bool) -> None:
    features = SeriesFeatures.fit([np.zeros((3, 1)), np.ones((3, 1))])
    config = tag.Config(("O", "B-X", "I-X"), features, "BIO", crf=True)
    model = ModelConfig(3, input_size=1, encoder=EncoderConfig(hidden=2), crf=True)
    data = [np.zeros((3, 1), np.float32)] * 200, [np.array([1, 2, 0])] * spans + [np.zeros(3, int)] * (200 - spans)
    assert Evaluator(tag, config, model, data, lambda logits, batch: logits.sum()).few == few
