"""Golden models: what was saved once loads for ever, and answers with the same bits.

The folders of `tests/golden` are never written again. A test that fails here says that models which people have saved
would answer otherwise, or not at all: change the code, not the folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bigru.bundle import load
from bigru.bundle.configuration import KINDS, TASKS
from bigru.bundle.folder import KEYS_OF
from bigru.bundle.quantized import QuantizedWeights
from bigru.config import MERGES, POOLINGS, ForecastModelConfig
from bigru.layout import CELL_GATES
from golden import answer
from tolerances import FLOAT32

NAMES = answer.names()

LEAST = 53
"""Golden models there are at least: none is ever taken away."""


@pytest.fixture(scope="module")
def exact() -> dict[str, Any]:
    return answer.exactly()


def numbers(value: Any) -> Iterator[float]:
    """Yield every float of an answer, in order."""
    if isinstance(value, float):
        yield value
    for entry in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from numbers(entry)


def shape(value: Any) -> Any:
    """Return an answer without its floats: labels, tags, texts, counts."""
    if isinstance(value, dict):
        return {key: shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape(entry) for entry in value]
    return None if isinstance(value, float) else value


@pytest.mark.skipif(not answer.EXACT, reason="the bits are those of x86-64")
@pytest.mark.parametrize("name", NAMES)
def test_answers_are_the_same_bits(name: str, exact: dict[str, Any]) -> None:
    # JSON writes the shortest digits that read back as the same float64, and tells -0.0 from 0.0.
    for way, want in answer.golden(name)["answers"].items():
        assert json.dumps(exact[name][way], ensure_ascii=False) == json.dumps(want, ensure_ascii=False), way


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_the_same_on_the_instructions_of_this_machine(name: str) -> None:
    asked = answer.golden(name)
    found = json.loads(json.dumps(answer.answers(name, asked)))
    for way, want in asked["answers"].items():
        assert shape(found[way]) == shape(want)
        np.testing.assert_allclose(list(numbers(found[way])), list(numbers(want)), **FLOAT32)


def test_the_folders_are_as_they_were_written() -> None:
    assert answer.digests() == json.loads(answer.DIGESTS.read_text(encoding="utf-8"))
    assert len(NAMES) >= LEAST


def test_every_kind_of_model_is_among_them() -> None:
    """A new task, cell, merge, pooling or kind of features needs a golden model of its own."""
    bundles = [load(answer.FOLDER / name / "model") for name in NAMES]
    configurations = [
        json.loads((answer.FOLDER / name / "model" / "config.json").read_text(encoding="utf-8")) for name in NAMES
    ]
    sequences = [bundle.model for bundle in bundles if not isinstance(bundle.model, ForecastModelConfig)]
    assert {bundle.task for bundle in bundles} == set(TASKS)
    assert {config["features"]["kind"] for config in configurations} == set(KINDS)
    assert {config["format_version"] for config in configurations} == set(KEYS_OF)
    assert {model.encoder.cell for model in sequences} == set(CELL_GATES)
    assert {model.encoder.merge for model in sequences} == set(MERGES)
    assert {kind for model in sequences for kind in model.pooling} == set(POOLINGS)
    assert {model.wide_linear for model in sequences} == {model.crf for model in sequences} == {False, True}
    assert {bool(model.conv) for model in sequences} == {model.skip for model in sequences} == {False, True}
    assert {isinstance(bundle.weights, QuantizedWeights) for bundle in bundles} == {False, True}
    assert any(getattr(bundle.config.features, "known", None) for bundle in bundles)
    assert any(bundle.model.levels for bundle in bundles if isinstance(bundle.model, ForecastModelConfig))
