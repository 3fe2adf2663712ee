"""Spans as JSON records hold them, to one tag per character: layouts of a span, what positions count, overlaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from ... import scheme as schemes
from ...errors import DataError, argument, sentence
from ...scheme import Span
from ..findings import Finding
from ..labels import LabelReader, is_list
from .settle import first_lines

__all__ = ["ENDS", "LABELS", "QUOTES", "STARTS", "SpanTags", "looks_like_spans", "tags_from_spans"]

STARTS = ("start", "start_offset", "begin", "start_index", "start_idx", "start_pos", "startOffset", "from")
ENDS = ("end", "end_offset", "stop", "end_index", "end_idx", "end_pos", "endOffset", "to")
LABELS = ("label", "labels", "type", "tag", "entity", "entity_group", "entity_type", "category", "class")
QUOTES = ("text", "word", "mention", "surface", "value", "entity_text")
"""Keys of a span as an object, the surest first."""

RARE = 100
"""One empty span in so many is a slip; more of them mean that positions are written in another way."""

COUNTED = "Positions count characters from 0, and the end is exclusive."

Known = Callable[[int], int | None]
"""From a position as the file counts it to a position in characters, None where no character begins."""


class Marked(NamedTuple):
    """A span as it stands in the file: its bounds, its label, and the text that it says it covers, if it does."""

    start: int
    end: int
    label: Any
    quoted: str | None


class Counting(NamedTuple):
    """What positions count, and whether the end is the last unit of a span or the one behind it."""

    unit: str
    inclusive: bool

    def words(self) -> str:
        """Return it in words."""
        unit = {"characters": "characters", "utf-16": "UTF-16 units", "bytes": "bytes of UTF-8"}[self.unit]
        return f"{unit}, the end {'inclusive' if self.inclusive else 'exclusive'}"


@dataclass
class SpanTags:
    """The tags of a file's texts.

    Attributes:
        tags: per text one tag per character.
        inferred: what was inferred, in words.
        findings: what was left out.
    """

    tags: list[list[str]] = field(default_factory=list)
    inferred: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def looks_like_spans(value: Any) -> bool:
    """Tell whether a value is a list whose first element is a span: `[start, end, label]`, or an object with bounds."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    first = value[0]
    if isinstance(first, dict):
        return any(key in first for key in STARTS) and any(key in first for key in ENDS)
    return isinstance(first, (list, tuple)) and len(first) in (3, 4) and sum(map(_is_position, first)) >= 2


def tags_from_spans(
    source: str,
    texts: Sequence[str],
    values: Sequence[Any],
    lines: Sequence[int],
    *,
    scheme: str = "BIO",
    offsets: str | None = None,
    overlaps: str | None = None,
) -> SpanTags:
    """Return one tag per character of every text.

    A span is `[start, end, label]`, `[label, start, end]`, or an object (`STARTS`, `ENDS`, `LABELS`) which may hold the
    text that it covers (`QUOTES`). All spans of a file together say what their positions count: characters with an
    exclusive end, if that fits them all; else what fits them all: UTF-16 units, bytes, an inclusive end.

    Args:
        source: the file as the user named it.
        texts: N texts.
        values: per text the list of its spans; None or an empty string for none.
        lines: the line of each text.
        scheme: the scheme to write.
        offsets: what positions count, one of `reading.OFFSETS`; None looks.
        overlaps: which of two overlapping spans is kept: the "longest", or the "first" (which begins first; of those
            that begin together, which the file has first). None refuses them.

    Raises:
        DataError: a span is none, lies outside its text or covers another text than it says; or spans overlap.
    """
    labels, result = LabelReader(source), SpanTags()
    marked = [_read_spans(value, f"{source}:{line}") for value, line in zip(values, lines, strict=True)]
    counting = _choose(texts, marked, offsets)
    if counting != Counting("characters", False):
        result.inferred["positions"] = counting.words()
    empty: list[tuple[int, Any]] = []
    double: list[int] = []
    crossed: list[tuple[int, Span, Span]] = []
    kept: list[list[Span]] = []
    for text, spans, line in zip(texts, marked, lines, strict=True):
        place = _converter(text, counting.unit)
        found = [_place(text, one, place, counting, f"{source}:{line}") for one in spans]
        known = [Span(labels.one(label, line), start, end) for start, end, label in found if start < end]
        empty += [(line, list(one)) for one in found if one[0] == one[1]]
        different = list(dict.fromkeys(known))
        double += [line] * (len(known) - len(different))
        in_order = sorted(different, key=lambda span: span.start)
        crossed += [(line, a, b) for a, b in _overlapping(in_order)]
        kept.append(in_order)
    if len(empty) * RARE > sum(map(len, marked)):
        more = f", and {len(empty) - 1} more such spans" if len(empty) > 1 else ""
        remedy = "If the end of a span is its last character, add 1 to it."
        want = "at least one character long, the end exclusive"
        raise DataError(sentence(f"{source}:{empty[0][0]}", "span", want, f"{empty[0][1]}{more}", remedy))
    if crossed and overlaps is None:
        _refuse_overlaps(source, texts, lines, crossed)
    lost: list[int] = []
    for text, mine, line in zip(texts, kept, lines, strict=True):
        chosen = _resolve_overlaps(mine, overlaps) if crossed else mine
        lost += [line] * (len(mine) - len(chosen))
        result.tags.append(schemes.spans_to_tags(chosen, len(text), scheme))
    result.findings += labels.findings()
    result.findings += _left_out(source, [line for line, _ in empty], "empty span", "cover no character")
    result.findings += _left_out(source, double, "double span", "stand there twice")
    result.findings += _left_out(source, lost, "overlapping spans", f"overlap another that is kept ({overlaps})")
    return result


