"""The CRF in NumPy against the enumeration of all paths, and against itself where enumeration is too long."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigru.errors import ArgumentError
from bigru.ops.crf import reference as crf
from bigru.ops.crf.weights import CrfWeights, constrain
from tolerances import DIFFERENCES, FLOAT64

INF = np.inf


def draw_weights(random: np.random.Generator, K: int, scale: float = 1.0, forbidden: float = 0.0) -> CrfWeights:
    arrays = [random.normal(0, scale, shape) for shape in ((K, K), (K,), (K,))]
    return CrfWeights(*(np.where(random.random(a.shape) < forbidden, -INF, a) for a in arrays))


def all_paths(emissions: np.ndarray, weights: CrfWeights) -> tuple[np.ndarray, np.ndarray]:
    """Every path [P, T] of one sequence [T, K] and its score [P], written as the definition reads."""
    T, K = emissions.shape
    paths = np.array(list(itertools.product(range(K), repeat=T)), np.int64).reshape(K**T, T)
    scores = np.zeros(len(paths))
    for p, path in enumerate(paths):
        if T:
            scores[p] = weights.start[path[0]] + weights.end[path[-1]] + emissions[range(T), path].sum()
            scores[p] += sum(weights.transitions[i, j] for i, j in itertools.pairwise(path))
    return paths, scores


def probabilities(scores: np.ndarray) -> np.ndarray:
    if scores.max() == -INF:
        return np.zeros_like(scores)
    odds = np.exp(scores - scores.max())
    return odds / odds.sum()


def log_sum(scores: np.ndarray) -> float:
    return float(np.logaddexp.reduce(scores))


@st.composite
def batches(draw: st.DrawFn) -> tuple[np.ndarray, CrfWeights, np.ndarray]:
    """Emissions [B, T, K] with NaN past each length, weights with forbidden entries, lengths from 0 on."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    K, T = draw(st.integers(1, 3)), draw(st.integers(0, 5))
    lengths = np.array(draw(st.lists(st.integers(0, T), max_size=4)), np.int64)
    scale = draw(st.sampled_from([1.0, 30.0, 1e4]))
    weights = draw_weights(random, K, draw(st.sampled_from([1.0, 500.0])), draw(st.sampled_from([0.0, 0.3])))
    emissions = random.normal(0, scale, (len(lengths), T, K))
    emissions[np.arange(T) >= lengths[:, None]] = np.nan
    return emissions, weights, lengths


@given(batches())
@settings(max_examples=200)
def test_partition_and_marginals_are_sums_over_all_paths(batch: tuple[np.ndarray, CrfWeights, np.ndarray]) -> None:
    emissions, weights, lengths = batch
    partition = crf.log_partition(emissions, weights, lengths)
    shares = crf.marginals(emissions, weights, lengths)
    assert partition.dtype == shares.dtype == np.float64
    for b, length in enumerate(lengths):
        paths, scores = all_paths(emissions[b, :length], weights)
        np.testing.assert_allclose(partition[b], log_sum(scores), **FLOAT64)
        p = probabilities(scores)
        want = np.zeros_like(shares[b])
        for t, k in np.ndindex(int(length), emissions.shape[2]):
            want[t, k] = p[paths[:, t] == k].sum()
        np.testing.assert_allclose(shares[b], want, **FLOAT64)


@given(batches())
@settings(max_examples=200)
def test_viterbi_and_nbest_are_the_best_of_all_paths(batch: tuple[np.ndarray, CrfWeights, np.ndarray]) -> None:
    emissions, weights, lengths = batch
    path, score = crf.viterbi(emissions, weights, lengths)
    many, many_scores = crf.nbest(emissions, weights, 4, lengths)
    assert many.shape == (len(lengths), 4, emissions.shape[1])
    for b, length in enumerate(lengths):
        paths, scores = all_paths(emissions[b, :length], weights)
        want = np.full(4, -INF)
        want[: len(scores)] = np.sort(scores)[::-1][:4]
        np.testing.assert_allclose(score[b], want[0], **FLOAT64)
        np.testing.assert_allclose(many_scores[b], want, **FLOAT64)
        assert not path[b, length:].any()
        assert not many[b, :, length:].any()
        real = many_scores[b] > -INF
        assert len({tuple(row) for row in many[b, real]}) == real.sum()
        assert not many[b, ~real].any()
        if real[0]:
            np.testing.assert_array_equal(many[b, 0], path[b])
        index = {tuple(row): s for row, s in zip(paths, scores, strict=True)}
        for row, s in zip(many[b, real, :length], many_scores[b, real], strict=True):
            np.testing.assert_allclose(s, index[tuple(row)], **FLOAT64)


