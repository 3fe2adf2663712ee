"""Augmentation of numeric sequences: random changes that keep the label, drawn again at every step.

Jitter, scaling, warping of time and cropping (Um et al. 2017, arXiv:1706.00527), all on scaled inputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ...config import TrainConfig, to_dict
from ...errors import ArgumentError, sentence
from ...features.audio import AudioFeatures
from ...features.series import SeriesFeatures
from ..data.loader import IGNORED, Batch
from .audio import AUDIO, AudioAugmentation

__all__ = ["Augmentation", "augmentation"]

SERIES = ("jitter", "scaling", "time_warp", "crop")
"""Of `AugmentConfig`, what is done here."""

SPEEDS = 4
"""Pieces of a sequence that are walked through at speeds of their own."""


def augmentation(training: TrainConfig, config: Any) -> Augmentation | AudioAugmentation | None:
    """Return what a training asks for, None where it asks for nothing.

    Raises:
        ArgumentError: something is asked for, and the inputs are of another kind.
    """
    given, features, done = to_dict(training.augment), config.features, []
    for kind, names, inputs in ((SeriesFeatures, SERIES, "numeric sequences"), (AudioFeatures, AUDIO, "recordings")):
        asked = {name: given[name] for name in names if given[name]}
        if asked and not isinstance(features, kind):
            name, value = next(iter(asked.items()))
            raise ArgumentError(sentence("train", name, f"0 for inputs that are no {inputs}", value))
        done += list(asked)
    if not done:
        return None
    if isinstance(features, AudioFeatures):
        return AudioAugmentation(config, **{name: given[name] for name in AUDIO})
    return Augmentation(features, **{name: given[name] for name in SERIES})


class Augmentation:
    """Changes batches of scaled numeric sequences; labels of steps go with their steps.

    What lacks a value still lacks it afterwards. Where a column may lack values, steps are picked and not
    interpolated, so that nothing is made of a value that is not there.

    Args:
        features: which columns there are.
        jitter, scaling, time_warp, crop: as of `bigru.config.AugmentConfig`.
    """

    def __init__(self, features: SeriesFeatures, jitter: float, scaling: float, time_warp: float, crop: float) -> None:
        self.width, self.gaps = features.values - len(features.missing), features.gaps
        self.masks = [self.width + n for n in range(len(features.missing))] * (2 if features.level else 1)
        self.jitter, self.scaling, self.time_warp, self.crop = jitter, scaling, time_warp, crop

    def __call__(self, batch: Batch, seed: int) -> Batch:
        """Return the batch changed as the seed draws; its own arrays are left as they were."""
        random = np.random.default_rng(seed)
        x, lengths, targets = (tensor.numpy() for tensor in batch[:3])
        soft = batch.soft
        if (self.crop or self.time_warp) and x.shape[1]:
            places, lengths = self._places(lengths, random)
            x = self._resample(x, places, lengths)
            if targets.ndim == 2 and targets.dtype == np.int64:
                near = np.rint(places).astype(np.int64)
                targets = np.take_along_axis(targets, near, axis=1)
                targets[np.arange(targets.shape[1]) >= lengths[:, None]] = IGNORED
                soft = soft if soft is None else soft.take_along_dim(torch.from_numpy(near)[:, :, None], dim=1)
        x = self._add_noise(x, random)
        return Batch(torch.from_numpy(x), torch.from_numpy(lengths), torch.from_numpy(targets), soft)

    def _places(self, lengths: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return where each new step lies among the old ones, [B, T], and the new lengths [B]."""
        share = self.crop * random.random(len(lengths))
        left = lengths - np.minimum(np.floor(share * (lengths + 1)).astype(np.int64), np.maximum(lengths - 1, 0))
        first = np.floor(random.random(len(lengths)) * (lengths - left + 1)).astype(np.int64)
        last = np.maximum(left - 1, 0)[:, None]
        steps = np.minimum(np.arange(max(int(left.max(initial=0)), 1)), last)
        if self.time_warp:
            speeds = np.exp(self.time_warp * random.standard_normal((len(lengths), SPEEDS)))
            way = np.concatenate([np.zeros((len(lengths), 1)), np.cumsum(speeds, axis=1)], axis=1)
            way /= way[:, -1:]
            at = steps / np.maximum(last, 1) * SPEEDS
            piece = np.minimum(at.astype(np.int64), SPEEDS - 1)
            begin, end = (np.take_along_axis(way, piece + one, axis=1) for one in (0, 1))
            steps = (begin + (end - begin) * (at - piece)) * last
        return np.minimum(first[:, None] + steps, np.maximum(lengths - 1, 0)[:, None]), left

    def _resample(self, x: np.ndarray, places: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return x [B, T, I] at the places [B, T'], zero past the new lengths."""
        if self.gaps:
            walked = np.take_along_axis(x, np.rint(places).astype(np.int64)[:, :, None], axis=1)
        else:
            before = np.floor(places).astype(np.int64)
            after = np.ceil(places).astype(np.int64)
            share = (places - before)[:, :, None].astype(np.float32)
            low, high = (np.take_along_axis(x, step[:, :, None], axis=1) for step in (before, after))
            walked = low + (high - low) * share
        walked[np.arange(walked.shape[1]) >= lengths[:, None]] = 0
        return walked

    def _add_noise(self, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Return x with its values scaled and jittered; masks stay, and so do the zeros of what is missing."""
        shape, width = x.shape, self.width
        factor = 1 + self.scaling * random.standard_normal((shape[0], 1, width), np.float32)
        values = x[:, :, :width] * factor
        if self.jitter:
            values += self.jitter * random.standard_normal(values.shape, np.float32)
        if self.gaps:
            values[:, :, self.gaps] *= x[:, :, self.masks]
        return np.concatenate([values, x[:, :, width:]], axis=2)
