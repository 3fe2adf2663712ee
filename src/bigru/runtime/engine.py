"""The network of a saved model, ready to run: of the kind that its head needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..bundle import Bundle

__all__ = ["build_network"]

NETWORKS = {
    "sequence": (".network.sequence", "Network"),
    "step": (".network.sequence", "Network"),
    "window": (".network.forecast", "ForecastNetwork"),
}
"""Where the network of each head is found, and its name. It is loaded when a model needs it."""


def build_network(bundle: Bundle, precision: str = "fp32") -> Any:
    """Return the network of a model: `bigru.runtime.network.sequence.Network` or
    `bigru.runtime.network.forecast.ForecastNetwork`.

    Args:
        bundle: the saved model.
        precision: "fp32", "bf16" or "int8".

    Raises:
        ArgumentError: a weight does not fit, or the precision is unknown or not one of the model's cell.
    """
    home, name = NETWORKS[bundle.model.head]
    return getattr(import_module(home, __package__), name)(bundle.model, bundle.weights, precision)
