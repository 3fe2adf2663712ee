from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.features.channels import LOOKS, hashes, ngrams
from bigru.features.hashing import buckets
from bigru.features.known import MOST, KnownStrings
from bigru.features.text import TextFeatures


def drawn(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, count, np.uint64)


@pytest.mark.parametrize("count", [0, 1, 1000, 100_000])
def test_everything_that_was_seen_is_known_and_little_else(count: int) -> None:
    seen = drawn(1, count)
    known = KnownStrings.of(seen)
    assert known.has(seen).all()
    assert known.has(drawn(2, 100_000)).mean() < 0.035


def test_of_too_many_the_most_frequent_are_known() -> None:
    often, once = drawn(1, 1000), drawn(2, MOST)
    known = KnownStrings.of(np.concatenate([often, once, often]))
    assert known.has(often).all()
    assert known.has(once).mean() < 0.035


@pytest.mark.parametrize("name", LOOKS)
def test_the_compiled_ngrams_look_up_the_same(name: str) -> None:
    lengths = np.array([3, 0, 1, 70], np.int64)
    codes = drawn(3, int(lengths.sum())) % np.uint64(50)
    found = hashes(name, codes, lengths)
    known = KnownStrings.of(found[::2])
    to = np.full((len(codes), 2), -1, np.int32)
    ngrams(name, codes, lengths, 1000, to, 1, known)
    assert to[:, 1].tolist() == np.where(known.has(found), buckets(found, 1000), 0).tolist()
    ngrams(name, codes, lengths, 1000, to, 0)
    assert to[:, 0].tolist() == buckets(found, 1000).tolist()


def test_ngrams_and_strings_that_training_never_saw_have_id_0() -> None:
    features = TextFeatures.fit(["good film", "bad film"], channels=("unit", "bigram", "suffix3", "shape"))
    rows = features.features("bad film foo")
    assert (rows == 0).tolist() == [
        [False, False, False, False],
        [False, True, False, False],
        [True, True, True, False],
    ]


def test_features_without_a_filter_give_everything_a_bucket() -> None:
    made = TextFeatures.fit(["good film"], channels=("unit", "bigram"))
    values = made.to_json()
    del values["known"]
    old = TextFeatures.from_json(values, list(made.vocabulary))
    assert old.features("another one")[:, 1].min() > 0
    assert "known" not in old.to_json()


def test_json_round_trip() -> None:
    made = TextFeatures.fit(["good film"], channels=("unit", "bigram", "suffix3"))
    again = TextFeatures.from_json(made.to_json(), list(made.vocabulary))
    assert again == made
    assert again.features("good new film").tolist() == made.features("good new film").tolist()


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ([], "TextFeatures: known must be an object, got list."),
        ({"bigram": 1}, "TextFeatures: known must be text in base64, got int."),
        ({"bigram": "?"}, "TextFeatures: known must be text in base64, got '?'."),
        ({"bigram": "AAAA"}, "TextFeatures: bits of known must be a power of two within 1024..8388608, got 24."),
        ({"unit": ""}, "TextFeatures: bits of known must be a power of two within 1024..8388608, got 0."),
    ],
)
def test_damaged_filters_are_refused(known: object, message: str) -> None:
    made = TextFeatures.fit(["good film"], channels=("unit", "bigram"))
    with pytest.raises(ArgumentError) as caught:
        TextFeatures.from_json(made.to_json() | {"known": known}, list(made.vocabulary))
    assert str(caught.value) == message


def test_a_filter_of_a_channel_that_is_not_there_is_refused() -> None:
    made = TextFeatures.fit(["good film"], channels=("unit", "bigram"))
    text = made.to_json()["known"]["bigram"]
    with pytest.raises(ArgumentError, match="known must be one of bigram, got 'trigram'"):
        TextFeatures.from_json(made.to_json() | {"known": {"trigram": text}}, list(made.vocabulary))
