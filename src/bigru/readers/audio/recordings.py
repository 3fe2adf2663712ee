"""Recordings: files that are known to be good audio, and what is odd about them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from ..findings import Finding
from .decoding import Recording, check_present, decode, header, load, mono, open_audio, quote_path, soundfile
from .endings import SUFFIXES, is_audio, is_unreadable

__all__ = ["SUFFIXES", "Recording", "check_recordings", "header", "is_audio", "is_unreadable", "load", "soundfile"]

CANCELLED = 0.02
"""Power of the mean of C channels below this part of that of independent channels (their power / C): they cancel."""

EIGHT_BIT = ("PCM_U8", "PCM_S8")


def check_recordings(
    recordings: Sequence[Recording], lines: Sequence[int], source: str
) -> tuple[list[Recording], list[Finding]]:
    """Decode every recording once: return them with their lengths, and findings on odd ones.

    Kinds of findings: "stereo" (read as the mean of its channels), "8 bits", "silent" (from end to end, or because
    its channels cancel in their mean).

    Raises:
        DataError: a recording cannot be used; see `blocks`. Formats that cannot be read and files that do not exist
            come first, with how many there are.
    """
    check_present(recordings)
    with ThreadPoolExecutor() as pool:
        looked = list(pool.map(_look, recordings))
    found = [
        Finding(source, line, kind, message)
        for line, (_, remarks) in zip(lines, looked, strict=True)
        for kind, message in remarks
    ]
    return [one for one, _ in looked], found


def _look(recording: Recording) -> tuple[Recording, list[tuple[str, str]]]:
    stream, found = open_audio(recording)
    digest = blake2b(digest_size=16)
    read, low, high, mean_power, power = 0, np.inf, -np.inf, 0.0, 0.0
    for block in decode(recording, stream, found):
        samples = mono(block)
        digest.update(samples.tobytes())
        read += len(samples)
        low, high = min(low, float(samples.min())), max(high, float(samples.max()))
        if found.channels > 1:
            mean_power += float(np.vdot(samples, samples))
            power += float(np.vdot(block, block)) / found.channels
    seconds, name = read / found.rate, quote_path(recording)
    remarks = []
    cancel = found.channels > 1 and power > 0 and mean_power * found.channels < CANCELLED * power
    if found.channels > 1:
        remarks.append(("stereo", f"{name} has {found.channels} channels; their mean is read"))
    if cancel:
        quieter = f"{10 * np.log10(power / mean_power):.0f} dB quieter than they are" if mean_power else "silence"
        advice = "record one channel, or turn the sign of the other"
        remarks.append(("silent", f"{name} has channels of opposite phase: their mean is {quieter}; {advice}"))
    if found.subtype in EIGHT_BIT:
        remarks.append(("8 bits", f"{name} has 8 bits per sample, which adds noise; record with 16 where you can"))
    if low == high and not cancel:
        remarks.append(("silent", f"{name} holds {seconds:.2f} s of silence; record it again or leave the row out"))
    return replace(recording, seconds=seconds, digest=digest.hexdigest()), remarks
