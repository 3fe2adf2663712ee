"""The engines that this process has: the compiled kernels in each precision, and torch where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from ..bundle import Bundle
from ..config.precisions import PRECISIONS
from ..runtime.engine import build_network
from .batchings import Engine

__all__ = ["native", "runnable_precisions", "torch_engine"]


def runnable_precisions(bundle: Bundle, wanted: Sequence[str] = PRECISIONS) -> list[str]:
    """Return which of some precisions a model can be run in."""
    return [name for name in wanted if name == "fp32" or bundle.model.encoder.cell == "gru"]


def native(bundle: Bundle, precision: str) -> Engine:
    """Return the network that predictions run through."""
    network: Engine = build_network(bundle, precision)
    return network


def torch_engine(bundle: Bundle) -> Engine | None:
    """Return the same model as a torch module, None where torch is not installed."""
    if find_spec("torch") is None:
        return None
    from ..nn.build import torch_logits

    return torch_logits(bundle.model, bundle.weights)
