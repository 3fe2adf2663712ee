"""A lexicon as channels: which number stands for what, units that words are read in, saved words, streams, refusals."""

from __future__ import annotations

import gzip
import pickle
from typing import Any

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.features import lexicon
from bigru.features.lexicon import Lexicon, lexicon_channels, lexicon_ids
from bigru.features.text import TextFeatures
from bigru.ops.lexicon.reference import matches

ENTRIES = [("南京市", "LOC"), ("南京", "LOC"), ("市长", "n"), ("江大桥", "PER"), ("市", "n"), ("江大桥", "n")]
CHANNELS = ("unit", *lexicon_channels())
TEXT = "南京市长江大桥"


def made(entries: Any = ENTRIES, inputs: Any = (TEXT, ""), **settings: Any) -> TextFeatures:
    return TextFeatures.fit(inputs, **{"channels": CHANNELS, "lexicon": Lexicon.of(entries), **settings})


def column(rows: np.ndarray, name: str) -> list[int]:
    return rows[:, CHANNELS.index(name)].tolist()


def test_numbers_by_category_size_and_place() -> None:
    features = made()
    assert features.lexicon is not None
    assert features.lexicon.kinds == (("LOC",), ("PER", "n"), ("n",))
    sizes = {channel.name: channel.size for channel in features.channels}
    assert (sizes["lexicon_begin"], sizes["lexicon_single"], sizes["lexicon"]) == (13, 4, 40)
    rows = features.features(TEXT)
    # LOC is 1, so a word of three units is (1 - 1) * 4 + 1 + 1; "n" is 3, a word of two units (3 - 1) * 4 + 0 + 1.
    assert column(rows, "lexicon_begin") == [2, 0, 9, 0, 6, 0, 0]
    assert column(rows, "lexicon_begin_next") == [1, 0, 0, 0, 0, 0, 0]
    assert column(rows, "lexicon_middle") == [0, 2, 0, 0, 0, 6, 0]
    assert column(rows, "lexicon_end") == [0, 1, 2, 9, 0, 0, 6]
    assert column(rows, "lexicon_single") == [0, 0, 3, 0, 0, 0, 0]
    # The longest word at a unit: 13 numbers for each value, of which the beginning of three units has 2 + 1.
    assert column(rows, "lexicon") == [3, 7, 11, 26 + 10, 13 + 3, 13 + 7, 13 + 11]


def test_the_longest_word_is_that_which_begins_last_of_several() -> None:
    words = {(1, 2): 1, (2, 3): 2, (3,): 1}
    ids = lexicon_ids(matches(words, [1, 2, 3], [3]))["lexicon"]
    assert ids.tolist() == [2, 13 + 2, 13 + 10]


def test_long_words_have_one_number_and_nothing_has_none() -> None:
    ids = lexicon_ids(matches({(1,) * 5: 2, (1,) * 9: 2}, [1] * 9, [9]))
    assert ids["lexicon_begin"][[0, 1, 5]].tolist() == [8, 8, 0]
    assert all(numbers.dtype == np.int32 for numbers in ids.values())
    assert not any(numbers.any() for numbers in lexicon_ids(matches({(1,): 1}, [2, 3], [2])).values())


def test_joined_words_are_those_of_neighbours() -> None:
    features = made(inputs=[TEXT, "南京的南京市"])
    rows, others = features.features(TEXT), features.features("南京市市长")
    assert column(rows, "lexicon_before")[:3] == column(others, "lexicon_before")[:3]
    assert column(rows, "lexicon_after")[0] == column(others, "lexicon_after")[0] > 0
    # Training never saw that pair.
    assert column(others, "lexicon_bigram")[2] == 0


def test_alone_and_in_a_batch() -> None:
    features = made()
    inputs = [TEXT, "", "市", "市长", "南"]
    for x, rows in zip(inputs, features.features_many(inputs), strict=True):
        assert np.array_equal(features.features(x), rows)


def test_characters_are_replaced_and_folded_in_words_as_in_texts() -> None:
    entries, replace = [("Ａb", "x"), ("aB", "y"), ("bc", "z")], {"Ａ": "a", "a": "c"}
    features = made(entries, ["ab", "bc"], unit="char", lowercase=True, replace=replace)
    assert features.lexicon is not None
    # The first becomes "ab", the second "cb": nothing is replaced twice.
    assert features.lexicon.words == ("aB", "bc", "Ａb")
    assert column(features.features("Ａb"), "lexicon_begin") == [1, 0]
    assert column(features.features("AB"), "lexicon_begin") == [1, 0]
    assert column(features.features("aB"), "lexicon_begin") == [5, 0]


def test_of_words_that_are_read_alike_one_stays_with_the_categories_of_all() -> None:
    features = made([("Ab", "x"), ("aB", "y")], ["ab"], unit="char", lowercase=True)
    assert features.lexicon == Lexicon(("Ab",), (("x", "y"),))


