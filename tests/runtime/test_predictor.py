"""Answers: one or many, in their order, whatever the batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru
import drawn
from bigru import bundle
from bigru.config import ChannelConfig
from bigru.errors import ArgumentError, DataError
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.readers.examples import Examples
from bigru.runtime import predictor
from bigru.runtime.predictor import Predictor, count_changed
from bigru.tasks import classify, tag
from tolerances import FLOAT32, FLOAT64_STEP

TEXTS = ["好电影", "", "这部电影太棒了，情节扣人心弦", "坏", "电影"]
UNIT = (ChannelConfig("unit", 1, 3),)
CHARACTERS = TextFeatures.fit(TEXTS, unit="char", channels=UNIT)
TOKENS = TextFeatures.fit([["Ada", "in", "New", "York"]], unit="token", channels=UNIT)
TAGS = ("O", "B-LOC", "E-LOC", "S-LOC")


def made(task: str, config: Any, **shape: Any) -> Predictor:
    return Predictor(drawn.made(task, config, **shape))


CLASSIFIER = made("classify", classify.Config(("bad", "good"), CHARACTERS), pooling=("max", "sqrt_n"))
TAGGER = made("tag", tag.Config(TAGS, CHARACTERS, "BIOES", True), crf=True)
TOKEN_TAGGER = made("tag", tag.Config(TAGS, TOKENS, "BIOES", True), crf=True)
SERIES = made("tag", tag.Config(("0", "1"), SeriesFeatures((0.0, 0.0), (1.0, 1.0))))
WAVES = made("classify", classify.Config(("a", "b"), SeriesFeatures((0.0,), (1.0,))), pooling=("mean",))


def close(one: Any, other: Any) -> None:
    """Compare answers: words exactly, probabilities within float32."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            close(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            close(left, right)
    elif isinstance(one, float):
        np.testing.assert_allclose(one, other, **FLOAT32)
    else:
        assert one == other


@pytest.mark.parametrize("model", [CLASSIFIER, TAGGER], ids=["classify", "tag"])
@pytest.mark.parametrize("size", [1, 2, 64])
def test_an_answer_depends_on_its_input_alone(model: Predictor, size: int) -> None:
    together = model.predict(TEXTS, batch_size=size)
    close(together, [model.predict(text) for text in TEXTS])
    close(together[::-1], model.predict(TEXTS[::-1]))


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@pytest.mark.parametrize("exact", [CLASSIFIER, TAGGER], ids=["classify", "tag"])
def test_an_answer_depends_on_its_input_alone_in_fewer_bits_too(exact: Predictor, precision: str) -> None:
    model = Predictor(exact.bundle, precision)
    together = model.predict(TEXTS, batch_size=2)
    close(together, [model.predict(text) for text in TEXTS])
    assert together != exact.predict(TEXTS, batch_size=2)


def test_answers_are_changed_where_they_decide_otherwise() -> None:
    sure, unsure = {"label": "a", "confidence": 0.9}, {"label": "a", "confidence": 0.6}
    assert count_changed([sure, sure, sure], [sure, unsure, {"label": "b", "confidence": 0.9}]) == 1
    assert count_changed([{"labels": []}, {"labels": ["a"]}], [{"labels": ["a"]}, {"labels": ["a"]}]) == 1
    tagged = [{"tags": ["O", "S-LOC"]}, {"tags": []}]
    assert count_changed(tagged, tagged) == 0
    assert count_changed(tagged, [{"tags": ["O", "O"]}, {"tags": []}]) == 1
    assert count_changed([], []) == 0


def test_long_inputs_come_in_smaller_batches_and_are_answered_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = CLASSIFIER.predict(TEXTS)
    monkeypatch.setattr(predictor, "STEPS", 6)
    sizes = [len(indices) for indices in CLASSIFIER._batches(np.array([3, 0, 14, 1, 2]), 64)]
    assert sizes == [1, 1, 1, 1, 1]
    monkeypatch.setattr(predictor, "STEPS", 30)
    sizes = [len(indices) for indices in CLASSIFIER._batches(np.array([3, 0, 14, 1, 2]), 64)]
    assert sizes == [2, 2, 1]
    close(CLASSIFIER.predict(TEXTS), expected)


