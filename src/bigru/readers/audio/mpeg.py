"""MPEG audio (MP3) frame by frame: how many there are, whatever a header says or leaves open.

libsndfile stops at the number of samples that the first frame states (Xing, Info), and where it states none at one
guessed from size and bit rate: recorded streams and joined files would lose their ends without a word.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Frame", "frames", "is_mpeg", "missing_bytes", "with_frame_count"]

RATES = (44100, 48000, 32000)
BIT_RATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits per second by version and layer; of version 2, layer 3 has those of layer 2."""

MOST_LOST_BYTES = 1 << 16
"""Bytes between two frames that are passed over as a tag or damage."""


@dataclass(frozen=True)
class Frame:
    """One frame: where it begins, its bytes, and what its header says."""

    start: int
    size: int
    version: int
    layer: int
    channels: int
    head: int

    @property
    def side(self) -> int:
        """Bytes of header and side information before the data of layer III."""
        if self.version == 1:
            return 36 if self.channels == 2 else 21
        return 21 if self.channels == 2 else 13


def _frame(data: bytes, at: int) -> Frame | None:
    """Return the frame at a position, None where no header stands."""
    head = int.from_bytes(data[at : at + 4], "big")
    sort, layer, bits, rate = head >> 19 & 3, 4 - (head >> 17 & 3), head >> 12 & 15, head >> 10 & 3
    if head >> 21 != 0x7FF or sort == 1 or layer == 4 or bits in (0, 15) or rate == 3 or at + 4 > len(data):
        return None
    version = 1 if sort == 3 else 2
    hertz = RATES[rate] >> {3: 0, 2: 1, 0: 2}[sort]
    kilobits = BIT_RATES[version, layer if version == 1 else min(layer, 2)][bits - 1]
    padding = head >> 9 & 1
    if layer == 1:
        size = (12_000 * kilobits // hertz + padding) * 4
    else:
        size = (72_000 if version == 2 and layer == 3 else 144_000) * kilobits // hertz + padding
    return Frame(at, size, version, layer, 1 if head >> 6 & 3 == 3 else 2, head)


def _tag(data: bytes, at: int) -> int:
    """Return the bytes of an ID3v2 tag at a position, 0 if there is none."""
    if data[at : at + 3] != b"ID3" or len(data) < at + 10:
        return 0
    size = 0
    for byte in data[at + 6 : at + 10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if data[at + 5] & 0x10 else 0)


def is_mpeg(head: bytes) -> bool:
    """Tell MPEG audio by its first bytes: a frame, or an ID3 tag, which may stand before other formats too."""
    return head.startswith(b"ID3") or _frame(head, 0) is not None


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the frames of a file one after the other; what is not one is passed over, up to `MOST_LOST_BYTES` bytes."""
    at, kind = _tag(data, 0), None
    lost = 0
    while at < len(data):
        found = _frame(data, at)
        if found is not None and kind in (None, _kind(found)) and (not lost or _follows(data, found)):
            kind, lost = _kind(found), 0
            yield found
            at += found.size
            continue
        step = _tag(data, at)
        if not step:
            following = data.find(b"\xff", at + 1)
            step = following - at if following >= 0 else len(data)
            lost += step
            if lost > MOST_LOST_BYTES:
                return
        at += step


def _kind(frame: Frame) -> tuple[int, int, int]:
    return frame.version, frame.layer, frame.head >> 10 & 3


def _follows(data: bytes, frame: Frame) -> bool:
    """Tell whether a frame found after damage is one: another stands behind it, or the file ends with it."""
    end = frame.start + frame.size
    after = _frame(data, end)
    return end == len(data) or (after is not None and _kind(after) == _kind(frame))


def with_frame_count(data: bytes) -> bytes | None:
    """Return the file with a first frame that states how many follow; None where the file states it rightly itself.

    Nothing is done to other layers than III, to files of no whole frame, and to those that state more than they have:
    these are truncated.
    """
    found = list(frames(data))
    if not found or found[0].layer != 3:
        return None
    first, stated = found[0], _stated_frames(data, found[0])
    whole = [one for one in found if one.start + one.size <= len(data)]
    if stated is not None:
        # Some programs count the frame that states the number, others do not.
        if stated >= len(whole) - 1:
            return None
        whole = whole[1:]
    if not whole:
        return None
    # Bits that are always valid: protection off, the highest bit rate, so that the frame holds its tag.
    head = (first.head & ~0xF000 | 0x10000 | 14 << 12) & ~0x200
    made = _frame(head.to_bytes(4, "big"), 0)
    assert made is not None
    body = head.to_bytes(4, "big").ljust(made.side, b"\0") + b"Info" + struct.pack(">II", 1, len(whole))
    return body.ljust(made.size, b"\0") + data[whole[0].start :]


def missing_bytes(data: bytes) -> int:
    """Return how many bytes the last frame of a file lacks that does not state how many frames it has."""
    found = list(frames(data))
    if not found or _stated_frames(data, found[0]) is not None:
        return 0
    return max(found[-1].start + found[-1].size - len(data), 0)


def _stated_frames(data: bytes, frame: Frame) -> int | None:
    """Return the number of frames that the first frame states, None where it states none."""
    at = frame.start + frame.side
    if data[at : at + 4] in (b"Xing", b"Info"):
        flags, count = struct.unpack(">II", data[at + 4 : at + 12].ljust(8, b"\0"))
        return count if flags & 1 else None
    at = frame.start + 36
    return int.from_bytes(data[at + 14 : at + 18], "big") if data[at : at + 4] == b"VBRI" else None
