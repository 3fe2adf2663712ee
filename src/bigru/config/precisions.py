"""The precisions of a GRU's products, by the names that settings, operators and kernels share."""

from __future__ import annotations

__all__ = ["PRECISIONS", "TRAINED"]

TRAINED = ("fp32", "bf16")
"""What a model can be trained in."""

PRECISIONS = (*TRAINED, "int8")
"""What a trained model can answer in. `ops/gru/rounding.py` specifies each."""
