from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from bigru.features.channels import configure
from bigru.features.text import TextFeatures
from bigru.train.pretrain import corpus as corpora
from bigru.train.pretrain import counts as counted
from bigru.train.pretrain.corpus import Corpus
from bigru.train.pretrain.counts import count_neighbours, count_texts
from tolerances import FLOAT32, near

TEXTS = ["The cat sat", "", "a cat! The dog", "cat"]


def read(texts: Sequence[str], unit: str = "word") -> Corpus:
    segmenter = "regex" if unit == "word" else None
    corpus = Corpus(TextFeatures(unit, (), configure(("unit",), 0), True, {}, segmenter))
    for text in texts:
        corpus.add([text])
    return corpus


def test_units_come_back_as_numbers_of_the_vocabulary() -> None:
    with read(TEXTS) as corpus:
        vocabulary, counts = corpus.choose_vocabulary(1, 4)
        assert vocabulary == ("cat", "the", "!", "a")
        assert counts.tolist() == [3, 2, 1, 1]
        (block,) = corpus.blocks(vocabulary)
    assert block.ids.tolist() == [2, 1, 0, 4, 1, 3, 2, 0, 1]
    assert block.texts.tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 2]
    assert (corpus.texts, corpus.units) == (3, 9)


def test_how_texts_are_divided_into_parts_changes_nothing() -> None:
    with read([]) as one, read(TEXTS) as many:
        one.add(TEXTS)
        assert one.sha256 == many.sha256
        assert one.choose_vocabulary(1, 9)[0] == many.choose_vocabulary(1, 9)[0]
        vocabulary = one.choose_vocabulary(2, 9)[0]
        for a, b in zip(one.blocks(vocabulary), many.blocks(vocabulary), strict=True):
            np.testing.assert_array_equal(a.ids, b.ids)
            np.testing.assert_array_equal(a.texts, b.texts)


@pytest.mark.parametrize("block", [1, 2, 3, 5, 100])
def test_blocks_hold_whole_texts_wherever_they_are_cut(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "BLOCK", block)
    with read(TEXTS) as corpus:
        blocks = list(corpus.blocks(corpus.choose_vocabulary(1, 9)[0]))
    assert np.concatenate([one.texts for one in blocks]).tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 2]
    if block >= 5:
        assert all(not set(a.texts) & set(b.texts) for a, b in itertools.pairwise(blocks))


def test_rare_units_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "MOST_UNITS", 3)
    with read(["b a a b", "c d", "a a d"]) as corpus:
        vocabulary, counts = corpus.choose_vocabulary(1, 9)
        assert corpus.forgotten == 2
        assert (vocabulary, counts.tolist()) == (("a", "b", "d"), [4, 2, 1])
        assert [one.ids.tolist() for one in corpus.blocks(vocabulary)] == [[2, 1, 1, 2, 0, 0, 1, 1, 3]]


def test_characters_and_lists_of_tokens_are_read_as_in_training() -> None:
    with read(["天地", "A地"], "char") as corpus:
        assert corpus.choose_vocabulary(1, 9)[0] == ("地", "a", "天")
    with read([]) as corpus:
        corpus.add([["New York", "is"], "is big"])
        assert corpus.choose_vocabulary(1, 9)[0] == ("is", "big", "new york")


def test_neighbours_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "WINDOW", 2)
    with read(["a b c a", "b"]) as corpus:
        vocabulary, _ = corpus.choose_vocabulary(1, 9)
        assert vocabulary == ("a", "b", "c")
        found, forgotten = count_neighbours(corpus.blocks(vocabulary), 3)
    np.testing.assert_array_equal(found.toarray(), [[0, 2, 2], [2, 0, 1], [2, 1, 0]])
    assert forgotten == 0


def test_contexts_are_the_frequent_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "CONTEXTS", 1)
    with read(["a b a c"]) as corpus:
        found, _ = count_neighbours(corpus.blocks(("a", "b", "c")), 3)
    np.testing.assert_array_equal(found.toarray(), [[2], [2], [2]])


def test_rare_pairs_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "MOST_PAIRS", 4)
    monkeypatch.setattr(counted, "WINDOW", 1)
    with read(["a b a b", "a c"]) as corpus:
        found, forgotten = count_neighbours(corpus.blocks(("a", "b", "c")), 3)
    assert forgotten == 0
    monkeypatch.setattr(counted, "MOST_PAIRS", 3)
    with read(["a b a b", "a c"]) as corpus:
        found, forgotten = count_neighbours(corpus.blocks(("a", "b", "c")), 3)
    assert forgotten == 1
    np.testing.assert_array_equal(found.toarray(), [[0, 3, 0], [3, 0, 0], [0, 0, 0]])


def test_units_of_texts_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    with read(["a b a", "b", "c a"]) as corpus:
        whole = count_texts(corpus.blocks(("a", "b", "c")), 3, 3, 6).toarray()
        monkeypatch.setattr(counted, "MOST_TEXTS", 2)
        some = count_texts(corpus.blocks(("a", "b", "c")), 3, 3, 6).toarray()
    assert whole[0, 0] == near(1 + np.log(2), FLOAT32)
    np.testing.assert_array_equal(whole > 0, [[1, 0, 1], [1, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(some, whole[:, ::2])
