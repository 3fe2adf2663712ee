"""The compiled decoding of CTC against the specification, and the laws that hold for every batch."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.ops.ctc import native, reference
from bigru.ops.ctc.labelling import Labelling
from bigru.ops.ctc.language import SymbolModel
from tolerances import CTC, FLOAT32, FLOAT32_STEP, near

SIZES = [(1, 1, 1), (3, 1, 2), (2, 2, 1), (2, 7, 3), (7, 13, 7), (3, 20, 65), (2, 63, 17), (2, 9, 130)]


def random_batch(seed, B, T, K, scale=2.0):
    """Logits in float32, NaN past each length; lengths hold 0, 1 and T where there is room."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, T + 1, B)
    lengths[: min(B, 3)] = [T, 0, min(T, 1)][: min(B, 3)]
    lengths = rng.permutation(lengths)
    logits = rng.standard_normal((B, T, K)).astype(np.float32) * np.float32(scale)
    logits[np.arange(T) >= lengths[:, None]] = np.nan
    return logits, lengths


def random_model(seed, K, order=3):
    rng = np.random.default_rng(seed)
    return SymbolModel.fit([rng.integers(1, K, rng.integers(0, 9)) if K > 1 else [] for _ in range(30)], K, order)


def rows(batch):
    return [logits[:length] for logits, length in zip(*batch, strict=True)]


def assert_told(got, want):
    assert got.symbols.tolist() == want.symbols.tolist()
    assert (got.starts.tolist(), got.ends.tolist()) == (want.starts.tolist(), want.ends.tolist())
    np.testing.assert_allclose(got.confidences, want.confidences, **CTC)
    np.testing.assert_allclose(got.log_probability, want.log_probability, **CTC)


def assert_same_bits(got: Labelling, want: Labelling):
    for g, w in zip(got, want, strict=True):
        np.testing.assert_array_equal(g, w)


