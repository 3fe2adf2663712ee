"""Containers of audio by their first bytes: what a file is that cannot be decoded, and whether it ends too soon.

Sources: the chunk layouts of RIFF, RF64 (EBU Tech 3306), AIFF, Sun AU, Sony Wave64, Apple CAF and
NIST SPHERE.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from io import SEEK_END
from typing import BinaryIO

__all__ = ["HEAD_BYTES", "foreign", "missing_bytes"]

HEAD_BYTES = 512
"""Bytes that `foreign` looks at."""

UNKNOWN = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Sizes that programs write into a header when they do not know yet how long the file will be, up to `SLACK_BYTES`."""

SLACK_BYTES = 256

MOST_CHUNKS = 10_000
"""Chunks before the samples that are looked at."""

WAVE64 = bytes.fromhex("72696666 2e91cf11 a5d628db 04c10000".replace(" ", ""))
WAVE64_DATA = bytes.fromhex("64617461 f3acd311 8cd100c0 4f8edb8a".replace(" ", ""))

MAGIC = (
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska"),
    (0, b"#!AMR", "AMR"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "WMA"),
    (0, b"#!SILK", "SILK"),
    (1, b"#!SILK", "SILK"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
    (0, b"TTA1", "True Audio"),
    (0, b".RMF", "RealMedia"),
    (0, b"FLV", "Flash video"),
    (0, b"ADIF", "AAC"),
    (8, b"AVI ", "AVI"),
    (0, b"MThd", "MIDI"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"%PDF", "PDF"),
    (0, b"version https://git-lfs", "the pointer of a file in Git LFS, without the file"),
)
"""Offsets and bytes by which files are known that are none of the formats read here."""


def foreign(head: bytes) -> str | None:
    """Return what the first `HEAD_BYTES` bytes of a file say it is, None if they say nothing.

    Only formats that cannot be read are known here.
    """
    for offset, magic, name in MAGIC:
        if head.startswith(magic, offset):
            return name
    if head[4:8] in (b"ftyp", b"moov", b"mdat") or head[4:12] == b"wideskip":
        return "MP4 (M4A, AAC)"
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xF6 == 0xF0:
        return "AAC"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page"
    return "an empty file" if not head else None


def missing_bytes(stream: BinaryIO) -> int:
    """Return how many bytes of samples a header promises beyond the end of the file; 0 where it does not say.

    libsndfile shortens such files without a word.
    """
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    head = stream.read(40)
    for magic, layout in LAYOUTS.items():
        if head.startswith(magic):
            end = layout(stream, head)
            return max(end - size, 0)
    return 0


def _chunks(stream: BinaryIO, at: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, size and first byte of each chunk of a file of the RIFF family from a position."""
    for _ in range(MOST_CHUNKS):
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:
            return
        name, length = struct.unpack(f"{order}4sI", head)
        yield name, length, at + 8
        at += 8 + length + length % 2


def _is_unknown(length: int) -> bool:
    return any(abs(length - unknown) < SLACK_BYTES for unknown in UNKNOWN)


def _riff(stream: BinaryIO, head: bytes) -> int:
    order = ">" if head[:4] == b"RIFX" else "<"
    for name, length, start in _chunks(stream, 12, order):
        if name == b"data":
            return 0 if _is_unknown(length) else start + length
    return 0


def _rf64(stream: BinaryIO, head: bytes) -> int:
    wide = 0
    for name, length, start in _chunks(stream, 12, "<"):
        if name == b"ds64":
            sizes = stream.read(16)
            wide = struct.unpack("<8xQ", sizes)[0] if len(sizes) == 16 else 0
        elif name == b"data":
            length = wide if length == UNKNOWN[-1] else length
            return 0 if _is_unknown(length) else start + length
    return 0


def _form(stream: BinaryIO, head: bytes) -> int:
    for name, length, start in _chunks(stream, 12, ">"):
        if name == b"SSND":
            return 0 if _is_unknown(length) else start + length
    return 0


def _au(stream: BinaryIO, head: bytes) -> int:
    if len(head) < 12:
        return 0
    offset, length = struct.unpack("<II" if head[:1] == b"d" else ">II", head[4:12])
    return 0 if _is_unknown(length) else offset + length


def _wave64(stream: BinaryIO, head: bytes) -> int:
    at = 40
    for _ in range(MOST_CHUNKS):
        stream.seek(at)
        chunk = stream.read(24)
        if len(chunk) < 24:
            return 0
        (length,) = struct.unpack("<16xQ", chunk)
        if chunk.startswith(WAVE64_DATA):
            return int(at + length)
        if length < 24 or length >= 1 << 62:
            return 0
        at += (length + 7) // 8 * 8
    return 0


def _sphere(stream: BinaryIO, head: bytes) -> int:
    stream.seek(0)
    text = stream.read(1024)
    fields = dict(re.findall(rb"(\w+) -i (\d{1,15})\b", text))
    wanted = [fields.get(name) for name in (b"sample_count", b"sample_n_bytes", b"channel_count")]
    if None in wanted or b"shorten" in text or b"wavpack" in text:
        return 0
    count, width, channels = (int(number) for number in wanted if number is not None)
    return int(text[8:16]) + count * width * channels if text[8:16].strip().isdigit() else 0


def _caf(stream: BinaryIO, head: bytes) -> int:
    at = 8
    for _ in range(MOST_CHUNKS):
        stream.seek(at)
        chunk = stream.read(12)
        if len(chunk) < 12:
            return 0
        name, length = struct.unpack(">4sq", chunk)
        if name == b"data":
            return int(at + 12 + length) if length > 0 else 0
        if not 0 <= length < 1 << 62:
            return 0
        at += 12 + length
    return 0


LAYOUTS: dict[bytes, Callable[[BinaryIO, bytes], int]] = {
    b"RIFF": _riff,
    b"RIFX": _riff,
    b"RF64": _rf64,
    b"BW64": _rf64,
    b"FORM": _form,
    b".snd": _au,
    b"dns.": _au,
    WAVE64: _wave64,
    b"caff": _caf,
    b"NIST_1A": _sphere,
}
"""By its first bytes, where the samples of a file end as its header says; 0 where it does not say."""
