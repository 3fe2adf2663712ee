"""A saved model's network as a torch module, and as a function of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from ..config import ForecastModelConfig, ModelConfig
from .forecast import ForecastModel
from .model import SequenceModel

__all__ = ["build_network", "load_network", "torch_logits"]


MODULES: dict[str, Any] = {"sequence": SequenceModel, "step": SequenceModel, "window": ForecastModel}
"""The module, by what a model has one output of."""


def build_network(config: ModelConfig | ForecastModelConfig) -> SequenceModel | ForecastModel:
    """Return the module that a configuration describes."""
    module: SequenceModel | ForecastModel = MODULES[config.head](config)
    return module


def load_network(
    config: ModelConfig | ForecastModelConfig, weights: Mapping[str, np.ndarray]
) -> SequenceModel | ForecastModel:
    """Return the module that a configuration describes, with these weights; it shares no memory with them."""
    module = build_network(config)
    module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    return module


def torch_logits(
    config: ModelConfig | ForecastModelConfig, weights: Mapping[str, np.ndarray]
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return what computes the logits of a padded batch, as `bigru.runtime` does, in torch.

    Args:
        config: the shape of the network.
        weights: its arrays by name, as in a saved model.
    """
    module = load_network(config, weights).eval()

    def run(inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            logits: np.ndarray = module(torch.from_numpy(inputs), torch.from_numpy(lengths)).numpy()
        return logits

    return run
