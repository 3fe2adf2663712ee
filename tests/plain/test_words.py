from __future__ import annotations

from bigru.plain.words import BagOfWords

TEXTS = ["good film", "good plot", "bad film", "bad plot"] * 3
LABELS = ["1", "1", "0", "0"] * 3


def test_bag_of_words_learns_a_word_and_not_its_place() -> None:
    model = BagOfWords("word").fit(TEXTS, LABELS)
    assert model.predict(["a plot so good", "film: bad", "Good!"]) == ["1", "0", "1"]


def test_strength_is_chosen_on_dev() -> None:
    model = BagOfWords("word").fit(TEXTS, LABELS, dev=(["good", "bad"], ["0", "1"]))
    assert model.dev_scores == [0.0, 0.0, 0.0]
    assert model.model[-1].C == 1.0


def test_pairs_see_what_single_units_cannot() -> None:
    texts, labels = ["ab", "ba"] * 6, ["1", "0"] * 6
    assert BagOfWords("char", 2).fit(texts, labels).predict(["ab", "ba"]) == ["1", "0"]
