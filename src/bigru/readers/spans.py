"""Spans of characters, as JSON records hold them, to one tag per character."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from .. import scheme as schemes
from ..errors import DataError, sentence
from ..scheme import Span
from .labels import LabelReader

__all__ = ["looks_like_spans", "span_tags"]

COUNTED = "Positions count characters from 0, and the end is exclusive."


def looks_like_spans(value: Any) -> bool:
    """Tell whether a value is a list whose first element is `[start, end, label]` or an object with these keys."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    if isinstance(value[0], dict):
        return "start" in value[0] and "end" in value[0]
    return isinstance(value[0], (list, tuple)) and len(value[0]) == 3


def span_tags(text: str, spans: Any, scheme: str, labels: LabelReader, line: int) -> list[str]:
    """Return one tag per character of `text`.

    Args:
        text: the text.
        spans: a list of `[start, end, label]` or `{"start", "end", "label"}`, in characters, end exclusive.
            An object may hold the span's `text` too, which must then agree.
        scheme: the scheme to write.
        labels: reads the labels; knows the file.
        line: the line, for errors.

    Raises:
        DataError: a span is none, lies outside the text, is empty, overlaps another, or its text disagrees.
    """
    place = f"{labels.source}:{line}"
    if not isinstance(spans, (list, tuple)):
        raise DataError(sentence(place, "spans", "a list of [start, end, label]", repr(spans)[:80]))
    found = []
    for value in spans:
        start, end, label = _bounds(text, value, place)
        found.append(Span(labels.one(label, line), start, end))
    found.sort(key=lambda span: (span.start, span.end))
    for before, after in pairwise(found):
        if after.start < before.end:
            got = f"{_shown(text, before)} and {_shown(text, after)}"
            raise DataError(sentence(place, "spans", "without overlap", got))
    return schemes.tags_of(found, len(text), scheme)


def _shown(text: str, span: Span) -> str:
    return f"[{span.start}, {span.end}, {span.label}] {text[span.start : span.end]!r}"


def _bounds(text: str, value: Any, place: str) -> tuple[int, int, str]:
    """Return (start, end, label) of one span, checked against the text."""
    parts = [value.get(key) for key in ("start", "end", "label")] if isinstance(value, dict) else value
    if not isinstance(parts, (list, tuple)) or [type(part) for part in parts] != [int, int, str]:
        raise DataError(sentence(place, "span", "[start, end, label]", repr(value)[:80]))
    start, end, label = parts
    if not 0 <= start < end <= len(text):
        want = f"within 0 <= start < end <= {len(text)}"
        raise DataError(sentence(place, "span", want, repr(value)[:80], COUNTED))
    if isinstance(value, dict) and value.get("text", text[start:end]) != text[start:end]:
        want = repr(value["text"])
        raise DataError(sentence(place, f"text from {start} to {end}", want, repr(text[start:end]), COUNTED))
    return start, end, label