@given(batches())
def test_the_likelihoods_of_all_paths_sum_to_one(batch: tuple[np.ndarray, CrfWeights, np.ndarray]) -> None:
    emissions, weights, lengths = batch
    for b, length in enumerate(lengths):
        paths, scores = all_paths(emissions[b, :length], weights)
        repeated = np.repeat(emissions[b : b + 1, :length], len(paths), axis=0)
        got = crf.log_likelihood(repeated, paths, weights)
        np.testing.assert_array_equal(got == -INF, scores == -INF)
        np.testing.assert_allclose(np.exp(got), probabilities(scores), **FLOAT64)


def test_likelihood_is_the_same_alone_and_in_a_padded_batch() -> None:
    random = np.random.default_rng(0)
    weights = draw_weights(random, 7)
    lengths = np.array([3, 63, 0, 1, 63])
    emissions = random.normal(size=(5, 63, 7)).astype(np.float32)
    tags = random.integers(0, 7, (5, 63))
    emissions[np.arange(63) >= lengths[:, None]] = np.nan
    tags[np.arange(63) >= lengths[:, None]] = -100
    got = crf.log_likelihood(emissions, tags, weights, lengths)
    for b, n in enumerate(lengths):
        alone = crf.log_likelihood(emissions[b : b + 1, :n], tags[b : b + 1, :n], weights)
        np.testing.assert_allclose(got[b], alone[0], **FLOAT64)
    assert got[2] == 0


@given(batches(), st.data())
@settings(max_examples=200)
def test_span_marginals_are_sums_over_all_paths(
    batch: tuple[np.ndarray, CrfWeights, np.ndarray], data: st.DataObject
) -> None:
    emissions, weights, lengths = batch
    K = emissions.shape[2]
    continues = np.array(data.draw(st.lists(st.booleans(), min_size=K * K, max_size=K * K))).reshape(K, K)
    spans, plain, whole = [], [], []
    for b in np.flatnonzero(lengths):
        start = data.draw(st.integers(0, int(lengths[b]) - 1))
        end = data.draw(st.integers(start + 1, int(lengths[b])))
        tags = data.draw(st.lists(st.integers(0, K - 1), min_size=end - start, max_size=end - start))
        paths, scores = all_paths(emissions[b, : lengths[b]], weights)
        match = (paths[:, start:end] == tags).all(axis=1)
        alone = np.ones_like(match)
        if start:
            alone &= ~continues[paths[:, start - 1], paths[:, start]]
        if end < lengths[b]:
            alone &= ~continues[paths[:, end - 1], paths[:, end]]
        spans.append((int(b), start, tags))
        plain.append(probabilities(scores)[match].sum())
        whole.append(probabilities(scores)[match & alone].sum())
    np.testing.assert_allclose(crf.span_marginals(emissions, weights, spans, lengths), plain, **FLOAT64)
    np.testing.assert_allclose(crf.span_marginals(emissions, weights, spans, lengths, continues), whole, **FLOAT64)


def test_a_span_of_one_tag_has_its_token_marginal() -> None:
    random = np.random.default_rng(1)
    emissions, weights = random.normal(size=(2, 9, 5)), draw_weights(random, 5)
    shares = crf.marginals(emissions, weights)
    spans = [(b, t, [k]) for b in range(2) for t in range(9) for k in range(5)]
    np.testing.assert_allclose(crf.span_marginals(emissions, weights, spans), shares.ravel(), **FLOAT64)
    assert crf.span_marginals(emissions, weights, []).shape == (0,)


