"""Recordings to model input: log energies in mel bands, a frame every few milliseconds.

The frames are those of Kaldi (`kaldi-native-fbank`): 25 ms under a Povey window, pre-emphasis 0.97, no dither, one for
every shift that has begun. The same code runs in training and in serving.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, check_choice, sentence
from ..readers.audio.decoding import BLOCK, LOUDEST, RATES_HZ, Recording, blocks, header
from .fbank import FilterBank
from .incremental import AudioPieces
from .resample import Resampler

__all__ = ["NORMALISATIONS", "AudioFeatures", "is_recording"]

WHERE = "AudioFeatures"

NORMALISATIONS = ("level", "tilt", "bands", "none")
"""What of a recording is taken away: its level, which is the logarithm of its mean energy and hardly changes with the
silence around the speech; its tilt as well, the first `TILTS` cosines of the mean of its bands, by which microphones
and voices differ more than words; the mean of each of its bands (and with it microphone and room, and of a steady
sound everything); or nothing.
"""

TILTS = 2
"""Half waves along the bands: a slope and a bow."""

MOST_RATE_HZ = 16_000
"""Hertz; what lies above 8 kHz says little about speech."""

FITTED = 500
"""Recordings, spread over all, that the scaling is learnt from at most."""


@dataclass(frozen=True)
class AudioFeatures:
    """How a recording is read, with a scaling learnt from training data alone.

    Attributes:
        sample_rate: hertz that every recording is resampled to.
        mel_bins: bands per frame (I).
        frame_shift: milliseconds from frame to frame.
        normalise: of `NORMALISATIONS`.
        mean, std: per band over the training frames, after that.
    """

    sample_rate: int = MOST_RATE_HZ
    mel_bins: int = 40
    frame_shift: float = 10.0
    normalise: str = "level"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_choice(WHERE, "normalise", self.normalise, NORMALISATIONS)
        for name, low, high in (("sample_rate", *RATES_HZ), ("mel_bins", 4, 256), ("frame_shift", 1.0, 100.0)):
            if not low <= getattr(self, name) <= high:
                raise ArgumentError(sentence(WHERE, name, f"within {low}..{high}", getattr(self, name)))
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values and (len(values) != self.mel_bins or not np.isfinite(values).all()):
                raise ArgumentError(sentence(WHERE, name, f"{self.mel_bins} finite numbers", repr(values)[:80]))
        if len(self.mean) != len(self.std) or (self.std and min(self.std) <= 0):
            raise ArgumentError(sentence(WHERE, "std", "greater than 0, one for each mean", repr(self.std)[:80]))

    @property
    def frame_seconds(self) -> float:
        """Seconds from frame to frame: what a look-ahead in milliseconds is divided by."""
        return self.frame_shift / 1000

    @property
    def values(self) -> int:
        """Numbers per step (I)."""
        return self.mel_bins

    @classmethod
    def fit(cls, inputs: Sequence[Any], **settings: Any) -> AudioFeatures:
        """Learn the scaling from training recordings.

        Args:
            inputs: as `features` takes them.
            settings: of the attributes; the rate is that of most of the inputs, or `MOST_RATE_HZ` if that is less.

        Raises:
            ArgumentError: no recordings, or a setting that does not fit.
            DataError: a recording cannot be used.
        """
        if not len(inputs):
            raise ArgumentError(sentence(WHERE, "inputs", "at least one recording", "none"))
        chosen = inputs[:: -(-len(inputs) // FITTED)]
        if settings.get("sample_rate") is None:
            settings["sample_rate"] = _rate(chosen)
        plain = cls(**settings)
        frames = np.concatenate(plain.features_many(chosen))
        if not len(frames):
            raise ArgumentError(sentence(WHERE, "inputs", f"longer than a frame ({plain.frame_shift:g} ms)", "shorter"))
        std = frames.std(axis=0, dtype=np.float64)
        std[std <= 1e-6] = 1.0
        return replace(plain, mean=tuple(frames.mean(axis=0, dtype=np.float64).tolist()), std=tuple(std.tolist()))

    def features(self, x: Any, name: str = "x", speed: float = 1.0) -> np.ndarray:
        """Return the frames of one recording, float32 [T, I].

        Args:
            x: a `Recording` or a path; samples [N] at the model's rate, floats within -1..1 or integers of 16 bits; or
                a pair (samples, rate).
            name: what errors call it.
            speed: how much faster it is played, pitch included.

        Raises:
            ArgumentError: x is none of these.
            DataError: the file cannot be used.
            MissingExtraError: soundfile or kaldi-native-fbank is not installed.
        """
        rate, parts = _blocks(x, name, self.sample_rate)
        rates = [(rate, self.sample_rate), (round(100 * speed), 100)]
        resamplers = [Resampler(*pair) for pair in rates if pair[0] != pair[1]]
        bank = self._bank()
        # Block by block: whatever a file decodes to, hardly more than its frames is held.
        found = [bank.push(samples) for samples in _resample(parts, resamplers)]
        frames = np.concatenate([*found, bank.finish()])
        return self._scaled(self._normalised(frames) if len(frames) else frames)

    def pieces(self) -> AudioPieces:
        """Return what makes frames of a recording that comes piece by piece.

        Raises:
            ArgumentError: something is taken from a recording that takes its last sample to know.
            MissingExtraError: kaldi-native-fbank is not installed.
        """
        if self.normalise != "none":
            got, remedy = repr(self.normalise), "It takes the mean of the whole recording. Train with normalise=none."
            raise ArgumentError(sentence(WHERE, "normalise", "none, to be streamed", got, remedy))
        return AudioPieces(self._bank(), self.sample_rate, _samples, self._scaled)

    def _normalised(self, frames: np.ndarray) -> np.ndarray:
        """Take from frames [T, I], T at least 1, what is theirs as a whole, in place."""
        if self.normalise in ("level", "tilt"):
            frames -= np.float32(np.log(np.exp(frames, dtype=np.float64).mean()))
        if self.normalise == "tilt":
            frames -= _tilt(frames.mean(axis=0, dtype=np.float64)).astype(np.float32)
        elif self.normalise == "bands":
            frames -= frames.mean(axis=0)
        return frames

    def _bank(self) -> FilterBank:
        return FilterBank(self.sample_rate, self.mel_bins, self.frame_shift)

    def _scaled(self, frames: np.ndarray) -> np.ndarray:
        if self.mean:
            frames -= np.array(self.mean, np.float32)
            frames /= np.array(self.std, np.float32)
        return frames

    def features_many(self, inputs: Sequence[Any], speed: float = 1.0) -> list[np.ndarray]:
        """Return the frames of many recordings, several at a time; see `features`."""
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda n: self.features(inputs[n], f"inputs[{n}]", speed), range(len(inputs))))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Any) -> AudioFeatures:
        """Build from what `to_json` returned.

        Raises:
            ArgumentError: a key is missing or unknown, or a value is not what it must be.
        """
        kinds: dict[str, Any] = {"sample_rate": int, "mel_bins": int, "frame_shift": (int, float), "normalise": str}
        kinds |= {"mean": list, "std": list}
        if not isinstance(values, dict) or set(values) != set(kinds):
            got = repr(values)[:80]
            raise ArgumentError(sentence(WHERE, "configuration", "an object with " + ", ".join(kinds), got))
        for key, kind in kinds.items():
            value = values[key]
            numeric = not isinstance(value, list) or all(type(v) in (int, float) for v in value)
            if not isinstance(value, kind) or isinstance(value, bool) or not numeric:
                raise ArgumentError(sentence(WHERE, key, "what a saved model holds", repr(value)[:80]))
        lists = {key: tuple(map(float, values[key])) for key in ("mean", "std")}
        if not lists["mean"]:
            raise ArgumentError(sentence(WHERE, "mean", "one number per band", "none"))
        return cls(**{**values, "frame_shift": float(values["frame_shift"]), **lists})


def is_recording(x: Any) -> bool:
    """Tell one recording from a list of them: a file, a path, samples [N], or a pair (samples, rate)."""
    if isinstance(x, (Recording, str, Path)):
        return True
    if isinstance(x, tuple) and len(x) == 2 and isinstance(x[0], np.ndarray):
        return np.ndim(x[1]) == 0
    return isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind in "iuf"


def _tilt(bands: np.ndarray) -> np.ndarray:
    """Return the part of bands [I] that the cosines 1 to `TILTS` of their discrete cosine transform make."""
    count = len(bands)
    waves = np.cos(np.pi / count * np.arange(1, TILTS + 1)[:, None] * (np.arange(count) + 0.5))
    made: np.ndarray = 2 / count * (waves @ bands) @ waves
    return made


def _rate(inputs: Sequence[Any]) -> int:
    """Return the commonest rate of the inputs, `MOST_RATE_HZ` at most; samples by themselves have none."""
    with ThreadPoolExecutor() as pool:
        rates = list(pool.map(lambda x: _model_rate(x, "inputs"), inputs))
    return min(max(set(rates), key=lambda rate: (rates.count(rate), rate)), MOST_RATE_HZ)


def _model_rate(x: Any, name: str) -> int:
    if isinstance(x, (str, Path, Recording)):
        return header(_recording(x)).rate
    return _samples(x, name, MOST_RATE_HZ)[1]


def _resample(parts: Iterable[np.ndarray], resamplers: Sequence[Resampler]) -> Iterator[np.ndarray]:
    """Yield samples after each of the resamplers in turn."""
    for part in parts:
        for resampler in resamplers:
            part = resampler.push(part)
        yield part
    for n, resampler in enumerate(resamplers):
        part = resampler.finish()
        for later in resamplers[n + 1 :]:
            part = later.push(part)
        yield part


def _blocks(x: Any, name: str, rate: int) -> tuple[int, Iterable[np.ndarray]]:
    """Return the rate of a recording and its samples block by block, float32 [N] within -1..1."""
    if isinstance(x, (str, Path, Recording)):
        return blocks(_recording(x))
    samples, own = _samples(x, name, rate)
    return own, (samples[start : start + BLOCK] for start in range(0, len(samples), BLOCK))


def _recording(x: str | Path | Recording) -> Recording:
    return x if isinstance(x, Recording) else Recording(str(x), str(x))


def _samples(x: Any, name: str, rate: int) -> tuple[np.ndarray, int]:
    """Return float32 [N] within -1..1 of samples, or samples and their rate, and that rate."""
    if not is_recording(x):
        got = f"shape {list(x.shape)}, dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise ArgumentError(sentence(WHERE, name, "a path, samples [N], or a pair (samples [N], rate)", got))
    samples, own = x if isinstance(x, tuple) else (x, rate)
    if samples.ndim != 1 or samples.dtype.kind not in "iuf" or samples.dtype.kind == "u":
        got = f"shape {list(samples.shape)}, dtype {samples.dtype}"
        raise ArgumentError(sentence(WHERE, name, "samples [N], floats or signed integers", got))
    if not isinstance(own, (int, float, np.integer, np.floating)) or not RATES_HZ[0] <= own <= RATES_HZ[1]:
        raise ArgumentError(sentence(WHERE, f"{name} rate", f"within {RATES_HZ[0]}..{RATES_HZ[1]}", own))
    scale = 1.0 if samples.dtype.kind == "f" else float(-np.iinfo(samples.dtype).min)
    with np.errstate(over="ignore"):
        found = samples.astype(np.float32) / np.float32(scale)
    if not np.isfinite(found).all():
        raise ArgumentError(sentence(WHERE, name, "finite", found[~np.isfinite(found)][0]))
    if len(found) and np.abs(found).max() > LOUDEST:
        want = f"within -{LOUDEST:g}..{LOUDEST:g}, where 1 is full scale"
        remedy = "Divide the samples by their full scale, as 32768, or give integers."
        raise ArgumentError(sentence(WHERE, name, want, f"{np.abs(found).max():g}", remedy))
    return found, int(own)
