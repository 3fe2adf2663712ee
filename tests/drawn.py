"""Small models with drawn weights: what they answer means nothing, but must be the same everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from bigru.bundle import Bundle
from bigru.bundle.weights import Shape, shapes
from bigru.config import EncoderConfig, ModelConfig
from bigru.features.text import TextFeatures

__all__ = ["drawn_weights", "made"]


def drawn_weights(model: Shape, seed: int = 0, scale: float = 1.0) -> dict[str, np.ndarray]:
    """Return weights of a model, normal with a deviation of `scale`."""
    random = np.random.default_rng(seed)
    return {name: random.normal(0.0, scale, size).astype(np.float32) for name, size in shapes(model).items()}


def made(task: str, config: Any, seed: int = 0, **shape: Any) -> Bundle:
    """Return a model of a task, as wide as its features ask for; `shape` says what else it is made of."""
    read = config.features
    width = {"channels": read.channels} if isinstance(read, TextFeatures) else {"input_size": read.values}
    model = ModelConfig(config.outputs, **width, **{"encoder": EncoderConfig(hidden=4), **shape})
    return Bundle(task, model, config, drawn_weights(model, seed), {"dev": {"accuracy": 0.5}})
