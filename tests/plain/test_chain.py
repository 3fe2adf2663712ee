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


def test_chain_reads_features_behind_the_word() -> None:
    words = [[f"w{n}￨{'NV'[n % 2]}￨x", f"v{n}￨{'VN'[n % 2]}￨x"] for n in range(10)]
    tags = [["BO"[n % 2], "OB"[n % 2]] for n in range(10)]
    model = Chain(features=2).fit(words, tags)
    assert model.predict([["new￨N￨x", "other￨V￨x"], ["new￨V￨y", "other￨N￨x"], []]) == [["B", "O"], ["O", "B"], []]
    rows = model._features(["a￨N￨x", "b￨V￨y"])
    assert [name for name in rows[1] if name.startswith("f1:")][:3] == ["f1:-2+1=␂", "f1:-1+1=N", "f1:0+1=V"]
    assert "f1:-1+3=N\tV\t␃" in rows[1]


def test_chain_reads_single_characters_with_features() -> None:
    texts = [[f"{c}￨{'BI'[n % 2]}" for n, c in enumerate("北京南京")]] * 5
    model = Chain(features=1).fit(texts, [["B", "I", "B", "I"]] * 5)
    assert model._features(texts[0])[0] == [*Chain().fit([["北"]], [["B"]])._features(list("北京南京"))[0], *[
        name for name in model._features(texts[0])[0] if name.startswith("f1:")
    ]]  # fmt: skip
