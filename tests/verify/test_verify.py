"""A sound model passes, whatever its task; what is handed in is verified too; a report says what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bigru.errors import ArgumentError, VerificationError
from bigru.features.series import SeriesFeatures
from bigru.ops.library import instruction_sets, isa
from bigru.runtime.predictor import Predictor
from bigru.tables.timetable import Series
from bigru.tasks.forecast import Cut
from bigru.verify import TOLERANCES, EngineRow, VerificationReport, verify
from bigru.verify import instruction_sets as sets
from bigru.verify import run as running
from bigru.verify.batchings import STEPS, arrangements
from bigru.verify.engines import native
from bigru.verify.instruction_sets import other_sets
from bigru.verify.outcomes import Figures, engine_precision
from verify.conftest import BUNDLES, CHARS, TEXTS

Verify = Callable[..., VerificationReport]


def here(bundle: Any, inputs: Any = None, engines: Any = None, **options: Any) -> VerificationReport:
    """Verify in this process alone."""
    return verify(bundle, inputs, engines, **{"instruction_sets": (), **options})


@pytest.mark.slow
@pytest.mark.parametrize("name", BUNDLES)
def test_a_sound_model_passes(name: str) -> None:
    report = here(BUNDLES[name])
    assert report.failures == []
    engines = dict.fromkeys(row.engine.split()[-1] for row in report.rows)
    precisions = ["bf16", "int8"] if BUNDLES[name].model.encoder.cell == "gru" else []
    assert list(engines) == ["fp32", "reference", *precisions, "torch"]
    assert report.samples == 27
    compared = {row.arrangement for row in report.rows}
    assert compared == {"alone", "batches", "mirrored", "first", "last"} | (
        set() if BUNDLES[name].task == "forecast" else {"padded"}
    )
    assert all(row.figures.difference > 0 for row in report.rows if row.engine == "reference")


@pytest.mark.parametrize("name", ["entities", "quantiles"])
def test_other_instruction_sets_run_too(name: str) -> None:
    report = verify(BUNDLES[name], precisions=("int8",))
    assert report.failures == []
    for own in other_sets():
        assert {row.arrangement for row in report.rows if row.engine == f"native {own} int8"} > {"alone", "batches"}


def test_the_kernels_are_on_the_set_that_a_row_names(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []

    def noted(bundle: Any, precision: str) -> Any:
        used.append(isa())
        return native(bundle, precision)

    monkeypatch.setattr(sets, "native", noted)
    before = isa()
    verify(BUNDLES["text"], precisions=(), torch=False)
    assert (used, isa()) == (other_sets(), before)


def test_a_set_that_does_not_run_is_said() -> None:
    here = ", ".join(name for name, runs in instruction_sets() if runs)
    text = f"^bigru: instruction set must be one of {here} on this machine, got avx9\\.$"
    with pytest.raises(ArgumentError, match=text):
        verify(BUNDLES["text"], instruction_sets=("avx9",))


def test_inputs_of_the_user_come_before_made_up_ones() -> None:
    report = here(Predictor(BUNDLES["text"]), TEXTS)
    assert (report.samples, report.given, report.steps) == (len(TEXTS) + 4, len(TEXTS), 129)
    assert report.rows[0].engine == "reading"
    assert report.passed
    assert here(BUNDLES["text"], TEXTS).notes == []
    taken = here(BUNDLES["text"], TEXTS, most=2)
    assert (taken.given, taken.notes) == (2, [f"2 of {len(TEXTS)} samples given were taken."])
    with pytest.raises(ArgumentError, match=r"^verify: inputs must be at least one sample, got none\.$"):
        here(BUNDLES["text"], [])


def test_cuts_of_a_table_are_verified() -> None:
    times = np.datetime64("2024-01-01T00", "s") + 3600 * np.arange(40)
    values = np.random.default_rng(0).normal(size=(40, 3)).cumsum(axis=0)
    series = Series("", times, values, np.arange(40))
    report = here(BUNDLES["forecast"], [Cut(series, origin) for origin in range(12, 33)])
    assert (report.given, report.passed) == (21, True)


def test_features_that_depend_on_their_neighbours_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = type(CHARS).features_many
    monkeypatch.setattr(type(CHARS), "features_many", lambda self, x: [f * (len(x) == 1) for f in whole(self, x)])
    report = here(BUNDLES["words"], ["low lower", "the end"])
    assert report.failures[0].engine == "reading"


def test_an_engine_that_is_handed_in_is_verified() -> None:
    bundle = BUNDLES["entities"]
    network = native(bundle, "fp32")

    def tags(inputs: np.ndarray, lengths: np.ndarray) -> Any:
        logits = network(inputs, lengths)
        return logits, np.zeros(logits.shape[:2], np.int64)

    report = here(bundle, engines={"mine": network, "mine int8": native(bundle, "int8"), "zeros": tags})
    assert {row.engine for row in report.failures} == {"zeros"}
    assert next(row for row in report.rows if row.engine == "mine int8").tolerance == TOLERANCES["int8"]


def test_precisions_by_name() -> None:
    names = ["onnx", "onnx int8", "native avx512_bf16 fp32", "int8 model bf16"]
    assert [engine_precision(name) for name in names] == ["fp32", "int8", "fp32", "bf16"]


def test_without_torch_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "torch_engine", lambda _: None)
    report = here(BUNDLES["series"])
    assert report.notes == ["torch is not installed here and was left out."]
    assert report.section().endswith("\n\ntorch is not installed here and was left out.")
    assert "torch" not in {row.engine for row in report.rows}


def test_the_reference_walks_a_bounded_number_of_steps() -> None:
    report = here(BUNDLES["series"], reference_steps=100)
    row = next(row for row in report.rows if row.engine == "reference")
    assert 0 < row.figures.samples < report.samples
    assert report.notes == [f"The reference ran {row.figures.samples} of the samples."]
    assert running._within([5], 1) == [0]


@pytest.mark.parametrize("lengths", [[0], [1, 0], [3] * 100, [1, STEPS, 2, STEPS // 2, 5, STEPS * 2]])
def test_every_sample_is_in_every_arrangement(lengths: list[int]) -> None:
    for name, batches in arrangements(lengths, True).items():
        kept = sorted(n for batch in batches for n in batch.rows[batch.kept])
        if name in ("first", "last"):
            assert kept == [n for n in range(len(lengths)) if lengths[n] * 4 <= STEPS]
        else:
            assert kept == list(range(len(lengths)))
        for batch in batches:
            longest = max(lengths[n] for n in batch.rows)
            assert len(batch.rows) == 1 or longest * len(batch.rows) <= STEPS
            if name == "first":
                assert batch.kept == slice(0, 1)


def test_the_same_seed_gives_the_same_report() -> None:
    assert here(BUNDLES["words"], seed=3).to_json() == here(BUNDLES["words"], seed=3).to_json()


def row(difference: float, changed: int = 0, ties: int = 0) -> EngineRow:
    return EngineRow("torch", "native x fp32", "alone", Figures(9, difference, 9, changed, ties), TOLERANCES["fp32"])


def test_a_report_by_hand() -> None:
    sound = VerificationReport([row(9e-6, ties=2)], 9, 0, 5, "native x fp32")
    sound.require("save")
    assert sound.table()[1] == ("torch", "9.0e-06", "0 / 9, 2 tied", "", "", "passed")
    broken = VerificationReport([row(9e-6), row(float("inf"), 3)], 9, 4, 5, "native x fp32", ["A note."])
    assert (sound.passed, broken.passed, row(1.1e-5).passed, row(0.0, 1).passed) == (True, False, False, False)
    assert broken.to_json()["rows"][1]["difference"] is None
    assert "**Answers differ**: 9 samples of up to 5 steps (4 of them given, the others made up)" in broken.section()
    with pytest.raises(VerificationError) as caught:
        broken.require("save")
    assert str(caught.value) == (
        "save: answers must be the same within 1e-05 on 9 samples, got torch, alone, beside native x fp32: logits inf "
        "apart and 3 of 9 labels changed. 1 of 2 comparisons fail; nothing is written."
    )


@pytest.mark.slow
def test_series_with_gaps_are_made_up_with_gaps() -> None:
    from bigru.verify.samples import sample_features

    features_of = BUNDLES["series"].config.features
    assert isinstance(features_of, SeriesFeatures)
    made = np.concatenate(sample_features(BUNDLES["series"], (50,)))
    assert set(made[:, -1]) == {0.0, 1.0}
