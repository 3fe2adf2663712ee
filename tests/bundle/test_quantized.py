"""Weights in 8 bits: what they lose, that nothing else changes, and which folders are refused."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from bigru import bundle
from bigru.bundle import Bundle
from bigru.bundle.quantized import Quantized, QuantizedWeights, is_quantized, quantize
from bigru.bundle.weights import shapes
from bigru.config import ChannelConfig, EncoderConfig, ModelConfig
from bigru.errors import BundleError
from bigru.features.text import TextFeatures
from bigru.ops.gru.native import Prepared
from bigru.ops.gru.rounding import int8
from bigru.runtime.network.sequence import Network
from bigru.runtime.predictor import Predictor
from bigru.tasks import classify
from drawn import drawn_weights
from tolerances import FLOAT32_STEP

SIZES = (1, 2, 7, 63, 65)

TEXT = TextFeatures.fit(
    ["好电影，真好", "坏电影"], unit="char", channels=("unit", ChannelConfig("bigram", 65, 7)), min_count=1
)


def model(hidden: int = 7, **encoder: Any) -> Bundle:
    config = classify.Config(("a", "b", "c"), TEXT)
    shape = ModelConfig(
        3,
        channels=TEXT.channels,
        encoder=EncoderConfig(hidden=hidden, merge="gated", layer_norm=True, **encoder),
        pooling=("max", "attention", "sqrt_n"),
        wide_linear=True,
    )
    weights = drawn_weights(shape)
    return Bundle("classify", shape, config, weights)


def narrow(one: Bundle) -> Bundle:
    return dataclasses.replace(one, weights=QuantizedWeights.of(one.weights))


@pytest.mark.parametrize("columns", SIZES)
@pytest.mark.parametrize("rows", SIZES)
def test_a_number_is_off_by_half_a_scale_at_most(rows: int, columns: int) -> None:
    array = np.random.default_rng(rows).normal(size=(rows, columns)).astype(np.float32)
    stored = quantize(array)
    assert stored.values.dtype == np.int8
    assert stored.scales.shape == (rows, 1)
    assert (np.abs(stored.values).max(axis=1) == 127).all()
    assert (np.abs(stored.floats() - array) <= 0.5001 * stored.scales).all()
    np.testing.assert_allclose(stored.floats(), int8(array), **FLOAT32_STEP)
    table = quantize(array, table=True)
    assert table.scales.shape == (1, columns)
    assert (np.abs(table.values).max(axis=0) == 127).all()
    np.testing.assert_allclose(table.floats(), int8(array.T).T, **FLOAT32_STEP)


def test_rounding_what_is_stored_gives_the_same_whole_numbers() -> None:
    array = np.random.default_rng(0).standard_t(2, size=(5000, 65)).astype(np.float32) * np.float32(1e-3)
    stored = quantize(array)
    again = quantize(stored.floats())
    np.testing.assert_array_equal(again.values, stored.values)
    np.testing.assert_array_max_ulp(again.scales, stored.scales, 2)


def test_rows_of_zeros_and_axes_beyond_two_are_kept() -> None:
    array = np.zeros((3, 4, 5), np.float32)
    array[1] = np.arange(20).reshape(4, 5)
    array[2] = 1e-35
    stored = quantize(array)
    assert stored.scales.shape == (3, 1, 1)
    assert stored.scales.ravel().tolist() == [0, np.float32(19) / np.float32(127), 0]
    assert (np.abs(stored.floats() - array)[:2] <= 0.5001 * stored.scales[:2]).all()
    assert not stored.floats()[2].any()


def test_vectors_and_what_a_crf_scores_stay_as_they_are() -> None:
    one = narrow(model())
    assert isinstance(one.weights, QuantizedWeights)
    narrowed = {name for name, array in one.weights.stored.items() if isinstance(array, Quantized)}
    assert narrowed == {name for name, shape in shapes(one.model).items() if len(shape) > 1}
    assert not is_quantized("crf.transitions", (5, 5))
    assert not is_quantized("position", (3, 4))
    assert is_quantized("front.0.weight", (8, 4, 3))


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_network_of_stored_weights_is_one_of_their_floats(precision: str) -> None:
    one = narrow(model())
    plain = Network(one.model, dict(one.weights), precision)
    other = Network(one.model, one.weights, precision)
    ids = np.random.default_rng(1).integers(0, [TEXT.channels[0].size, 65], (3, 9, 2))
    lengths = np.array([9, 0, 4])
    np.testing.assert_array_equal(other(ids, lengths), plain(ids, lengths))


def test_tables_stay_in_8_bits() -> None:
    one = narrow(model())
    network = Network(one.model, one.weights)
    tables = [name for name in network._weights if name.startswith(("embedding.", "wide."))]
    assert len(tables) == 2 * len(one.model.channels)
    assert {type(network._weights[name]) for name in tables} == {Quantized}


@pytest.mark.parametrize("hidden", SIZES)
def test_the_kernels_come_to_the_numbers_that_are_stored(hidden: int) -> None:
    """A step of weights that were rounded when they were stored is one of weights that the kernel rounds itself."""
    random = np.random.default_rng(hidden)
    shapes_of = [(3 * hidden, 7), (3 * hidden, hidden)]
    whole = [random.normal(size=shape).astype(np.float32) for shape in shapes_of]
    biases = [random.normal(size=3 * hidden).astype(np.float32) for _ in range(2)]
    x, start = (random.normal(size=shape).astype(np.float32) for shape in ((5, 1, 7), (1, 5, hidden)))
    answers = [
        Prepared([(*matrices, *biases)], reverse=(False,), precision="int8").forward(x, h0=start)[0]
        for matrices in (whole, [quantize(matrix).floats() for matrix in whole])
    ]
    np.testing.assert_allclose(answers[1], answers[0], **FLOAT32_STEP)


def test_what_is_saved_is_loaded_and_a_quarter_as_large(tmp_path: Path) -> None:
    big = model(hidden=65)
    one = narrow(big)
    bundle.save(big, tmp_path / "whole")
    bundle.save(one, tmp_path / "narrow")
    other = bundle.load(tmp_path / "narrow")
    assert (other.storage, bundle.load(tmp_path / "whole").storage) == ("int8", "fp32")
    assert isinstance(one.weights, QuantizedWeights)
    for name, array in one.weights.items():
        np.testing.assert_array_equal(other.weights[name], array)
        assert other.weights[name].dtype == np.float32
    bundle.save(other, tmp_path / "again")
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (
        tmp_path / "narrow" / "model.safetensors"
    ).read_bytes()
    before, after = (os.path.getsize(tmp_path / name / "model.safetensors") for name in ("whole", "narrow"))
    assert after < 0.29 * before
    assert QuantizedWeights.of(other.weights) is other.weights
    assert Predictor(other).predict("好电影") == Predictor(one).predict("好电影")


def test_a_model_is_written_in_the_oldest_version_that_can_hold_it(tmp_path: Path) -> None:
    bundle.save(model(), tmp_path / "known")
    assert json.loads((tmp_path / "known" / "config.json").read_text(encoding="utf-8"))["format_version"] == 3
    old = model()
    old = dataclasses.replace(old, config=dataclasses.replace(old.config, features=dataclasses.replace(TEXT, known={})))
    bundle.save(old, tmp_path / "whole")
    bundle.save(narrow(old), tmp_path / "narrow")
    configs = [json.loads((tmp_path / n / "config.json").read_text(encoding="utf-8")) for n in ("whole", "narrow")]
    assert [one["format_version"] for one in configs] == [1, 2]
    assert "storage" not in configs[0]
    assert configs[1]["storage"] == "int8"


def changed_config(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not ...}), encoding="utf-8")


def changed_array(folder: Path, name: str, array: np.ndarray | None) -> None:
    path = folder / "model.safetensors"
    arrays = load_file(path)
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    save_file(arrays, path)


def poisoned(value: float) -> np.ndarray:
    scales = np.ones((3, 1), np.float32)
    scales[1] = value
    return scales


ARRAYS = {
    "head.weight.scale": {
        "weights must be complete, with head.weight.scale": None,
        r"head.weight.scale must be of shape \[3, 1\], got \[1, 3\]": np.ones((1, 3), np.float32),
        r"head.weight.scale must be of shape \[3, 1\], got \[3\]": np.ones(3, np.float32),
        r"head.weight.scale must be of shape \[3, 1\], got \[2, 1\]": np.ones((2, 1), np.float32),
        "head.weight.scale must be finite, got nan": poisoned(float("nan")),
        "head.weight.scale must be finite, got inf": poisoned(float("inf")),
        "head.weight.scale must be not negative, got -0.5": poisoned(-0.5),
        "head.weight.scale must be F32, got I8": np.ones((3, 1), np.int8),
    },
    "head.weight": {
        "head.weight must be I8, got F32": np.ones((3, 33), np.float32),
        "head.weight must be I8, got U8": np.ones((3, 33), np.uint8),
        "head.weight must be within -127..127, got -128": np.full((3, 25), -128, np.int8),
    },
    "head.bias.scale": {
        "weights must be those of the configuration, got 'head.bias.scale' as well": np.ones(3, np.float32)
    },
}


@pytest.mark.parametrize(("name", "message"), [(name, message) for name in ARRAYS for message in ARRAYS[name]])
def test_hostile_arrays_are_refused(tmp_path: Path, name: str, message: str) -> None:
    bundle.save(narrow(model()), tmp_path / "model")
    array = ARRAYS[name][message]
    if name == "head.weight":
        assert array is not None
        array = np.ones(shapes(model().model)["head.weight"], array.dtype) * array.ravel()[0]
    changed_array(tmp_path / "model", name, array)
    with pytest.raises(BundleError, match=message):
        bundle.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"storage": "int4"}, "storage must be one of fp32, int8, got 'int4'"),
        ({"storage": ["int8"]}, r"storage must be one of fp32, int8, got \['int8'\]"),
        ({"storage": ...}, "keys must be .*, storage, got 'storage' missing"),
        ({"format_version": 1}, "keys must be .*, got 'storage' as well"),
        ({"storage": "fp32"}, "size must be within"),
        ({"format_version": 1, "storage": ...}, "size must be within"),
    ],
)
def test_hostile_configurations_are_refused(tmp_path: Path, values: dict[str, Any], message: str) -> None:
    bundle.save(narrow(model(hidden=65)), tmp_path / "model")
    changed_config(tmp_path / "model", **values)
    with pytest.raises(BundleError, match=message):
        bundle.load(tmp_path / "model")