def test_tokens_lie_between_spaces_and_words_are_cut_as_texts_are() -> None:
    entries = [("New York", "LOC"), ("U.S.", "LOC"), ("York", "n")]
    features = made(entries, [["New", "York", "U.S."]])
    assert features.unit == "token"
    rows = features.features(["in", "New", "York", "U.S."])
    assert column(rows, "lexicon_begin") == [0, 1, 0, 0]
    assert column(rows, "lexicon_end") == [0, 0, 1, 0]
    assert column(rows, "lexicon_single") == [0, 0, 2, 1]
    features = made([("New York", "LOC"), ("don't-know", "n")], ["New York"], unit="word", segmenter="regex")
    assert column(features.features("don't-know New  York"), "lexicon_begin")[-2:] == [1, 0]
    assert column(features.features("don't-know"), "lexicon_end") == [0, 0, 6]


def test_features_of_tokens_are_no_part_of_words() -> None:
    inputs = [["New￨NNP", "York￨NNP", "is￨VBZ"]]
    features = made([("New York", "LOC")], inputs, features=["POS"])
    assert column(features.features(inputs[0]), "lexicon_begin") == [1, 0, 0]
    assert features.lookup is not None
    assert features.lookup.of(["New", "York"])["lexicon_end"].tolist() == [0, 1]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_stream_has_the_same_numbers_as_the_whole_text(size: int) -> None:
    features = made()
    text = TEXT + "南京南京市市长江大" + TEXT
    pieces = features.pieces()
    parts = [pieces.push(text[at : at + size]) for at in range(0, len(text), size)]
    assert np.array_equal(np.concatenate([*parts, pieces.finish()]), features.features(text))


def test_a_stream_waits_for_words_that_may_go_on_and_for_no_other() -> None:
    pieces = made(channels=("unit", "lexicon")).pieces()
    assert [len(pieces.push(c)) for c in "的南京的江大的"] == [1, 0, 0, 3, 0, 0, 3]


def test_saved_words_are_a_file_that_can_be_read_and_come_back() -> None:
    features = made()
    assert features.lexicon is not None
    packed = features.to_json()["lexicon"]
    assert gzip.decompress(packed).decode() == "南京\tLOC\n南京市\tLOC\n市\tn\n市长\tn\n江大桥\tPER\n江大桥\tn\n"
    again = TextFeatures.from_json(features.to_json(), list(features.vocabulary))
    assert again == features
    assert np.array_equal(again.features(TEXT), features.features(TEXT))
    assert pickle.loads(pickle.dumps(features)) == features
    single = Lexicon.of([("a", "x"), ("b", "y"), ("c", "x")])
    assert Lexicon.from_bytes(single.to_bytes()) == single


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b"a\tx\n")[:-4], "UTF-8 text in whole gzip"),
        (gzip.compress(b"\xff\tx\n"), "UTF-8 text in whole gzip"),
        (gzip.compress(b"a\tx"), "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b"a\tx\n\n"), "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b"a\n"), "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b"a\t\n"), "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b"\tx\n"), "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b"a\tx\ty\n"), "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b" a\tx\n"), "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b"a\x00\tx\n"), "of a word, TAB and a category a line, got another line"),
        (gzip.compress(b"b\tx\na\tx\n"), "of distinct lines in order, got others"),
        (gzip.compress(b"a\tx\na\tx\n"), "of distinct lines in order, got others"),
    ],
)
def test_damaged_words_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(ArgumentError, match=f"^TextFeatures: lexicon must be {message}"):
        Lexicon.from_bytes(content)


def test_words_that_unpack_to_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "MOST_BYTES", 10)
    with pytest.raises(ArgumentError, match=r"^TextFeatures: lexicon must be at most 10 bytes, unpacked, got more\.$"):
        Lexicon.from_bytes(gzip.compress(b"a\tx\n" * 3))


def test_refusals() -> None:
    remedy = r" What a word is cut into depends on what stands around it\."
    with pytest.raises(ArgumentError, match="unit must be char, word or token with a lexicon, got subword." + remedy):
        made([("a", "x")], ["a b a b"], unit="subword", channels=("unit", "lexicon"))
    with pytest.raises(ArgumentError, match=r"lexicon must be there, for the channel lexicon_begin, got none\."):
        TextFeatures.fit(["a"], channels=("unit", "lexicon_begin"))
    with pytest.raises(ArgumentError, match=r"lexicon must be of words of 1 to 64 units, got '.*', which has 65\."):
        made([("a" * 65, "x")])
    with pytest.raises(ArgumentError, match=r"channels must be one of .*, got 'lexicon_bigin'\. Did you mean 'lexicon"):
        made(channels=("unit", "lexicon_bigin"))
    message = r"lexicon must be of at most 1,000 different categories, got 1,001\. Is the category a number\?"
    with pytest.raises(ArgumentError, match=message):
        Lexicon.of([(f"w{n}", f"c{n}") for n in range(1001)])
    with pytest.raises(ArgumentError, match=r"lexicon must be of 1 to 2,000,000 words, got 0\."):
        Lexicon((), ())
    saved = made().to_json()
    del saved["lexicon"]
    with pytest.raises(ArgumentError, match=r"lexicon must be there, for the channel lexicon_begin, got none\."):
        TextFeatures.from_json(saved, list(made().vocabulary))
