from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru import bundle
from bigru.config import EncoderConfig
from bigru.errors import VerificationError
from bigru.runtime.network.sequence import Network
from bigru.runtime.predictor import Predictor
from bigru.train.export import export

RANDOM = np.random.default_rng(0)
SERIES = [RANDOM.standard_normal((length, 2)) for length in [*range(1, 70), 300]]


@pytest.mark.train
def test_an_exported_model_answers_as_it_was_trained(labelled: Any, tmp_path: Path) -> None:
    fitted = labelled.fit(training={"epochs": 1})
    made = export(
        labelled.task, labelled.config, labelled.model, fitted.weights, SERIES, metrics={"a": 1}, card="Mine."
    )
    found = made.metrics["verification"]
    assert (found["inputs"], found["changed_answers"]) == (32 + 4, 0)
    assert 0 < found["logits_difference"] < 1e-5
    assert {"reference", "torch"} < set(found["engines"])
    assert made.metrics["a"] == 1
    assert made.card.startswith("Mine.\n\n## Verification\n\nEvery answer is the same within its tolerance: 36 samples")
    bundle.save(made, tmp_path / "model")
    assert bundle.load(tmp_path / "model").metrics["verification"] == found
    assert {answer["label"] for answer in Predictor(made).predict(SERIES)} <= {"fall", "rise"}


@pytest.mark.train
def test_shortest_and_longest_are_verified(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    call = Network.__call__

    def record(self: Network, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        seen.extend(lengths.tolist())
        return call(self, inputs, lengths)

    monkeypatch.setattr(Network, "__call__", record)
    fitted = labelled.fit(training={"epochs": 1})
    export(labelled.task, labelled.config, labelled.model, fitted.weights, SERIES)
    assert {0, 1, 300} < set(seen)


@pytest.mark.train
@pytest.mark.parametrize("merge", ["concat", "gated"])
@pytest.mark.parametrize("crf", [False, True])
def test_taggers_agree_too(tagged: Any, crf: bool, merge: str) -> None:
    problem = tagged(crf)
    model = replace(problem.model, encoder=EncoderConfig(hidden=7, layers=2, merge=merge, layer_norm=True))
    fitted = replace(problem, model=model).fit(training={"epochs": 1})
    inputs = [np.zeros((0, 1)), *(series[:, :1] for series in SERIES)]
    made = export(problem.task, problem.config, model, fitted.weights, inputs)
    assert made.metrics["verification"]["changed_answers"] == 0
    assert made.task == "tag"


@pytest.mark.train
def test_a_model_that_disagrees_is_refused(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = labelled.fit(training={"epochs": 1})
    call = Network.__call__
    want = r"the same within 1e-05 on \d+ samples"
    for change, got in (
        (lambda logits: logits + 3e-4, r"logits [2-4]\.\de-04 apart and 0 of \d+ labels changed"),
        (lambda logits: -logits, r"[1-9]\d* of \d+ labels changed"),
        (lambda logits: logits * np.nan, "logits inf apart"),
    ):
        monkeypatch.setattr(Network, "__call__", lambda self, *a, change=change: change(call(self, *a)))
        with pytest.raises(VerificationError, match=f"export: answers must be {want}, got .*{got}.*nothing is written"):
            export(labelled.task, labelled.config, labelled.model, fitted.weights, SERIES)
