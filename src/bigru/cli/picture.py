"""Small pictures of series: lines as SVG for a file, and as a row of blocks for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

__all__ = ["Panel", "sparks", "svg"]

BLOCKS = " ▁▂▃▄▅▆▇█"

COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#edae49", "#7b4ea3", "#00798c", "#8c5e3c", "#6b7280")

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 720, 190, 56, 130, 46, 44
"""Pixels: of a panel's plot, and what lies left and right of it, above the first and between two."""


@dataclass(frozen=True)
class Panel:
    """Lines over the same steps.

    Attributes:
        title: what stands above.
        lines: values by name, [T] each; NaN leaves a gap.
        legend: how many of the names are written beside the plot.
        low, high: the ends of the axis; None takes those of the values.
    """

    title: str
    lines: Mapping[str, Sequence[float] | np.ndarray]
    legend: int = len(COLOURS)
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value shown."""
        values = np.concatenate([np.asarray(line, float) for line in self.lines.values()])
        low = float(np.nanmin(values)) if self.low is None else self.low
        high = float(np.nanmax(values)) if self.high is None else self.high
        return low, high if high > low else low + 1.0


def svg(title: str, panels: Sequence[Panel], axis: str = "step") -> str:
    """Return panels one above the other as an SVG document.

    Args:
        title: what stands on top.
        panels: at least one, each with at least one line of at least one value.
        axis: what is counted from left to right.
    """
    height = TOP + len(panels) * (HEIGHT + GAP)
    width = LEFT + WIDTH + RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" fill="#222"><rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for n, panel in enumerate(panels):
        parts += _panel(panel, TOP + n * (HEIGHT + GAP), axis)
    return "\n".join([*parts, "</svg>\n"])


def sparks(values: Sequence[float] | np.ndarray, low: float, high: float) -> str:
    """Return one block per value, the higher the fuller; a space for NaN."""
    shares = np.clip((np.asarray(values, float) - low) / (high - low), 0, 1)
    return "".join(" " if np.isnan(share) else BLOCKS[1 + round(share * (len(BLOCKS) - 2))] for share in shares)


def _panel(panel: Panel, top: float, axis: str) -> list[str]:
    low, high = panel.ends
    steps = max(len(line) for line in panel.lines.values())
    parts = [f'<text x="{LEFT}" y="{top - 6}">{escape(panel.title)}</text>']
    for value in np.linspace(low, high, 3):
        y = _y(float(value), low, high, top)
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    for n, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[n % len(COLOURS)]
        parts += [
            f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" points="{points}"/>'
            for points in _points(np.asarray(line, float), steps, low, high, top)
        ]
        if n < panel.legend:
            y = top + 12 + 15 * n
            parts.append(f'<text x="{LEFT + WIDTH + 8}" y="{y}" fill="{colour}">{escape(name)}</text>')
    y = top + HEIGHT + 15
    parts.append(f'<text x="{LEFT}" y="{y}">1</text>')
    parts.append(f'<text x="{LEFT + WIDTH}" y="{y}" text-anchor="end">{escape(axis)} {steps}</text>')
    return parts


def _points(line: np.ndarray, steps: int, low: float, high: float, top: float) -> list[str]:
    """Return the corners of a line, in pieces where values are missing."""
    across = WIDTH / max(steps - 1, 1)
    pieces: list[list[str]] = [[]]
    for n, value in enumerate(line.tolist()):
        if np.isnan(value):
            pieces.append([])
        else:
            pieces[-1].append(f"{LEFT + n * across:.1f},{_y(value, low, high, top):.1f}")
    return [" ".join(piece) for piece in pieces if piece]


def _y(value: float, low: float, high: float, top: float) -> float:
    return top + HEIGHT * (1 - (min(max(value, low), high) - low) / (high - low))
