"""Layers and batches for the kernel tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bigru.ops import library
from bigru.ops.gru import native, reference
from tolerances import KERNELS

HERE = [name for name, runs in library.instruction_sets() if runs]
TRAINING = ["fp32", "bf16"]
PRECISIONS = [*TRAINING, "int8"]


@dataclass(frozen=True)
class Case:
    x: np.ndarray
    weights: list
    h0: np.ndarray
    lengths: np.ndarray
    reset_after: bool
    reverse: tuple
    precision: str = "fp32"

    @property
    def layer(self):
        return {"reset_after": self.reset_after, "reverse": self.reverse, "precision": self.precision}

    @property
    def settings(self):
        return {"lengths": self.lengths, "h0": self.h0, **self.layer}

    def as_float64(self):
        return replace(
            self,
            x=self.x.astype(float),
            h0=self.h0.astype(float),
            weights=[[w.astype(float) for w in direction] for direction in self.weights],
        )

    def rows(self, chosen):
        return replace(self, x=self.x[chosen].copy(), h0=self.h0[:, chosen].copy(), lengths=self.lengths[chosen].copy())


def random_case(seed, B, T, I, H, *, reset_after=True, reverse=(False, True), lengths="mixed", precision="fp32"):
    """Weights small enough that rounding is not amplified over the steps; "mixed" lengths hold 0 and T."""
    rng = np.random.default_rng(seed)
    new = lambda *shape: rng.standard_normal(shape).astype(np.float32)  # noqa: E731
    scale = np.float32(0.7 / np.sqrt(H + I))
    weights = [(new(3 * H, I) * scale, new(3 * H, H) * scale, new(3 * H) / 4, new(3 * H) / 4) for _ in reverse]
    spread = np.full(B, T) if lengths == "full" else rng.integers(0, T + 1, B)
    if lengths == "mixed" and B > 2:
        spread[rng.permutation(B)[:2]] = 0, T
    h0, lengths = new(len(reverse), B, H) / 2, spread.astype(np.int64)
    return Case(new(B, T, I), weights, h0, lengths, reset_after, reverse, precision)


def poison(array, lengths):
    """NaN past each length."""
    array = array.copy()
    for row, length in zip(array, lengths, strict=True):
        row[length:] = np.nan
    return array


def prepare(case):
    return native.Prepared(case.weights, **case.layer)


def forward(case, **more):
    """Run the function `forward`, or for int8, which has no gradient, prepared weights."""
    if case.precision == "int8":
        return *prepare(case).forward(case.x, lengths=case.lengths, h0=case.h0, **more), None
    return native.forward(case.x, case.weights, **case.settings, **more)


def walks_reference(case):
    """Run the reference walk by walk in float64; return y, h_n and per walk what its backward wants."""
    exact = case.as_float64()
    results = [
        reference.forward(exact.x, weights, h0, exact.lengths, **{**exact.layer, "reverse": reverse})
        for weights, h0, reverse in zip(exact.weights, exact.h0, exact.reverse, strict=True)
    ]
    y, h_n, saved = zip(*results, strict=True)
    return np.concatenate(y, axis=2), np.stack(h_n), saved


def forward_reference(case):
    return walks_reference(case)[:2]


def backward(case, dy, dh_n, **more):
    saved = forward(case, keep=True)[2]
    return native.backward(dy, dh_n, saved, **more)


def backward_reference(case, dy, dh_n):
    saved = walks_reference(case)[2]
    parts = np.split(dy.astype(float), len(saved), axis=2)
    results = [reference.backward(*args) for args in zip(parts, dh_n.astype(float), saved, strict=True)]
    dx, dweights, dh0 = zip(*results, strict=True)
    return sum(dx), np.stack(dh0), dweights


def assert_close(got, want, kind, precision="fp32"):
    assert got.shape == want.shape
    scale = 1 + np.abs(want).max(initial=0)
    np.testing.assert_allclose(got / scale, want / scale, rtol=0, atol=KERNELS[precision, kind])


def output_gradients(case, seed=0):
    rng = np.random.default_rng(seed)
    (B, T, _), (D, _, H) = case.x.shape, case.h0.shape
    dy = rng.standard_normal((B, T, D * H)).astype(np.float32)
    for row, length in zip(dy, case.lengths, strict=True):
        row[length:] = 0
    return dy, rng.standard_normal((D, B, H)).astype(np.float32)
