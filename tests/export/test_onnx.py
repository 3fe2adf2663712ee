"""ONNX files answer as the runtime does, of every model, at every length; and are not written if they do not."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru import errors
from bigru.bundle import Bundle
from bigru.bundle.quantized import Quantized, QuantizedWeights
from bigru.config import MERGES, POOLINGS, ConvConfig, EncoderConfig, ModelConfig
from bigru.errors import ArgumentError, MissingExtraError, VerificationError
from bigru.export import ParityError, gate, onnx_engine, to_onnx
from bigru.export.onnx import library
from bigru.export.onnx import session as engine
from bigru.export.onnx.graph import Graph
from bigru.export.onnx.model import onnx_model
from bigru.export.onnx.sequence import logits
from bigru.export.onnx.session import OnnxSession
from bigru.layout import CELL_GATES, DIRECTIONS
from bigru.ops.crf import reference
from bigru.runtime.forecaster import Forecaster
from bigru.runtime.network.sequence import Network
from bigru.tasks import forecast, tag
from bigru.verify.batchings import EXTRA
from exports import HASHED, batches, bundles, classifier, tagger, weights
from tables import forecaster, hourly
from tolerances import FLOAT32

BUNDLES = bundles()
CHANNELS = HASHED[:2]


def shapes() -> list[ModelConfig]:
    """Every cell in every direction with every merge, both variants of the GRU, every pooling, convolutions."""
    small = EncoderConfig(hidden=3)
    encoders = [
        dataclasses.replace(small, cell=cell, direction=direction, layers=layers, layer_norm=layers == 2)
        for cell, direction, layers in itertools.product(CELL_GATES, DIRECTIONS, (1, 2))
    ]
    encoders += [dataclasses.replace(small, merge=merge, layers=2) for merge in MERGES]
    encoders.append(dataclasses.replace(small, reset_after=False))
    two = (ConvConfig(5, 3, 2), ConvConfig(4, 5, 3, layer_norm=False))
    return [
        *(ModelConfig(2, CHANNELS, encoder=encoder, pooling=("last",)) for encoder in encoders),
        *(ModelConfig(3, CHANNELS, encoder=small, pooling=(kind,)) for kind in POOLINGS),
        ModelConfig(3, CHANNELS, encoder=small, pooling=POOLINGS, wide_linear=True, conv=(ConvConfig(5, 5, 2),)),
        ModelConfig(5, CHANNELS, encoder=small, skip=True, wide_linear=True),
        ModelConfig(3, input_size=2, encoder=small, conv=two),
        ModelConfig(1, input_size=1, encoder=EncoderConfig(hidden=1, layer_norm=True), skip=True),
    ]


@pytest.mark.parametrize("int8", [False, True], ids=["fp32", "int8"])
@pytest.mark.parametrize("model", shapes(), ids=str)
def test_every_shape_equals_the_runtime(model: ModelConfig, int8: bool) -> None:
    drawn = weights(model)
    g = Graph(int8)
    found = logits(g, model, drawn)
    values = found.values if model.pooling else g.head(found.values, found.asked, axis=1)
    g.output(values, "logits", np.float32, ("B", 1) if model.pooling else ("B", "T", 1))
    session = OnnxSession(g.model({}).SerializeToString())
    network = Network(model, QuantizedWeights.of(drawn) if int8 else drawn)
    for inputs, lengths in batches(model):
        want, got = network(inputs, lengths), session.run(inputs, lengths)["logits"]
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=gate.TOLERANCE, atol=gate.TOLERANCE)


@pytest.mark.parametrize("int8", [False, True], ids=["fp32", "int8"])
@pytest.mark.parametrize("name", BUNDLES)
def test_every_task_is_exported_with_its_decoding(name: str, int8: bool, tmp_path: Path) -> None:
    bundle = BUNDLES[name]
    found = to_onnx(bundle, tmp_path / "deep" / "model.onnx", int8=int8)
    assert found["changed"] == 0
    assert 0 < found["largest_difference"] <= gate.TOLERANCE
    content = (tmp_path / "deep" / "model.onnx").read_bytes()
    assert found["bytes"] == len(content)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model.onnx"]
    facts = {key: json.loads(value) for key, value in OnnxSession(content).metadata.items()}
    assert (facts["task"], facts["labels"]) == (bundle.task, list(bundle.config.labels))
    assert facts["parity"]["sequences"] == found["sequences"]
    assert facts["export"] == {"opset": 17, "int8": int8}


@pytest.mark.parametrize("name", ["crf of BIO", "transcriber"])
def test_an_export_is_given_many_lengths_with_garbage_behind(name: str) -> None:
    bundle, seen = BUNDLES[name], list[tuple[np.ndarray, np.ndarray]]()
    session = OnnxSession(onnx_model(bundle).SerializeToString())

    def watched(inputs: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        seen.append((inputs, lengths))
        return session.run(inputs, lengths)

    found = gate.check(bundle, watched, "the ONNX file")
    assert found["sequences"] == len(gate.LENGTHS)
    assert {0, 1, 2, 7, 63, 65, 500} <= {int(n) for _, lengths in seen for n in lengths}
    assert {inputs.shape[1] - max(lengths) for inputs, lengths in seen} == {0, EXTRA}
    assert min(inputs.shape[1] for inputs, _ in seen) == 0
    assert {len(lengths) for _, lengths in seen} >= {1, 4}
    behind = [inputs[np.arange(inputs.shape[1]) >= lengths[:, None]] for inputs, lengths in seen]
    garbage = np.concatenate(behind)
    assert (garbage == 10**9).all() if bundle.model.channels else np.isnan(garbage).any()


@pytest.mark.parametrize("name", ["crf of BIO", "crf of states"])
def test_the_best_path_and_its_score_are_those_of_the_reference(name: str) -> None:
    bundle = BUNDLES[name]
    session, crf = OnnxSession(onnx_model(bundle).SerializeToString()), tag.prepare(bundle.config, bundle.weights)
    assert crf is not None
    for inputs, lengths in batches(bundle.model):
        out = session.run(inputs, lengths)
        paths, scores = reference.viterbi(out["logits"], crf, lengths)
        np.testing.assert_allclose(out["score"], scores, **FLOAT32)
        past = np.arange(paths.shape[1]) >= lengths[:, None]
        np.testing.assert_array_equal(out["tags"], np.where(past, 0, paths))


def test_of_equal_paths_the_one_with_the_smaller_last_tags_is_the_best() -> None:
    bundle = tagger(("a", "b", "c"), None, True)
    flat = dataclasses.replace(bundle, weights={name: np.zeros_like(w) for name, w in bundle.weights.items()})
    out = OnnxSession(onnx_model(flat).SerializeToString()).run(np.zeros((1, 5, 4), np.int64), np.array([5]))
    assert out["tags"].tolist() == [[0] * 5]


@pytest.mark.parametrize("name", ["quantiles", "known"])
def test_quantiles_are_in_order_and_intervals_are_those_of_the_task(name: str) -> None:
    bundle = BUNDLES[name]
    config = bundle.config
    assert isinstance(config, forecast.Config)
    table = hourly(120)
    cuts = [forecast.Cut(table.series[0], origin) for origin in (40, 41, 60)]
    windows = forecast.featurise(config, cuts)
    want = Forecaster(bundle).run_windows(windows)
    inputs = windows.batch(np.arange(3))[0]
    out = OnnxSession(onnx_model(bundle).SerializeToString()).run(inputs, np.zeros(3))
    values = out.get("values", out["logits"])
    np.testing.assert_allclose(values, want.values, **FLOAT32)
    for end, levels in zip(("low", "high"), forecast.intervals(config, want), strict=True):
        np.testing.assert_allclose(out[end], levels.swapaxes(0, 1), **FLOAT32)


def test_an_engine_is_called_as_the_networks_are() -> None:
    bundle = BUNDLES["two labels"]
    run = onnx_engine(bundle)
    for inputs, lengths in batches(bundle.model):
        want = Network(bundle.model, bundle.weights)(inputs, lengths)  # type: ignore[arg-type]
        np.testing.assert_allclose(run(inputs.astype(np.int32), lengths), want, **FLOAT32)
    ahead = forecaster(hourly(60), {"targets": ("a", "b")})
    windows = np.zeros((2, 12, 2), np.float32)
    assert onnx_engine(ahead)(windows, np.array([12, 12])).shape == (2, 7, 2, 1)


def planted(bundle: Bundle, monkeypatch: pytest.MonkeyPatch, path: Path, match: str) -> None:
    right = engine.OnnxSession.run

    def wrong(self: OnnxSession, inputs: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        return plant(right(self, inputs, lengths))

    def plant(out: dict[str, Any]) -> dict[str, np.ndarray]:
        return {name: fault.get(name, lambda array: array)(array) for name, array in out.items()}

    fault = {"logits": lambda a: a + np.float32(1e-3)} if "apart" in match else {"tags": lambda a: 1 - a}
    monkeypatch.setattr(engine.OnnxSession, "run", wrong)
    with pytest.raises(ParityError, match=match):
        to_onnx(bundle, path)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("two labels", r"^export: answers of the ONNX file must be .*, got logits 1\.\de-0[34] apart and "),
        ("two states", r"got logits .* changed decisions\. Nothing was written\. "),
    ],
)
def test_what_answers_otherwise_is_not_written(
    name: str, match: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planted(BUNDLES[name], monkeypatch, tmp_path / "model.onnx", match)
    assert list(tmp_path.iterdir()) == []


def test_a_sequence_length_left_out_of_account_is_found() -> None:
    """Planted: padding that is read as if it were a part of the sequence."""
    bundle = classifier(pooling=("mean",))
    session = OnnxSession(onnx_model(bundle).SerializeToString())

    def blind(inputs: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        return session.run(np.where(inputs == 10**9, 0, inputs), np.full(len(lengths), inputs.shape[1]))

    assert gate.check(bundle, session.run, "the ONNX file")["largest_difference"] <= gate.TOLERANCE
    with pytest.raises(ParityError, match=r"got logits \d\.\de[+-]0[0-3] apart and [1-9]\d* changed decisions"):
        gate.check(bundle, blind, "the ONNX file")


@pytest.mark.parametrize(
    "name", ["two labels", "three labels", "any labels", "crf of BIO", "tags of BIO", "transcriber"]
)
def test_what_a_file_decides_otherwise_than_its_logits_say_is_found(name: str) -> None:
    bundle = BUNDLES[name]
    session = OnnxSession(onnx_model(bundle).SerializeToString())
    output = {"classify": "probabilities", "tag": "tags", "transcribe": "symbols"}[bundle.task]

    def deaf(inputs: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        found = session.run(inputs, lengths)
        return found | {output: found[output][:, ::-1] if bundle.task == "classify" else 1 - found[output].clip(0, 1)}

    with pytest.raises(ParityError, match=r"got logits \d\.\de-\d\d apart and [1-9]\d* changed decisions"):
        gate.check(bundle, deaf, "the ONNX file")


def test_a_model_that_does_not_pass_by_itself_is_not_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = tag.viterbi
    monkeypatch.setattr(tag, "viterbi", lambda emissions, weights, lengths: sound(emissions, weights))
    session = OnnxSession(onnx_model(BUNDLES["crf of BIO"]).SerializeToString())
    with pytest.raises(
        VerificationError, match=r"^export: answers must be the same within 1e-05 .* got native "
    ) as caught:
        gate.check(BUNDLES["crf of BIO"], session.run, "the ONNX file")
    assert not isinstance(caught.value, ParityError)


def test_a_file_in_8_bits_is_smaller() -> None:
    bundle = classifier(encoder=EncoderConfig(hidden=128))
    whole, small = (len(onnx_model(bundle, int8).SerializeToString()) for int8 in (False, True))
    assert small < 0.35 * whole


def test_a_model_in_8_bits_is_exported_with_the_numbers_it_has() -> None:
    made = QuantizedWeights.of(classifier().weights)
    file = onnx_model(dataclasses.replace(classifier(), weights=made), int8=True)
    found = {one.name: library.onnx().numpy_helper.to_array(one) for one in file.graph.initializer}
    tables = [name for name in made if name.startswith(("embedding.", "wide."))]
    assert tables
    for name in (*tables, "head.weight"):
        stored = made.stored[name]
        assert isinstance(stored, Quantized)
        np.testing.assert_array_equal(found[name], stored.values)
        assert found[name + ".scale"].shape == stored.scales.shape
        np.testing.assert_allclose(found[name + ".scale"], stored.scales, **FLOAT32)


def test_what_lies_in_the_place_is_kept_unless_it_is_an_export(tmp_path: Path) -> None:
    bundle, path = BUNDLES["two labels"], tmp_path / "model.onnx"
    to_onnx(bundle, path)
    with pytest.raises(ArgumentError, match=r"model\.onnx: --out must be free, got a file that exists\. .* --force\.$"):
        to_onnx(bundle, path)
    to_onnx(bundle, path, force=True)
    path.write_text("notes", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"--out must be free or an earlier export, got another file\. It was not "):
        to_onnx(bundle, path, force=True)
    assert path.read_text(encoding="utf-8") == "notes"
    with pytest.raises(ArgumentError, match=r"--out must be a file or new, got a folder\.$"):
        to_onnx(bundle, tmp_path, force=True)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"model\.onnx: --out must be writable, got .*\. Nothing was changed\.$"):
        to_onnx(BUNDLES["two labels"], tmp_path / "file" / "model.onnx")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(errors, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"needs the package onnx, .* pip install 'bigru\[export\]'\.$"):
        to_onnx(BUNDLES["two labels"], tmp_path / "model.onnx")
