from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigru.config import ChannelConfig
from bigru.errors import ArgumentError
from bigru.features.channels import fold
from bigru.features.hashing import END, START, buckets, combine, hash_strings
from bigru.features.text import TextFeatures
from effort import calls


def codes(*values: int) -> np.ndarray:
    return np.array(values, np.uint64)


def test_characters_by_hand() -> None:
    features = TextFeatures.fit(["电影好", "好好影"], channels=("unit",), min_count=1)
    assert features.unit == "char"
    assert features.vocabulary == ("好", "影", "电")
    assert features.features("好电X").tolist() == [[1], [3], [0]]
    assert features.features("好").dtype == np.int32
    assert features.channels == (ChannelConfig("unit", 4, 64),)


def test_equal_counts_are_ordered_by_code_point() -> None:
    assert TextFeatures.fit(["cab", "bca"], unit="char", channels=("unit",)).vocabulary == ("a", "b", "c")
    assert TextFeatures.fit([["b", "aa", "a"]], channels=("unit",)).vocabulary == ("a", "aa", "b")


def test_min_count_and_max_size() -> None:
    texts = ["aaabbc"]
    fit = TextFeatures.fit
    assert fit(texts, unit="char", min_count=2).vocabulary == ("a", "b")
    assert fit(texts, unit="char", max_size=1).vocabulary == ("a",)
    assert fit(texts, unit="char").vocabulary == ("a", "b", "c")
    assert fit([*texts, "a" * 10_000], unit="char").vocabulary == ("a", "b")


def test_ngrams_of_characters_by_hand() -> None:
    channels = ("bigram", "bigram_before", "trigram")
    features = TextFeatures.fit(["好书"], channels=channels)
    a, b = ord("好"), ord("书")
    expected = [
        buckets(combine(codes(a, b), codes(b, END)), 65536),
        buckets(combine(codes(START, a), codes(a, b)), 65536),
        buckets(combine(codes(START, a), codes(a, b), codes(b, END)), 65536),
    ]
    np.testing.assert_array_equal(features.features("好书"), np.stack(expected, axis=1))


def test_channels_of_words_by_hand() -> None:
    channels = ("unit", "bigram", "prefix3", "suffix3", "shape", "lower")
    features = TextFeatures.fit(["Paris likes Paris"], channels=channels)
    assert features.unit == "word"
    assert features.segmenter == "regex"
    assert features.vocabulary == ("Paris", "likes")
    assert set(features.known) == set(channels) - {"unit"}
    table = dataclasses.replace(features, known={}).features("Paris 1998")
    words = hash_strings(["Paris", "1998"])
    assert table[:, 0].tolist() == [1, 0]
    np.testing.assert_array_equal(table[:, 1], buckets(combine(words, np.append(words[1:], codes(END))), 65536))
    for column, strings, size in ((2, ["Par", "199"], 8192), (3, ["ris", "998"], 8192), (4, ["Xxx", "dd"], 512)):
        np.testing.assert_array_equal(table[:, column], buckets(hash_strings(strings), size))
    np.testing.assert_array_equal(table[:, 5], buckets(hash_strings(["paris", "1998"]), 32768))


def test_neighbours_and_affixes_by_hand() -> None:
    names = ("before", "after", "begin1", "begin2", "begin4", "end1", "end2", "end4")
    features = dataclasses.replace(TextFeatures.fit([["Paris", "sank"]], channels=names), known={})
    first, second = features.features_many([["Paris"], ["Rome", "paid"]])
    sizes = [channel.size for channel in features.channels]

    def bucket(column: int, codes: np.ndarray) -> int:
        return int(buckets(codes, sizes[column])[0])

    paid, rome = hash_strings(["paid"]), hash_strings(["Rome"])
    assert first[0, :2].tolist() == [bucket(0, combine(codes(START))), bucket(1, combine(codes(END)))]
    assert second[:, 0].tolist() == [bucket(0, combine(codes(START))), bucket(0, combine(rome))]
    assert second[:, 1].tolist() == [bucket(1, combine(paid)), bucket(1, combine(codes(END)))]
    views = ["p", "pa", "pari", "s", "is", "aris"]
    assert first[0, 2:].tolist() == [bucket(2 + n, hash_strings([view])) for n, view in enumerate(views)]