@pytest.mark.parametrize(("T", "K"), [(0, 1), (0, 3), (1, 1), (1, 4), (2, 3), (4, 3), (5, 4), (8, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_is_enumeration(T, K, seed):
    logits = random_batch(seed, 1, T, K)[0]
    every = reference.enumerate_labellings(logits[0])
    got = native.beam(logits, width=5000, n=5000, candidates=0)[0]
    want = sorted(every, key=lambda symbols: -every[symbols])
    assert [tuple(labelling.symbols) for labelling in got] == want
    np.testing.assert_allclose(
        [labelling.log_probability for labelling in got], np.log([every[s] for s in want]), **CTC
    )
    assert all(labelling.score == labelling.log_probability for labelling in got)


@pytest.mark.parametrize("seed", range(3))
def test_with_a_model_too(seed):
    logits, model = random_batch(seed, 1, 4, 4)[0], random_model(seed, 4)
    every = reference.enumerate_labellings(logits[0])
    scores = {s: np.log(p) + reference.extra(s, model, 0.7, 0.4, ended=True) for s, p in every.items()}
    got = native.beam(logits, width=5000, n=5000, candidates=0, model=model, weight=0.7, bonus=0.4)[0]
    assert [tuple(g.symbols) for g in got] == sorted(scores, key=lambda symbols: -scores[symbols])
    np.testing.assert_allclose([g.score for g in got], sorted(scores.values(), reverse=True), **CTC)
    np.testing.assert_allclose(
        [g.log_probability for g in got], np.log([every[tuple(g.symbols)] for g in got]), **FLOAT32
    )


@pytest.mark.parametrize(("B", "T", "K"), SIZES)
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("with_model", [False, True])
def test_the_beam_is_that_of_the_paper(B, T, K, width, with_model):
    batch, model = random_batch(B * T + K, B, T, K), random_model(K, K) if with_model else None
    settings = {"model": model, "weight": 0.5, "bonus": 0.3} if with_model else {}
    got = native.beam(*batch, width=width, n=width, candidates=0, **settings)
    for answer, frames in zip(got, rows(batch), strict=True):
        want = reference.beam(frames, width, **settings)
        assert {tuple(g.symbols) for g in answer} == set(want)
        for labelling in answer:
            assert_told(labelling, reference.align(frames, labelling.symbols.tolist()))
        scores = [labelling.score for labelling in answer]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(("B", "T", "K"), SIZES)
def test_greedy_and_alignment(B, T, K):
    batch = random_batch(B + T + K, B, T, K)
    got = native.greedy(*batch)
    for answer, frames in zip(got, rows(batch), strict=True):
        symbols = reference.greedy(frames)
        assert_told(answer, reference.align(frames, symbols))
    for answer, again in zip(got, native.align(batch[0], [g.symbols for g in got], batch[1]), strict=True):
        assert_same_bits(answer, again)


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e30])
def test_alignments_that_logits_all_but_exclude(scale):
    logits = random_batch(1, 1, 12, 4, scale=scale)[0]
    for symbols in ([], [1], [2, 2, 3], [3, 1, 3, 1, 3, 1, 2, 2, 2], [1] * 6):
        got, want = native.align(logits, [symbols])[0], reference.align(logits[0], symbols)
        np.testing.assert_allclose(got.log_probability, want.log_probability, **CTC)
        assert got.starts.tolist() == want.starts.tolist()


@pytest.mark.slow
def test_long_sequences_sum_all_alignments():
    logits, symbols = np.zeros((1, 2000, 3), np.float32), [1, 2] * 100
    got = native.align(logits, [symbols])[0]
    assert got.log_probability == near(reference.log_probability(logits[0], symbols), FLOAT32_STEP)


def peaked(B, T, K):
    rng = np.random.default_rng(B)
    path = np.where(rng.random((B, T)) < 0.6, 0, rng.integers(0, K, (B, T)))
    return rng.standard_normal((B, T, K)).astype(np.float32) + 30 * np.eye(K, dtype=np.float32)[path], path


@pytest.mark.parametrize("width", [1, 16])
@pytest.mark.parametrize("K", [2, 30, 2000])
def test_greedy_is_the_beam_where_outputs_are_peaked(K, width):
    logits, path = peaked(4, 40, K)
    one, many = native.greedy(logits), native.beam(logits, width=width)
    for a, b, spelt in zip(one, many, path, strict=True):
        assert tuple(a.symbols) == reference.collapse(spelt.tolist())
        assert_same_bits(a, b[0])
        assert (a.confidences > 0.99).all()


def test_candidates_of_a_frame_are_its_likeliest():
    logits = np.array([[[0.0, 1.0, 2.0, 2.0], [3.0, 0.5, 1.0, 0.0]]], np.float32)
    found = native.beam(logits, width=100, n=100, candidates=1)[0]
    assert {tuple(g.symbols) for g in found} == {(), (2,)}
    every = native.beam(logits, width=100, n=100, candidates=3)[0]
    assert len(every) == len(reference.enumerate_labellings(logits[0]))


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_same_bits_on_any_number_of_threads(threads):
    batch, model = random_batch(0, 13, 50, 40), random_model(0, 40)
    settings = {"n": 3, "model": model, "weight": 0.5, "bonus": 1.0}
    want = native.beam(*batch, threads=1, **settings), native.greedy(*batch, threads=1)
    got = native.beam(*batch, threads=threads, **settings), native.greedy(*batch, threads=threads)
    for g, w in zip(got[0], want[0], strict=True):
        for one, other in zip(g, w, strict=True):
            assert_same_bits(one, other)
    for one, other in zip(got[1], want[1], strict=True):
        assert_same_bits(one, other)


def test_a_sequence_is_the_same_alone_and_in_any_batch():
    logits, lengths = random_batch(3, 7, 21, 9)
    together = native.beam(logits, lengths, n=2)
    for b, length in enumerate(lengths):
        for one, other in zip(native.beam(logits[b : b + 1, :length], n=2)[0], together[b], strict=True):
            assert_same_bits(one, other)


def test_stamps_follow_one_another_within_the_length():
    batch = random_batch(5, 9, 63, 5, scale=1.0)
    for answer, length in zip(native.beam(*batch, n=8), batch[1], strict=True):
        for labelling in answer:
            bounds = np.stack([labelling.starts, labelling.ends], 1).ravel()
            assert (labelling.starts < labelling.ends).all()
            assert (np.diff(bounds) >= 0).all()
            assert bounds.size == 0 or (bounds[0] >= 0 and bounds[-1] <= length)


def test_of_equal_labellings_the_smaller_symbols_come_first():
    got = native.beam(np.zeros((1, 1, 4), np.float32), width=10, n=10)[0]
    assert [tuple(g.symbols) for g in got] == [(), (1,), (2,), (3,)]
    assert native.greedy(np.ones((1, 3, 4), np.float32))[0].symbols.tolist() == []


def test_nothing_to_decode():
    assert native.greedy(np.zeros((0, 4, 3))) == native.beam(np.zeros((0, 0, 3))) == []
    for K in (1, 3):
        only = native.beam(np.zeros((2, 0, K)), n=2)
        assert [[len(g.symbols) for g in row] for row in only] == [[0], [0]]
        assert only[0][0].log_probability == 0
    blank = native.greedy(np.full((1, 5, 1), 3.0))[0]
    assert (len(blank.symbols), blank.log_probability) == (0, 0)


ONES = np.ones((2, 3, 4), np.float32)


def spoilt(value):
    logits = ONES.copy()
    logits[1, 2, 3] = value
    return logits


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: native.greedy(spoilt(np.nan)),
            "ctc.greedy: logits must be finite, got nan in sequence 1 (frame 2, symbol 3).",
        ),
        (
            lambda: native.beam(spoilt(np.inf), n=3),
            "ctc.beam: logits must be finite, got inf in sequence 1 (frame 2, symbol 3).",
        ),
        (
            lambda: native.align(spoilt(-np.inf), [[1], [1]]),
            "ctc.align: logits must be finite, got -inf in sequence 1 (frame 2, symbol 3).",
        ),
        (
            lambda: native.greedy(np.full((1, 1, 2), 1e300)),
            "ctc.greedy: logits must be finite, got inf in sequence 0 (frame 0, symbol 0).",
        ),
        (lambda: native.greedy(ONES[0]), "ctc.greedy: logits must be float [B, T, K], got shape [3, 4]."),
        (
            lambda: native.greedy(np.ones((1, 2, 0))),
            "ctc.greedy: logits must be of one symbol at least, the blank, got shape [1, 2, 0].",
        ),
        (lambda: native.greedy(ONES, [3, 4]), "ctc.greedy: lengths must be within 0..T=3, got 4."),
        (lambda: native.beam(ONES, width=0), "ctc.beam: width must be at least 1, got 0."),
        (lambda: native.beam(ONES, width=2, n=3), "ctc.beam: n must be at most width=2, got 3. Widen the beam."),
        (lambda: native.beam(ONES, candidates=-1), "ctc.beam: candidates must be at least 0, got -1."),
        (lambda: native.beam(ONES, weight=-0.5), "ctc.beam: weight must be within 0..1000000, got -0.5."),
        (lambda: native.beam(ONES, bonus=np.nan), "ctc.beam: bonus must be within -1000000..1000000, got nan."),
        (
            lambda: native.beam(ONES, model=SymbolModel.fit([], 3)),
            "ctc.beam: model must be of K=4 symbols, got 3.",
        ),
        (lambda: native.align(ONES, [[1]]), "ctc.align: labellings must be of B=2 sequences, got 1."),
        (lambda: native.align(ONES, [[1], [4]]), "ctc.align: labellings must be within 1..3, got 4 in sequence 1."),
        (
            lambda: native.align(ONES, [[1, 2, 3], [2, 2, 1]]),
            "ctc.align: sequence 1 must be of 4 frames at least, got 3. Leave it out.",
        ),
    ],
)
def test_errors(call, text):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == text


def test_a_damaged_model_reaches_no_memory():
    model = random_model(0, 4)
    for change in (
        {"next": model.next + 999},
        {"shorter": model.shorter + 99},
        {"first": model.first + 1},
        {"start": -1},
    ):
        with pytest.raises(ValueError, match="model must"):
            native.beam(ONES, model=model._replace(**change))
