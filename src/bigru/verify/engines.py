"""The engines that this process has: the compiled kernels in each precision, and torch where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from ..bundle import Bundle
from ..config.precisions import PRECISIONS
from ..runtime.engine import network_of
from .batchings import Engine

__all__ = ["native", "precisions_of", "torch_engine"]


def precisions_of(bundle: Bundle, wanted: Sequence[str] = PRECISIONS) -> list[str]:
    """Return which of some precisions a model can be run in."""
    return [name for name in wanted if name == "fp32" or bundle.model.encoder.cell == "gru"]


def native(bundle: Bundle, precision: str) -> Engine:
    """Return the network that predictions run through."""
    network: Engine = network_of(bundle, precision)
    return network


def torch_engine(bundle: Bundle) -> Engine | None:
    """Return the same model as a torch module, None where torch is not installed."""
    if find_spec("torch") is None:
        return None
    from ..nn.build import engine

    return engine(bundle.model, bundle.weights)