def test_a_stream_is_read_a_bounded_number_ahead() -> None:
    taken = 0

    def stream() -> Iterator[str]:
        nonlocal taken
        for _ in range(100):
            for text in TEXTS:
                taken += 1
                yield text

    answers = CLASSIFIER.predict_iter(stream(), batch_size=2)
    assert taken == 0
    first = next(answers)
    assert taken == 2 * predictor.AHEAD
    close([first, *answers], CLASSIFIER.predict(TEXTS) * 100)
    assert taken == 500


def test_nothing_gives_nothing() -> None:
    assert CLASSIFIER.predict([]) == []
    assert TAGGER.predict([]) == []
    assert TOKEN_TAGGER.predict([]) == []
    assert SERIES.predict([]) == []
    assert list(CLASSIFIER.predict_iter([])) == []


def test_one_or_many_texts() -> None:
    one = CLASSIFIER.predict("好电影")
    assert one["label"] in ("bad", "good")
    close(CLASSIFIER.predict(["好电影"]), [one])
    close(CLASSIFIER.predict(np.array(["好电影"], object)), [one])
    close(CLASSIFIER.predict(text for text in ["好电影"]), [one])


def test_one_or_many_lists_of_tokens() -> None:
    tokens = ["Ada", "in", "York"]
    one = TOKEN_TAGGER.predict(tokens)
    assert len(one["tags"]) == 3
    close(TOKEN_TAGGER.predict([tokens, tokens[:1]])[0], one)
    assert TOKEN_TAGGER.predict([[]]) == [{"tags": [], "confidence": [], "entities": []}]
    text = TOKEN_TAGGER.predict("Ada in York")
    close(text["tags"], one["tags"])
    assert all("Ada in York"[e["start"] : e["end"]] == e["text"] for e in text["entities"])
    characters = TAGGER.predict([["好", "坏"]])
    close(characters[0]["tags"], TAGGER.predict("好坏")["tags"])


def test_one_or_many_series() -> None:
    one = np.float32([[1, 2], [3, 4], [5, 6]])
    answer = SERIES.predict(one)
    assert len(answer["tags"]) == 3
    close(SERIES.predict(one.tolist()), answer)
    close(SERIES.predict([one, one[:1]])[0], answer)
    close(SERIES.predict(np.stack([one, one]))[1], answer)
    close(SERIES.predict([one.tolist()])[0], answer)
    wave = WAVES.predict(np.float32([1, 2, 3]))
    close(WAVES.predict([1.0, 2.0, 3.0]), wave)
    close(WAVES.predict([np.float32([1, 2, 3]), np.float32([1])])[0], wave)


def test_what_is_no_input_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^predict: inputs must be an input or a list of inputs, got int\.$"):
        CLASSIFIER.predict(3)
    with pytest.raises(ArgumentError, match=r"inputs\[1\] must be a text or a list of tokens, got 3"):
        CLASSIFIER.predict(["好", 3])
    with pytest.raises(
        ArgumentError, match=r"row 0 column 1 must be a number, as in training, where this column lacked none"
    ):
        SERIES.predict(np.float32([[1, np.nan]]))


def examples(inputs: list, targets: list | None, **rest: Any) -> Examples:
    return Examples(inputs, targets, "text", list(range(2, 2 + len(inputs))), "test.csv", **rest)


def test_evaluate_scores_the_answers() -> None:
    gold = [answer["label"] for answer in CLASSIFIER.predict(TEXTS)]
    gold[0] = {"bad": "good", "good": "bad"}[gold[0]]
    report = CLASSIFIER.evaluate(examples(TEXTS, gold))
    np.testing.assert_allclose(report["accuracy"], 0.8, **FLOAT64_STEP)


