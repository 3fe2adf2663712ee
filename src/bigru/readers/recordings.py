"""Recordings: files that are known to be good audio, and what they hold as one channel of samples."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import DataError, MissingExtraError, sentence
from .findings import Finding

__all__ = ["SUFFIXES", "Recording", "examined", "is_audio", "load", "soundfile"]

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64")
"""Endings of audio files."""

EIGHT_BIT = ("PCM_U8", "PCM_S8")

UNKNOWN = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Sizes that programs write into a WAV header when they do not know yet how long it will be, up to some slack."""


@dataclass(frozen=True)
class Recording:
    """One audio file.

    Attributes:
        path: where it lies.
        place: how errors name it: file and line of a manifest, or the path itself.
        seconds: how long it is; 0 where nobody has looked.
        digest: of its samples, the same for copies; "" where nobody has looked.
        content: the bytes of the file, where it lies in memory and not at a path.
    """

    path: str
    place: str
    seconds: float = 0.0
    digest: str = ""
    content: bytes | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.path


def is_audio(name: str) -> bool:
    """Tell an audio file by its ending."""
    return name.lower().endswith(SUFFIXES)


def soundfile() -> Any:
    """Return the package soundfile, which is imported only where there is audio.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise MissingExtraError("soundfile", "audio", "reading audio") from error
    return soundfile


def load(recording: Recording) -> tuple[np.ndarray, int]:
    """Return the samples of a recording, float32 [N] within -1..1, the mean of its channels, and their rate.

    Raises:
        DataError: the file is absent, no audio, empty, truncated, or holds values that are not finite.
        MissingExtraError: soundfile is not installed.
    """
    return _decoded(recording)[:2]


def _decoded(recording: Recording) -> tuple[np.ndarray, int, int, str]:
    """Return samples, rate, number of channels and subtype."""
    sf, place = soundfile(), recording.place
    if recording.content is None and not Path(recording.path).is_file():
        remedy = "Paths are relative to the file that names them." if place != recording.path else ""
        raise DataError(sentence(place, "audio", "a file that exists", repr(recording.path), remedy))
    try:
        with sf.SoundFile(_source(recording)) as stream:
            promised, rate, subtype = stream.frames, stream.samplerate, stream.subtype
            samples = stream.read(dtype="float32", always_2d=True)
    except (sf.SoundFileError, RuntimeError) as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        got = f"{recording.path!r}: {reason}"
        raise DataError(sentence(place, "audio", "WAV, FLAC, OGG or MP3 that can be decoded", got)) from None
    remedy = "Record it again or leave the row out."
    if not len(samples):
        raise DataError(sentence(place, "audio", "at least one sample long", f"{recording.path!r} without any", remedy))
    _check_whole(recording, len(samples), promised)
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)
    if not np.isfinite(mono).all():
        n = int(np.flatnonzero(~np.isfinite(mono))[0]) + 1
        got = f"{recording.path!r} with {mono[n - 1]} as sample {n}"
        raise DataError(sentence(place, "audio", "of finite samples", got, remedy))
    return np.ascontiguousarray(mono), rate, samples.shape[1], subtype


def _source(recording: Recording) -> Path | BytesIO:
    return Path(recording.path) if recording.content is None else BytesIO(recording.content)


def _check_whole(recording: Recording, found: int, promised: int) -> None:
    """Refuse a file that ends before its header says so."""
    source = _source(recording)
    with source.open("rb") if isinstance(source, Path) else source as stream:
        missing = _missing_bytes(stream)
    if found >= promised and not missing:
        return
    lost = f"{missing} bytes" if missing else f"{promised - found} of {promised} samples"
    got = f"{recording.path!r}, truncated: {lost} are missing"
    raise DataError(sentence(recording.place, "audio", "whole", got, "Copy the file again or leave the row out."))


def _missing_bytes(stream: BinaryIO) -> int:
    """Return how many bytes of a WAV's samples its header promises beyond the end of the file.

    libsndfile corrects the header without a word.
    """
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    if stream.read(12)[:4] != b"RIFF":
        return 0
    while len(head := stream.read(8)) == 8:
        name, length = struct.unpack("<4sI", head)
        if name == b"data":
            streamed = any(abs(length - unknown) < 256 for unknown in UNKNOWN)
            return 0 if streamed else max(stream.tell() + length - size, 0)
        stream.seek(length + length % 2, 1)
    return 0


def examined(
    recordings: Sequence[Recording], lines: Sequence[int], source: str
) -> tuple[list[Recording], list[Finding]]:
    """Decode every recording once: return them with their lengths, and findings on odd ones.

    Kinds of findings: "stereo" (read as the mean of its channels), "8 bits", "silent".

    Raises:
        DataError: a recording cannot be used; see `load`.
    """
    with ThreadPoolExecutor() as pool:
        looked = list(pool.map(_look, recordings))
    found = [
        Finding(source, line, kind, message)
        for line, (_, remarks) in zip(lines, looked, strict=True)
        for kind, message in remarks
    ]
    return [one for one, _ in looked], found


def _look(recording: Recording) -> tuple[Recording, list[tuple[str, str]]]:
    samples, rate, channels, subtype = _decoded(recording)
    seconds = len(samples) / rate
    digest = blake2b(samples.tobytes(), digest_size=16).hexdigest()
    return replace(recording, seconds=seconds, digest=digest), list(
        _remarks(recording, samples, seconds, channels, subtype)
    )


def _remarks(
    recording: Recording, samples: np.ndarray, seconds: float, channels: int, subtype: str
) -> Iterator[tuple[str, str]]:
    name = repr(recording.path)
    if channels > 1:
        yield "stereo", f"{name} has {channels} channels; their mean is read"
    if subtype in EIGHT_BIT:
        yield "8 bits", f"{name} has 8 bits per sample, which adds noise; record with 16 where you can"
    if samples.min() == samples.max():
        yield "silent", f"{name} holds {seconds:.2f} s of silence; record it again or leave the row out"