def _overlapping(spans: Sequence[Span]) -> list[tuple[Span, Span]]:
    return [(a, b) for a, b in pairwise(sorted(spans, key=lambda span: (span.start, span.end))) if b.start < a.end]


def _left_out(source: str, lines: Sequence[int], kind: str, why: str) -> list[Finding]:
    if not lines:
        return []
    distinct = list(dict.fromkeys(lines))
    message = f"{len(lines)} spans {why} and are left out (lines {first_lines(distinct)})"
    return [Finding(source, lines[0], kind, message)]


def _read_spans(value: Any, place: str) -> list[Marked]:
    """Return the spans of one record as they stand there."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return []
    if not is_list(value):
        raise DataError(sentence(place, "spans", "a list of [start, end, label]", repr(value)[:80]))
    return [_mark(one, place) for one in value]


def _mark(value: Any, place: str) -> Marked:
    if isinstance(value, dict):
        start, end, label, quoted = (_first_index(value, keys) for keys in (STARTS, ENDS, LABELS, QUOTES))
    else:
        parts = list(value) if is_list(value) else []
        if len(parts) in (3, 4) and isinstance(parts[0], str):
            parts = [parts[1], parts[2], parts[0], *parts[3:]]
        start, end, label, quoted = (*parts, None, None)[:4] if len(parts) in (3, 4) else [None] * 4
    if is_list(label) and len(label) == 1:
        label = label[0]
    if not (_is_position(start) and _is_position(end)) or not isinstance(label, (str, int)) or isinstance(label, bool):
        raise DataError(sentence(place, "span", "[start, end, label]", repr(value)[:80]))
    return Marked(int(start), int(end), label, quoted if isinstance(quoted, str) else None)


def _first_index(value: dict[str, Any], keys: Sequence[str]) -> Any:
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _is_position(value: Any) -> bool:
    """Tell whether a value is a whole number, and neither a truth value nor a float."""
    value = value.item() if hasattr(value, "item") else value
    return isinstance(value, int) and not isinstance(value, bool)


def _converter(text: str, unit: str) -> Known:
    """Return what makes positions in characters of positions in a unit."""
    if unit == "characters" or text.isascii() or (unit == "utf-16" and max(text) <= "\uffff"):
        return lambda at: at if 0 <= at <= len(text) else None
    sizes = [len(c.encode("utf-8", "surrogatepass")) if unit == "bytes" else 1 + (c > "\uffff") for c in text]
    places, at = {0: 0}, 0
    for n, size in enumerate(sizes, 1):
        at += size
        places[at] = n
    return places.get


def _place(text: str, one: Marked, place: Known, counting: Counting, where: str) -> tuple[int, int, Any]:
    """Return (start, end, label) of one span in characters, checked against the text."""
    start, end = place(one.start), place(one.end + counting.inclusive)
    if start is None or end is None or start > end:
        shown, limit = [one.start, one.end, one.label], len(text)
        want = f"within 0 <= start < end <= {limit}"
        remedy = COUNTED if counting.unit == "characters" else f"Positions count {counting.words()}."
        raise DataError(sentence(where, "span", want, repr(shown)[:80], remedy))
    if not _agrees(text[start:end], one.quoted):
        name, got = f"text from {one.start} to {one.end}", repr(text[start:end])[:80]
        raise DataError(sentence(where, name, repr(one.quoted)[:80], got, COUNTED))
    return start, end, one.label


def _agrees(text: str, quoted: str | None) -> bool:
    """Tell whether a text is the one that is quoted, if one is, but for kinds of white space and what surrounds it."""
    return quoted is None or text == quoted or text.split() == quoted.split()


def _choose(texts: Sequence[str], marked: Sequence[Sequence[Marked]], offsets: str | None) -> Counting:
    """Return what the positions of all spans count."""
    units = ("characters", "utf-16", "bytes") if offsets is None else (offsets,)
    usual = Counting(units[0], False)
    faults = _faults(texts, marked, usual)
    if not faults[0] and not faults[1]:
        return usual
    others = [Counting(unit, inclusive) for inclusive in (False, True) for unit in units][1:]
    for other in others:
        found = _faults(texts, marked, other)
        # Borders within words are no proof by themselves: they decide only where all of them would be mended.
        mended = faults[0] > 0 or (offsets is None and not other.inclusive and found[1] == 0)
        if found[0] == 0 and mended:
            return other
    return usual


def _faults(texts: Sequence[str], marked: Sequence[Sequence[Marked]], counting: Counting) -> tuple[int, int]:
    """Count the spans that cannot be so, and of the others those that begin or end within a word of letters."""
    wrong = ragged = 0
    for text, spans in zip(texts, marked, strict=True):
        place = _converter(text, counting.unit)
        for one in spans:
            start, end = place(one.start), place(one.end + counting.inclusive)
            if start is None or end is None or start > end or not _agrees(text[start:end], one.quoted):
                wrong += 1
            elif counting.unit != "characters" or not text.isascii():
                ragged += start < end and _is_ragged(text, start, end)
    return wrong, ragged


LETTERS = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u052f]{2}")


def _is_ragged(text: str, start: int, end: int) -> bool:
    """Tell whether a span begins or ends within a word of an alphabet, or with white space."""
    cut = any(LETTERS.fullmatch(text[at - 1 : at + 1]) for at in (start, end) if 0 < at < len(text))
    return cut or text[start:end] != text[start:end].strip()


def _refuse_overlaps(
    source: str, texts: Sequence[str], lines: Sequence[int], crossed: Sequence[tuple[int, Span, Span]]
) -> None:
    line, before, after = crossed[0]
    text = texts[list(lines).index(line)]
    shown = " and ".join(f"[{s.start}, {s.end}, {s.label}] {text[s.start : s.end]!r}"[:80] for s in (before, after))
    rows = len({place for place, _, _ in crossed})
    more = f"; {len(crossed)} overlaps in {rows} of {len(lines)} rows" if len(crossed) > 1 else ""
    ways = " or ".join(argument("reading.overlaps", way) for way in ("longest", "first"))
    remedy = f"Decide which of them is kept: {ways}."
    raise DataError(sentence(f"{source}:{line}", "spans", "without overlap", shown + more, remedy))


def _resolve_overlaps(spans: Sequence[Span], overlaps: str | None) -> list[Span]:
    """Return the spans that are kept: in the order of their length or of their start, each that does not overlap."""
    order = sorted(spans, key=lambda s: s.start - s.end) if overlaps == "longest" else spans
    kept: list[Span] = []
    for span in order:
        if all(span.end <= one.start or one.end <= span.start for one in kept):
            kept.append(span)
    return kept