def test_evaluate_rewrites_tags_into_the_scheme_of_the_model() -> None:
    gold = [["O", "B-LOC", "I-LOC"]]
    report = TAGGER.evaluate(examples(["在北京"], gold, scheme="BIO"))
    same = TAGGER.evaluate(examples(["在北京"], [["O", "B-LOC", "E-LOC"]], scheme="BIOES"))
    assert report.scores == same.scores
    assert sum(row.gold for row in report.classes) == 1


def test_evaluate_refuses_what_cannot_be_scored() -> None:
    with pytest.raises(DataError, match=r"^test\.csv: examples must be labelled, got no labels\.$"):
        CLASSIFIER.evaluate(examples(TEXTS, None))
    with pytest.raises(DataError) as caught:
        CLASSIFIER.evaluate(examples(["好", "坏"], ["goood", "goood"]))
    assert str(caught.value) == "test.csv:2: label must be one of bad, good, got 'goood'. Did you mean 'good'?"
    with pytest.raises(DataError, match=r"^test\.csv:2: tags must be one per unit \(3\), got 2\.$"):
        TAGGER.evaluate(examples(["在北京"], [["O", "O"]]))


def test_a_label_that_the_model_has_not_counts_as_wrong() -> None:
    answers = CLASSIFIER.predict(["好", "坏"])
    report = CLASSIFIER.evaluate(examples(["好", "坏"], [answers[0]["label"], "new"]))
    assert report["accuracy"] == 0.5
    assert [(row.label, row.gold, row.predicted) for row in report.classes if row.label == "new"] == [("new", 1, 0)]


def test_load_gives_a_predictor(tmp_path: Path) -> None:
    bundle.save(CLASSIFIER.bundle, tmp_path / "model")
    loaded = bigru.load(tmp_path / "model")
    assert isinstance(loaded, bigru.Predictor)
    assert (loaded.task, loaded.labels, loaded.metrics) == ("classify", ("bad", "good"), {"dev": {"accuracy": 0.5}})
    assert loaded.predict(TEXTS) == CLASSIFIER.predict(TEXTS)
    fewer = bigru.load(tmp_path / "model", precision="int8")
    assert fewer.predict(TEXTS) == Predictor(CLASSIFIER.bundle, "int8").predict(TEXTS) != loaded.predict(TEXTS)
    with pytest.raises(ArgumentError, match=r"precision must be one of fp32, bf16, int8, got 'fp16'"):
        bigru.load(tmp_path / "model", precision="fp16")


def test_a_dict_with_a_text_stands_for_the_text() -> None:
    model = made("classify", classify.Config(("x", "y"), CHARACTERS), pooling=("max",))
    assert model.predict({"text": "好电影"}) == model.predict("好电影")
    assert model.predict([{"text": "好电影", "id": 3}, "坏"]) == model.predict(["好电影", "坏"])
    assert model.predict({"tokens": ["好", "坏"]}) == model.predict("好坏")
    for wrong, got in (({"a": "text"}, "one with 'a'"), ({}, "one with no key"), ([{"label": 1}], "one with 'label'")):
        with pytest.raises(ArgumentError) as caught:
            model.predict(wrong)
        assert str(caught.value) == f'predict: dict must be one with the key "text" or "tokens", got {got}.'


@pytest.mark.parametrize("model", [TAGGER, SERIES])
def test_scores_say_what_every_tag_is_likely(model: Predictor) -> None:
    inputs: Any = TEXTS if model is TAGGER else [np.ones((3, 2), np.float32)]
    plain, scored = model.predict(inputs), list(model.predict_iter(inputs, 2, scores=True))
    for one, other in zip(plain, scored, strict=True):
        rows = other.pop("scores")
        close(one, other)
        assert [list(row) for row in rows] == [list(model.labels)] * len(one["tags"])
        np.testing.assert_allclose([sum(row.values()) for row in rows], np.ones(len(rows)), **FLOAT32)
        own = [row[tag] for row, tag in zip(rows, one["tags"], strict=True)]
        np.testing.assert_allclose(own, one["confidence"], **FLOAT32)
    assert CLASSIFIER.predict("坏", scores=True) == CLASSIFIER.predict("坏")
