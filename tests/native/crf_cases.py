"""Batches for the tests of the CRF's kernels, and its answers by the specification."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bigru.ops.crf import native, reference
from bigru.ops.crf.weights import CrfWeights
from tolerances import CRF


@dataclass(frozen=True)
class Case:
    emissions: np.ndarray
    tags: np.ndarray
    lengths: np.ndarray
    weights: CrfWeights
    scale: np.ndarray  # [B] the gradient of each loss, or [B, T]

    def rows(self, chosen):
        parts = {name: getattr(self, name)[chosen].copy() for name in ("emissions", "tags", "lengths", "scale")}
        return replace(self, **parts)


def random_case(seed, B, T, K, *, scale=2.0, stiffness=1.0, forbidden=0.0):
    """Scores in float32; NaN and tags of -100 past each length; lengths hold 0, 1 and T where there is room.

    A part `forbidden` of the transitions is -inf, but none that keeps a tag.
    """
    rng = np.random.default_rng(seed)
    new = lambda *shape: rng.standard_normal(shape).astype(np.float32)  # noqa: E731
    lengths = rng.integers(0, T + 1, B)
    lengths[: min(B, 3)] = [T, 0, min(T, 1)][: min(B, 3)]
    lengths = rng.permutation(lengths)
    emissions, tags = new(B, T, K) * np.float32(scale), rng.integers(0, K, (B, T))
    past = np.arange(T) >= lengths[:, None]
    emissions[past], tags[past] = np.nan, -100
    transitions = new(K, K) * np.float32(stiffness)
    transitions[(rng.random((K, K)) < forbidden) & ~np.eye(K, dtype=bool)] = -np.inf
    if forbidden:
        tags[~past] = np.broadcast_to(tags.max(axis=1, initial=0, keepdims=True), tags.shape)[~past]
    return Case(emissions, tags, lengths, CrfWeights(transitions, new(K), new(K)), new(B))


def train(case, threads=1):
    """The losses and the gradients of emissions, transitions, start and end, and which sequences went the exact way.

    The losses are divided among the steps where `case.scale` is [B, T].
    """
    arguments = (case.emissions, case.lengths, case.weights, threads, case.tags)
    losses = np.empty(case.scale.shape, np.float32)
    kept = native.forward(*arguments, losses, True)
    results = [np.empty(a.shape, np.float32) for a in (case.emissions, *case.weights)]
    native.backward(*arguments, kept, case.scale, *results)
    return losses, *results, kept[len(kept) - len(case.tags) :].view(np.int32) != 0


def train_reference(case):
    """The same without the last, in float64: marginals of tags and of pairs less the counts of the gold path."""
    wide = CrfWeights(*(w.astype(float) for w in case.weights))
    K = len(wide.start)
    losses = -reference.log_likelihood(case.emissions, case.tags, wide, case.lengths)
    tokens = reference.marginals(case.emissions, wide, case.lengths)
    d_emissions, d_transitions, d_start, d_end = np.zeros_like(tokens), np.zeros((K, K)), np.zeros(K), np.zeros(K)
    for b, n in enumerate(case.lengths):
        if not n:
            continue
        path, g = case.tags[b, :n], float(case.scale[b])
        excess = tokens[b, :n].copy()
        excess[np.arange(n), path] -= 1
        d_emissions[b, :n] = g * excess
        d_start += g * excess[0]
        d_end += g * excess[-1]
        d_transitions += g * pairs(case.emissions[b, :n].astype(float), wide)
        np.add.at(d_transitions, (path[:-1], path[1:]), -g)
    return losses, d_emissions, d_transitions, d_start, d_end


def pairs(emissions, weights):
    """The expected number of each transition (8), [K, K], of one sequence."""
    forward, backward = reference._forward(emissions, weights), reference._backward(emissions, weights)
    total = np.logaddexp.reduce(forward[-1] + weights.end)
    expected = np.zeros_like(weights.transitions)
    for t in range(len(emissions) - 1):
        joint = forward[t][:, None] + weights.transitions + emissions[t + 1] + backward[t + 1]
        expected += np.exp(joint - total)
    return expected


def assert_close(got, want, size=0.0):
    assert got.shape == want.shape
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    scale = 1 + max(np.abs(want[finite]).max(initial=0), size)
    np.testing.assert_allclose(got[finite] / scale, want[finite] / scale, rtol=0, atol=CRF)