def test_marginals_are_the_gradient_of_the_partition() -> None:
    random = np.random.default_rng(2)
    emissions, weights = random.normal(size=(1, 7, 4)), draw_weights(random, 4)
    shares, step = crf.marginals(emissions, weights), 1e-6
    for t, k in np.ndindex(7, 4):
        bumped = np.repeat(emissions, 2, axis=0)
        bumped[:, t, k] += [step, -step]
        up, down = crf.log_partition(bumped, weights)
        np.testing.assert_allclose(shares[0, t, k], (up - down) / (2 * step), **DIFFERENCES)


def test_a_late_tag_revives_what_underflow_would_have_lost() -> None:
    # Tag 1 is e^-2000 behind at first and the only one allowed at the end: 0 and 1 never mix.
    weights = CrfWeights(np.array([[0.0, -INF], [-INF, 0.0]]), np.zeros(2), np.array([-INF, 0.0]))
    emissions = np.zeros((1, 50, 2))
    emissions[0, 0, 0] = 2000
    np.testing.assert_allclose(crf.log_partition(emissions, weights), [0.0], **FLOAT64)
    np.testing.assert_allclose(crf.marginals(emissions, weights)[0, :, 1], np.ones(50), **FLOAT64)
    assert crf.viterbi(emissions, weights)[0].all()


@pytest.mark.parametrize("scale", [1e4, -1e4])
def test_extreme_emissions_stay_exact(scale: float) -> None:
    emissions = np.full((1, 63, 3), scale)
    weights = CrfWeights(np.zeros((3, 3)), np.zeros(3), np.zeros(3))
    np.testing.assert_allclose(crf.log_partition(emissions, weights), [63 * (scale + np.log(3))], **FLOAT64)
    np.testing.assert_allclose(crf.marginals(emissions, weights), np.full((1, 63, 3), 1 / 3), **FLOAT64)


def test_where_no_path_is_allowed_all_is_minus_infinity_or_zero() -> None:
    weights = CrfWeights(np.full((2, 2), -INF), np.zeros(2), np.zeros(2))
    emissions = np.ones((2, 3, 2))
    lengths = np.array([3, 1])
    np.testing.assert_allclose(crf.log_partition(emissions, weights, lengths), [-INF, 1 + np.log(2)], **FLOAT64)
    np.testing.assert_allclose(crf.viterbi(emissions, weights, lengths)[1], [-INF, 1], **FLOAT64)
    np.testing.assert_allclose(crf.marginals(emissions, weights, lengths)[0], np.zeros((3, 2)), **FLOAT64)
    got = crf.log_likelihood(emissions, np.zeros((2, 3), int), weights, lengths)
    np.testing.assert_allclose(got, [-INF, -np.log(2)], **FLOAT64)
    np.testing.assert_allclose(crf.span_marginals(emissions, weights, [(0, 0, [1]), (1, 0, [1])], lengths), [0, 0.5])


def test_of_equal_paths_the_smaller_last_tags_win() -> None:
    weights = CrfWeights(np.zeros((3, 3)), np.zeros(3), np.zeros(3))
    emissions = np.zeros((1, 4, 3))
    np.testing.assert_array_equal(crf.viterbi(emissions, weights)[0], np.zeros((1, 4), int))
    paths, scores = crf.nbest(emissions, weights, 2)
    np.testing.assert_array_equal(paths[0], [[0, 0, 0, 0], [1, 0, 0, 0]])
    np.testing.assert_array_equal(scores, [[0, 0]])


def test_more_paths_than_there_are() -> None:
    paths, scores = crf.nbest(
        np.array([[[1.0, 2.0]], [[9.0, 9.0]]]), CrfWeights(*map(np.zeros, ((2, 2), 2, 2))), 3, [1, 0]
    )
    np.testing.assert_array_equal(paths, [[[1], [0], [0]], [[0], [0], [0]]])
    np.testing.assert_array_equal(scores, [[2, 1, -INF], [0, -INF, -INF]])


