"""A recording as a picture, with what was heard and when: as SVG, and in the terminal."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from .series import document, element

__all__ = ["render_spectrogram", "spectrogram_svg"]

SHADES = " .:-=+*#%@"

ROWS, COLUMNS = 10, 100
"""Lines and columns in the terminal at most."""

WIDTH, HEIGHT, MARGIN = 900, 160, 14


def _grey_levels(frames: np.ndarray) -> np.ndarray:
    """Return [I, T] within 0..1, high bands first."""
    low, high = np.percentile(frames, (5, 99))
    return np.clip((frames.T[::-1] - low) / max(high - low, 1e-6), 0, 1)


def render_spectrogram(frames: np.ndarray, seconds: float, symbols: Sequence[dict[str, Any]]) -> list[str]:
    """Return lines for the terminal: bands from high to low, then each symbol below the moment it was heard.

    Args:
        frames: [T, I], what the model read.
        seconds: how long the recording is.
        symbols: of an answer of `bigru.tasks.transcribe.answer`.
    """
    shades = _grey_levels(frames)
    columns = min(COLUMNS, shades.shape[1])
    blocks = [np.array_split(rows, columns, axis=1) for rows in np.array_split(shades, ROWS)]
    lines = ["".join(SHADES[int(block.mean() * (len(SHADES) - 1))] for block in row) for row in blocks]
    marks = ""
    for one in symbols:
        place = int(one["start"] / seconds * columns)
        marks = marks.ljust(place) + ("" if len(marks) <= place else " ") + one["symbol"]
    return [*lines, marks, f"{'0 s'.ljust(columns - 8)}{seconds:.2f} s"]


def spectrogram_svg(frames: np.ndarray, seconds: float, symbols: Sequence[dict[str, Any]]) -> str:
    """Return the same as an SVG document; every symbol has its time and its confidence."""
    left = [MARGIN + (WIDTH - 2 * MARGIN) * one["start"] / seconds for one in symbols]
    picture = base64.b64encode(_png((255 * (1 - _grey_levels(frames))).astype(np.uint8))).decode()
    size: dict[str, Any] = {"width": WIDTH - 2 * MARGIN, "height": HEIGHT, "preserveAspectRatio": "none"}
    parts = [element("image", x=MARGIN, y=MARGIN, **size, href=f"data:image/png;base64,{picture}")]
    for x, one in zip(left, symbols, strict=True):
        said = f"{one['start']:.2f} s, {one['confidence']:.2f}"
        parts += [
            element("line", x1=x, x2=x, y1=MARGIN, y2=HEIGHT + 22, stroke="#c33"),
            element("text", one["symbol"], x=x + 3, y=HEIGHT + 30, font_size=14),
            element("text", said, x=x + 3, y=HEIGHT + 46, font_size=10, fill="#666"),
        ]
    return document(WIDTH, HEIGHT + 70, parts)


def _png(grey: np.ndarray) -> bytes:
    """Return a grey picture [H, W] of bytes as PNG."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
