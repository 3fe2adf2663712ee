from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bigru.bundle import Bundle
from bigru.config import EncoderConfig, ModelConfig, TrainConfig
from bigru.features.text import TextFeatures
from bigru.nn.build import torch_logits
from bigru.plain.linear import Linear
from bigru.runtime.predictor import Predictor
from bigru.tasks import classify
from bigru.train.ensemble.members import fit_ensemble
from bigru.train.linear.mixture import FIRST, mix
from bigru.train.loop.fit import Fitted, fit
from bigru.train.loop.job import TrainingJob
from tolerances import FLOAT32

WORDS = ("good", "fine", "bad", "poor", "film", "plot", "the", "a")
TRAINING = TrainConfig(epochs=2, separate_linear=True)


def texts(count: int) -> tuple[list[str], list[str]]:
    """Texts that a bag of words tells apart."""
    random = np.random.default_rng(1)
    found = [" ".join(random.choice(WORDS, 6)) for _ in range(count)]
    return found, ["1" if one.count("good") + one.count("fine") > 1 else "0" for one in found]


def problem(labels: Sequence[Any], inputs: list[str], many: bool = False) -> tuple[Any, ModelConfig, Any]:
    features = TextFeatures.fit(inputs, channels=("unit", "bigram"))
    names = tuple(sorted({one for row in labels for one in (row if many else [row])}))
    config = classify.Config(names, features, many)
    encoder = EncoderConfig(hidden=3)
    model = ModelConfig(config.outputs, features.channels, 0, encoder, ("max", "sqrt_n"), wide_linear=True)
    return config, model, (classify.featurise(config, inputs), classify.targets(config, labels))


def trained(training: TrainConfig = TRAINING, count: int = 60, dev: Any = None) -> tuple[Any, ModelConfig, Fitted]:
    inputs, labels = texts(count)
    config, model, data = problem(labels, inputs)
    return config, model, fit(TrainingJob(classify, config, model, data, dev, training, progress="silent"))


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_label_has_the_sum_of_both_scores_each_times_its_share(outputs: int) -> None:
    random = np.random.default_rng(2)
    _, model, (ids, _) = problem(["0", "1"], ["good film", "bad plot a"])
    model = replace(model, outputs=outputs)
    tables = [random.standard_normal((c.size, outputs)).astype(np.float32) for c in model.channels]
    linear = Linear(tables, random.standard_normal(outputs).astype(np.float32), np.zeros((outputs, outputs)))
    alone = replace(model, wide_linear=False)
    weights = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes_of(alone).items()}
    mixed = mix(weights, linear, model, None, (ids, np.array([0, 1])))
    assert mixed.shares != FIRST[True]
    rows, length = ids[1][None].astype(np.int64), np.array([3])
    plain = sum(table[rows[0, :, c]].sum(axis=0) for c, table in enumerate(tables)) / np.sqrt(3) + linear.bias
    want = mixed.shares[0] * torch_logits(alone, weights)(rows, length) + mixed.shares[1] * plain
    np.testing.assert_allclose(torch_logits(model, mixed.weights)(rows, length), want, **FLOAT32)


def shapes_of(model: ModelConfig) -> dict[str, tuple[int, ...]]:
    from bigru.bundle.weights import shapes

    return shapes(model)


@pytest.mark.train
def test_the_linear_part_learns_from_held_out_examples_once_they_have_chosen() -> None:
    _, _, fitted = trained()
    assert fitted.judged is not None
    changed = {name for name, value in fitted.weights.items() if not np.array_equal(value, fitted.judged[name])}
    assert changed == {"wide.0.weight", "wide.1.weight", "head.bias"}


@pytest.mark.train
def test_the_dev_score_is_that_of_weights_that_have_not_seen_dev() -> None:
    config, model, fitted = trained()
    inputs, labels = texts(60)
    assert fitted.judged is not None
    assert fitted.held_out is not None
    answers = Predictor(Bundle("classify", model, config, fitted.judged)).predict([inputs[n] for n in fitted.held_out])
    right = [answer["label"] == labels[n] for answer, n in zip(answers, fitted.held_out, strict=True)]
    assert fitted.best_score == np.mean(right)


@pytest.mark.train
def test_given_dev_examples_are_not_learnt_from() -> None:
    inputs, labels = texts(80)
    config, model, data = problem(labels, inputs)
    train, dev = ((data[0][part], data[1][part]) for part in (slice(60), slice(60, None)))
    fitted = fit(TrainingJob(classify, config, model, train, dev, TRAINING, progress="silent"))
    assert fitted.judged is None
    assert fitted.weights["wide.0.weight"].any()


@pytest.mark.train
def test_a_bag_of_words_is_learnt_however_short_the_training() -> None:
    config, model, fitted = trained(replace(TRAINING, epochs=1), 300)
    inputs, labels = texts(400)
    answers = Predictor(Bundle("classify", model, config, fitted.weights)).predict(inputs[300:])
    assert np.mean([answer["label"] == label for answer, label in zip(answers, labels[300:], strict=True)]) > 0.9


@pytest.mark.train
def test_any_number_of_labels_have_a_linear_part_too() -> None:
    inputs, labels = texts(60)
    marks = [["long"] * (len(one) > 24) + ["good"] * (label == "1") for one, label in zip(inputs, labels, strict=True)]
    config, model, data = problem(marks, inputs, many=True)
    fitted = fit(TrainingJob(classify, config, model, data, None, TRAINING, progress="silent"))
    assert fitted.weights["wide.0.weight"].any(axis=0).all()


@pytest.mark.train
def test_a_linear_part_that_is_learnt_with_the_network_is_left_to_it() -> None:
    assert trained(replace(TRAINING, separate_linear=False))[2].judged is None


@pytest.mark.train
def test_the_same_call_gives_the_same_bits() -> None:
    one, two = trained()[2], trained()[2]
    assert all(np.array_equal(one.weights[name], two.weights[name]) for name in one.weights)


@pytest.mark.train
@pytest.mark.parametrize("ensemble", [1, 2])
def test_vectors_teach_the_linear_part_what_training_never_showed(ensemble: int) -> None:
    """Of the words that mean the same one alone stands in training; its like has the like vector."""
    random = np.random.default_rng(3)
    shown = [" ".join(random.permutation([word, "the", "a"])) for word in ("good", "bad") for _ in range(30)]
    config, model, (_, gold) = problem([str(int("good" in text)) for text in shown], shown)
    own = config.features
    channels = (replace(own.channels[0], size=own.channels[0].size + 2), *own.channels[1:])
    wide = replace(own, vocabulary=(*own.vocabulary, "fine", "poor"), channels=channels)
    config, model = replace(config, features=wide), replace(model, channels=channels)
    ids = classify.featurise(config, shown)
    vectors = np.zeros((channels[0].size, 2), np.float32)
    for words, vector in ((("good", "fine"), (1, 0)), (("bad", "poor"), (0, 1))):
        for word in words:
            vectors[1 + config.features.vocabulary.index(word)] = vector
    training = replace(TRAINING, ensemble=ensemble)
    job = TrainingJob(classify, config, model, (ids, gold), None, training, progress="silent")
    asked = [config.features.vocabulary.index(word) + 1 for word in ("fine", "poor")]
    without = fit_ensemble(job).weights["wide.0.weight"][asked, 0]
    fine, poor = fit_ensemble(replace(job, initial_weights={"vectors.0": vectors})).weights["wide.0.weight"][asked, 0]
    assert fine > 0.1 > -0.1 > poor
    assert np.abs(without).max() < 0.1