def test_shapes_of_neighbours_by_hand() -> None:
    features = TextFeatures.fit([["ab"]], channels=("shape_before", "shape_after"), lowercase=True)
    features = dataclasses.replace(features, known={})
    title, digits = hash_strings(["Xxx"]), hash_strings(["dd"])
    want = [
        [combine(codes(START), title), combine(title, digits)],
        [combine(title, digits), combine(digits, codes(END))],
    ]
    expected = [[int(buckets(code, 4096)[0]) for code in row] for row in want]
    assert features.features(["Paris", "1998"]).tolist() == expected


def test_the_shape_sees_the_case_that_the_vocabulary_does_not() -> None:
    features = TextFeatures.fit(["Paris paris"], channels=("unit", "shape"), lowercase=True)
    assert features.vocabulary == ("paris",)
    upper, lower = features.features("PARIS paris")
    assert upper[0] == lower[0] == 1
    assert upper[1] != lower[1]


def test_ids_of_literal_texts_never_change() -> None:
    """The same input must reach the same rows of a saved model's embeddings for ever."""
    chinese = TextFeatures("char", ("好",), tuple(ChannelConfig(n, 2**15, 1) for n in ("bigram", "trigram")))
    assert chinese.features("好书").tolist() == [[25399, 23806], [21829, 22034]]
    channels = tuple(ChannelConfig(n, 2**15, 1) for n in ("bigram_before", "prefix3", "suffix3", "shape", "lower"))
    english = TextFeatures("token", (), channels, segmenter="regex")
    assert english.features(["Paris"]).tolist() == [[30407, 24281, 11906, 3608, 8565]]
    newer = tuple(ChannelConfig(n, 2**15, 1) for n in ("before", "after", "begin2", "end4", "shape_before"))
    english = TextFeatures("token", (), newer, segmenter="regex")
    assert english.features(["In", "Paris"]).tolist() == [
        [9217, 20527, 14483, 14483, 18764],
        [16801, 26724, 5481, 10695, 4010],
    ]


@given(st.lists(st.text(alphabet="ab好书 \x00😀", max_size=7), max_size=9))
def test_a_text_gives_alone_what_it_gives_in_any_batch(texts: list[str]) -> None:
    features = TextFeatures.fit(["ab好"], unit="char", channels=("unit", "bigram", "bigram_before", "trigram"))
    many = features.features_many(texts)
    assert [len(table) for table in many] == [len(text) for text in texts]
    for table, text in zip(many, texts, strict=True):
        np.testing.assert_array_equal(table, features.features(text))


@pytest.mark.parametrize("unit", ["word", "token"])
def test_words_give_alone_what_they_give_in_a_batch(unit: str) -> None:
    texts = ["", "One two", "two", "a  one, two!"]
    features = TextFeatures.fit(texts, unit=unit, channels=("unit", "bigram", "trigram", "suffix3"))
    for table, text in zip(features.features_many(texts), texts, strict=True):
        np.testing.assert_array_equal(table, features.features(text))
        assert len(table) == len(features.units(text))


def test_no_input_at_all() -> None:
    features = TextFeatures.fit(["ab"])
    assert features.features_many([]) == []
    assert features.features("").shape == (0, 2)
    assert TextFeatures.fit([]).vocabulary == ()


def test_units_are_offsets_of_the_text_itself() -> None:
    text = "İn Ｐaris 1,000"
    features = TextFeatures.fit([text], lowercase=True, replace={"Ｐ": "P"})
    assert features.vocabulary == ("1,000", "in", "paris")
    assert [text[start:end] for start, end in features.units(text)] == ["İn", "Ｐaris", "1,000"]
    assert features.units(["a", "b"]) == [(0, 1), (1, 2)]
    assert TextFeatures.fit(["好书"]).units("a😀") == [(0, 1), (1, 2)]


def test_lower_case_keeps_every_length() -> None:
    assert [c for c in map(chr, range(0x110000)) if len(fold(c, True)) != 1] == []


