"""The twin without torch: equal to the torch model in evaluation, and under the same laws."""

from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from bigru.bundle.weights import shapes
from bigru.config import MERGES, POOLINGS, ChannelConfig, EncoderConfig, ModelConfig
from bigru.errors import ArgumentError
from bigru.layout import CELL_GATES, DIRECTIONS
from bigru.nn.model import SequenceModel
from bigru.ops.gru import reference
from bigru.ops.gru.native import Prepared
from bigru.ops.recurrent.vectorised import Layer
from bigru.runtime.network.sequence import Network
from tolerances import FLOAT32, KERNELS

CHANNELS = (ChannelConfig("unit", 9, 3), ChannelConfig("bigram", 11, 2))
LENGTHS = [7, 1, 0, 2]


def drawn(model: ModelConfig, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {name: (random.normal(size=shape) * 0.5).astype(np.float32) for name, shape in shapes(model).items()}


def sequences(model: ModelConfig, lengths: list[int]) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    if not model.channels:
        return [random.normal(size=(t, model.input_size)).astype(np.float32) for t in lengths]
    return [np.stack([random.integers(0, c.size, t) for c in model.channels], axis=1) for t in lengths]


def padded(rows: list[np.ndarray], time: int, fill: float) -> np.ndarray:
    batch = np.full((len(rows), time, rows[0].shape[1]), fill, rows[0].dtype)
    for number, row in enumerate(rows):
        batch[number, : len(row)] = row
    return batch


def encoders() -> list[EncoderConfig]:
    """Every cell in every direction with every merge, one and two layers, and both variants of the GRU."""
    small = EncoderConfig(hidden=3)
    cells = [
        dataclasses.replace(small, cell=cell, direction=direction, layers=layers, layer_norm=layers == 2)
        for cell, direction, layers in itertools.product(CELL_GATES, DIRECTIONS, (1, 2))
    ]
    merges = [dataclasses.replace(small, merge=merge, layers=2) for merge in MERGES]
    return [*cells, *merges, dataclasses.replace(small, reset_after=False)]


MODELS = [
    *[ModelConfig(2, CHANNELS, encoder=encoder, pooling=("last",)) for encoder in encoders()],
    *[ModelConfig(3, CHANNELS, encoder=EncoderConfig(hidden=4), pooling=(kind,)) for kind in POOLINGS],
    ModelConfig(3, CHANNELS, encoder=EncoderConfig(hidden=4, layers=2, layer_norm=True), pooling=POOLINGS),
    ModelConfig(5, CHANNELS, encoder=EncoderConfig(hidden=4, layer_norm=True), crf=True),
    ModelConfig(5, CHANNELS, encoder=EncoderConfig(hidden=4, merge="gated"), skip=True),
    ModelConfig(3, CHANNELS, encoder=EncoderConfig(hidden=4), pooling=("max", "sqrt_n"), wide_linear=True),
    ModelConfig(5, CHANNELS, encoder=EncoderConfig(hidden=4), crf=True, wide_linear=True),
    ModelConfig(1, input_size=2, encoder=EncoderConfig(hidden=4), pooling=("attention", "sqrt_n")),
    ModelConfig(1, input_size=1, encoder=EncoderConfig(hidden=1, layer_norm=True), skip=True),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_it_equals_the_torch_model(model: ModelConfig) -> None:
    weights = drawn(model)
    twin = SequenceModel(model).eval()
    twin.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    batch, lengths = padded(sequences(model, LENGTHS), 7, 0), np.array(LENGTHS)
    logits = Network(model, weights)(batch, lengths)
    assert logits.dtype == np.float32
    with torch.no_grad():
        expected = twin(torch.from_numpy(batch), torch.from_numpy(lengths)).numpy()
    np.testing.assert_allclose(logits, expected, **FLOAT32)


@pytest.mark.parametrize("model", MODELS[-5:], ids=str)
def test_padding_batch_mates_and_position_change_nothing(model: ModelConfig) -> None:
    network, rows = Network(model, drawn(model)), sequences(model, LENGTHS)
    fill = np.nan if model.input_size else 10**9
    together = network(padded(rows, 9, fill), np.array(LENGTHS))
    for place, row in enumerate(rows):
        alone = network(row[None], np.array([len(row)]))[0]
        other = network(padded([rows[0], row], 7, fill), np.array([7, len(row)]))[1]
        if not model.pooling:
            assert not together[place, len(row) :].any()
        end = None if model.pooling else len(row)
        np.testing.assert_allclose(together[place, :end], alone, **FLOAT32)
        np.testing.assert_allclose(other[:end], alone, **FLOAT32)


def test_a_model_by_hand() -> None:
    """One unit, one step: the update gate is a half, so that h = tanh(n) / 2."""
    model = ModelConfig(1, input_size=1, encoder=EncoderConfig(hidden=1, direction="forward"), pooling=("last",))
    zero = {name: np.zeros(shape, np.float32) for name, shape in shapes(model).items()}
    zero["encoder.layers.0.weight_ih_l0"][2] = 2.0
    zero["head.weight"][:] = 3.0
    zero["head.bias"][:] = 1.0
    logits = Network(model, zero)(np.float32([[[0.25]]]), np.array([1]))
    np.testing.assert_allclose(logits, [[1.0 + 3.0 * 0.5 * np.tanh(0.5)]], **FLOAT32)


def test_an_empty_text_is_answered_by_the_bias_alone() -> None:
    model = ModelConfig(3, CHANNELS, encoder=EncoderConfig(hidden=4), pooling=POOLINGS, wide_linear=True)
    weights = drawn(model)
    for time in (0, 3):
        logits = Network(model, weights)(np.zeros((1, time, 2), np.int64), np.array([0]))
        np.testing.assert_array_equal(logits[0], weights["head.bias"])


def test_threads_may_share_a_network() -> None:
    model = ModelConfig(5, CHANNELS, encoder=EncoderConfig(hidden=32, layers=2), crf=True)
    network = Network(model, drawn(model))
    batches = [(padded(sequences(model, [n, n // 2]), n, 0), np.array([n, n // 2])) for n in range(2, 42)]
    want = [network(*batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for got, logits in zip(pool.map(lambda batch: network(*batch), batches), want, strict=True):
                np.testing.assert_array_equal(got, logits)


def test_inputs_are_left_as_they_were() -> None:
    for model in (MODELS[-2], MODELS[-4]):
        batch, lengths = padded(sequences(model, LENGTHS), 9, 1), np.array(LENGTHS)
        before = batch.copy()
        Network(model, drawn(model))(batch, lengths)
        np.testing.assert_array_equal(batch, before)


def test_the_gru_runs_in_the_kernel_with_weights_packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ModelConfig(3, CHANNELS, encoder=EncoderConfig(hidden=4), pooling=("last",))
    network = Network(model, drawn(model))
    monkeypatch.setattr(Prepared, "__init__", None)
    monkeypatch.delattr(Layer, "run")
    network(padded(sequences(model, LENGTHS), 7, 0), np.array(LENGTHS))


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_fewer_bits_are_the_reference_in_the_same_precision(precision: str) -> None:
    encoder = EncoderConfig(hidden=65, direction="forward", layers=2)
    model = ModelConfig(5, input_size=7, encoder=encoder)
    weights, lengths = drawn(model), np.array(LENGTHS)
    weights = {name: array / (4 if "weight" in name else 1) for name, array in weights.items()}
    batch = padded(sequences(model, LENGTHS), 9, np.nan)

    def expected(precision: str) -> np.ndarray:
        x = batch
        for n in range(2):
            names = [f"encoder.layers.{n}.{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            x = reference.forward(x, [weights[name] for name in names], None, lengths, precision=precision)[0]
        logits = x @ weights["head.weight"].T + weights["head.bias"]
        return np.where((np.arange(9) < lengths[:, None])[:, :, None], logits, 0)

    logits = Network(model, weights, precision)(batch, lengths)
    np.testing.assert_allclose(logits, expected(precision), rtol=0, atol=KERNELS[precision, "output"])
    assert np.abs(logits - expected("fp32")).max() > 2 * np.abs(logits - expected(precision)).max()


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_fewer_bits_are_refused_where_no_layer_is_a_gru(cell: str, precision: str) -> None:
    model = ModelConfig(2, CHANNELS, encoder=EncoderConfig(hidden=3, cell=cell), pooling=("last",))
    weights = drawn(model)
    Network(model, weights, "fp32")
    want = f"^Network: precision must be fp32 for the cell {cell}, got '{precision}'\\. Only layers of the cell gru .*"
    with pytest.raises(ArgumentError, match=want):
        Network(model, weights, precision)


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(
        ArgumentError, match=r"^Network: precision must be one of fp32, bf16, int8, got 'int4'\. Did you mean 'int8'\?$"
    ):
        Network(MODELS[0], drawn(MODELS[0]), "int4")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_answers_do_not_pile_up_memory() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096

    model = ModelConfig(3, CHANNELS, encoder=EncoderConfig(hidden=32), pooling=POOLINGS)
    network, random = Network(model, drawn(model)), np.random.default_rng(0)

    def answer() -> None:
        lengths = random.integers(0, 61, 32)
        network(np.zeros((32, 60, 2), np.int64), lengths)

    for _ in range(50):
        answer()
    before = resident()
    for _ in range(400):
        answer()
    # The states of one batch alone take half a megabyte.
    assert resident() - before < 48e6


def test_no_sequences_give_no_logits() -> None:
    assert Network(MODELS[0], drawn(MODELS[0]))(np.zeros((0, 0, 2), np.int64), np.zeros(0, np.int64)).shape == (0, 2)


def test_weights_must_be_those_of_the_configuration() -> None:
    model = MODELS[0]
    weights = drawn(model)
    with pytest.raises(
        ArgumentError, match=r"^Network: weights must be those of the configuration, got no head\.bias\.$"
    ):
        Network(model, {name: array for name, array in weights.items() if name != "head.bias"})
    with pytest.raises(ArgumentError, match=r"weights must be those of the configuration, got an unknown extra\.$"):
        Network(model, {**weights, "extra": np.zeros(1, np.float32)})
    with pytest.raises(ArgumentError, match=r"^Network: head\.bias must be float \[2\], got shape \[3\]\.$"):
        Network(model, {**weights, "head.bias": np.zeros(3, np.float32)})


def test_inputs_must_fit() -> None:
    network = Network(MODELS[0], drawn(MODELS[0]))
    with pytest.raises(ArgumentError, match=r"^Network: inputs must be int \[B, T, 2\], got shape \[1, 1, 3\]\.$"):
        network(np.zeros((1, 1, 3), np.int64), np.array([1]))
    with pytest.raises(ArgumentError, match=r"^Network: inputs must be int \[B, T, 2\], got dtype float32\.$"):
        network(np.zeros((1, 1, 2), np.float32), np.array([1]))
    with pytest.raises(ArgumentError, match=r"^Network: ids of unit must be within 0\.\.8, got 9\.$"):
        network(np.array([[[9, 0]]]), np.array([1]))
    with pytest.raises(ArgumentError, match=r"^Network: ids of bigram must be within 0\.\.10, got -1\.$"):
        network(np.array([[[0, -1]]]), np.array([1]))
    with pytest.raises(ArgumentError, match=r"^Network: lengths must be within 0\.\.T=1, got 2\.$"):
        network(np.array([[[0, 0]]]), np.array([2]))
