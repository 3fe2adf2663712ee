"""Explanations: the parts sum to the score, a weight is what a removal costs, a mirrored text swaps the directions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bigru.bundle import Bundle
from bigru.bundle.weights import shapes
from bigru.config import MERGES, POOLINGS, ChannelConfig, EncoderConfig, ModelConfig
from bigru.errors import ArgumentError, DataError
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.layout import CELL_GATES, DIRECTIONS
from bigru.runtime import explain as explaining
from bigru.runtime.explain import explain, explainable
from bigru.runtime.predictor import Predictor
from bigru.tasks import classify, tag
from drawn import drawn_weights
from tolerances import FLOAT32

TEXT = "这部电影太棒了😀，不差"
TEXTS = [TEXT, "差", "", "好 电影"]
CHANNELS = (ChannelConfig("unit", 1, 3), ChannelConfig("bigram", 31, 2))
UNIT = CHANNELS[:1]
TWO, THREE = ("bad", "good"), ("bad", "so so", "good")
SMALL = EncoderConfig(hidden=3)


def made(
    labels: tuple[str, ...] = TWO,
    encoder: EncoderConfig = SMALL,
    channels: tuple[ChannelConfig, ...] = CHANNELS,
    features: TextFeatures | None = None,
    precision: str = "fp32",
    **options: Any,
) -> Predictor:
    """Return a classifier of drawn weights."""
    features = features or TextFeatures.fit(TEXTS, unit="char", channels=channels)
    config = classify.Config(labels, features, multi_label=options.pop("multi_label", False))
    shape = {"pooling": ("last", "max"), **options}
    model = ModelConfig(config.outputs, features.channels, encoder=encoder, **shape)
    weights = drawn_weights(model)
    return Predictor(Bundle("classify", model, config, weights), precision)


def score(model: Predictor, text: str, label: str) -> float:
    """Return the score of a label, from the probabilities of the answer."""
    scores = model.predict(text)["scores"]
    if model.bundle.config.multi_label or len(scores) == 2:
        return math.log(scores[label]) - math.log1p(-scores[label])
    others = [math.log(p) for name, p in scores.items() if name != label]
    return math.log(scores[label]) - sum(others) / len(others)


MODELS = {
    "two labels": made(),
    "three labels": made(THREE),
    "any labels": made(THREE, multi_label=True),
    "all poolings, linear part": made(THREE, pooling=POOLINGS, wide_linear=True),
    "two normalised layers": made(encoder=EncoderConfig(hidden=3, layers=2, layer_norm=True), wide_linear=True),
    "other equation": made(encoder=EncoderConfig(hidden=3, reset_after=False)),
    "int8": made(precision="int8"),
    **{f"{direction} alone": made(encoder=EncoderConfig(hidden=3, direction=direction)) for direction in DIRECTIONS},
    **{f"merge {merge}": made(encoder=EncoderConfig(hidden=3, merge=merge)) for merge in MERGES},
    **{f"cell {cell}": made(encoder=EncoderConfig(hidden=3, cell=cell)) for cell in CELL_GATES},
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_the_parts_sum_to_the_score_of_the_answer(model: Predictor, text: str) -> None:
    found = explain(model, text)
    assert found["answer"] == model.predict(text)
    assert set(found["parts"]) == {"forward", "backward", "rest", "bias"}
    np.testing.assert_allclose(sum(found["parts"].values()), found["score"], **FLOAT32)
    np.testing.assert_allclose(found["score"], score(model, text, found["label"]), **FLOAT32)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_a_weight_is_what_the_score_loses_with_the_character(model: Predictor) -> None:
    found = explain(model, TEXT)
    label = found["label"]
    assert [entry["text"] for entry in found["characters"]] == list(TEXT)
    for n, entry in enumerate(found["characters"]):
        without = explain(model, TEXT[:n] + TEXT[n + 1 :], label)
        assert (entry["start"], entry["end"]) == (n, n + 1)
        np.testing.assert_allclose(entry["total"], found["score"] - without["score"], **FLOAT32)
        np.testing.assert_allclose(
            entry["total"], score(model, TEXT, label) - score(model, TEXT[:n] + TEXT[n + 1 :], label), **FLOAT32
        )
        for part in ("forward", "backward", "rest"):
            np.testing.assert_allclose(entry[part], found["parts"][part] - without["parts"][part], **FLOAT32)
        np.testing.assert_allclose(sum(entry[part] for part in ("forward", "backward", "rest")), entry["total"])


def mirrored(model: Predictor) -> Predictor:
    """Return the model that reads forward as this one reads backward, and the other way round."""
    weights = dict(model.bundle.weights)
    for name in [name for name in weights if name.endswith("_l0")]:
        weights[name], weights[f"{name}_reverse"] = weights[f"{name}_reverse"], weights[name]
    parts = np.split(weights["head.weight"], 2 * len(model.bundle.model.pooling), axis=1)
    weights["head.weight"] = np.concatenate([parts[n ^ 1] for n in range(len(parts))], axis=1)
    return Predictor(Bundle("classify", model.bundle.model, model.bundle.config, weights))


@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
def test_the_mirrored_text_swaps_the_directions(pooling: str) -> None:
    model = made(THREE, channels=UNIT, pooling=(pooling,))
    here = explain(model, TEXT)
    there = explain(mirrored(model), TEXT[::-1], here["label"])
    np.testing.assert_allclose(here["score"], there["score"], **FLOAT32)
    assert abs(here["parts"]["forward"] - here["parts"]["backward"]) > 0.01
    for part, other in (("forward", "backward"), ("backward", "forward"), ("rest", "rest")):
        np.testing.assert_allclose(here["parts"][part], there["parts"][other], **FLOAT32)
        given = [entry[part] for entry in here["characters"]]
        np.testing.assert_allclose(given, [entry[other] for entry in there["characters"]][::-1], **FLOAT32)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_model_of_one_direction_has_nothing_from_the_other(direction: str) -> None:
    found = explain(MODELS[f"{direction} alone"], TEXT)
    for part in {"forward", "backward", "rest"} - {direction}:
        assert found["parts"][part] == 0
        assert all(entry[part] == 0 for entry in found["characters"])
    assert found["parts"][direction] != 0


@pytest.mark.parametrize("merge", ["sum", "mul", "average", "gated"])
def test_what_directions_share_is_given_to_neither(merge: str) -> None:
    parts = explain(MODELS[f"merge {merge}"], TEXT)["parts"]
    assert parts["forward"] == parts["backward"] == 0 != parts["rest"]


def test_another_label_is_explained_when_it_is_asked_for() -> None:
    model = MODELS["two labels"]
    one, other = (explain(model, TEXT, label) for label in TWO)
    assert one["answer"] == other["answer"]
    np.testing.assert_allclose(one["score"], -other["score"])
    with pytest.raises(ArgumentError, match=r"^explain: label must be one of bad, good, got 'god'\. Did you mean"):
        explain(model, TEXT, "god")


def test_words_are_taken_out_whole() -> None:
    words = TextFeatures.fit(["a good film", "a bad film"], unit="word", channels=UNIT)
    model = made(features=words)
    found = explain(model, "a good  film")
    assert [(e["text"], e["start"], e["end"]) for e in found["characters"]] == [
        ("a", 0, 1),
        ("good", 2, 6),
        ("film", 8, 12),
    ]
    lost = found["score"] - explain(model, "a   film", found["label"])["score"]
    np.testing.assert_allclose(found["characters"][1]["total"], lost, **FLOAT32)


def test_a_long_text_loses_neighbours_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "PIECES", 4)
    found = explain(MODELS["two labels"], TEXT)
    assert found["together"] == 3
    assert [entry["text"] for entry in found["characters"]] == [TEXT[n : n + 3] for n in range(0, len(TEXT), 3)]
    lost = found["score"] - explain(MODELS["two labels"], TEXT[3:], found["label"])["score"]
    np.testing.assert_allclose(found["characters"][0]["total"], lost, **FLOAT32)


def test_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(DataError, match=r"^explain: text must be of at most 2000 units, got 2001\. Explain a part"):
        explain(MODELS["two labels"], "好" * 2001)


def test_what_is_no_text_and_no_classifier_of_texts_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^explain: text must be a text, got list\.$"):
        explain(MODELS["two labels"], ["好"])  # type: ignore[arg-type]
    features = TextFeatures.fit(TEXTS, unit="char", channels=UNIT)
    waves = SeriesFeatures((0.0,), (1.0,))
    tagger = tag.Config(("O", "B-X"), features, "BIO")
    series = classify.Config(TWO, waves)
    for task, config, shape, kind in (
        ("tag", tagger, {"channels": features.channels}, "text"),
        ("classify", series, {"input_size": 1, "pooling": ("last",)}, "series"),
    ):
        shaped = ModelConfig(config.outputs, encoder=SMALL, **shape)
        weights = {name: np.zeros(size, np.float32) for name, size in shapes(shaped).items()}
        model = Predictor(Bundle(task, shaped, config, weights))
        assert not explainable(model)
        want = f"explain: model must be one that gives labels to texts, got one for {task} of {kind}."
        with pytest.raises(ArgumentError) as raised:
            explain(model, TEXT)
        assert str(raised.value) == want
    assert explainable(MODELS["two labels"])
