"""Decoding with a fixed lag: the whole where the lag is long, legal always, exact confidence, whatever the pushes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.ops.crf import reference
from bigru.ops.crf.fixed_lag import FixedLag
from bigru.ops.crf.native import marginals, viterbi
from bigru.ops.crf.weights import CrfWeights, constrain
from bigru.scheme import transition_mask, violations
from tolerances import FLOAT32

TAGS = ("O", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "E-B", "S-B")


def drawn(K: int, steps: int, seed: int = 0) -> tuple[CrfWeights, np.ndarray]:
    random = np.random.default_rng(seed)
    scores = (random.normal(size=size).astype(np.float32) for size in ((K, K), K, K))
    return CrfWeights(*scores), random.normal(size=(steps, K)).astype(np.float32)


def decoded(weights: CrfWeights, emissions: np.ndarray, lag: int, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    decoder, parts, start = FixedLag(weights, lag), [], 0
    for size in itertools.cycle(sizes):
        parts.append(decoder.push(emissions[start : start + size]))
        start += size
        if start >= len(emissions):
            break
    parts.append(decoder.finish())
    paths, confidence = (np.concatenate(part) for part in zip(*parts, strict=True))
    return paths, confidence


@pytest.mark.parametrize("steps", [0, 1, 2, 7, 65])
@pytest.mark.parametrize("K", [1, 2, 9])
def test_a_lag_as_long_as_the_sequence_decides_as_the_whole_does(steps: int, K: int) -> None:
    weights, emissions = drawn(K, steps)
    paths, confidence = decoded(weights, emissions, max(steps, 1), [1])
    np.testing.assert_array_equal(paths, viterbi(emissions[None], weights)[0][0])
    shares = marginals(emissions[None], weights)[0]
    np.testing.assert_array_equal(confidence, shares[np.arange(steps), paths])


@pytest.mark.parametrize("lag", [1, 2, 7])
def test_how_scores_come_changes_nothing(lag: int) -> None:
    weights, emissions = drawn(5, 63)
    paths, confidence = decoded(weights, emissions, lag, [1])
    for sizes in ([63], [2], [7, 0, 1], [64]):
        again, shares = decoded(weights, emissions, lag, sizes)
        np.testing.assert_array_equal(again, paths)
        np.testing.assert_allclose(shares, confidence, **FLOAT32)


@pytest.mark.parametrize("lag", [1, 2, 7])
def test_each_tag_is_that_of_the_best_path_through_those_before_it(lag: int) -> None:
    weights, emissions = drawn(4, 20)
    paths, confidence = decoded(weights, emissions, lag, [20])
    start = weights.start
    for n, tag in enumerate(paths):
        end = weights.end if n + lag >= 20 else np.zeros_like(weights.end)
        tail = emissions[None, n : n + lag + 1]
        if n + lag < 20:
            expected = reference.viterbi(tail, weights._replace(start=start, end=end))[0][0, 0]
            assert tag == expected
            start = weights.transitions[tag]
        prefix = emissions[None, : n + lag + 1]
        share = reference.marginals(prefix.astype(np.float64), weights._replace(end=end))[0, n, tag]
        np.testing.assert_allclose(confidence[n], share, **FLOAT32)


@pytest.mark.parametrize("lag", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_decided_obeys_the_scheme(lag: int, seed: int) -> None:
    weights, emissions = drawn(len(TAGS), 40, seed)
    paths, _ = decoded(constrain(weights, *transition_mask(TAGS, "BIOES")), 3 * emissions, lag, [1])
    assert not list(violations([TAGS[tag] for tag in paths], "BIOES"))


@pytest.mark.parametrize("lag", [0, -1, 1.5, True])
def test_a_lag_that_is_none_is_refused(lag: int) -> None:
    with pytest.raises(ArgumentError, match="at least 1"):
        FixedLag(drawn(3, 0)[0], lag)


def test_scores_that_are_none_are_refused() -> None:
    weights, emissions = drawn(3, 4)
    with pytest.raises(ArgumentError, match="shape"):
        FixedLag(weights, 1).push(emissions[:, :2])
    decoder = FixedLag(weights, 1)
    before = decoder.push(emissions[:2])[0].tolist()
    with pytest.raises(ArgumentError, match="finite"):
        decoder.push(np.full((2, 3), np.nan, np.float32))
    rest = np.concatenate([decoder.push(emissions[2:])[0], decoder.finish()[0]]).tolist()
    assert before + rest == decoded(weights, emissions, 1, [4])[0].tolist()
