"""Faults that people really make, planted into the runtime one by one: each must make a verification fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bigru.errors import VerificationError
from bigru.layout import reorder_gates
from bigru.runtime.network import layers, sequence
from bigru.tasks import tag
from bigru.verify import VerificationReport, gate, verify
from bigru.verify.engines import native
from verify import faults
from verify.conftest import BUNDLES, made
from verify.faults import FAULTS, plant

Patch = pytest.MonkeyPatch

# Faults may divide by nothing and compute with NaN.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def failing(name: str, engines: Any = None) -> dict[str, set[str]]:
    """Return the arrangements that fail, by engine; a sound model has none."""
    report = verify(BUNDLES[name], engines=engines, precisions=(), instruction_sets=())
    found: dict[str, set[str]] = {}
    for row in report.failures:
        found.setdefault(row.engine.split()[0], set()).add(row.arrangement)
    if report.failures:
        with pytest.raises(VerificationError, match=r"^save: answers must be the same"):
            report.require("save")
    return found


def test_padding_that_is_read_in_pooling(monkeypatch: Patch) -> None:
    assert failing("words") == {}
    faults.padding_in_pooling(monkeypatch)
    found = failing("words")
    assert found["native"] >= {"batches", "padded", "mirrored", "first", "last"}


def test_padding_that_is_not_a_number_and_is_read(monkeypatch: Patch) -> None:
    monkeypatch.setattr(sequence, "_clear", lambda values, past: values)
    # Convolutions are what looks past an end; recurrent layers and poolings stop there by themselves.
    assert "padded" in failing("series")["native"]
    assert "padded" in failing("speech")["native"]


@pytest.mark.slow
def test_a_backward_walk_that_is_a_flip_of_padded_data(monkeypatch: Patch) -> None:
    faults.padding_walked_backward(monkeypatch)
    for name in ("entities", "words", "speech"):
        assert failing(name)["native"] >= {"batches", "mirrored", "padded", "first", "last"}


def test_a_backward_walk_that_is_read_at_the_last_step(monkeypatch: Patch) -> None:
    faults.last_step_of_the_backward_walk(monkeypatch)
    # Alone and in batches it answers alike: only another engine sees it.
    assert failing("text") == {"reference": {"alone"}, "torch": {"alone"}}
    assert failing("quantiles") == {"reference": {"alone"}, "torch": {"alone"}}


def test_directions_that_are_swapped(monkeypatch: Patch) -> None:
    plant(monkeypatch, lambda run, walks: lambda x, *a: _swapped(*run(x, *a)))
    assert failing("entities") == {"reference": {"alone"}, "torch": {"alone"}}


def _swapped(y: np.ndarray, h_n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.roll(y, y.shape[2] // 2, axis=2), h_n[::-1]


def test_batch_mates_that_mix(monkeypatch: Patch) -> None:
    def across(weights: Any) -> Any:
        if not weights:
            return lambda x: x
        axes = lambda x: tuple(range(x.ndim - 1))  # noqa: E731
        return lambda x: (x - x.mean(axes(x))) / np.sqrt(x.var(axes(x)) + 1e-5) * weights["weight"] + weights["bias"]

    monkeypatch.setattr(layers, "normalisation", across)
    assert failing("series")["native"] >= {"batches", "first", "last"}


def test_gates_in_another_order_in_one_engine() -> None:
    bundle = BUNDLES["tokens"]
    other = {
        name: reorder_gates(w, ("z", "r", "n"), ("r", "z", "n")) if "_l0" in name else w
        for name, w in bundle.weights.items()
    }
    engine = sequence.Network(bundle.model, other)
    assert failing("tokens", {"onnx": engine}) == {"onnx": {"alone"}}


@pytest.mark.parametrize("part", ["viterbi", "marginals"])
def test_lengths_that_the_crf_ignores(monkeypatch: Patch, part: str) -> None:
    sound = getattr(tag, part)
    monkeypatch.setattr(tag, part, lambda emissions, weights, lengths: sound(emissions, weights))
    assert failing("entities")["native"] >= {"batches", "first", "last"}


def test_a_first_row_that_is_treated_otherwise() -> None:
    sound = native(BUNDLES["words"], "fp32")

    def off_by_one(inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        logits = sound(inputs, lengths).copy()
        logits[1:2] += 0.01
        return logits

    assert failing("words", {"mine": off_by_one})["mine"] >= {"batches", "mirrored"}

    def last_row(inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        logits = sound(inputs, lengths).copy()
        logits[-1] *= 1.001 if len(logits) > 1 else 1
        return logits

    assert failing("words", {"mine": last_row})["mine"] >= {"last"}


def test_one_step_and_none_that_are_treated_otherwise() -> None:
    sound = native(BUNDLES["words"], "fp32")

    def empty(inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        return np.where(lengths[:, None] == 0, np.nan, sound(inputs, lengths))

    def single(inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        return sound(inputs, lengths) + 0.1 * (lengths[:, None] == 1)

    for engine in (empty, single):
        assert "alone" in failing("words", {"mine": engine})["mine"]


def test_an_engine_that_answers_in_another_shape() -> None:
    sound = native(BUNDLES["words"], "fp32")
    assert "alone" in failing("words", {"mine": lambda *a: sound(*a)[:, :2]})["mine"]


def test_a_model_with_a_fault_fails(monkeypatch: Patch) -> None:
    bundle = made("tag", BUNDLES["tokens"].config)
    plant(monkeypatch, lambda run, walks: lambda x, *a: _swapped(*run(x, *a)))
    report: VerificationReport = verify(bundle, precisions=(), instruction_sets=())
    assert not report.passed
    assert report.summary()["changed_answers"] > 0


@pytest.mark.parametrize("fault", FAULTS)
def test_the_gate_refuses_every_fault(monkeypatch: Patch, fault: str) -> None:
    name, apply = FAULTS[fault]
    assert gate(BUNDLES[name], "export").passed
    apply(monkeypatch)
    with pytest.raises(VerificationError, match=r"^export: answers must be the same within .* nothing is written\.$"):
        gate(BUNDLES[name], "export")


@pytest.mark.parametrize("name", BUNDLES)
def test_the_gate_lets_every_sound_model_through(name: str) -> None:
    assert gate(BUNDLES[name], "export").passed
