"""The linear part of a model that is fitted by itself: left out of the network that is trained, and joined to it after.

What a linear part knows is learnt within seconds and from all examples, those that are held out for the network
included: they choose what network and linear part count (`mixture`), and are learnt from afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import numpy as np

from ...bundle.weights import Shape
from ...config import ModelConfig, TrainConfig
from ...plain.bag import Bag
from ..data.loader import Data
from .mixture import FIRST_WITH_VECTORS, learn_linear, mix

__all__ = ["VECTORS", "JoinedModel", "LinearPart", "Say", "divide_vectors", "fit_linear_part"]

Say = Callable[[str], None]
"""Shows a line."""

VECTORS = "vectors."
"""What the names of first weights begin with that are no weights: by channel, vectors for the linear part."""

AGAIN = 60_000
"""Steps up to which a tagger's linear part is fitted once more, with the held-out examples."""


class JoinedModel(NamedTuple):
    """A network joined to a linear part.

    Attributes:
        weights: of the model, by name.
        judged: the same before the linear part learnt from held-out examples too; None where it did not.
        shares: what the scores of the network and of the linear part were multiplied by.
    """

    weights: dict[str, np.ndarray]
    judged: dict[str, np.ndarray] | None
    shares: tuple[float, float]


@dataclass(frozen=True)
class LinearPart:
    """A linear part between its fitting and its joining.

    Attributes:
        config: of the whole model.
        fitted: the linear part, of the examples that the network learns from.
        everything: those and the held-out ones, which it learns from at last; None for no others.
        masks: what the tag scheme allows a CRF; None for everything.
        balanced: whether classes count inversely to their frequency.
        vectors: by channel the vector of each id that the linear part is fitted with; none for no channel.
    """

    config: ModelConfig
    fitted: Bag
    everything: Data | None
    masks: tuple[np.ndarray, np.ndarray, np.ndarray] | None
    balanced: bool
    vectors: Mapping[int, np.ndarray]

    @property
    def network(self) -> ModelConfig:
        """The model without its linear part: what is trained."""
        return replace(self.config, wide_linear=False)

    def without(self, weights: Mapping[str, np.ndarray] | None) -> Mapping[str, np.ndarray] | None:
        """Return first weights without those of the linear part."""
        if weights is None:
            return None
        return {name: value for name, value in weights.items() if not name.startswith("wide.")}

    def alone(self, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the weights of a model that answers what the linear part does."""
        return mix(weights, self.fitted.linear, self.config, self.masks, None, (0.0, 1.0)).weights

    def join(self, weights: dict[str, np.ndarray], dev: Data | None) -> JoinedModel:
        """Join the trained network of these weights; `dev` chooses how much both count."""
        first = FIRST_WITH_VECTORS if self.vectors and self.config.pooling else None
        mixed = mix(weights, self.fitted.linear, self.config, self.masks, dev, first=first)
        if self.everything is None:
            return JoinedModel(mixed.weights, None, mixed.shares)
        again = learn_linear(self.everything, self.config, self.fitted.choice, self.balanced, self.vectors)
        if again is None:
            return JoinedModel(mixed.weights, None, mixed.shares)
        final = mix(weights, again.linear, self.config, self.masks, None, mixed.shares)
        return JoinedModel(final.weights, mixed.weights, mixed.shares)


def fit_linear_part(
    learn: Data,
    whole: Data | None,
    model: Shape,
    config: Any,
    training: TrainConfig,
    say: Say,
    vectors: Mapping[int, np.ndarray],
) -> LinearPart | None:
    """Return the linear part of a model, fitted; None where it has none, or where it is learnt with the network.

    Args:
        learn: what the network learns from.
        whole: that and what is held out from it; None where nothing is.
        model: the whole model.
        config: the task's.
        training: how to train.
        say: shows that it is fitted, which may take a while.
        vectors: by channel the vector of each id, for a classifier; see `fit_bag`.
    """
    if not training.separate_linear or not model.wide_linear:
        return None
    say("the linear part is fitted by itself first")
    balanced = training.class_weights == "balanced"
    labelled = cast("ModelConfig", model)
    fitted = learn_linear(learn, labelled, balanced=balanced, vectors=vectors)
    if fitted is None:
        return None
    small = bool(labelled.pooling) or sum(map(len, learn[0])) <= AGAIN
    masks = config.constraints if model.crf else None
    return LinearPart(labelled, fitted, whole if small else None, masks, balanced, vectors)


def divide_vectors(
    weights: Mapping[str, np.ndarray] | None,
) -> tuple[Mapping[str, np.ndarray] | None, dict[int, np.ndarray]]:
    """Return first weights by name, and apart from them the vectors that a linear part is fitted with, by channel."""
    if weights is None:
        return None, {}
    vectors = {int(name[len(VECTORS) :]): table for name, table in weights.items() if name.startswith(VECTORS)}
    return {name: value for name, value in weights.items() if not name.startswith(VECTORS)}, vectors
