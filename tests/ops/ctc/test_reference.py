"""The specification of CTC: by hand, by enumeration, and what its two ways to the same number say."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.ops.ctc import reference
from bigru.ops.ctc.labelling import frames_needed
from tolerances import FLOAT64


def random_logits(seed, T, K, scale=2.0):
    return scale * np.random.default_rng(seed).standard_normal((T, K))


def test_paths_collapse():
    assert reference.collapse([0, 1, 1, 0, 1, 2, 2, 0]) == (1, 1, 2)
    assert reference.collapse([0, 0]) == reference.collapse([]) == ()


@pytest.mark.parametrize(("T", "K"), [(0, 1), (0, 3), (1, 1), (1, 3), (2, 2), (4, 3), (5, 4), (7, 2)])
def test_the_forward_recursion_sums_the_alignments(T, K):
    logits = random_logits(T * K, T, K)
    every = reference.enumerate_labellings(logits)
    np.testing.assert_allclose(sum(every.values()), 1, **FLOAT64)
    for symbols, p in every.items():
        np.testing.assert_allclose(np.exp(reference.log_probability(logits, symbols)), p, **FLOAT64)
        assert frames_needed(symbols) <= T


def test_what_needs_more_frames_is_impossible():
    logits = random_logits(0, 3, 3)
    for symbols, frames in (((), 0), ((1,), 1), ((1, 2), 2), ((1, 1), 3), ((2, 2, 1, 1), 6), ((1, 2, 1), 3)):
        assert frames_needed(symbols) == frames
        assert np.isfinite(reference.log_probability(logits, symbols)) == (frames <= 3)
    assert reference.log_probability(np.zeros((0, 2)), [1]) == -np.inf


@pytest.mark.parametrize("seed", range(4))
def test_the_best_alignment_is_the_best_of_all_paths(seed):
    logits = random_logits(seed, 5, 3)
    frames = np.exp(reference.log_softmax(logits))
    for symbols in reference.enumerate_labellings(logits):
        paths = [p for p in np.ndindex(*(3,) * 5) if reference.collapse(p) == symbols]
        best = max(paths, key=lambda p: np.prod(frames[np.arange(5), p]))
        aligned = reference.align(logits, symbols)
        for k, start, end, sure in zip(aligned.symbols, aligned.starts, aligned.ends, aligned.confidences, strict=True):
            assert set(best[start:end]) == {k}
            assert sure == np.float32(frames[start:end, k].max())
        covered = sum(aligned.ends - aligned.starts)
        assert covered == np.count_nonzero(best)


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_every_labelling(seed):
    logits = random_logits(seed, 4, 3)
    every = reference.enumerate_labellings(logits)
    assert reference.beam(logits, 1000) == sorted(every, key=lambda symbols: -every[symbols])


def test_the_likeliest_path_may_not_spell_the_likeliest_labelling():
    logits = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert reference.greedy(logits) == ()
    assert reference.beam(logits, 2)[0] == (1,)


def test_logits_that_are_no_numbers():
    with pytest.raises(ArgumentError, match="logits must be finite"):
        reference.log_softmax(np.array([[0, np.nan]]))
