"""Features of tokens as channels: ids of values, of neighbours' values and of pairs, unknown ones, refusals."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.features.columns import FEATURE_LOOKS, Column, column_of, columns_from_json, context_columns
from bigru.features.text import TextFeatures

CHANNELS = ("unit", "shape", *(f"feature{n}{ending}" for n in (1, 2) for ending in FEATURE_LOOKS))
INPUTS = [["He￨PRP￨a", "runs￨VBZ￨b", "fast￨RB￨a"], ["It￨PRP￨a", "rains￨VBZ￨a"], []]


def made(inputs: list = INPUTS, **settings: object) -> TextFeatures:
    given = {"channels": CHANNELS, "features": ["POS", "kind"], **settings}
    return TextFeatures.fit(inputs, **given)  # type: ignore[arg-type]


def column(rows: np.ndarray, name: str) -> list[int]:
    return rows[:, CHANNELS.index(name)].tolist()


def test_values_have_ids_by_frequency_and_words_are_read_alone() -> None:
    features = made()
    assert features.unit == "token"
    assert features.columns == (Column("POS", ("PRP", "VBZ", "RB")), Column("kind", ("a", "b")))
    assert set(features.vocabulary) == {"He", "runs", "fast", "It", "rains"}
    rows = features.features(INPUTS[0])
    assert column(rows, "feature1") == [1, 2, 3]
    assert column(rows, "feature2") == [1, 2, 1]
    bare = TextFeatures.fit([[token.split("￨")[0] for token in x] for x in INPUTS], unit="token", channels=CHANNELS[:2])
    assert np.array_equal(rows[:, :2], bare.features(["He", "runs", "fast"]))


def test_channels_of_neighbours_see_what_stands_there() -> None:
    features = made()
    rows = features.features(INPUTS[0])
    others = features.features(["It￨PRP￨b", "goes￨VBZ￨a", "now￨NEW￨a"])
    for ending in ("_before", "_before2", "_bigram_before", "_trigram_before"):
        assert column(rows, f"feature1{ending}")[:2] == column(others, f"feature1{ending}")[:2], ending
    assert column(rows, "feature1_after")[0] == column(others, "feature1_after")[0]
    # What training never saw is 0: the unknown value, and the pair with it.
    assert column(others, "feature1")[2] == 0
    assert column(others, "feature1_bigram_before")[2] == 0
    assert column(others, "feature1_after")[1] == 0
    # Two steps away: both first tokens have nothing there, which differs from any value.
    two = column(rows, "feature1_before2")
    assert two[0] == two[1] != two[2]
    after = column(rows, "feature1_after2")
    assert after[1] == after[2] != after[0]


def test_alone_in_a_batch_and_piece_by_piece() -> None:
    features = made()
    together = features.features_many(INPUTS)
    for x, rows in zip(INPUTS, together, strict=True):
        assert np.array_equal(features.features(x), rows)
        pieces = features.pieces()
        parts = [pieces.push([token]) for token in x] + [pieces.finish()]
        assert np.array_equal(np.concatenate(parts), rows)


def test_a_refused_piece_changes_nothing() -> None:
    features = made()
    pieces = features.pieces()
    first = pieces.push(INPUTS[0][:2])
    with pytest.raises(ArgumentError) as error:
        pieces.push(["fast￨RB"])
    assert str(error.value) == "stream: chunk token 1 must be of the form 'word￨POS￨kind', got 'fast￨RB'."
    rest = [pieces.push(INPUTS[0][2:]), pieces.finish()]
    assert np.array_equal(np.concatenate([first, *rest]), features.features(INPUTS[0]))


def test_saved_and_read_again() -> None:
    features = made()
    values = json.loads(json.dumps(features.to_json()))
    assert values["columns"][1] == {"name": "kind", "values": ["a", "b"]}
    again = TextFeatures.from_json(values, list(features.vocabulary))
    assert again == features
    assert np.array_equal(pickle.loads(pickle.dumps(features)).features(INPUTS[0]), again.features(INPUTS[0]))
    assert "columns" not in TextFeatures.fit([["a"]], unit="token", channels=("unit",)).to_json()


def test_without_features_the_separator_is_part_of_the_word() -> None:
    features = TextFeatures.fit([["a￨X", "a￨Y"]], unit="token", channels=("unit",))
    assert set(features.vocabulary) == {"a￨X", "a￨Y"}
    assert features.words(["a￨X"]) == ["a￨X"]
    assert made().words(["a￨X￨a"]) == ["a"]


def test_rare_values_are_unknown_where_there_are_many_tokens() -> None:
    many = [["a￨X￨k"] * 6_000, ["b￨Y￨k"] * 6_000, ["c￨Z￨k"]]
    assert made(many).columns[0].values == ("X", "Y")


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            "He runs",
            "inputs[0] must be a list of tokens with features, as 'word￨POS￨kind', got a text. "
            "Give a file with these columns, or tokens in this form.",
        ),
        (["He￨PRP￨a", "runs"], "inputs[0] token 2 must be of the form 'word￨POS￨kind', got 'runs'."),
        (["He￨PRP￨a￨b"], "inputs[0] token 1 must be of the form 'word￨POS￨kind', got 'He￨PRP￨a￨b'."),
        (["He￨￨a"], "inputs[0] token 1 must be of the form 'word￨POS￨kind', got 'He￨￨a'."),
        ([1], "inputs[0] must be a list of tokens, got [1]."),
    ],
)
def test_refused_inputs(x: object, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        made().features(x)  # type: ignore[arg-type]
    assert str(error.value) == f"TextFeatures: {message}"


def test_refused_settings() -> None:
    numbers = [[f"w￨{n}.5￨a" for n in range(1_001)]]
    with pytest.raises(ArgumentError) as error:
        made(numbers)
    want = "of at most 1,000 different numbers, each a class of its own, got 1,001"
    remedy = "Put the numbers into ranges, or leave the column out."
    assert str(error.value) == f"TextFeatures: feature 'POS' must be {want}. {remedy}"
    assert len(made([[f"w￨x{n}￨a" for n in range(1_001)]]).columns[0].values) == 1_001
    with pytest.raises(ArgumentError, match="unit must be token, to which features belong, got word"):
        made(unit="word")
    with pytest.raises(ArgumentError, match=r"channels must be one of unit, .* got feature3"):
        made(channels=("unit", "feature3"))
    with pytest.raises(ArgumentError, match=r"channels must be one of unit, .* got 'feature1_sideways'"):
        made(channels=("unit", "feature1_sideways"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "columns must be a list, got dict."),
        (["POS"], "column must be an object with name, values, got 'POS'."),
        ([{"name": "", "values": []}], "name of a column must be a string, got ''."),
        ([{"name": "POS", "values": [1]}], "values of 'POS' must be a list of strings, got [1]."),
        ([{"name": "POS", "values": ["a", "a"]}], "values of 'POS' must be distinct, got 'a' twice."),
    ],
)
def test_damaged_columns(given: object, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        columns_from_json(given)
    assert str(error.value) == f"TextFeatures: {message}"


def test_a_size_that_is_not_that_of_the_values() -> None:
    values = made().to_json()
    values["columns"][0]["values"].append("NEW")
    with pytest.raises(ArgumentError) as error:
        TextFeatures.from_json(values, list(made().vocabulary))
    assert str(error.value) == "TextFeatures: size of feature1 must be 5, the known values and the unknown, got 4."


def test_names_of_channels() -> None:
    assert [column_of(name) for name in ("unit", "feature1", "feature12_trigram", "feature0", "feature1_x")] == [
        None,
        0,
        11,
        None,
        None,
    ]
    assert context_columns("feature2_trigram_before") == (-2, -1, 0)
    assert context_columns("feature2") == ()
