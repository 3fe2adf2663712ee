"""Small pictures of series: lines as SVG for a file, and as a row of blocks for a terminal. It writes all SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

__all__ = ["Panel", "corners", "document", "element", "sparkline", "svg"]

SVG = "http://www.w3.org/2000/svg"

BLOCKS = " ▁▂▃▄▅▆▇█"

COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#edae49", "#7b4ea3", "#00798c", "#8c5e3c", "#6b7280")

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 720, 190, 56, 130, 46, 44
"""Pixels: of a panel's plot, and what lies left and right of it, above the first and between two."""


def document(width: int, height: int, parts: Iterable[str], **style: object) -> str:
    """Return an SVG document of some pixels: elements on white. `style` are attributes as of `element`."""
    attributes = _attributes({"xmlns": SVG, "viewBox": f"0 0 {width} {height}", "font_family": "sans-serif", **style})
    ground = element("rect", width="100%", height="100%", fill="#fff")
    return "\n".join([f"<svg{attributes}>", ground, *parts, "</svg>\n"])


def element(tag: str, text: str = "", **attributes: object) -> str:
    """Return an element of an SVG document, text and attributes escaped.

    An attribute's name has `_` for `-`; fractions are written with one digit after the point.

    >>> element("text", "a < b", x=3, y=1.25, text_anchor="end")
    '<text x="3" y="1.2" text-anchor="end">a &lt; b</text>'
    """
    start = f"<{tag}{_attributes(attributes)}"
    return f"{start}>{escape(text, quote=False)}</{tag}>" if text else f"{start}/>"


def corners(points: Iterable[tuple[float, float]]) -> str:
    """Return the attribute `points` of a polyline or a polygon."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _attributes(given: Mapping[str, object]) -> str:
    texts = {name: f"{value:.1f}" if isinstance(value, float) else str(value) for name, value in given.items()}
    return "".join(f' {name.replace("_", "-")}="{escape(text)}"' for name, text in texts.items())


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
    parts = [element("text", title, x=LEFT, y=18, font_size=15, font_weight="bold")]
    for n, panel in enumerate(panels):
        parts += _panel(panel, TOP + n * (HEIGHT + GAP), axis)
    return document(width, height, parts, font_size=12, fill="#222")


def sparkline(values: Sequence[float] | np.ndarray, low: float, high: float) -> str:
    """Return one block per value, the higher the fuller; a space for NaN."""
    shares = np.clip((np.asarray(values, float) - low) / (high - low), 0, 1)
    return "".join(" " if np.isnan(share) else BLOCKS[1 + round(share * (len(BLOCKS) - 2))] for share in shares)


def _panel(panel: Panel, top: int, axis: str) -> list[str]:
    low, high = panel.ends
    steps = max(len(line) for line in panel.lines.values())
    parts = [element("text", panel.title, x=LEFT, y=top - 6)]
    for value in np.linspace(low, high, 3):
        y = _y(float(value), low, high, top)
        parts.append(element("line", x1=LEFT, x2=LEFT + WIDTH, y1=y, y2=y, stroke="#ddd"))
        parts.append(element("text", f"{value:.3g}", x=LEFT - 6, y=y + 4, text_anchor="end"))
    for n, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[n % len(COLOURS)]
        parts += [
            element("polyline", fill="none", stroke=colour, stroke_width=1.6, points=points)
            for points in _points(np.asarray(line, float), steps, low, high, top)
        ]
        if n < panel.legend:
            parts.append(element("text", name, x=LEFT + WIDTH + 8, y=top + 12 + 15 * n, fill=colour))
    below = top + HEIGHT + 15
    parts.append(element("text", "1", x=LEFT, y=below))
    parts.append(element("text", f"{axis} {steps}", x=LEFT + WIDTH, y=below, text_anchor="end"))
    return parts


def _points(line: np.ndarray, steps: int, low: float, high: float, top: float) -> list[str]:
    """Return the corners of a line, in pieces where values are missing."""
    across = WIDTH / max(steps - 1, 1)
    pieces: list[list[tuple[float, float]]] = [[]]
    for n, value in enumerate(line.tolist()):
        if np.isnan(value):
            pieces.append([])
        else:
            pieces[-1].append((LEFT + n * across, _y(value, low, high, top)))
    return [corners(piece) for piece in pieces if piece]


def _y(value: float, low: float, high: float, top: float) -> float:
    return top + HEIGHT * (1 - (min(max(value, low), high) - low) / (high - low))
