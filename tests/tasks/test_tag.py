"""tag: tags to numbers, logits to tags and entities with exact confidence."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from bigru.errors import ArgumentError, DataError
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.ops.crf.weights import CrfWeights
from bigru.scheme import spans, violations
from bigru.tasks import tag
from decided import answers
from tolerances import FLOAT32, FLOAT64

CHARACTERS = TextFeatures.fit(["张三在北京"], unit="char", channels=("unit",))
TOKENS = TextFeatures.fit([["Ada", "in", "New", "York"]], unit="token", channels=("unit",))
WORDS = TextFeatures.fit(["Ada in New York"], unit="word", channels=("unit",))
SERIES = SeriesFeatures((0.0,), (1.0,))
BIO = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def config(features: Any = CHARACTERS, **changes: Any) -> tag.Config:
    return tag.Config(**{"labels": BIO, "features": features, "scheme": "BIO", "crf": True, **changes})


def crf(random: np.random.Generator, tags: int) -> CrfWeights:
    return CrfWeights(*(random.normal(size=shape) for shape in ((tags, tags), tags, tags)))


def certain(tags: list[str], labels: tuple[str, ...] = BIO) -> np.ndarray:
    """Logits that leave no doubt about `tags`."""
    return np.float32(50) * np.array([[label == t for label in labels] for t in tags], np.float32)


NOTHING = CrfWeights(np.zeros((5, 5)), np.zeros(5), np.zeros(5))


def test_outputs_are_one_logit_for_two_plain_labels_only() -> None:
    plain = tag.Config(("0", "1"), SERIES)
    assert (plain.outputs, config().outputs) == (1, 5)
    assert tag.Config(("0", "1"), SERIES, crf=True).outputs == 2
    assert tag.Config(("O", "S-X"), SERIES, scheme="BIOES").outputs == 2


def test_targets_are_numbers_step_by_step() -> None:
    rows = tag.targets(config(), [["B-PER", "I-PER", "O"], [], ["O"]])
    assert [row.tolist() for row in rows] == [[3, 4, 0], [], [0]]
    assert all(row.dtype == np.int64 for row in rows)
    assert tag.targets(config(), []) == []


def test_an_unknown_tag_is_named_with_its_place_and_the_nearest() -> None:
    with pytest.raises(DataError) as caught:
        tag.targets(config(), [["O"], ["O", "B-LOK"]], source="train.conll", lines=[1, 3])
    assert str(caught.value) == (
        "train.conll:3: tag 2 must be one of O, B-LOC, I-LOC, B-PER, I-PER, got 'B-LOK'. Did you mean 'B-LOC'?"
    )


def test_a_crf_refuses_what_its_scheme_forbids() -> None:
    illegal = [["O", "O"], ["O", "I-PER"]]
    with pytest.raises(DataError) as caught:
        tag.targets(config(), illegal)
    assert str(caught.value) == (
        "tag: example 2: tag 2 must be legal in BIO, got I-PER after O: it continues a span of its label, and none "
        "is open. Correct the tags, or train without a CRF (crf=false)."
    )
    with pytest.raises(DataError, match=r"^x\.conll:5: tag 2 must be legal"):
        tag.targets(config(), illegal, source="x.conll", lines=[np.array([1, 2]), np.array([4, 5])])
    assert tag.targets(config(crf=False), illegal)[1].tolist() == [0, 4]
    assert tag.targets(config(scheme=None), illegal)[1].tolist() == [0, 4]


def test_characters_get_offsets_and_text() -> None:
    tags = ["B-PER", "I-PER", "O", "B-LOC", "I-LOC"]
    (answer,) = answers(tag, config(), [certain(tags)], NOTHING, ["张三在北京"])
    assert answer["tags"] == tags
    np.testing.assert_allclose(answer["confidence"], 1.0, **FLOAT32)
    found = [{key: e[key] for key in ("text", "label", "start", "end")} for e in answer["entities"]]
    assert found == [
        {"text": "张三", "label": "PER", "start": 0, "end": 2},
        {"text": "北京", "label": "LOC", "start": 3, "end": 5},
    ]


def test_tokens_get_positions_and_are_joined() -> None:
    logits = certain(["B-PER", "O", "B-LOC", "I-LOC"])
    (spaced,) = answers(tag, config(TOKENS), [logits], NOTHING, [["Ada", "in", "New", "York"]])
    assert [(e["text"], e["start"], e["end"]) for e in spaced["entities"]] == [("Ada", 0, 1), ("New York", 2, 4)]
    (unspaced,) = answers(tag, config(TOKENS), [logits], NOTHING, [("张三", "在", "北京", "城")])
    assert [e["text"] for e in unspaced["entities"]] == ["张三", "北京城"]


def test_words_of_a_text_get_character_offsets() -> None:
    logits = certain(["B-PER", "O", "B-LOC", "I-LOC"])
    (answer,) = answers(tag, config(WORDS), [logits], NOTHING, ["Ada in  New York"])
    assert [(e["text"], e["start"], e["end"]) for e in answer["entities"]] == [("Ada", 0, 3), ("New York", 8, 16)]


def test_series_have_spans_without_text_and_plain_tags_have_none() -> None:
    logits = certain(["O", "B-LOC", "I-LOC"])
    (events,) = answers(tag, config(SERIES), [logits], NOTHING, [np.zeros((3, 1))])
    assert [(e["label"], e["start"], e["end"]) for e in events["entities"]] == [("LOC", 1, 3)]
    assert "text" not in events["entities"][0]
    plain = tag.Config(("0", "1"), SERIES)
    (steps,) = answers(tag, plain, [np.log([[3.0], [0.25]])], None, [np.zeros((2, 1))])
    assert list(steps) == ["tags", "confidence"]
    assert steps["tags"] == ["1", "0"]
    np.testing.assert_allclose(steps["confidence"], [0.75, 0.8], **FLOAT32)


def test_without_crf_each_step_is_a_softmax() -> None:
    pos = tag.Config(("NOUN", "VERB", "ADJ"), TOKENS)
    (answer,) = answers(tag, pos, [np.log([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])], None, [["a", "b"]])
    assert answer["tags"] == ["VERB", "NOUN"]
    np.testing.assert_allclose(answer["confidence"], [0.7, 0.6], **FLOAT32)


def all_paths(logits: np.ndarray, weights: CrfWeights | None, scheme: str | None) -> dict[tuple[str, ...], float]:
    """The probability of every tag sequence that is allowed."""
    scores = {}
    for path in itertools.product(range(len(BIO)), repeat=len(logits)):
        tags = tuple(BIO[i] for i in path)
        if weights is not None and scheme and violations(tags, scheme):
            continue
        score = sum(logits[t, i] for t, i in enumerate(path))
        if weights is not None:
            score += weights.start[path[0]] + weights.end[path[-1]]
            score += sum(weights.transitions[i, j] for i, j in itertools.pairwise(path))
        scores[tags] = np.exp(score)
    total = sum(scores.values())
    return {tags: score / total for tags, score in scores.items()}


@pytest.mark.parametrize("with_crf", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_tags_and_confidences_equal_the_enumeration_of_all_paths(seed: int, with_crf: bool) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(size=(4, 5)) * 2
    weights = crf(random, 5) if with_crf else None
    setting = config(crf=with_crf)
    paths = all_paths(logits, weights, "BIO")
    best = max(paths, key=lambda tags: paths[tags])
    (answer,) = answers(tag, setting, [logits], weights, ["张三在北"])
    assert tuple(answer["tags"]) == best
    for t, p in enumerate(answer["confidence"]):
        np.testing.assert_allclose(p, sum(q for tags, q in paths.items() if tags[t] == best[t]), **FLOAT32)
    for entity in answer["entities"]:
        start, end = entity["start"], entity["end"]
        exact = sum(
            q
            for tags, q in paths.items()
            if tags[start:end] == best[start:end]
            and (entity["label"], start, end) in {tuple(s) for s in spans(tags, "BIO")}
        )
        np.testing.assert_allclose(entity["confidence"], exact, **FLOAT32)


def test_a_sequence_gives_alone_what_it_gives_in_a_batch() -> None:
    random = np.random.default_rng(3)
    weights = crf(random, 5)
    logits = [random.normal(size=(t, 5)) for t in (7, 0, 1, 2)]
    inputs = ["一二三四五六七", "", "一", "一二"]
    together = answers(tag, config(), logits, weights, inputs)
    assert together[1] == {"tags": [], "confidence": [], "entities": []}
    for n, answer in enumerate(together):
        (alone,) = answers(tag, config(), [logits[n]], weights, [inputs[n]])
        assert alone["tags"] == answer["tags"]
        np.testing.assert_allclose(alone["confidence"], answer["confidence"], **FLOAT32)


def test_only_the_wanted_labels_are_reported() -> None:
    logits = certain(["B-PER", "I-PER", "B-LOC"])
    (answer,) = answers(tag, config(entity_labels=("LOC",)), [logits], NOTHING, ["张三京"])
    assert [e["label"] for e in answer["entities"]] == ["LOC"]
    assert answer["tags"] == ["B-PER", "I-PER", "B-LOC"]


def test_what_does_not_fit_is_refused() -> None:
    one, chain = np.ones(1, np.int64), tag.prepare(config(), {f"crf.{n}": w for n, w in NOTHING._asdict().items()})
    with pytest.raises(ArgumentError, match=r"^tag\.decide: weights must be the CRF's, got None\.$"):
        tag.decide(config(), np.zeros((1, 1, 5)), one, None)
    with pytest.raises(ArgumentError, match=r"^tag\.decide: weights must be None, got those of a CRF\.$"):
        tag.decide(config(crf=False), np.zeros((1, 1, 5)), one, chain)
    with pytest.raises(ArgumentError, match=r"^tag\.decide: logits must be float \[B, T, 5\], got shape \[1, 1, 4\]"):
        tag.decide(config(), np.zeros((1, 1, 4)), one, chain)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ("O",)}, r"labels must be at least 2 labels, got \['O'\]"),
        ({"scheme": "BILOU"}, r"scheme must be one of BIO, IOB1, BIOES, BMES, got 'BILOU'"),
        ({"labels": ("O", "NOUN")}, r"tag 2 must be O or B-LABEL, I-LABEL \(BIO\), got 'NOUN'"),
        ({"entity_labels": ("ORG",)}, r"entity_labels must be labels of the tags, LOC, PER, got 'ORG'"),
        (
            {"scheme": None, "entity_labels": ("LOC",)},
            r"entity_labels must be labels of the tags, which spell no spans without a scheme, got 'LOC'",
        ),
    ],
)
def test_a_config_refuses(changes: dict, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        config(**changes)


def test_score_counts_spans_where_there_is_a_scheme() -> None:
    logits = [certain(["B-PER", "I-PER", "O", "B-LOC"]), certain(["O"])]
    found = answers(tag, config(), logits, NOTHING, ["张三在北", "京"])
    gold = [["B-PER", "I-PER", "O", "O"], ["B-ORG"]]
    report = tag.score(config(), gold, found)
    np.testing.assert_allclose(report["span_f1"], 0.5, **FLOAT64)
    assert [row.label for row in report.classes] == ["LOC", "ORG", "PER"]
    assert report["accuracy"] == 0.6
    only = tag.score(config(entity_labels=("PER",)), gold, found)
    assert only["span_f1"] == 1.0


def test_score_counts_tags_where_there_is_none() -> None:
    pos = tag.Config(("NOUN", "VERB", "ADJ"), TOKENS)
    found = answers(tag, pos, [np.log([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])], None, [["a", "b"]])
    report = tag.score(pos, [["VERB", "VERB"]], found)
    assert report["accuracy"] == 0.5
    np.testing.assert_allclose(report["ece"], (0.3 + 0.6) / 2, **FLOAT32)
