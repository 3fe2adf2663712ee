"""The one table of tolerances: how far two ways of computing the same number may lie apart."""

FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}
"""Two float32 computations of the same value in another order of summation."""

FLOAT64 = {"rtol": 1e-10, "atol": 1e-10}
"""Two float64 computations of the same value in another order of summation."""

DIFFERENCES = {"rtol": 1e-5, "atol": 1e-7}
"""An analytic gradient against central differences in float64 with a step of 1e-6."""