def test_characters_are_replaced_first() -> None:
    features = TextFeatures.fit(["Ａ１"], unit="char", channels=("unit",), replace={"Ａ": "A"}, lowercase=True)
    assert features.vocabulary == ("a", "１")
    assert features.features("ａAＡ").tolist() == [[0], [1], [1]]
    tokens = TextFeatures.fit([["Ａ１", "x"]], channels=("unit",), replace={"Ａ": "A", "１": "1"})
    assert tokens.vocabulary == ("A1", "x")


def test_chinese_words() -> None:
    features = TextFeatures.fit(["苹果公司发布了新款手机"], unit="word", channels=("unit",))
    assert features.segmenter == "rjieba"
    assert "苹果公司" in features.vocabulary
    assert (features.features("苹果公司") > 0).all()


def test_tokens_that_are_characters_read_texts_too() -> None:
    features = TextFeatures.fit([["好", "书"], ["好"]], channels=("unit", "bigram"))
    assert features.unit == "char"
    np.testing.assert_array_equal(features.features(["好", "书"]), features.features("好书"))


def test_tokens_read_texts_by_words() -> None:
    features = TextFeatures.fit([["John", "sleeps", "."]], channels=("unit", "bigram"))
    assert (features.unit, features.segmenter) == ("token", "regex")
    np.testing.assert_array_equal(features.features("John sleeps."), features.features(["John", "sleeps", "."]))
    chinese = TextFeatures.fit([["苹果公司", "发布"]])
    assert (chinese.unit, chinese.segmenter) == ("token", "rjieba")


def test_subwords() -> None:
    texts = ["low lower lowest"] * 9
    features = TextFeatures.fit(texts, unit="subword", max_size=40, channels=("unit", "bigram"))
    again = TextFeatures.from_json(json.loads(json.dumps(features.to_json())), list(features.vocabulary))
    assert again == features
    np.testing.assert_array_equal(again.features("lowest lo"), features.features("lowest lo"))
    offsets = features.units("lowest lo")
    assert "".join("lowest lo"[start:end] for start, end in offsets) == "lowestlo"
    assert len(features.features("lowest lo")) == len(offsets)


def test_json_round_trip() -> None:
    features = TextFeatures.fit(["电影好"], channels=("unit", "trigram"), replace={"Ａ": "A"}, lowercase=True)
    values = json.loads(json.dumps(features.to_json()))
    assert set(values) == {"unit", "channels", "lowercase", "replace", "segmenter", "known"}
    assert TextFeatures.from_json(values, list(features.vocabulary)) == features


def test_channel_sizes_and_widths_of_ones_own() -> None:
    features = TextFeatures.fit(["好"], channels=(ChannelConfig("unit", 1, 7), ChannelConfig("bigram", 5, 3)))
    assert features.channels == (ChannelConfig("unit", 2, 7), ChannelConfig("bigram", 5, 3))


def test_surrogates_never_enter_the_vocabulary() -> None:
    assert TextFeatures.fit(["a\ud800"], unit="char").vocabulary == ("a",)
    assert TextFeatures.fit([["a\ud800b", "a"]]).vocabulary == ("a",)


def test_the_characters_of_a_text_are_not_looked_at_one_by_one() -> None:
    texts = [("这部电影太棒了，情节扣人心弦，演员演技精湛。" * 3)[n % 30 :] for n in range(2000)]
    features = TextFeatures.fit(texts, channels=("unit", "bigram"))
    assert calls(lambda: features.features_many(texts)) < 5 * len(texts)


