"""Pictures of a forecast: what was, what is expected, and the interval; as SVG and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...tables.timetable import Series
from .series import corners, document, element, sparkline

__all__ = ["forecast_svg", "forecast_text"]

PANEL, WIDTH, LEFT, RIGHT, TOP, BOTTOM = 180, 860, 70, 20, 34, 26
"""Sizes of one target's panel in pixels, and its margins."""

MOST = 7
"""Targets that are drawn."""

COLUMNS = 100
"""Characters of a line in the terminal at most."""


def forecast_svg(
    series: Series, answer: dict[str, Any], columns: Sequence[str], truth: dict[str, list[float]] | None = None
) -> str:
    """Return a picture: per target the past in grey, the forecast in blue with its interval, what came in black.

    Args:
        series: the past, nothing of what came then; of it as many rows are drawn as two horizons have.
        answer: of `bigru.tasks.forecast.answer`.
        columns: names of the columns of the series.
        truth: per target what came, where it is known.
    """
    names = list(answer["forecast"])[:MOST]
    parts: list[str] = []
    for n, name in enumerate(names):
        parts += _panel(n * PANEL, name, _past(series, answer, columns, name), answer, (truth or {}).get(name))
    return document(WIDTH, PANEL * len(names), parts, font_size=12)


def _past(series: Series, answer: dict[str, Any], columns: Sequence[str], name: str) -> np.ndarray:
    """Return what came before the forecast, as many rows as two horizons have; rows without a value are not drawn."""
    values = series.values[:, list(columns).index(name)]
    values = values[~np.isnan(values)]
    return values[-2 * len(answer["time"]) :]


def _panel(top: int, name: str, past: np.ndarray, answer: dict[str, Any], truth: list[float] | None) -> list[str]:
    ahead = np.array(answer["forecast"][name])
    level, band = _band(answer, name)
    every = np.concatenate([past, ahead, band.ravel(), np.array(truth or [])])
    low, high = float(every.min()), float(every.max())
    high = high if high > low else low + 1.0
    count = len(past) + len(ahead)

    def x(n: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * n / max(count - 1, 1)

    def y(value: float) -> float:
        return top + TOP + (PANEL - TOP - BOTTOM) * (high - value) / (high - low)

    def along(values: Sequence[float], first: int) -> list[tuple[float, float]]:
        return [(x(first + n), y(v)) for n, v in enumerate(values)]

    def line(values: Sequence[float], first: int, colour: str, width: float) -> str:
        points = corners(along(values, first))
        return element("polyline", fill="none", stroke=colour, stroke_width=width, points=points)

    begin = len(past)
    caption = f"{name}: {answer['time'][0]} to {answer['time'][-1]}" + (f", {level} interval" if level else "")
    parts = [element("text", caption, x=LEFT, y=top + 20)]
    for value in (low, (low + high) / 2, high):
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(value), y2=y(value), stroke="#dddddd"))
        parts.append(element("text", f"{value:.4g}", x=LEFT - 6, y=y(value) + 4, text_anchor="end"))
    if len(band):
        low_end, high_end = (along(ends.tolist(), begin) for ends in band.T)
        parts.append(element("polygon", fill="#9ecae1", fill_opacity=0.5, points=corners(high_end + low_end[::-1])))
    parts.append(line(past.tolist(), 0, "#777777", 1.3))
    if truth is not None:
        parts.append(line(truth, begin, "#111111", 1.3))
    parts.append(line(ahead.tolist(), begin, "#1f77b4", 2))
    return parts


def _band(answer: dict[str, Any], name: str) -> tuple[str, np.ndarray]:
    """Return the widest interval of a target, [H, 2], and its level in words; none is empty."""
    given = answer.get("intervals") or {}
    if not given:
        return "", np.zeros((0, 2))
    level = max(given, key=float)
    return f"{100 * float(level):g} %", np.array(given[level][name])


def forecast_text(series: Series, answer: dict[str, Any], columns: Sequence[str]) -> str:
    """Return lines for people: per target a bar of the past and of the forecast, then the ends of what is expected."""
    lines = [f"series {answer['series']}"] if "series" in answer else []
    lines.append(f"{answer['time'][0]} to {answer['time'][-1]}")
    for name in list(answer["forecast"])[:MOST]:
        past, ahead = _past(series, answer, columns, name), np.array(answer["forecast"][name])
        level, band = _band(answer, name)
        before, after = _average_stretches(past, COLUMNS * 2 // 3), _average_stretches(ahead, COLUMNS // 3)
        low, high = min(before.min(), after.min()), max(before.max(), after.max())
        ends = (low, high) if high > low else (low - 1.0, high + 1.0)
        lines.append(f"{name}: {sparkline(before, *ends)}│{sparkline(after, *ends)}")
        said = f"  first {ahead[0]:.4g}, last {ahead[-1]:.4g}, within {ahead.min():.4g} to {ahead.max():.4g}"
        if len(band):
            said += f"; {level} interval of the last {band[-1, 0]:.4g} to {band[-1, 1]:.4g}"
        lines.append(said)
    return "\n".join(lines)


def _average_stretches(values: np.ndarray, most: int) -> np.ndarray:
    """Return means of equal stretches, at most so many."""
    return np.array([part.mean() for part in np.array_split(values, min(most, len(values)))])
