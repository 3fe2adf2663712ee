"""What training does to its inputs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..errors import ArgumentError, sentence
from .bounds import check_fraction

__all__ = ["AugmentConfig"]


@dataclass(frozen=True)
class AugmentConfig:
    """How inputs are changed in training, drawn again at each step. 0 changes nothing.

    Attributes:
        jitter: deviation of the noise added to numeric inputs, whose own deviation is 1.
        scaling: deviation of the factor, about 1, that a whole numeric sequence is multiplied with, per dimension.
        time_warp: deviation of the logarithm of the speed at which a numeric sequence is walked through.
        crop: largest share of the steps of a numeric sequence that is cut off at its ends.
        time_masks: stretches of time that are hidden in each numeric input (SpecAugment).
        freq_masks: groups of neighbouring numbers of all its steps that are hidden in the same way.
        speed: how much faster and slower recordings are played as well, pitch included, as a share.
        stretch: how much longer or shorter a recording becomes at most, its pitch as it was, as a share.
        vtlp: how far up or down the frequencies of a recording are moved at most, as a share: another vocal tract.
        tilt: deviation, in decibels, of the slow waves along the bands that are added: another microphone or room.
        snr: the least ratio, in decibels, of a recording to the noise that is added to it; None adds none.
    """

    jitter: float = 0.0
    scaling: float = 0.0
    time_warp: float = 0.0
    crop: float = 0.0
    time_masks: int = 0
    freq_masks: int = 0
    speed: float = 0.0
    stretch: float = 0.0
    vtlp: float = 0.0
    tilt: float = 0.0
    snr: float | None = None

    def __post_init__(self) -> None:
        where = "AugmentConfig"
        check_fraction(where, "crop", self.crop)
        if self.snr is not None and not -100.0 <= self.snr <= 100.0:
            raise ArgumentError(sentence(where, "snr", "within -100..100 dB", self.snr))
        for key in (one.name for one in fields(self) if one.name != "snr"):
            if not 0.0 <= getattr(self, key) < float("inf"):
                raise ArgumentError(sentence(where, key, "at least 0", getattr(self, key)))
        for key in ("speed", "stretch", "vtlp"):
            if getattr(self, key) > 0.5:
                raise ArgumentError(sentence(where, key, "within 0 <= s <= 0.5", getattr(self, key)))