def test_constrain_forbids_what_the_masks_say() -> None:
    weights = CrfWeights(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
    got = constrain(weights, np.array([[True, False], [True, True]]), np.array([True, False]), np.array([False, True]))
    np.testing.assert_array_equal(got.transitions, [[0, -INF], [0, 0]])
    np.testing.assert_array_equal(got.start, [0, -INF])
    np.testing.assert_array_equal(got.end, [-INF, 0])
    np.testing.assert_array_equal(crf.viterbi(np.zeros((1, 1, 2)), got)[1], [-INF])


def test_an_empty_batch() -> None:
    weights = CrfWeights(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
    for emissions in (np.zeros((0, 4, 2)), np.zeros((2, 0, 2))):
        B, T = emissions.shape[:2]
        np.testing.assert_array_equal(crf.log_partition(emissions, weights), np.zeros(B))
        np.testing.assert_array_equal(crf.log_likelihood(emissions, np.zeros((B, T), int), weights), np.zeros(B))
        assert crf.viterbi(emissions, weights)[0].shape == (B, T)
        assert crf.nbest(emissions, weights, 2)[0].shape == (B, 2, T)
        assert crf.marginals(emissions, weights).shape == (B, T, 2)


ZERO = CrfWeights(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
ONES = np.ones((1, 3, 2))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: crf.viterbi(np.ones((3, 2)), ZERO),
            "crf.viterbi: emissions must be float [B, T, K], got shape [3, 2].",
        ),
        (
            lambda: crf.viterbi(np.ones((1, 3, 2), int), ZERO),
            "crf.viterbi: emissions must be float [B, T, K], got dtype int64.",
        ),
        (
            lambda: crf.viterbi(np.ones((1, 3, 4)), ZERO),
            "crf.viterbi: transitions must be float [K=4, K=4], got shape [2, 2].",
        ),
        (
            lambda: crf.marginals(ONES, ZERO._replace(end=np.zeros(3))),
            "crf.marginals: end must be float [K=2], got shape [3].",
        ),
        (
            lambda: crf.log_partition(np.array([[[0.0, 1.0], [np.nan, 1.0]]]), ZERO),
            "crf.log_partition: emissions must be finite or -inf, got nan at [0, 1, 0].",
        ),
        (
            lambda: crf.nbest(ONES, ZERO._replace(start=np.array([0, INF])), 2),
            "crf.nbest: start must be finite or -inf, got inf at [1].",
        ),
        (lambda: crf.nbest(ONES, ZERO, 0), "crf.nbest: n must be at least 1, got 0."),
        (lambda: crf.viterbi(ONES, ZERO, [4]), "crf.viterbi: lengths must be within 0..T=3, got 4."),
        (
            lambda: crf.log_likelihood(ONES, np.array([[0, 2, 0]]), ZERO),
            "crf.log_likelihood: tags must be within 0..1, got 2.",
        ),
        (
            lambda: crf.log_likelihood(ONES, np.array([[0, -1, 0]]), ZERO),
            "crf.log_likelihood: tags must be within 0..1, got -1.",
        ),
        (
            lambda: crf.log_likelihood(ONES, np.zeros((1, 2), int), ZERO),
            "crf.log_likelihood: tags must be int [1, 3], got shape [1, 2].",
        ),
        (
            lambda: constrain(ZERO, np.ones((2, 3), bool), np.ones(2, bool), np.ones(2, bool)),
            "crf.constrain: allowed must be bool [2, 2], got bool [2, 3].",
        ),
        (
            lambda: constrain(ZERO, np.ones((2, 2), bool), np.ones(2), np.ones(2, bool)),
            "crf.constrain: start must be bool [2], got float64 [2].",
        ),
        (
            lambda: crf.span_marginals(ONES, ZERO, [(0, 2, [1, 0])]),
            "crf.span_marginals: span must be non-empty and within its sequence, got row 0, positions 2..4.",
        ),
        (
            lambda: crf.span_marginals(ONES, ZERO, [(0, 1, [])]),
            "crf.span_marginals: span must be non-empty and within its sequence, got row 0, positions 1..1.",
        ),
        (
            lambda: crf.span_marginals(ONES, ZERO, [(1, 0, [0])]),
            "crf.span_marginals: span must be non-empty and within its sequence, got row 1, positions 0..1.",
        ),
        (lambda: crf.span_marginals(ONES, ZERO, [(0, 0, [5])]), "crf.span_marginals: tags must be within 0..1, got 5."),
        (
            lambda: crf.span_marginals(ONES, ZERO, [(0, 0, [1])], None, np.ones(3, bool)),
            "crf.span_marginals: continues must be bool [2, 2], got [3].",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == text
