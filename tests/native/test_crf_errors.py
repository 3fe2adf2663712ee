"""Wrong arguments of the CRF give one clear error, never a crash or a wrong answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from crf_cases import random_case, train

from bigru.errors import ArgumentError
from bigru.ops.crf import native
from bigru.ops.crf.weights import CrfWeights


@pytest.fixture
def case():
    return replace(random_case(0, 3, 4, 5), lengths=np.array([4, 0, 2]), tags=np.ones((3, 4), np.int64))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"emissions": np.zeros((3, 4, 5))}, "emissions must be float32"),
        ({"emissions": np.zeros((3, 4, 10), np.float32)[:, :, ::2]}, "emissions must be contiguous"),
        ({"emissions": np.zeros((3, 4), np.float32)}, "emissions must have three dimensions"),
        ({"emissions": np.zeros((3, 4, 0), np.float32)}, r"transitions must be float32 \[0, 0\]"),
        ({"tags": np.ones((3, 4), np.int32)}, "tags must be int64"),
        ({"tags": np.ones((3, 5), np.int64)}, r"tags must be int64 \[3, 4\], got \[3, 5\]"),
        ({"tags": np.full((3, 4), 5)}, r"tags\[0, 0\] must be 0..4, got 5"),
        ({"tags": np.full((3, 4), -1)}, r"tags\[0, 0\] must be 0..4, got -1"),
        ({"lengths": np.array([4, 5, 0])}, r"lengths\[1\] must be 0..4, got 5"),
        ({"lengths": np.array([4, -1, 0])}, r"lengths\[1\] must be 0..4, got -1"),
        ({"lengths": np.array([4, 1])}, r"lengths must be int64 \[3\]"),
        ({"scale": np.zeros(2, np.float32)}, r"losses must be float32 \[3\]"),
        ({"scale": np.zeros((3, 5), np.float32)}, r"losses must be float32 \[3, 4\], got \[3, 5\]"),
    ],
)
def test_of_training(case, change, message):
    with pytest.raises(ValueError, match=message):
        train(replace(case, **change))


def test_weights_of_another_size(case):
    with pytest.raises(ValueError, match=r"start must be float32 \[5\], got \[4\]"):
        train(replace(case, weights=case.weights._replace(start=np.zeros(4, np.float32))))
    with pytest.raises(ValueError, match="transitions must be contiguous"):
        train(replace(case, weights=case.weights._replace(transitions=case.weights.transitions.T)))


def test_threads(case):
    with pytest.raises(ValueError, match="threads must not be negative, got -1"):
        train(case, threads=-1)


def test_what_was_kept_of_another_batch(case):
    losses = np.empty(3, np.float32)
    arguments = (case.emissions, case.lengths, case.weights, 1, case.tags)
    kept = native.forward(*arguments, losses, True)
    with pytest.raises(ValueError, match="kept must be float32"):
        native.backward(*arguments, kept[:-1], losses, None, None, None, None)
    assert native.forward(*arguments, losses, False) is None


ZERO = CrfWeights(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
ONES = np.ones((1, 3, 2), np.float32)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: native.viterbi(np.ones((3, 2)), ZERO),
            "crf.viterbi: emissions must be float [B, T, K], got shape [3, 2].",
        ),
        (
            lambda: native.viterbi(np.ones((1, 3, 2), int), ZERO),
            "crf.viterbi: emissions must be float [B, T, K], got dtype int64.",
        ),
        (
            lambda: native.marginals(np.ones((1, 3, 4)), ZERO),
            "crf.marginals: transitions must be float [K=4, K=4], got shape [2, 2].",
        ),
        (
            lambda: native.marginals(np.array([[[0.0, 1.0], [np.nan, 1.0]]]), ZERO),
            "crf.marginals: emissions must be finite or -inf, got nan at [0, 1, 0].",
        ),
        (
            lambda: native.viterbi(np.array([[[0.0, 1.0], [np.nan, 1.0]]]), ZERO),
            "crf.viterbi: emissions must be finite or -inf, got nan at [0, 1, 0].",
        ),
        (
            lambda: native.viterbi(np.array([[[np.inf, 1.0]]]), ZERO),
            "crf.viterbi: emissions must be finite or -inf, got inf at [0, 0, 0].",
        ),
        (
            lambda: native.nbest(np.array([[[0.0, np.nan]]]), ZERO, 2),
            "crf.nbest: emissions must be finite or -inf, got nan at [0, 0, 1].",
        ),
        (
            lambda: native.marginals(np.array([[[0.0, np.inf]]]), ZERO),
            "crf.marginals: emissions must be finite or -inf, got inf at [0, 0, 1].",
        ),
        (
            lambda: native.span_marginals(np.array([[[0.0, np.nan]]]), ZERO, [(0, 0, [1])]),
            "crf.span_marginals: emissions must be finite or -inf, got nan at [0, 0, 1].",
        ),
        (
            lambda: native.nbest(ONES, ZERO._replace(start=np.array([0, np.inf])), 2),
            "crf.nbest: start must be finite or -inf, got inf at [1].",
        ),
        (lambda: native.nbest(ONES, ZERO, 0), "crf.nbest: n must be at least 1, got 0."),
        (lambda: native.viterbi(ONES, ZERO, [4]), "crf.viterbi: lengths must be within 0..T=3, got 4."),
        (
            lambda: native.span_marginals(ONES, ZERO, [(0, 2, [1, 0])]),
            "crf.span_marginals: span must be non-empty and within its sequence, got row 0, positions 2..4.",
        ),
        (
            lambda: native.span_marginals(ONES, ZERO, [(1, 0, [0])]),
            "crf.span_marginals: span must be non-empty and within its sequence, got row 1, positions 0..1.",
        ),
        (
            lambda: native.span_marginals(ONES, ZERO, [(0, 0, [5])]),
            "crf.span_marginals: tags must be within 0..1, got 5.",
        ),
        (
            lambda: native.span_marginals(ONES, ZERO, [(0, 0, [1])], None, np.ones(3, bool)),
            "crf.span_marginals: continues must be bool [2, 2], got [3].",
        ),
    ],
)
def test_of_decoding(call, text):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == text
