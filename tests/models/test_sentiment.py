"""zh-sentiment on sentences of ours, and its card against the result file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import bigru
from bigru.models import shipped
from models.probes import PROBES

RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "sentiment.json"

FILM = "这部电影太棒了，情节扣人心弦，演员演技精湛。"


@pytest.fixture(scope="module")
def model() -> Any:
    return bigru.load("zh-sentiment")


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    return read


def test_it_has_three_labels(model: Any) -> None:
    assert model.labels == ("negative", "neutral", "positive")
    answer = model.predict(FILM)
    assert answer["label"] == "positive"
    assert answer["confidence"] == answer["scores"]["positive"] > 0.7
    assert sum(answer["scores"].values()) == pytest.approx(1)


@pytest.mark.parametrize("label", PROBES)
def test_sentences_that_no_set_holds(model: Any, label: str) -> None:
    found = [answer["label"] for answer in model.predict(list(PROBES[label]))]
    assert found.count(label) >= 0.85 * len(found), list(zip(PROBES[label], found, strict=True))


@pytest.mark.parametrize(
    ("one", "other"),
    [("真好看", "不好看"), ("太难看了", "一点也不难看"), ("我很失望", "没有让我失望"), ("好评", "差评")],
)
def test_a_negation_turns_the_side(model: Any, one: str, other: str) -> None:
    answers = model.predict([one, other])
    assert {answer["label"] for answer in answers} == {"positive", "negative"}


def test_8_bits_in_products_change_no_probe(model: Any) -> None:
    texts = [text for texts in PROBES.values() for text in texts]
    other = bigru.load("zh-sentiment", precision="int8")
    labels = [[answer["label"] for answer in one.predict(texts)] for one in (model, other)]
    assert sum(a != b for a, b in zip(*labels, strict=True)) <= 1


def test_the_card_says_what_the_result_file_says(results: dict[str, Any]) -> None:
    card = (shipped()["zh-sentiment"] / "README.md").read_text(encoding="utf-8")
    for kind, one in (*results["test"].items(), *results["unseen"].items()):
        assert f"{one['texts']:,} | {100 * one['right']:.1f} | {100 * one['neutral']:.1f} |" in card, kind
    assert "For none of the sets of reviews is a licence stated" in " ".join(card.split())
    assert re.search(r"^license: other$", card, re.MULTILINE)


def test_it_holds_on_kinds_that_it_never_saw(results: dict[str, Any]) -> None:
    """Books are the hardest: no other product is described as they are."""
    assert {"books", "fruit", "hotels"} <= results["unseen"].keys()
    for kind, one in results["unseen"].items():
        assert one["right_side"] > (0.7 if kind == "books" else 0.8), kind
