"""Speech by rule: `espeak-ng` out of the package `espeakng-loader`, called in its library."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ...errors import ArgumentError, require, sentence

__all__ = ["Espeak"]

SYNCHRONOUS, UTF8, RATE, PITCH = 2, 1, 1, 3
"""What espeak-ng's header calls AUDIO_OUTPUT_SYNCHRONOUS, espeakCHARS_UTF8, espeakRATE and espeakPITCH."""


class Espeak:
    """The one synthesiser of the process: the library keeps its state to itself.

    Attributes:
        rate: samples per second.

    Raises:
        MissingExtraError: espeakng-loader is not installed.
    """

    def __init__(self) -> None:
        package = "espeakng-loader"
        espeakng_loader = require("espeakng_loader", extra="demo", purpose="synthesising speech", package=package)
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate = int(self._library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0))
        self._heard: list[np.ndarray] = []
        samples = ctypes.POINTER(ctypes.c_short)
        # Kept: the library calls it as long as it speaks.
        self._listen = ctypes.CFUNCTYPE(ctypes.c_int, samples, ctypes.c_int, ctypes.c_void_p)(self._take)
        self._library.espeak_SetSynthCallback(self._listen)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def synthesise(self, text: str, voice: str, speed: int, pitch: int) -> np.ndarray:
        """Return samples, int16 [N].

        Args:
            text: what is said.
            voice: a language and a variant, as "en-us+f2".
            speed: words per minute.
            pitch: within 0..99.

        Raises:
            ArgumentError: there is no such voice.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise ArgumentError(sentence("espeak", "voice", "one that espeak-ng has", repr(voice)))
        for name, value in ((RATE, speed), (PITCH, pitch)):
            self._library.espeak_SetParameter(name, value, 0)
        self._heard.clear()
        encoded = text.encode()
        size = ctypes.c_size_t(len(encoded) + 1)
        self._library.espeak_Synth(encoded, size, 0, 1, 0, UTF8, None, None)
        self._library.espeak_Synchronize()
        return np.concatenate([np.zeros(0, np.int16), *self._heard])
