"""Recordings for the tests: tones whose pitch is their label, and files that are wrong in one way each."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

__all__ = ["PITCHES", "RATE", "melody", "tone", "write"]

RATE = 8000

PITCHES = {"low": 300.0, "middle": 900.0, "high": 2200.0}


def tone(label: str, seconds: float = 0.2, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """Return a tone with a little noise, float32 [N]."""
    times = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(seed).standard_normal(len(times))
    return (0.3 * np.sin(2 * np.pi * PITCHES[label] * times) + 0.005 * noise).astype(np.float32)


def melody(labels: Sequence[str], seed: int = 0) -> np.ndarray:
    """Return tones one after the other with pauses between."""
    random = np.random.default_rng(seed)
    pause = lambda: (0.005 * random.standard_normal(random.integers(400, 800))).astype(np.float32)  # noqa: E731
    return np.concatenate([part for n, label in enumerate(labels) for part in (pause(), tone(label, 0.15, n))])


def write(path: Path, samples: np.ndarray, rate: int = RATE, **options: str) -> Path:
    """Write an audio file, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **options)
    return path


def truncated(path: Path) -> Path:
    """Write a WAV file that lacks its second half."""
    write(path, tone("low"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def streamed(path: Path) -> Path:
    """Write a WAV file as programs do that do not know yet how long it will be."""
    write(path, tone("low"))
    whole = bytearray(path.read_bytes())
    at = whole.index(b"data") + 4
    whole[at : at + 4] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(bytes(whole))
    return path
