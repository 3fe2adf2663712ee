"""Log energies in mel bands of samples that come piece by piece, by Kaldi's code (`kaldi-native-fbank`)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import ArgumentError, require, sentence

__all__ = ["FilterBank"]

FRAME_MS = 25.0
"""Milliseconds that a frame sees."""

FULL_SCALE = 32768.0
"""Energies are those of 16-bit integers, as Kaldi's; below 1, which such integers cannot hold, they count as 1:
digital silence is no further from a quiet room than that.
"""


class FilterBank:
    """Frames of one recording, each as soon as its last sample is read; its memory does not grow.

    Args:
        rate: hertz.
        bins: bands per frame (I).
        shift: milliseconds from frame to frame.

    Raises:
        ArgumentError: so many bands at so low a rate that one has no frequency in it.
        MissingExtraError: kaldi-native-fbank is not installed.
    """

    def __init__(self, rate: int, bins: int, shift: float) -> None:
        bank = _bank(rate, bins, shift)
        if bank is None:
            most = next((n for n in range(bins - 1, 0, -1) if _bank(rate, n, shift) is not None), 0)
            remedy = "Lower mel_bins or raise sample_rate."
            raise ArgumentError(sentence("AudioFeatures", "mel_bins", f"at most {most} at {rate} hertz", bins, remedy))
        self._bank, self._rate, self._bins, self._told = bank, rate, bins, 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take samples within -1..1, float32 [N], and return the frames [T, I] that are certain now."""
        if len(samples):
            # A list crosses into the package four times as fast as an array.
            self._bank.accept_waveform(self._rate, (samples * FULL_SCALE).tolist())
        return self._ready()

    def finish(self) -> np.ndarray:
        """Return the frames that reach beyond the end, where the recording is mirrored."""
        self._bank.accept_waveform(self._rate, [])
        self._bank.input_finished()
        return self._ready()

    def _ready(self) -> np.ndarray:
        first, self._told = self._told, self._bank.num_frames_ready
        count = self._told - first
        rows = [self._bank.get_frame(n) for n in range(first, self._told)]
        frames = np.array(rows, np.float32).reshape(count, self._bins)
        self._bank.pop(count)  # Not before: the rows are the package's memory.
        return np.maximum(frames, 0.0, out=frames)


def _bank(rate: int, bins: int, shift: float) -> Any:
    """Return the package's bank, None where it refuses so many bands."""
    package, options = _options(rate, bins, shift)
    try:
        return package.OnlineFbank(options)
    except (ValueError, RuntimeError):  # which of them depends on the version of the package
        return None


@lru_cache(maxsize=8)
def _options(rate: int, bins: int, shift: float) -> tuple[Any, Any]:
    package = "kaldi-native-fbank"
    kaldi_native_fbank = require("kaldi_native_fbank", extra="audio", purpose="reading audio", package=package)
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = rate
    options.frame_opts.frame_shift_ms = shift
    options.frame_opts.frame_length_ms = FRAME_MS
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = bins
    return kaldi_native_fbank, options