UNIT = (ChannelConfig("unit", 2, 4),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "letter"}, r"unit must be one of char, word, token, subword, got 'letter'"),
        ({"segmenter": "regex"}, r"segmenter must be None for the unit char, got regex"),
        ({"unit": "word"}, r"segmenter must be regex or rjieba for the unit word, got None"),
        ({"unit": "subword", "segmenter": "subword"}, r"tokenizer must be given for subwords, and only .*, got none"),
        ({"tokenizer": "{}"}, r"tokenizer must be given for subwords, and only for them, got one for the unit char"),
        ({"replace": {"ab": "c"}}, r"replace must be single characters, got \{'ab': 'c'\}"),
        ({"replace": {"a": ""}}, r"replace must be single characters, got \{'a': ''\}"),
        ({"vocabulary": ("a", "a")}, r"vocabulary must be distinct units, got 'a' twice"),
        ({"vocabulary": ("ab",)}, r"vocabulary must be single characters, got 'ab'"),
        ({"channels": ()}, r"channels must be distinct and at least one, got \[\]"),
        ({"channels": UNIT * 2}, r"channels must be distinct and at least one, got \['unit', 'unit'\]"),
        (
            {"channels": (ChannelConfig("shape", 9, 1),)},
            r"channels must be one of unit, .* for the unit char, got shape",
        ),
        (
            {"channels": (ChannelConfig("bigam", 9, 1),)},
            r"channels must be .*, got bigam\. Did you mean 'bigram'\?",
        ),
        (
            {"channels": (ChannelConfig("unit", 9, 1),)},
            r"size of unit must be 2, the vocabulary and the unknown, got 9",
        ),
        ({"channels": (ChannelConfig("bigram", 1, 1),)}, r"size of bigram must be at least 2, got 1"),
    ],
)
def test_impossible_features_are_refused(change: dict, message: str) -> None:
    values = {"unit": "char", "vocabulary": ("a",), "channels": UNIT} | change
    with pytest.raises(ArgumentError, match="^TextFeatures: " + message):
        TextFeatures(**values)


def test_fit_refuses_unknown_names() -> None:
    with pytest.raises(ArgumentError, match=r"^TextFeatures: channels must be one of .*, got 'bigramm'\. Did you mean"):
        TextFeatures.fit(["a"], channels=("bigramm",))
    with pytest.raises(ArgumentError, match=r"^TextFeatures: unit must be one of char, word, token, subword, got 'w'"):
        TextFeatures.fit(["a"], unit="w")


@pytest.mark.parametrize(
    ("unit", "bad", "message"),
    [
        ("char", 3, r"inputs\[1\] must be a text or a list of tokens, got 3"),
        ("char", ["a", None], r"inputs\[1\] must be a text or a list of tokens, got \['a', None\]"),
        ("char", ["a", "bc"], r"inputs\[1\] must be a text or single characters, got the token 'bc'"),
        ("word", 3, r"inputs\[1\] must be a text or a list of tokens, got 3"),
        ("subword", ["a"], r"inputs\[1\] must be a text, for subwords, got \['a'\]"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(unit: str, bad: object, message: str) -> None:
    features = TextFeatures.fit(["a b"], unit=unit)
    with pytest.raises(ArgumentError, match="^TextFeatures: " + message):
        features.features_many(["a", bad])
    with pytest.raises(ArgumentError, match="^TextFeatures: " + message):
        TextFeatures.fit(["a", bad], unit=unit)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra": 1}, r"key must be one of unit, .*, got 'extra'"),
        ({"unit": None}, r"unit must be of type str, got None"),
        ({"channels": {}}, r"channels must be of type list, got \{\}"),
        ({"lowercase": 1}, r"lowercase must be of type bool, got 1"),
        ({"replace": {"a": 1}}, r"replace must be single characters, got \{'a': 1\}"),
        ({"segmenter": 1}, r"segmenter must be a string or null, got 1"),
    ],
)
def test_from_json_refuses(change: dict, message: str) -> None:
    values = TextFeatures.fit(["a"], unit="char").to_json() | change
    with pytest.raises(ArgumentError, match="^TextFeatures: " + message):
        TextFeatures.from_json(values, ["a"])


@pytest.mark.parametrize("vocabulary", [None, "a", [1]])
def test_from_json_refuses_a_vocabulary_that_is_no_list_of_strings(vocabulary: object) -> None:
    values = TextFeatures.fit(["a"], unit="char").to_json()
    with pytest.raises(ArgumentError, match=r"^TextFeatures: vocabulary must be a list of strings, got "):
        TextFeatures.from_json(values, vocabulary)
    with pytest.raises(ArgumentError, match=r"^TextFeatures: configuration must be an object, got list"):
        TextFeatures.from_json([], ["a"])


def test_a_used_one_is_pickled_without_its_tables() -> None:
    features = TextFeatures.fit(["电影好看"], unit="char")
    ids = features.features("好电影")
    stored = pickle.dumps(features)
    assert len(stored) < 2000
    assert pickle.loads(stored) == features
    assert (pickle.loads(stored).features("好电影") == ids).all()
