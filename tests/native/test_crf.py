"""The CRF's kernels against the specification, on odd sizes, and the laws that hold for every batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from crf_cases import assert_close, pairs, random_case, train, train_reference

from bigru.ops.crf import native, reference
from bigru.ops.crf.weights import CrfWeights
from tolerances import CRF, FIT, FLOAT32, FLOAT32_STEP, SLOPES, SMALL, near

SIZES = [(1, 1, 1), (1, 1, 9), (2, 2, 2), (7, 13, 7), (9, 20, 9), (5, 63, 17), (17, 9, 33), (4, 12, 57), (3, 7, 129)]
SIZES += [(11, 5, 63), (3, 4, 65), (1, 70, 16), (2, 3, 130)]
INF = np.float32(np.inf)


@pytest.mark.parametrize(("B", "T", "K"), SIZES)
@pytest.mark.parametrize("forbidden", [0.0, 0.3])
def test_loss_and_gradients(B, T, K, forbidden):
    case = random_case(B * T + K, B, T, K, forbidden=forbidden)
    *got, weak = train(case)
    for g, want in zip(got, train_reference(case), strict=True):
        assert_close(g, want)
    assert not weak.any()


def per_step(case, seed=0):
    scale = np.random.default_rng(seed).standard_normal(case.tags.shape).astype(np.float32)
    return replace(case, scale=scale)


@pytest.mark.parametrize(("B", "T", "K"), SIZES)
@pytest.mark.parametrize("scale", [2.0, 40.0, 1e4])
def test_losses_of_steps(B, T, K, scale):
    case = per_step(random_case(B + T * K, B, T, K, scale=scale))
    want = reference.step_losses(case.emissions, case.tags, case.weights, case.lengths)
    assert_close(train(case)[0], want)
    assert_close(want.sum(axis=1), -reference.log_likelihood(case.emissions, case.tags, case.weights, case.lengths))


@pytest.mark.parametrize("scale", [2.0, 40.0, 1e3])
def test_gradients_of_the_losses_of_steps_agree_with_finite_differences(scale):
    case, step = per_step(random_case(1, 3, 6, 4, scale=scale)), 1e-5
    arrays = {"emissions": np.where(np.isnan(case.emissions), 0, case.emissions), **case.weights._asdict()}
    wide = {name: array.astype(float) for name, array in arrays.items()}
    for (name, array), gradient in zip(wide.items(), train(case)[1:5], strict=True):
        for place in np.ndindex(array.shape):
            losses = []
            for sign in (step, -step):
                moved = array.copy()
                moved[place] += sign
                emissions, *weights = {**wide, name: moved}.values()
                steps = reference.step_losses(emissions, case.tags, CrfWeights(*weights), case.lengths)
                losses.append((steps * case.scale).sum())
            assert gradient[place] == near((losses[0] - losses[1]) / (2 * step), SLOPES)


@pytest.mark.parametrize(("B", "T", "K"), SIZES)
def test_steps_of_one_weight_give_the_gradient_of_the_whole(B, T, K):
    case = random_case(B * T + K, B, T, K, forbidden=0.2)
    whole, apart = train(case), train(replace(case, scale=np.repeat(case.scale[:, None], T, axis=1)))
    for g, want in zip(apart[1:5], whole[1:5], strict=True):
        assert_close(g, want)


def test_a_step_that_float32_holds_for_impossible_has_its_loss():
    case = random_case(0, 1, 2, 2)
    weights = CrfWeights(np.array([[0, -200], [-200, 0]], np.float32), np.zeros(2, np.float32), np.zeros(2, np.float32))
    emissions, tags = np.zeros((1, 2, 2), np.float32), np.array([[0, 1]])
    case = per_step(replace(case, emissions=emissions, tags=tags, lengths=np.array([2]), weights=weights))
    np.testing.assert_allclose(train(case)[0], [[np.log(2), 200]], **FLOAT32_STEP)


def test_a_forbidden_step_has_an_infinite_loss_and_finite_gradients():
    case = per_step(random_case(0, 2, 5, 3))
    transitions = case.weights.transitions.copy()
    transitions[0, 1] = -np.inf
    lengths, tags = np.array([5, 4]), np.array([[0, 0, 1, 2, 2], [1, 1, 1, 0, -100]])
    emissions = np.where(np.isnan(case.emissions), 0, case.emissions)
    case = replace(
        case, weights=case.weights._replace(transitions=transitions), emissions=emissions, lengths=lengths, tags=tags
    )
    losses, *gradients, weak = train(case)
    assert_close(losses, reference.step_losses(emissions, tags, case.weights, lengths))
    assert np.argwhere(np.isinf(losses)).tolist() == [[0, 2]]
    assert all(np.isfinite(g).all() for g in gradients)
    assert weak.tolist() == [True, False]


@pytest.mark.parametrize(("B", "T", "K"), SIZES)
def test_answers(B, T, K):
    case = random_case(B + T + K, B, T, K, forbidden=0.2)
    arguments = (case.emissions, case.weights, case.lengths)
    shares = native.marginals(*arguments)
    assert shares.dtype == np.float32
    assert_close(shares, reference.marginals(*arguments))
    paths, scores = native.viterbi(*arguments)
    wanted, best = reference.viterbi(*arguments)
    np.testing.assert_array_equal(paths, wanted)
    assert_close(scores, best)
    many, many_scores = native.nbest(case.emissions, case.weights, 5, case.lengths)
    wanted, best = reference.nbest(case.emissions, case.weights, 5, case.lengths)
    np.testing.assert_array_equal(many, wanted)
    np.testing.assert_array_equal(many_scores, best)


@pytest.mark.parametrize(("B", "T", "K"), SIZES)
@pytest.mark.parametrize("whole", [False, True])
def test_span_marginals(B, T, K, whole):
    case, rng = random_case(B * K + T, B, T, K, forbidden=0.1), np.random.default_rng(K)
    continues = rng.random((K, K)) < 0.3 if whole else None
    spans = []
    for b in np.flatnonzero(case.lengths):
        for _ in range(3):
            start = int(rng.integers(case.lengths[b]))
            spans.append(
                (int(b), start, rng.integers(0, K, rng.integers(1, min(case.lengths[b] - start, 4) + 1)).tolist())
            )
    arguments = (case.emissions, case.weights, spans, case.lengths, continues)
    got, want = native.span_marginals(*arguments), reference.span_marginals(*arguments)
    assert_close(got, want)
    np.testing.assert_allclose(got, want, **SMALL)


def test_span_marginals_of_what_is_all_but_impossible_are_numbers():
    rng = np.random.default_rng(0)
    case = random_case(2, 8, 9, 4, scale=300, stiffness=300)
    spans = [(int(b), 0, rng.integers(0, 4, case.lengths[b]).tolist()) for b in np.flatnonzero(case.lengths)] * 20
    spans += [
        (int(b), int(t), [int(k)])
        for b in np.flatnonzero(case.lengths)
        for t in range(case.lengths[b])
        for k in range(4)
    ]
    for continues in (None, rng.random((4, 4)) < 0.5):
        arguments = (case.emissions, case.weights, spans, case.lengths, continues)
        assert_close(native.span_marginals(*arguments), reference.span_marginals(*arguments))


@pytest.mark.parametrize(("B", "T", "K"), [(6, 9, 5), (9, 30, 9), (4, 7, 33)])
@pytest.mark.parametrize("scale", [30.0, 1e3, 1e4])
@pytest.mark.parametrize("stiffness", [1.0, 300.0, 1e4])
def test_scores_of_any_size(B, T, K, scale, stiffness):
    case = random_case(K, B, T, K, scale=scale, stiffness=stiffness, forbidden=0.3)
    *got, _ = train(case)
    for n, (g, want) in enumerate(zip(got, train_reference(case), strict=True)):
        assert_close(g, want, size=0 if n else scale + stiffness)
    arguments = (case.emissions, case.weights, case.lengths)
    assert_close(native.marginals(*arguments), reference.marginals(*arguments))
    _, scores = native.viterbi(*arguments)
    assert_close(scores, reference.viterbi(*arguments)[1], size=scale + stiffness)


def test_ordinary_scores_stay_on_the_fast_way():
    assert not train(random_case(0, 16, 50, 9, scale=20.0, stiffness=5.0, forbidden=0.3))[-1].any()


def test_only_the_sequence_in_need_goes_the_exact_way():
    case = random_case(0, 3, 9, 4)
    lengths = np.array([9, 9, 9])
    emissions = np.where(np.isnan(case.emissions), 0, case.emissions)
    emissions[1] = 0
    emissions[1, 0, 0], emissions[1, 8, 0] = 200, -200
    transitions = np.where(np.eye(4, dtype=bool), np.float32(0), -INF)
    tags = np.zeros((3, 9), np.int64)
    case = replace(
        case, emissions=emissions, lengths=lengths, tags=tags, weights=case.weights._replace(transitions=transitions)
    )
    *got, weak = train(case)
    assert weak.tolist() == [False, True, False]
    for g, want in zip(got, train_reference(case), strict=True):
        assert_close(g, want)
    arguments = (emissions, case.weights, [(1, 0, [2, 2, 2]), (0, 4, [1])], lengths, np.eye(4, dtype=bool))
    np.testing.assert_allclose(native.span_marginals(*arguments), reference.span_marginals(*arguments), **FIT)


@pytest.mark.parametrize("detour", [-50.0, -90.0, -1000.0, -1e4])
def test_a_path_forced_through_unlikely_transitions_is_right(detour):
    # Tag 0 keeps itself at no cost but may not end; the way to tag 1 costs `detour`, and the paths differ in when.
    transitions = np.array([[0, detour], [-np.inf, 0]], np.float32)
    weights = CrfWeights(transitions, np.array([0, -INF], np.float32), np.array([-INF, 0], np.float32))
    emissions = np.zeros((1, 40, 2), np.float32)
    emissions[0, :, 1] = -3.0
    tags = np.r_[np.zeros(30, np.int64), np.ones(10, np.int64)][None]
    case = replace(random_case(0, 1, 40, 2), emissions=emissions, tags=tags, lengths=np.array([40]), weights=weights)
    *got, _ = train(case)
    for g, want in zip(got, train_reference(case), strict=True):
        assert_close(g, want)


def test_a_late_tag_revives_what_underflow_would_have_lost():
    weights = CrfWeights(np.array([[0, -INF], [-INF, 0]], np.float32), np.zeros(2), np.array([-INF, 0]))
    emissions = np.zeros((1, 50, 2), np.float32)
    emissions[0, 0, 0] = 2000
    np.testing.assert_array_equal(native.marginals(emissions, weights)[0, :, 1], np.ones(50))
    assert native.viterbi(emissions, weights)[0].all()


def test_where_no_path_is_allowed():
    weights = CrfWeights(np.full((2, 2), -INF), np.zeros(2), np.zeros(2))
    emissions, lengths = np.ones((2, 3, 2), np.float32), np.array([3, 1])
    np.testing.assert_array_equal(native.marginals(emissions, weights, lengths)[0], np.zeros((3, 2)))
    np.testing.assert_array_equal(native.viterbi(emissions, weights, lengths)[1], [-np.inf, 1])
    paths, scores = native.nbest(emissions, weights, 2, lengths)
    np.testing.assert_array_equal(scores, [[-np.inf, -np.inf], [1, 1]])
    np.testing.assert_array_equal(paths[0], np.zeros((2, 3)))
    np.testing.assert_allclose(native.span_marginals(emissions, weights, [(0, 0, [1]), (1, 0, [1])], lengths), [0, 0.5])


def test_of_equal_paths_the_smaller_last_tags_win():
    weights = CrfWeights(np.zeros((19, 19)), np.zeros(19), np.zeros(19))
    emissions = np.zeros((2, 4, 19), np.float32)
    emissions[1, :, [5, 18]] = 1
    paths = native.viterbi(emissions, weights)[0]
    np.testing.assert_array_equal(paths, [[0, 0, 0, 0], [5, 5, 5, 5]])


def test_long_sequences_do_not_drift():
    case = random_case(3, 1, 5000, 5)
    got = native.marginals(case.emissions, case.weights, case.lengths)
    sums = got.sum(axis=2)
    np.testing.assert_allclose(sums, np.ones_like(sums), atol=CRF)
    assert_close(got, reference.marginals(case.emissions, case.weights, case.lengths))


@pytest.mark.parametrize("K", [9, 57])
def test_same_bits_on_any_number_of_threads(K):
    case = random_case(K, 45, 70, K)
    want = train(case, 1)
    arguments = (case.emissions, case.weights, case.lengths)
    answers = (*native.viterbi(*arguments, threads=1), native.marginals(*arguments, threads=1))
    steps = train(per_step(case), 1)
    for threads in (2, 3, 8):
        for g, w in zip((*train(case, threads), *train(per_step(case), threads)), (*want, *steps), strict=True):
            np.testing.assert_array_equal(g, w)
        for g, w in zip(
            (*native.viterbi(*arguments, threads=threads), native.marginals(*arguments, threads=threads)),
            answers,
            strict=True,
        ):
            np.testing.assert_array_equal(g, w)


@pytest.mark.parametrize("K", [2, 9, 33])
def test_a_sequence_has_the_same_bits_alone_and_in_any_batch(K):
    case = random_case(K, 13, 21, K)
    losses, d_emissions, *_ = train(case)
    shares = native.marginals(case.emissions, case.weights, case.lengths)
    for b in range(13):
        alone = case.rows([b])
        one_loss, one_gradient, *_ = train(alone)
        np.testing.assert_array_equal(one_loss[0], losses[b])
        np.testing.assert_array_equal(one_gradient[0], d_emissions[b])
        np.testing.assert_array_equal(native.marginals(alone.emissions, case.weights, alone.lengths)[0], shares[b])


def test_gradients_agree_with_finite_differences():
    case, step = random_case(1, 3, 6, 4), 1e-5
    got = dict(zip(("transitions", "start", "end"), train(case)[2:5], strict=True))
    wide = CrfWeights(*(w.astype(float) for w in case.weights))
    for name, gradient in got.items():
        for place in np.ndindex(gradient.shape):
            losses = []
            for sign in (step, -step):
                moved = getattr(wide, name).copy()
                moved[place] += sign
                likelihood = reference.log_likelihood(
                    case.emissions, case.tags, wide._replace(**{name: moved}), case.lengths
                )
                losses.append(-(likelihood * case.scale).sum())
            assert gradient[place] == near((losses[0] - losses[1]) / (2 * step), FLOAT32)


def test_nan_reaches_the_loss_of_its_sequence_only():
    case = random_case(0, 3, 5, 4)
    lengths = np.array([5, 5, 3])
    emissions = np.zeros((3, 5, 4), np.float32)
    emissions[0, 2, 1] = np.nan
    case = replace(case, emissions=emissions, lengths=lengths, tags=np.zeros((3, 5), np.int64))
    losses, d_emissions, *_ = train(case)
    assert np.isnan(losses).tolist() == [True, False, False]
    assert np.isfinite(d_emissions[1:]).all()


def test_an_empty_batch():
    weights = CrfWeights(np.zeros((2, 2), np.float32), np.zeros(2, np.float32), np.zeros(2, np.float32))
    for shape in ((0, 4, 2), (2, 0, 2)):
        emissions, (B, T, _) = np.zeros(shape, np.float32), shape
        assert native.viterbi(emissions, weights)[0].shape == (B, T)
        assert native.nbest(emissions, weights, 2)[0].shape == (B, 2, T)
        assert native.marginals(emissions, weights).shape == shape
        losses, d_emissions, d_transitions, *_ = train(
            replace(random_case(0, 2, 1, 2), emissions=emissions, tags=np.zeros((B, T), np.int64),
                    lengths=np.zeros(B, np.int64), weights=weights, scale=np.ones(B, np.float32))
        )  # fmt: skip
        np.testing.assert_array_equal(losses, np.zeros(B))
        assert d_emissions.shape == shape
        assert not d_transitions.any()


def test_pairs_of_the_specification_by_hand():
    weights = CrfWeights(np.log([[2.0, 1.0], [1.0, 3.0]]), np.zeros(2), np.zeros(2))
    expected = pairs(np.log([[1.0, 3.0], [3.0, 1.0], [1.0, 4.0]]), weights)
    np.testing.assert_allclose(220 * expected[1, 1], 237)
