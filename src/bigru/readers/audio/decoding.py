"""Audio files to samples: one channel, checked.

Files are decoded a block at a time, so that memory follows what is decoded and never what a header claims.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import numpy as np

from ...errors import BigruError, DataError, argument, require, sentence
from . import mpeg
from .containers import HEAD_BYTES, foreign, missing_bytes
from .endings import is_unreadable
from .quiet import quiet

__all__ = [
    "BLOCK",
    "LOUDEST",
    "MOST_SAMPLES",
    "RATES_HZ",
    "Header",
    "Recording",
    "blocks",
    "check_present",
    "claimed_header",
    "decode",
    "header",
    "load",
    "mono",
    "open_audio",
    "quote_path",
    "soundfile",
]

RATES_HZ = (1000, 192_000)
"""Lowest and highest sample rate that is read, in hertz."""

MOST_SAMPLES = 1 << 29
"""Samples of one recording, all channels together: nine hours of one channel at 16 kHz."""

LOUDEST = 16.0
"""Largest sample, where 1 is full scale: 24 dB above it."""

BLOCK = 1 << 18
"""Samples decoded at a time, all channels together."""

OVERRUN_SECONDS = 0.1
"""Seconds by which the end of a segment may lie behind that of its recording; manifests round."""

SHOWN = 5
"""Lines that a refusal names."""


@dataclass(frozen=True)
class Recording:
    """One audio file, or a segment of one.

    Attributes:
        path: where it lies.
        place: how errors name it: file and line of a manifest, or the path itself.
        seconds: how long it is; 0 where nobody has looked.
        digest: of its samples, the same for copies; "" where nobody has looked.
        content: the bytes of the file, where it lies in memory and not at a path.
        start: seconds at which the segment begins.
        length: seconds of the segment; None reads to the end.
    """

    path: str
    place: str
    seconds: float = 0.0
    digest: str = ""
    content: bytes | None = field(default=None, repr=False)
    start: float = 0.0
    length: float | None = None

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class Header:
    """What the header of a file says.

    Attributes:
        frames: samples of each channel; an upper bound where the header does not know.
        rate: samples per second.
        channels: how many.
        subtype: libsndfile's name of the encoding, as PCM_16.
    """

    frames: int
    rate: int
    channels: int
    subtype: str


def soundfile() -> Any:
    """Return the package soundfile, which is imported only where there is audio.

    Raises:
        MissingExtraError: it is not installed.
    """
    return require("soundfile", extra="audio", purpose="reading audio")


def header(recording: Recording) -> Header:
    """Return what the header of a recording says; no sample is decoded.

    Raises:
        DataError: the file is absent or no audio, its rate is beyond `RATES_HZ`, or it claims more than `MOST_SAMPLES`.
        MissingExtraError: soundfile is not installed.
    """
    stream, found = open_audio(recording)
    stream.close()
    return found


def blocks(recording: Recording) -> tuple[int, Iterator[np.ndarray]]:
    """Return the rate of a recording and its samples, block by block: float32 [N], the mean of its channels.

    Raises:
        DataError, MissingExtraError: as `header`; while the blocks are read: the file is damaged, empty or truncated,
            or holds samples that are not finite or beyond `LOUDEST`.
    """
    stream, found = open_audio(recording)
    return found.rate, (mono(block) for block in decode(recording, stream, found))


def load(recording: Recording) -> tuple[np.ndarray, int]:
    """Return the samples of a recording, float32 [N] where 1 is full scale, the mean of its channels, and their rate.

    Raises:
        DataError, MissingExtraError: as `blocks`.
    """
    rate, parts = blocks(recording)
    return np.concatenate(list(parts)), rate


def mono(block: np.ndarray) -> np.ndarray:
    """Return the mean of the channels of a block [N, C], float32 [N]."""
    return np.ascontiguousarray(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1))


def open_audio(recording: Recording) -> tuple[Any, Header]:
    """Return an open file of soundfile, for `decode` alone, and its header; errors as of `header`."""
    place = recording.place
    stream, found = _open(recording)
    claimed = found.frames * found.channels
    problem = None
    if not RATES_HZ[0] <= found.rate <= RATES_HZ[1]:
        want, remedy = f"within {RATES_HZ[0]}..{RATES_HZ[1]} hertz", "Resample it, or leave it out."
        problem = sentence(place, "rate of audio", want, f"{quote_path(recording)} with {found.rate}", remedy)
    elif claimed > MOST_SAMPLES and not _is_unknown(found.frames):
        problem = _too_long(recording, f"{claimed} as its header claims")
    if problem is not None:
        stream.close()
        raise DataError(problem)
    return stream, found


def claimed_header(recording: Recording) -> Header:
    """Return what the header of a recording says, whatever it claims: for callers with bounds of their own.

    Raises:
        DataError, MissingExtraError: as `header`, but for rates and lengths.
    """
    stream, found = _open(recording)
    stream.close()
    return found


def _open(recording: Recording) -> tuple[Any, Header]:
    check_present([recording])
    with _decoding(recording), _as_path(recording) as path:
        stream = _forward()(path)
        return stream, Header(int(stream.frames), int(stream.samplerate), int(stream.channels), str(stream.subtype))


def _is_unknown(frames: int) -> bool:
    """Tell the number of frames by which libsndfile says that the header does not know it."""
    return frames >= 1 << 62


def _too_long(recording: Recording, got: str) -> str:
    remedy = "Divide it, or convert it to one channel of 16000 hertz."
    return sentence(
        recording.place, "audio", f"at most {MOST_SAMPLES} samples", f"{quote_path(recording)} of {got}", remedy
    )


def decode(recording: Recording, stream: Any, found: Header) -> Iterator[np.ndarray]:
    """Yield blocks of samples of an open file, float32 [N, C], each checked; close the file at the end.

    Raises:
        DataError: as `blocks`.
    """
    first = round(recording.start * found.rate)
    last = None if recording.length is None else first + round(recording.length * found.rate)
    size = max(BLOCK // found.channels, 1)
    at = 0
    with stream:
        if first:
            with _decoding(recording):
                at = stream.skip(min(first, found.frames))
        while last is None or at < last:
            with _decoding(recording):
                block = stream.read(frames=size, dtype="float32", always_2d=True)
            if not len(block):
                break
            _check_values(recording, block, at)
            part = block[max(first - at, 0) : None if last is None else last - at]
            at += len(block)
            if at * found.channels > MOST_SAMPLES:
                raise DataError(_too_long(recording, "more"))
            if len(part):
                yield part
    _check_length(recording, found, at, first, last)


def _check_values(recording: Recording, block: np.ndarray, before: int) -> None:
    """Refuse samples that are not finite, or so far beyond full scale that they are in another unit."""
    peak = max(float(block.max()), -float(block.min()))
    if peak <= LOUDEST:
        return
    flat = np.abs(block)
    odd = ~np.isfinite(block)
    want, remedy = "of finite samples", "Record it again or leave the row out."
    if not odd.any():
        odd, remedy = flat > LOUDEST, "Divide the samples by their full scale, or save them as integers."
        want = f"of samples within -{LOUDEST:g}..{LOUDEST:g}, where 1 is full scale"
    n, channel = (int(axis[0]) for axis in np.nonzero(odd))
    got = f"{quote_path(recording)} with {block[n, channel]:g} as sample {before + n + 1}"
    raise DataError(sentence(recording.place, "audio", want, got, remedy))


def _check_length(recording: Recording, found: Header, read: int, first: int, last: int | None) -> None:
    """Refuse a file without samples, one that ends before its header says so, and a segment that goes beyond it."""
    place, remedy = recording.place, "Record it again or leave the row out."
    if last is not None and read + OVERRUN_SECONDS * found.rate < last:
        want = f"as long as its segment ({recording.start:g} to {last / found.rate:g} s)"
        got = f"{quote_path(recording)} of {read / found.rate:.2f} s"
        raise DataError(sentence(place, "audio", want, got, "Correct offset and duration of the row."))
    if read <= first or last == first:
        raise DataError(
            sentence(place, "audio", "at least one sample long", f"{quote_path(recording)} without any", remedy)
        )
    with _decoding(recording), _bytes(recording) as stream:
        missing = mpeg.missing_bytes(stream.read()) if found.subtype.startswith("MPEG") else missing_bytes(stream)
    short = last is None and read < found.frames and not _is_unknown(found.frames)
    if short or missing:
        lost = f"{missing} bytes" if missing else f"{found.frames - read} of {found.frames} samples"
        got = f"{quote_path(recording)}, truncated: {lost} are missing"
        raise DataError(sentence(place, "audio", "whole", got, "Copy the file again or leave the row out."))


@contextmanager
def _decoding(recording: Recording) -> Iterator[None]:
    """Raise whatever libsndfile and its wrapper make of a damaged file as DataError."""
    sf = soundfile()
    try:
        with quiet():
            yield
    except BigruError:
        raise
    except (sf.SoundFileError, RuntimeError, ValueError, TypeError, ArithmeticError, AssertionError) as error:
        raise DataError(_undecodable(recording, str(getattr(error, "error_string", error)))) from None
    except OSError as error:
        raise DataError(_undecodable(recording, error.strerror or str(error))) from None
    except MemoryError:
        raise DataError(_undecodable(recording, "it takes more memory than there is")) from None


def _undecodable(recording: Recording, reason: str) -> str:
    try:
        with _bytes(recording) as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        return sentence(recording.place, "audio", "readable", f"{quote_path(recording)}: {error.strerror}")
    kind = foreign(head)
    if "regular file" in reason:  # libsndfile says so of an unknown format, too
        reason = "Format not recognised"
    got = f"{quote_path(recording)}: " + (f"{kind}, which cannot be read" if kind else reason.strip().rstrip("."))
    remedy = "Convert it to WAV or FLAC."
    return sentence(recording.place, "audio", "WAV, FLAC, OGG or MP3 that can be decoded", got, remedy)


def _bytes(recording: Recording) -> BinaryIO:
    return Path(recording.path).open("rb") if recording.content is None else BytesIO(recording.content)


def _seekable_bytes(recording: Recording) -> bytes | None:
    """Return the bytes to decode where they are not those at the path: content, and MP3 whose length is not stated."""
    with _bytes(recording) as stream:
        if not mpeg.is_mpeg(stream.read(HEAD_BYTES)):
            return recording.content
        stream.seek(0)
        changed = mpeg.with_frame_count(stream.read())
    return recording.content if changed is None else changed


@contextmanager
def _as_path(recording: Recording) -> Iterator[str]:
    """Yield a path under which libsndfile can open the recording: of bytes and of descriptors it does not know MP3."""
    content = _seekable_bytes(recording)
    if content is None:
        yield recording.path
    elif hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        descriptor = os.memfd_create("audio")
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "audio"
            path.write_bytes(content)
            yield str(path)


@lru_cache(maxsize=1)
def _forward() -> Any:
    """Return soundfile's class without the seek behind each read: there are files in which it fails, or is slow."""

    class Forward(soundfile().SoundFile):  # type: ignore[misc]
        def seekable(self) -> bool:
            return False

        def skip(self, frames: int) -> int:
            """Pass over frames from the beginning where the codec can; return how many."""
            return int(self.seek(frames)) if super().seekable() else 0

    return Forward


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return False


