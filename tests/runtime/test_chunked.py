"""The encoder in chunks: equal to its specification, and blind to padding and to batch mates."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bigru.config import MERGES, ChannelConfig, EncoderConfig, ModelConfig
from bigru.errors import ArgumentError
from bigru.layout import DIRECTIONS, weight_names
from bigru.ops.recurrent import chunk_reference
from bigru.ops.recurrent.chunking import Chunking
from bigru.runtime.network.sequence import Network
from drawn import drawn_weights
from tolerances import FLOAT32

WINDOWS = [
    Chunking(1, 0),
    Chunking(1, 3),
    Chunking(2, 2),
    Chunking(7, 1),
    Chunking(3, 8),
    Chunking(65, 0),
    Chunking(64, 64),
]
LENGTHS = [65, 1, 0, 7, 63, 2]


def made(encoder: EncoderConfig, **shape: object) -> tuple[Network, dict[str, np.ndarray]]:
    given = {"input_size": 2, **shape}
    model = ModelConfig(3, encoder=encoder, **given)  # type: ignore[arg-type]
    weights = drawn_weights(model, scale=0.5)
    return Network(model, weights), weights


def batch(width: int = 2) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(1).normal(size=(len(LENGTHS), max(LENGTHS), width)).astype(np.float32)
    for row, length in zip(x, LENGTHS, strict=True):
        row[length:] = np.nan
    return x, np.array(LENGTHS)


def specified(network: Network, weights: dict[str, np.ndarray], x: np.ndarray, window: Chunking) -> np.ndarray:
    """Return the logits of one sequence as the specification has them."""
    encoder = network.model.encoder
    layers = []
    for n in range(encoder.layers):
        names = {walk: weight_names(0, walk) for walk in DIRECTIONS[encoder.direction]}
        layers.append({w: tuple(weights[f"encoder.layers.{n}.{name}"] for name in of) for w, of in names.items()})
    states = chunk_reference.encode(x, layers, window)
    return np.asarray(states @ weights["head.weight"].T + weights["head.bias"])


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("direction", ["both", "backward"])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_equals_the_specification(window: Chunking, direction: str, layers: int) -> None:
    network, weights = made(EncoderConfig(hidden=5, direction=direction, layers=layers))
    x, lengths = batch()
    logits = network(x, lengths, window)
    for row, series, length in zip(logits, x, lengths, strict=True):
        expected = specified(network, weights, series[:length], window)
        np.testing.assert_allclose(row[:length], expected, **FLOAT32)
        assert not row[length:].any()


@pytest.mark.parametrize("cell", ["gru", "rnn"])
@pytest.mark.parametrize("merge", MERGES)
def test_a_look_ahead_as_long_as_the_sequence_is_the_whole_run(cell: str, merge: str) -> None:
    encoder = EncoderConfig(cell=cell, hidden=4, layers=2, merge=merge, layer_norm=True)
    for shape in ({"skip": True}, {"pooling": ("last", "max", "mean", "attention", "sqrt_n")}):
        network, _ = made(encoder, **shape)
        x, lengths = batch()
        for chunk in (1, 7, 65):
            np.testing.assert_allclose(network(x, lengths, Chunking(chunk, 65)), network(x, lengths), **FLOAT32)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_batch_mates_change_no_bit(window: Chunking) -> None:
    network, _ = made(EncoderConfig(hidden=5, layers=2), skip=True)
    x, lengths = batch()
    together = network(x, lengths, window)
    for n, length in enumerate(lengths):
        alone = network(x[n : n + 1, :length], lengths[n : n + 1], window)
        np.testing.assert_array_equal(together[n, :length], alone[0])


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_nothing_behind_the_look_ahead_changes_a_bit(window: Chunking) -> None:
    network, _ = made(EncoderConfig(hidden=5, layers=3))
    x = np.random.default_rng(2).normal(size=(1, 65, 2)).astype(np.float32)
    before = network(x, np.array([65]), window)
    for cut in (1, 8, 64):
        changed = x.copy()
        changed[:, cut:] = 9.0
        final = max(0, (cut - window.lookahead) // window.chunk * window.chunk)
        after = network(changed, np.array([65]), window)
        np.testing.assert_array_equal(after[:, :final], before[:, :final])
        assert final >= 64 or (after[:, final:] != before[:, final:]).any()


def test_ids_are_read_in_chunks_as_numbers_are() -> None:
    channels = (ChannelConfig("unit", 9, 3), ChannelConfig("bigram", 11, 2))
    encoder = EncoderConfig(hidden=4, layers=2)
    for shape in ({"wide_linear": True}, {"wide_linear": True, "pooling": ("max", "sqrt_n")}, {"skip": True}):
        network, _ = made(encoder, input_size=0, channels=channels, **shape)
        random = np.random.default_rng(0)
        ids = np.stack([random.integers(0, c.size, (3, 9)) for c in channels], axis=2)
        lengths = np.array([9, 0, 4])
        np.testing.assert_allclose(network(ids, lengths, Chunking(2, 9)), network(ids, lengths), **FLOAT32)


def test_models_that_cannot_be_run_in_chunks_are_refused() -> None:
    x, lengths = batch()
    for encoder, complaint in (
        (EncoderConfig(direction="forward"), "no look-ahead"),
        (EncoderConfig(cell="lstm"), "gru or rnn"),
    ):
        network, _ = made(dataclasses.replace(encoder, hidden=3))
        with pytest.raises(ArgumentError, match=complaint):
            network(x, lengths, Chunking(2, 1))
