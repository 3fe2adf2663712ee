"""The one table of tolerances: how far two ways of computing the same number may lie apart.

Bounds of what is drawn at random, such as the share of intervals that hold a value, are no tolerances: they stand in
their tests, with the number of draws that they follow from.
"""

from __future__ import annotations

from typing import Any

import pytest

EXACT: dict[str, float] = {"rtol": 0, "atol": 0}
"""The same number in the same order of operations."""

FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}
"""Two float32 computations of the same value in another order of summation."""

FLOAT32_STEP = {"rtol": 1e-6, "atol": 1e-6}
"""A float32 value that is rounded a few times and summed little."""

FLOAT64 = {"rtol": 1e-10, "atol": 1e-10}
"""Two float64 computations of the same value in another order of summation."""

FLOAT64_STEP = {"rtol": 1e-12, "atol": 1e-12}
"""A float64 value that is rounded a few times and summed little."""

DIFFERENCES = {"rtol": 1e-5, "atol": 1e-7}
"""An analytic gradient against central differences in float64 with a step of 1e-6."""

SLOPES = {"rtol": 0, "atol": 3e-5}
"""A float32 gradient of scores up to a thousand against central differences in float64 with a step of 1e-5."""

SPECTRUM = {"rtol": 1e-4, "atol": 1e-4}
"""Logarithms of the energies of float32 spectra, and samples of 16 bits."""

FIT = {"rtol": 1e-4, "atol": 1e-5}
"""The solution of a linear system in float32."""

KERNELS = {
    ("fp32", "output"): 4e-6,
    ("fp32", "gradient"): 2e-5,
    ("bf16", "output"): 5e-4,
    ("bf16", "gradient"): 4e-3,
    ("int8", "output"): 2e-3,
}
"""A kernel of the GRU against the reference in float64, relative to 1 + the largest true value. Outputs are sums of
H + I products squashed into (-1, 1); gradients are sums over B * T steps as well. The reference rounds the factors of
its products as the kernels do; but a state or gradient that differs in its last bit may round to the neighbour."""

SHARES64 = {"rtol": 1e-8, "atol": 1e-12}
"""Probabilities in float64, each a difference of sums over many steps."""

SMALL = {"rtol": 1e-3, "atol": 1e-30}
"""Probabilities in float32 whose size is that of a product over many steps: small ones keep their digits too."""

VMATH = {"rtol": 3e-7, "atol": 0}
"""The kernels' own tanh: 2.5 units in the last place."""

BF16_LOSS = {"rtol": 1e-2, "atol": 0}
"""A mean loss whose products have factors of 8 significant bits."""

CRF = 3e-6
"""The kernels of the CRF, relative to 1 + the largest true value: sums over K tags in float32, step by step."""

CTC = {"rtol": 1e-6, "atol": 1e-5}
"""The kernels of CTC: sums of K exponentials in float32, one for each of some dozen frames."""


def near(want: Any, tolerance: dict[str, float]) -> Any:
    """Return what equals a number, or numbers, within an entry of the table."""
    return pytest.approx(want, rel=tolerance["rtol"], abs=tolerance["atol"])
