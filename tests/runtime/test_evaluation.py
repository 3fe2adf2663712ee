"""`bigru.evaluate`: what `bigru evaluate` reports, of a model, a folder or a name, and nothing is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru
from bigru import bundle
from bigru.cli import run
from bigru.errors import ArgumentError, DataError
from bigru.readers.reading import Reading
from bigru.runtime.forecaster import Forecaster
from bigru.runtime.predictor import Predictor
from tables import forecaster, hourly
from verify.conftest import BUNDLES, TEXTS

MODEL = Predictor(BUNDLES["text"])
LABELS = [MODEL.labels[n % len(MODEL.labels)] for n in range(len(TEXTS))]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "x.jsonl"
    rows = [{"text": text or "好", "label": label} for text, label in zip(TEXTS, LABELS, strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_it_says_what_the_command_says(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle.save(BUNDLES["text"], tmp_path / "m")
    for precision in ("fp32", "int8"):
        found = bigru.evaluate(tmp_path / "m", data, precision=precision)
        assert capsys.readouterr() == ("", "")
        assert run(["evaluate", str(tmp_path / "m"), str(data), "--precision", precision]) == 0
        assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(found.to_json()))
        assert (found.precision, found.count, found.exact is None) == (precision, 6, precision == "fp32")
        assert found["accuracy"] == found.report["accuracy"]


def test_a_model_a_pair_and_a_frame_are_taken_as_well(data: Path) -> None:
    import pandas as pd

    lines: list[str] = []
    texts = [text or "好" for text in TEXTS]
    want = bigru.evaluate(MODEL, data, say=lines.append).to_json()
    assert lines[0].startswith(f"{data}: 6 examples; format jsonl")
    assert bigru.evaluate(MODEL, (texts, LABELS)).to_json() == want
    assert bigru.evaluate(MODEL, pd.DataFrame({"text": texts, "label": LABELS})).to_json() == want
    assert bigru.evaluate(MODEL, bigru.read(data)).to_json() == want
    fewer = bigru.evaluate(MODEL, data, precision="int8")
    assert fewer.cost["accuracy"] == fewer["accuracy"] - want["accuracy"]
    assert bigru.evaluate(Predictor(BUNDLES["text"], "int8"), data) == fewer


def test_a_forecaster_is_scored_from_the_origins_of_a_table() -> None:
    table = hourly(60)
    model = Forecaster(forecaster(table, {"targets": ("a", "b")}))
    lines: list[str] = []
    found = bigru.evaluate(model, table, stride=3, say=lines.append)
    assert found.report == model.evaluate(table, 3)
    assert lines[-1].startswith(f"{found.count} forecasts, each origin 3 rows after the one before; ")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            {"data": (TEXTS, LABELS), "reading": Reading(fill="linear")},
            "bigru: fill is not allowed for a model that forecasts nothing (got 'linear').",
        ),
        (
            {"data": (TEXTS, LABELS), "reading": Reading(label="x")},
            "reading: label is not allowed for inputs and labels in memory (got 'x').",
        ),
        ({"data": (TEXTS, ["zzz"] * len(TEXTS))}, "data:1: label must be one of "),
        (
            {"data": (np.zeros((4, 3, 1)), [MODEL.labels[0]] * 4)},
            "TextFeatures: inputs[0] must be a text or a list of tokens, got array",
        ),
        ({"data": 17}, "or Examples, got int."),
        ({"data": (TEXTS, LABELS), "precision": "fp8"}, "precision must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], line: str) -> None:
    with pytest.raises((ArgumentError, DataError)) as error:
        bigru.evaluate(MODEL, **given)
    assert line in str(error.value)
