"""Speed perturbation: recordings played faster and slower count as further recordings of the same.

Ko et al. 2015, "Audio augmentation for speech recognition": three speeds make most of the gain. Features are
computed once per speed and kept; which of them an example has in an epoch is drawn from the seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...config import TrainConfig
from ...errors import ArgumentError, sentence
from ...features.audio import AudioFeatures
from ...tasks import transcribe

if TYPE_CHECKING:
    from ..data.loader import Data

__all__ = ["perturb_speed"]


def perturb_speed(config: Any, inputs: Sequence[Any], training: TrainConfig, data: Data) -> list[list[np.ndarray]]:
    """Return the features of all inputs at each further speed: none without `training.augment.speed`.

    Where a transcript needs every step of its recording, that is not played faster.

    Args:
        config: the task's.
        inputs: training recordings.
        training: whose `augment.speed` says how much faster and slower.
        data: features of the inputs as they are, and targets.

    Raises:
        ArgumentError: a speed for inputs that are no recordings.
    """
    speed = training.augment.speed
    if not speed:
        return []
    features = config.features
    if not isinstance(features, AudioFeatures):
        raise ArgumentError(sentence("train", "speed", "0 for inputs that are no recordings", speed))
    variants = [features.features_many(inputs, played) for played in (1.0 - speed, 1.0 + speed)]
    if config.objective == "ctc":
        faster = variants[1]
        for n, (frames, target) in enumerate(zip(*data, strict=True)):
            faster[n] = faster[n] if transcribe.has_room(config, faster[n], target) else frames
    return variants
