"""Augmentation of recordings: other voices, rooms and microphones, drawn again at every step.

Vocal-tract-length perturbation (Jaitly & Hinton 2013, "Vocal tract length perturbation improves speech recognition"),
time stretching, another microphone's response, and noise. All of it is done to log-mel frames, which costs little.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ...features.audio import AudioFeatures
from ..data.loader import IGNORED, Batch

__all__ = ["AUDIO", "AudioAugmentation"]

AUDIO = ("stretch", "vtlp", "tilt", "snr")
"""Of `AugmentConfig`, what is done here."""

LOWEST = 20.0
"""Hertz at which Kaldi's lowest band begins."""

WAVES = 4
"""Half waves along the bands that a microphone's response is made of, at most."""

QUIETER = 35.0
"""Decibels by which noise is less loud than `snr` allows, at most."""

DECIBEL = np.log(10.0) / 10
"""In nats, the unit of log-mel energies."""


class AudioAugmentation:
    """Changes batches of scaled frames.

    Args:
        config: of the task, whose features are `AudioFeatures`; a transcript keeps the steps that it needs.
        stretch, vtlp, tilt, snr: as of `bigru.config.AugmentConfig`.
    """

    def __init__(self, config: Any, stretch: float, vtlp: float, tilt: float, snr: float | None) -> None:
        features: AudioFeatures = config.features
        self.stretch, self.vtlp, self.tilt, self.snr = stretch, vtlp, tilt, snr
        self.stride = config.stride if config.objective == "ctc" else 0
        self.mean, self.std = (np.array(given, np.float32) for given in (features.mean, features.std))
        low, high = (float(_mel(np.array(hertz))) for hertz in (LOWEST, features.sample_rate / 2))
        self._low, self._apart = low, (high - low) / (features.mel_bins + 1)
        self._centres = _hertz(low + self._apart * np.arange(1, features.mel_bins + 1))

    def __call__(self, batch: Batch, seed: int) -> Batch:
        """Return the batch changed as the seed draws; its own arrays are left as they were."""
        random = np.random.default_rng(seed)
        x, lengths, targets = (tensor.numpy() for tensor in batch[:3])
        if not x.shape[1]:
            return batch
        x = np.where((np.arange(x.shape[1]) < lengths[:, None])[:, :, None], x * self.std + self.mean, np.float32(0))
        if self.vtlp:
            x = self._perturb_vocal_tract(x, random)
        if self.tilt:
            x = x + self._response(len(x), random)
        if self.snr is not None:
            x = self._add_noise(x, lengths, random)
        if self.stretch:
            x, lengths = self._stretch(x, lengths, targets, random)
        x = ((x - self.mean) / self.std).astype(np.float32)
        x[np.arange(x.shape[1]) >= lengths[:, None]] = 0
        return batch._replace(inputs=torch.from_numpy(x), lengths=torch.from_numpy(lengths))

    def _perturb_vocal_tract(self, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Return what a vocal tract of another length says: each band is read at a multiple of its frequency."""
        times = np.exp(random.uniform(-1, 1, len(x)) * np.log1p(self.vtlp))
        places = (_mel(self._centres * times[:, None]) - self._low) / self._apart - 1
        return _between(x, np.clip(places, 0, x.shape[2] - 1), axis=2)

    def _response(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Return what a microphone adds to each band, [B, 1, I]."""
        bands = len(self.mean)
        waves = np.cos(np.pi * np.arange(1, WAVES + 1)[:, None] * np.arange(bands) / max(bands - 1, 1))
        heights = self.tilt * DECIBEL * random.standard_normal((count, WAVES))
        return (heights @ waves)[:, None].astype(np.float32)

    def _add_noise(self, x: np.ndarray, lengths: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Return x with noise, whose level in each band differs a little and in each frame a little more."""
        assert self.snr is not None
        real = (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]
        energies = (np.exp(x, dtype=np.float64) * real).sum(axis=(1, 2))
        loudness = np.log(np.maximum(energies / np.maximum(lengths * x.shape[2], 1), 1.0))
        level = loudness - DECIBEL * (self.snr + QUIETER * random.random(len(x)))
        noise = level[:, None, None] + 0.5 * random.standard_normal((len(x), 1, x.shape[2]))
        return np.logaddexp(x, noise + 0.3 * random.standard_normal(x.shape, np.float32)).astype(np.float32)

    def _stretch(
        self, x: np.ndarray, lengths: np.ndarray, targets: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return x at other speeds of speaking, and the new lengths [B]."""
        times = np.exp(random.uniform(-1, 1, len(x)) * np.log1p(self.stretch))
        least = np.minimum(lengths, np.maximum(self._frames_needed(targets), 1))
        new = np.maximum(np.rint(lengths * times).astype(np.int64), least)
        steps = np.arange(max(int(new.max(initial=0)), 1))
        places = steps * (np.maximum(lengths - 1, 0) / np.maximum(new - 1, 1))[:, None]
        return _between(x, np.minimum(places, np.maximum(lengths - 1, 0)[:, None]), axis=1), new

    def _frames_needed(self, targets: np.ndarray) -> np.ndarray:
        """Return the frames that each transcript needs, [B]."""
        if not self.stride:
            return np.zeros(len(targets), np.int64)
        again = (targets[:, 1:] == targets[:, :-1]) & (targets[:, 1:] != IGNORED)
        needed: np.ndarray = self.stride * ((targets != IGNORED).sum(axis=1) + again.sum(axis=1))
        return needed


def _between(x: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Return x [B, T, I] at the places [B, N] of an axis, on a line between neighbours."""
    before = np.floor(places).astype(np.int64)
    after = np.minimum(before + 1, x.shape[axis] - 1)
    spread = (slice(None), None) if axis == 2 else (slice(None), slice(None), None)
    share = (places - before).astype(np.float32)[spread]
    low, high = (np.take_along_axis(x, index[spread], axis=axis) for index in (before, after))
    return low + (high - low) * share


def _mel(hertz: np.ndarray) -> np.ndarray:
    return 1127.0 * np.log1p(hertz / 700.0)


def _hertz(mel: np.ndarray) -> np.ndarray:
    return 700.0 * np.expm1(mel / 1127.0)
