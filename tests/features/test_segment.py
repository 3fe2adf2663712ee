from __future__ import annotations

import json
import sys

import pytest

from bigru.errors import ArgumentError, MissingExtraError
from bigru.features.segment import load_subwords, segment, train_subwords, unspaced, without_dropout
from bigru.features.text import TextFeatures


def cut(text: str, segmenter: str, tokenizer: object = None) -> list[str]:
    return [text[start:end] for start, end in segment([text], segmenter, tokenizer)[0]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n\u3000", []),
        ("Don't stop!", ["Don't", "stop", "!"]),
        ("pay 1,234.50 now.", ["pay", "1,234.50", "now", "."]),
        ("v1.2b x_1", ["v1", ".", "2b", "x_1"]),
        ("l’été — là", ["l’été", "—", "là"]),
        ("新款 iPhone好", ["新", "款", "iPhone", "好"]),
        ("<br />a", ["<", "br", "/", ">", "a"]),
        ("a😀b", ["a", "😀", "b"]),
    ],
)
def test_words_by_expression(text: str, words: list[str]) -> None:
    assert cut(text, "regex") == words


def test_chinese_words_lie_where_they_say_even_behind_an_emoji() -> None:
    assert cut("😀苹果公司在 iPhone", "rjieba") == ["😀", "苹果公司", "在", "iPhone"]
    assert segment(["", "好"], "rjieba") == [[], [(0, 1)]]


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        ([], False),
        (["plain words"], False),
        (["这部电影太棒了"], True),
        (["新款 iPhone 在加利福尼亚州发布了"], True),
        (["The word 北京 alone"], False),
        (["ภาพยนตร์"], True),
        (["映画はとてもよい"], True),
        (["한국어 문장"], False),
        (["123 !!"], False),
    ],
)
def test_scripts_without_spaces(texts: list[str], answer: bool) -> None:
    assert unspaced(texts) is answer


def test_subwords_are_learnt_saved_and_lie_inside_words() -> None:
    text = train_subwords(["low lower lowest low low", "new newer newest"] * 5, 18, 1)
    tokenizer = load_subwords(text)
    pieces = cut("lowest newer", "subword", tokenizer)
    assert "".join(pieces) == "lowestnewer"
    assert 2 < len(pieces) < len("lowestnewer")
    assert json.loads(text)["model"]["type"] == "BPE"


def test_a_loaded_tokenizer_neither_cuts_nor_pads() -> None:
    values = json.loads(train_subwords(["ab cd ef gh"], 30, 1))
    values["truncation"] = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}
    tokenizer = load_subwords(json.dumps(values))
    assert "".join(cut("ab cd ef gh", "subword", tokenizer)) == "abcdefgh"


def test_what_is_no_tokenizer_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^TextFeatures: tokenizer must be a Hugging Face tokenizer JSON, got "):
        load_subwords("{}")


@pytest.mark.parametrize(
    ("package", "purpose"), [("rjieba", "cutting Chinese into words"), ("tokenizers", "cutting texts into subwords")]
)
def test_missing_packages_say_what_to_install(monkeypatch: pytest.MonkeyPatch, package: str, purpose: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    message = rf"^bigru: {purpose} needs the package {package}, .* pip install 'bigru\[text\]'\.$"
    with pytest.raises(MissingExtraError, match=message):
        segment(["好"], "rjieba") if package == "rjieba" else load_subwords("{}")


def test_dropout_of_a_tokenizer_is_switched_off_and_not_written() -> None:
    values = json.loads(train_subwords(["low lower lowest"] * 3, 40, 1))
    values["model"]["dropout"] = 0.9
    features = TextFeatures.fit(["low lower lowest"], unit="subword", channels=("unit",), tokenizer=json.dumps(values))
    whole = TextFeatures.fit(
        ["low lower lowest"],
        unit="subword",
        channels=("unit",),
        tokenizer=json.dumps(values | {"model": values["model"] | {"dropout": None}}),
    )
    want = whole.features("lowest lower low").tobytes()
    assert {features.features("lowest lower low").tobytes() for _ in range(50)} == {want}
    assert json.loads(features.to_json()["tokenizer"])["model"]["dropout"] is None
    assert without_dropout(whole.to_json()["tokenizer"]) == whole.tokenizer
    assert without_dropout("[]") == "[]"
