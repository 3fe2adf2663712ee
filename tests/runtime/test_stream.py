"""Streams: what is pushed piece by piece is answered as the whole is, and refused without harm."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from bigru.bundle import Bundle
from bigru.config import POOLINGS, ChannelConfig, ConvConfig, EncoderConfig, ModelConfig
from bigru.errors import ArgumentError
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.ops.recurrent.chunking import Chunking
from bigru.runtime.network.sequence import Network
from bigru.runtime.predictor import Predictor
from bigru.runtime.streaming.logits import LogitStream
from bigru.tasks import classify, tag
from drawn import drawn_weights
from tolerances import FLOAT32

TAGS = ("O", "B-LOC", "E-LOC", "S-LOC")
SIZES = [[1], [2, 0, 5], [63, 1], [65], [1000]]
FORWARD = EncoderConfig(hidden=7, layers=2, direction="forward")
BOTH = EncoderConfig(hidden=7, layers=2)
PAIR = SeriesFeatures((0.5, -0.5), (2.0, 1.0))
SINGLE = SeriesFeatures((0.5,), (2.0,))


def drawn(model: ModelConfig) -> dict[str, np.ndarray]:
    return drawn_weights(model, scale=0.5)


def made(task: str, config: Any, encoder: EncoderConfig, **shape: Any) -> Predictor:
    text = isinstance(config.features, TextFeatures)
    given = {"channels": config.features.channels} if text else {"input_size": config.features.values}
    model = ModelConfig(config.outputs, encoder=encoder, **given, **shape)
    return Predictor(Bundle(task, model, config, drawn(model)))


def pieces(whole: Any, sizes: list[int]) -> list[Any]:
    cut, start, n = [], 0, 0
    while start < len(whole):
        cut.append(whole[start : start + sizes[n % len(sizes)]])
        start, n = start + sizes[n % len(sizes)], n + 1
    return cut


def streamed(predictor: Predictor, whole: Any, sizes: list[int], *args: Any, **options: Any) -> list[dict[str, Any]]:
    stream = predictor.stream(*args, **options)
    return [answer for chunk in pieces(whole, sizes) for answer in stream.push(chunk)] + stream.finish()


def series(steps: int, width: int = 2) -> np.ndarray:
    return np.random.default_rng(steps).normal(size=(steps, width))


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
@pytest.mark.parametrize("steps", [0, 1, 2, 65])
def test_logits_of_a_walk_forward_are_those_of_the_whole_to_the_bit(
    sizes: list[int], precision: str, steps: int
) -> None:
    for shape in ({"skip": True}, {"pooling": ("last", "max")}):
        encoder = EncoderConfig(hidden=33, layers=2, direction="forward", layer_norm=True)
        model = ModelConfig(5, input_size=2, encoder=encoder, **shape)  # type: ignore[arg-type]
        network = Network(model, drawn(model), precision)
        x, stream = series(steps).astype(np.float32), LogitStream(network)
        parts = [*[stream.push(rows) for rows in pieces(x, sizes)], stream.finish()]
        whole = network(x[None], np.array([steps]))
        np.testing.assert_array_equal(np.concatenate(parts) if not model.pooling else parts[-1], whole.reshape(-1, 5))


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_other_cells_walk_forward_too(cell: str) -> None:
    model = ModelConfig(3, input_size=2, encoder=EncoderConfig(cell=cell, hidden=5, layers=2, direction="forward"))
    network, x = Network(model, drawn(model)), series(20).astype(np.float32)
    stream = LogitStream(network)
    parts = [*[stream.push(rows) for rows in pieces(x, [3, 1])], stream.finish()]
    np.testing.assert_allclose(np.concatenate(parts), network(x[None], np.array([20]))[0], **FLOAT32)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(
    "window", [Chunking(1, 0), Chunking(1, 3), Chunking(4, 2), Chunking(7, 63), Chunking(64, 1)], ids=str
)
@pytest.mark.parametrize("direction", ["both", "backward"])
def test_logits_in_chunks_are_those_of_the_whole_in_chunks_to_the_bit(
    sizes: list[int], window: Chunking, direction: str
) -> None:
    encoder = EncoderConfig(hidden=7, layers=2, direction=direction, merge="gated")
    for shape in ({"skip": True}, {"pooling": ("last", "max")}):
        model = ModelConfig(5, input_size=2, encoder=encoder, **shape)  # type: ignore[arg-type]
        network = Network(model, drawn(model))
        for steps in (0, 1, 65):
            x, stream = series(steps).astype(np.float32), LogitStream(network, window)
            parts = [*[stream.push(rows) for rows in pieces(x, sizes)], stream.finish()]
            whole = network(x[None], np.array([steps]), window).reshape(-1, 5)
            np.testing.assert_array_equal(np.concatenate(parts) if not model.pooling else parts[-1], whole)


FRONTS = {
    "same": (ConvConfig(5, 3), ConvConfig(4, 4)),
    "merging": (ConvConfig(5, 5, stride=2), ConvConfig(4, 3, layer_norm=False)),
    "cutting": (ConvConfig(5, 3, stride=3),),
    "alone": (ConvConfig(5, 1),),
}


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(("encoder", "window"), [(FORWARD, None), (BOTH, Chunking(3, 2))])
def test_convolutions_wait_for_what_they_see(
    sizes: list[int], front: str, encoder: EncoderConfig, window: Chunking | None
) -> None:
    for shape in ({"skip": True}, {"pooling": ("last", "max")}):
        model = ModelConfig(5, input_size=2, encoder=encoder, conv=FRONTS[front], **shape)  # type: ignore[arg-type]
        network = Network(model, drawn(model))
        for steps in (0, 1, 2, 7, 65):
            x, stream = series(steps).astype(np.float32), LogitStream(network, window)
            parts = [*[stream.push(rows) for rows in pieces(x, sizes)], stream.finish()]
            whole = network(x[None], np.array([steps]), window).reshape(-1, 5)
            np.testing.assert_array_equal(np.concatenate(parts) if not model.pooling else parts[-1], whole)
            assert (stream.read, stream.done) == (steps, steps)


def test_convolutions_and_the_linear_part_go_together() -> None:
    channels = (ChannelConfig("unit", 9, 3),)
    ids = np.random.default_rng(0).integers(0, 9, (20, 1))
    for shape in ({}, {"pooling": ("max", "sqrt_n")}):
        front = FRONTS["merging" if shape else "same"]
        model = ModelConfig(5, channels, encoder=FORWARD, conv=front, wide_linear=True, **shape)  # type: ignore[arg-type]
        network = Network(model, drawn(model))
        stream = LogitStream(network)
        parts = [*[stream.push(rows) for rows in pieces(ids, [3, 1])], stream.finish()]
        whole = network(ids[None], np.array([20])).reshape(-1, 5)
        np.testing.assert_allclose(np.concatenate(parts) if not shape else parts[-1], whole, **FLOAT32)


def test_a_step_stands_as_soon_as_its_chunk_and_the_look_ahead_are_read() -> None:
    model = ModelConfig(1, input_size=1, encoder=BOTH)
    stream = LogitStream(Network(model, drawn(model)), Chunking(3, 2))
    counts = [len(stream.push(np.zeros((1, 1), np.float32))) for _ in range(9)]
    assert counts == [0, 0, 0, 0, 3, 0, 0, 3, 0]
    assert (stream.read, stream.done, len(stream.finish()), stream.done) == (9, 6, 3, 9)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(("encoder", "lookahead"), [(FORWARD, None), (BOTH, 0), (BOTH, 5)])
def test_all_poolings_run_along(sizes: list[int], encoder: EncoderConfig, lookahead: int | None) -> None:
    config = classify.Config(("a", "b", "c"), PAIR)
    predictor, x = made("classify", config, encoder, pooling=POOLINGS), series(65)
    *early, last = streamed(predictor, x, sizes, lookahead)
    whole = predictor.predict_streamed([x], lookahead)[0]
    assert last["step"] == 65
    assert last["label"] == whole["label"]
    np.testing.assert_allclose(list(last["scores"].values()), list(whole["scores"].values()), **FLOAT32)
    for answer in early if lookahead is None else ():
        so_far = predictor.predict(x[: answer["step"]])
        np.testing.assert_allclose(answer["confidence"], so_far["confidence"], **FLOAT32)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("labels", [("0", "1"), ("a", "b", "c")])
def test_tags_of_a_walk_forward_come_at_once_and_are_those_of_predict(sizes: list[int], labels: Any) -> None:
    predictor, x = made("tag", tag.Config(labels, PAIR), FORWARD), series(65)
    answers = streamed(predictor, x, sizes)
    whole = predictor.predict(x)
    assert [answer["step"] for answer in answers] == list(range(65))
    assert [answer["tag"] for answer in answers] == whole["tags"]
    assert [answer["confidence"] for answer in answers] == whole["confidence"]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_tags_of_a_crf_come_a_lag_later(sizes: list[int]) -> None:
    predictor, x = made("tag", tag.Config(TAGS, PAIR, "BIOES", True), BOTH, crf=True), series(65)
    whole = predictor.predict(x)
    far = streamed(predictor, x, sizes, 65, lag=65)
    assert [answer["tag"] for answer in far] == whole["tags"]
    near, batch = streamed(predictor, x, sizes, 3, lag=2), predictor.predict_streamed([x], 3, lag=2)[0]
    assert [answer["tag"] for answer in near] == batch["tags"]
    np.testing.assert_allclose([answer["confidence"] for answer in near], batch["confidence"], **FLOAT32)
    stream = predictor.stream(0, lag=2)
    assert [len(stream.push(row)) for row in x[:4]] == [0, 0, 1, 1]


CHANNELS = ("unit", ChannelConfig("bigram", 64, 3), ChannelConfig("bigram_before", 64, 3))
TEXT = "北京的冬天很冷，ABC 也这么说。北京"


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("channels", [CHANNELS[:1], CHANNELS[:2], CHANNELS[::2], CHANNELS, ("unit", "trigram")])
def test_characters_wait_for_the_next_one_where_it_is_looked_at(sizes: list[int], channels: Any) -> None:
    features = TextFeatures.fit([TEXT], unit="char", channels=channels, lowercase=True)
    predictor = made("tag", tag.Config(("a", "b", "c"), features), FORWARD, wide_linear=True)
    assert [answer["tag"] for answer in streamed(predictor, TEXT, sizes)] == predictor.predict(TEXT)["tags"]
    stream, held = predictor.stream(), len(channels) > 1 and channels != CHANNELS[::2]
    assert [len(stream.push(c)) for c in TEXT[:3]] == ([0, 1, 1] if held else [1, 1, 1])


def test_tokens_are_pushed_as_lists() -> None:
    tokens = ["Ada", "in", "New", "York"]
    features = TextFeatures.fit([tokens], unit="token", channels=("unit", "suffix3", "bigram"))
    predictor = made("tag", tag.Config(TAGS, features, "BIOES"), FORWARD)
    assert [answer["tag"] for answer in streamed(predictor, tokens, [1, 2])] == predictor.predict(tokens)["tags"]
    with pytest.raises(ArgumentError, match="list of tokens"):
        predictor.stream().push("Ada in")
    with pytest.raises(ArgumentError, match="list of tokens"):
        predictor.stream().push([1])


def test_words_are_refused() -> None:
    features = TextFeatures.fit(["a good film"], unit="word", channels=("unit",))
    predictor = made("classify", classify.Config(("a", "b"), features), FORWARD, pooling=("max",))
    with pytest.raises(ArgumentError, match="char or token, got word"):
        predictor.stream()


def test_a_single_step_and_numbers_alone_can_be_pushed() -> None:
    pair, single = (made("tag", tag.Config(("a", "b"), features), FORWARD) for features in (PAIR, SINGLE))
    assert len(pair.stream().push([0.0, 1.0])) == 1
    assert len(pair.stream().push([[0.0, 1.0], [2, 3]])) == 2
    assert len(single.stream().push([0.0, 1.0])) == 2
    assert pair.stream().push([]) == single.stream().push(np.zeros((0, 1))) == []


def test_gaps_are_streamed_and_a_scaling_of_each_series_by_itself_is_not() -> None:
    gaps = SeriesFeatures((0.5, -0.5), (2.0, 1.0), missing=(1,))
    predictor, x = made("tag", tag.Config(("a", "b"), gaps), FORWARD), series(9)
    x[::2, 1] = np.nan
    assert [answer["tag"] for answer in streamed(predictor, x, [2])] == predictor.predict(x)["tags"]
    assert predictor.stream().push([]) == []
    own = SeriesFeatures((0.5,), (2.0,), level=(0.0,), spread=(1.0,))
    with pytest.raises(ArgumentError, match="per_series=false"):
        made("tag", tag.Config(("a", "b"), own), FORWARD).stream()


def test_a_chunk_that_is_refused_changes_nothing() -> None:
    predictor, x = made("tag", tag.Config(("a", "b", "c"), PAIR), BOTH), series(9)
    stream = predictor.stream(2, chunk=3)
    answers = stream.push(x[:4])
    for bad, complaint in (
        ([[0.0, np.nan]], "a number"),
        ([[0.0, np.inf]], "finite"),
        ([[1.0, 2.0, 3.0]], "shape"),
        ([1.0, 2.0, 3.0], "shape"),
        (np.zeros((1, 2, 2)), "shape"),
        (["a", "b"], "dtype"),
        (None, "dtype"),
    ):
        with pytest.raises(ArgumentError, match=complaint):
            stream.push(bad)
    answers += stream.push(x[4:]) + stream.finish()
    assert answers == streamed(predictor, x, [9], 2, chunk=3)
    for late in (lambda: stream.push(x), stream.finish):
        with pytest.raises(ArgumentError, match="Begin another"):
            late()


@pytest.mark.parametrize(
    ("encoder", "crf", "args", "options", "complaint"),
    [
        (BOTH, False, (), {}, "lookahead must be given"),
        (BOTH, False, (-1,), {}, "at least 0"),
        (BOTH, False, (1.5,), {}, "at least 0"),
        (BOTH, False, (1,), {"chunk": 0}, "at least 1"),
        (BOTH, False, (1,), {"lag": 2}, "without a CRF"),
        (BOTH, True, (1,), {"lag": 0}, "at least 1"),
        (FORWARD, False, (3,), {}, "window is not allowed for a model that reads forward"),
        (FORWARD, False, (), {"chunk": 3}, "window is not allowed for a model that reads forward"),
        (EncoderConfig(cell="lstm", hidden=3), False, (3,), {}, "gru or rnn"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    encoder: EncoderConfig, crf: bool, args: Any, options: Any, complaint: str
) -> None:
    predictor = made("tag", tag.Config(("a", "b", "c"), PAIR, crf=crf), encoder, crf=crf)
    with pytest.raises(ArgumentError, match=complaint):
        predictor.stream(*args, **options)
    with pytest.raises(ArgumentError, match=complaint):
        predictor.predict_streamed([], *args, **options)


def test_whole_inputs_in_batches_are_answered_as_streams_of_them() -> None:
    inputs = [series(n) for n in (0, 1, 65, 7, 2)]
    for predictor in (
        made("tag", tag.Config(("a", "b"), PAIR), BOTH),
        made("tag", tag.Config(TAGS, PAIR, "BIOES", True), BOTH, crf=True),
    ):
        for x, answer in zip(inputs, predictor.predict_streamed(inputs, 3, chunk=2, batch_size=2), strict=True):
            assert [one["tag"] for one in streamed(predictor, x, [1], 3, chunk=2)] == answer["tags"]


@pytest.mark.parametrize(("encoder", "args"), [(FORWARD, ()), (BOTH, (16,))])
def test_memory_stays_flat_over_a_million_steps(encoder: EncoderConfig, args: Any) -> None:
    config = classify.Config(("a", "b"), SINGLE)
    stream = made("classify", config, encoder, pooling=POOLINGS).stream(*args)
    chunk = np.random.default_rng(0).normal(size=(10_000, 1))
    stream.push(chunk)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(99):
            (answer,) = stream.push(chunk)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 100_000
    assert answer["step"] > 999_000
    assert np.isfinite(answer["confidence"])
    assert stream.finish()[0]["step"] == 1_000_000
