from __future__ import annotations

import sys

import pytest

from bigru.errors import MissingExtraError
from bigru.plain.chain import Chain

WORDS = [
    ["Anna", "lives", "in", "Berlin", "."],
    ["He", "met", "Anna", "in", "Paris", "."],
    ["in", "Berlin", "it", "rains", "."],
    ["it", "rains", "."],
]
TAGS = [
    ["B-PER", "O", "O", "B-LOC", "O"],
    ["O", "O", "B-PER", "O", "B-LOC", "O"],
    ["O", "B-LOC", "O", "O", "O"],
    ["O", "O", "O"],
]


def test_chain_tags_unknown_words_by_their_neighbours() -> None:
    model = Chain("BIO").fit(WORDS * 5, TAGS * 5)
    assert model.predict(WORDS) == TAGS
    assert model.predict([["He", "lives", "in", "Bonn", "."], []]) == [["O", "O", "O", "B-LOC", "O"], []]


def test_chain_knows_words_by_their_ends() -> None:
    words = [[f"{stem}{end}"] for stem in ("walk", "talk", "jump", "play", "turn") for end in ("ing", "ed", "er")]
    tags = [[tag] for _ in range(5) for tag in ("VBG", "VBD", "NN")]
    assert Chain().fit(words, tags).predict([["rolling"], ["rolled"], ["roller"]]) == [["VBG"], ["VBD"], ["NN"]]


def test_chain_reads_single_characters_with_their_pairs() -> None:
    texts = [list("我在北京住"), list("他在南京住"), list("北京很大"), list("南京很大"), list("我很好")]
    tags = [["O", "O", "B", "I", "O"], ["O", "O", "B", "I", "O"], ["B", "I", "O", "O"], ["B", "I", "O", "O"], ["O"] * 3]
    model = Chain("BIO").fit(texts, tags)
    assert model.predict([list("他在北京住"), []]) == [["O", "O", "B", "I", "O"], []]


def test_chain_takes_any_unit_and_sequences_without_units() -> None:
    model = Chain().fit([["a:b\\", "\ud800"], [], ["\ud800", "é"]], [["x", "y"], [], ["y", "x"]])
    assert model.predict([["a:b\\", "\ud800"], []]) == [["x", "y"], []]


def test_chain_refuses_too_few_tags() -> None:
    with pytest.raises(ValueError, match=r"items and labels differ: \|x\| = 2, \|y\| = 1"):
        Chain().fit([["a", "b"]], [["x"]])


def test_chain_is_the_same_twice() -> None:
    first, second = (Chain("BIO").fit(WORDS, TAGS) for _ in range(2))
    assert first._model == second._model


def test_chain_names_the_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycrfsuite", None)
    with pytest.raises(MissingExtraError) as caught:
        Chain()
    assert str(caught.value) == (
        "bigru: a linear-chain CRF on plain features needs the package python-crfsuite, which is not installed. "
        "Install it with: pip install 'bigru[train]'."
    )