def quote_path(recording: Recording) -> str:
    """Return the path as errors quote it, its middle left out where it is long."""
    path = recording.path
    return repr(path if len(path) <= 200 else f"{path[:100]}...{path[-80:]}")


def check_present(recordings: Sequence[Recording]) -> None:
    """Refuse recordings of formats that cannot be read, by their endings, and those that do not exist.

    Raises:
        DataError: there is one; the first is named, with how many there are.
    """
    files = [one for one in recordings if one.content is None]
    odd = [one for one in files if is_unreadable(one.path)]
    if odd:
        raise DataError(_unreadable(odd, len(recordings)))
    absent = [one for one in files if not _is_file(one.path)]
    if absent:
        raise DataError(_absent(absent, len(recordings)))


def _unreadable(odd: Sequence[Recording], count: int) -> str:
    kinds = ", ".join(sorted({PurePath(one.path).suffix[1:].upper() for one in odd})[:SHOWN])
    among = f" ({len(odd)} of {count} recordings)" if count > 1 else ""
    remedy = f"{kinds} cannot be read{among}; convert to WAV or FLAC."
    return sentence(odd[0].place, "audio", "WAV, FLAC, OGG or MP3", quote_path(odd[0]), remedy)


def _absent(absent: Sequence[Recording], count: int) -> str:
    one = absent[0]
    remedy = f"Paths start from the folder of the file that names them, or from {argument('reading.audio_root')}."
    if one.place == one.path:
        remedy = ""
    elif len(absent) > 1:
        lines = ", ".join(other.place.rpartition(":")[2] for other in absent[:SHOWN])
        more = " and more" if len(absent) > SHOWN else ""
        remedy = f"{len(absent)} of {count} are absent (lines {lines}{more}). {remedy}"
    return sentence(one.place, "audio", "a file that exists", quote_path(one), remedy)
