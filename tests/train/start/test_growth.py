"""A grown model: what was known keeps its id, its bucket and its answer; what is new stands behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tolerances
from bigru import bundle
from bigru.bundle import Bundle
from bigru.bundle.weights import shapes
from bigru.config import EncoderConfig, ModelConfig
from bigru.features.known import KnownStrings
from bigru.features.text import TextFeatures
from bigru.runtime.predictor import Predictor
from bigru.tasks import classify, tag
from bigru.train.start.growth import grow_outputs, grow_table, grow_weights

TEXTS = ["好看的书", "难看的书", "a bc", "书 a"]
MORE = ["新书很好", "a bc d", "d d"]


def features(unit: str) -> TextFeatures:
    return TextFeatures.fit(
        TEXTS, unit=unit, channels=("unit", "bigram"), segmenter=None if unit == "char" else "regex"
    )


def classifier(labels: tuple[str, ...], multi_label: bool = False) -> Bundle:
    read = features("char")
    config = classify.Config(labels, read, multi_label)
    model = ModelConfig(
        config.outputs,
        channels=read.channels,
        encoder=EncoderConfig(hidden=3),
        pooling=("max", "sqrt_n"),
        wide_linear=True,
    )
    return Bundle("classify", model, config, draw(model))


def draw(model: ModelConfig) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes(model).items()}


@pytest.mark.parametrize("unit", ["char", "word"])
def test_known_units_and_ngrams_keep_their_ids(unit: str) -> None:
    old = features(unit)
    new = old.extended(MORE)
    assert new.vocabulary[: len(old.vocabulary)] == old.vocabulary
    assert set(new.vocabulary) - set(old.vocabulary) == {"新", "很", "d"}
    for one, other in zip(old.features_many(TEXTS), new.features_many(TEXTS), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [channel.name for channel in new.channels] == ["unit", "bigram"]
    assert new.channels[0].size == len(new.vocabulary) + 1
    assert new.channels[1] == old.channels[1]
    rows = new.features_many(MORE)
    assert all((row > 0).all() for row in rows)
    assert any((row == 0).any() for row in old.features_many(MORE))


def test_a_bound_counts_what_is_known_already() -> None:
    old = features("char")
    assert old.extended(MORE, max_size=len(old.vocabulary) + 1).vocabulary == (*old.vocabulary, "d")
    assert old.extended(MORE, max_size=1).vocabulary == old.vocabulary
    assert old.extended(["新", "很很"], min_count=2).vocabulary == (*old.vocabulary, "很")


@pytest.mark.parametrize("count", [5, 5000])
def test_a_filter_that_grows_forgets_nothing(count: int) -> None:
    random = np.random.default_rng(0)
    before, after = (random.integers(0, 1 << 63, n).astype(np.uint64) for n in (50, count))
    old = KnownStrings.of(before)
    new = old.extended(after)
    assert new.has(before).all()
    assert new.has(after).all()
    strange = random.integers(0, 1 << 63, 20_000).astype(np.uint64)
    assert new.has(strange).mean() < 0.06
    assert len(new.bits) == len(old.bits) if count == 5 else len(new.bits) > len(old.bits)


@pytest.mark.parametrize(
    ("labels", "multi_label", "more"),
    [(("a", "b"), False, ["c"]), (("a", "b", "c"), False, ["d", "e"]), (("a",), True, [["b"]])],
)
def test_a_grown_classifier_prefers_among_old_labels_what_it_preferred(
    labels: tuple[str, ...], multi_label: bool, more: list
) -> None:
    old = classifier(labels, multi_label)
    read = old.config.features.extended(MORE)
    config = classify.extend(old.config, read, more)
    assert config.labels[: len(labels)] == labels
    model = replace(old.model, outputs=config.outputs, channels=read.channels)
    weights = grow_weights(old.weights, model, paired=old.config.outputs == 1 and not multi_label, seed=0)
    assert {name: array.shape for name, array in weights.items()} == shapes(model)
    # Without the noise, new units are what they were: unknown.
    weights["embedding.0.weight"][old.model.channels[0].size :] = old.weights["embedding.0.weight"][0]
    inputs = ["好看", "书书 a", "新"]
    before = Predictor(old).predict(inputs)
    grown = Predictor(bundle.Bundle("classify", model, config, weights)).predict(inputs)
    for one, other in zip(before, grown, strict=True):
        shares = {label: other["scores"][label] for label in labels}
        total = 1.0 if multi_label else sum(shares.values())
        for label in labels:
            assert shares[label] / total == tolerances.near(one["scores"][label], tolerances.FLOAT32)


def test_tags_grow_by_whole_labels_in_the_scheme() -> None:
    config = tag.Config(("O", "B-X", "I-X"), features("char"), "BIO", crf=True)
    grown = tag.extend(config, config.features, [["O", "B-A"], ["I-X"]])
    assert grown.labels == ("O", "B-X", "I-X", "B-A", "I-A")
    assert tag.extend(tag.Config(("n", "v"), config.features), config.features, [["a", "v"]]).labels == ("n", "v", "a")


def test_rows_and_outputs_are_put_behind_those_that_are_there() -> None:
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_array_equal(grow_table(table, 5, None), [[0, 1], [2, 3], [4, 5], [0, 1], [0, 1]])
    np.testing.assert_array_equal(grow_outputs(table[:1, :1] + 7, 3, (0,), paired=True), [[0], [7], [0]])
    np.testing.assert_array_equal(
        grow_outputs(np.ones((2, 2)), 3, (0, 1), paired=False), [[1, 1, 0], [1, 1, 0], [0] * 3]
    )
