"""Models that an earlier version saved, under the names that their settings had then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bigru
from bigru.bundle import load
from bigru.bundle.aliases import FIELDS, POOLINGS, current_names
from bigru.bundle.configuration import read_model
from bigru.config import POOLINGS as KNOWN
from bigru.config import ConvConfig, ModelConfig, to_dict
from bigru.errors import ArgumentError

MODEL = ModelConfig(2, input_size=3, pooling=("max", "sqrt_n"), conv=(ConvConfig(4, 3),))


def earlier(model: ModelConfig) -> dict:
    """Return a model as an earlier version wrote it."""
    old = {new: name for name, new in FIELDS.items()}
    kinds = {new: name for name, new in POOLINGS.items()}
    values = {old.get(key, key): value for key, value in to_dict(model).items()}
    return values | {"pooling": [kinds.get(kind, kind) for kind in values["pooling"]]}


def test_names_of_earlier_versions_are_read() -> None:
    values = earlier(MODEL)
    assert {"values", "wide", "front"} < values.keys()
    assert values["pooling"] == ["max", "bag"]
    assert read_model(values, "classify") == MODEL


def test_every_alias_stands_for_what_there_is() -> None:
    assert set(FIELDS.values()) <= to_dict(MODEL).keys()
    assert set(POOLINGS.values()) <= set(KNOWN)


def test_both_names_at_once_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"ModelConfig: key must be one of .*, got 'front'"):
        read_model(to_dict(MODEL) | {"front": []}, "classify")


@pytest.mark.parametrize("values", [None, [], "gru", {"pooling": "bag"}, {"pooling": [["bag"]]}])
def test_what_is_no_model_is_left_alone(values: object) -> None:
    assert current_names(values) == values


@pytest.mark.parametrize("name", ["zh-sentiment", "zh-entities"])
def test_shipped_models_have_the_earlier_names(name: str) -> None:
    folder = Path(bigru.__file__).parent / "models" / name
    saved = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert FIELDS.keys() & saved["model"].keys()
    assert load(folder).model == read_model(saved["model"], saved["task"])
