"""Tags of characters moved to the units that a model reads: words, subwords."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import DataError, sentence
from ..features.segment import infer_unit, segment
from ..features.text import TextFeatures
from ..readers.examples import Examples
from ..scheme import Span, spans, spans_to_tags

__all__ = [
    "Misplaced",
    "TagUnit",
    "choose_unit",
    "per_character",
    "refuse_misplaced",
    "tags_per_unit",
    "targets_per_unit",
    "unit_of_tags",
]

WITHIN = "within a word"
"""Marks the label of a span that no sequence of units covers; no model has such a label."""

Offsets = Sequence[tuple[int, int]]


class Misplaced(NamedTuple):
    """A span of characters that begins or ends within a unit: the number of its example, and the span."""

    example: int
    span: Span


class TagUnit(NamedTuple):
    """The unit of a tagger of texts, how many spans there are, and those that words do not cover."""

    unit: str
    spans: int
    misplaced: list[Misplaced]


def per_character(inputs: Sequence[Any], tags: Sequence[Sequence[str]]) -> bool:
    """Tell whether inputs are texts with a tag for each character."""
    return all(isinstance(x, str) and len(x) == len(row) for x, row in zip(inputs, tags, strict=True))


def choose_unit(
    inputs: Sequence[Any], tags: Sequence[Sequence[str]], scheme: str | None, segmenter: str | None = None
) -> TagUnit:
    """Return the unit that suits tagged inputs.

    That of the inputs (`features.segment.infer_unit`), but characters where the tags belong to characters and words do
    not cover them: a span begins or ends within a word, or the tags spell no spans.

    Args:
        inputs: N texts or lists of tokens.
        tags: N sequences of tags, one per character or unit.
        scheme: how tags spell spans, None where they spell none.
        segmenter: what cuts texts into words, of `features.segment.SEGMENTERS`; None: "regex".
    """
    unit = infer_unit(inputs)
    if unit != "word" or not per_character(inputs, tags):
        return TagUnit(unit, 0, [])
    if scheme is None:
        return TagUnit("char", 0, [])
    count, misplaced = 0, []
    for n, (offsets, text, row) in enumerate(zip(segment(inputs, segmenter or "regex"), inputs, tags, strict=True)):
        found = spans(row, scheme)
        count += len(found)
        if found:
            misplaced += [Misplaced(n, span) for span in found if _touched_units(span, text, offsets)[2]]
    return TagUnit("char" if misplaced else "word", count, misplaced)


def unit_of_tags(part: Examples, segmenter: str | None = None) -> TagUnit | None:
    """Return the unit that suits texts with tags, as of `choose_unit`; None for all other examples."""
    if part.kind != "text" or part.task != "tag":
        return None
    return choose_unit(part.inputs, part.targets or [], part.scheme, segmenter)


def tags_per_unit(
    features: TextFeatures, inputs: Sequence[Any], tags: Sequence[Sequence[str]], scheme: str | None
) -> tuple[list[list[str]], list[Misplaced]]:
    """Return one tag per unit, and the spans that units do not cover.

    White space at the borders of a span belongs to no unit and does not count. A span that begins or ends within a unit
    covers all that it touches, under a label of its own that no model has: it can only be missed. Tags that are not one
    per character of a text, or spell no spans, come back as they are.
    """
    result: list[list[str]] = []
    misplaced: list[Misplaced] = []
    for n, (x, row) in enumerate(zip(inputs, tags, strict=True)):
        if scheme is None or features.unit == "char" or not isinstance(x, str) or len(x) != len(row):
            result.append(list(row))
            continue
        offsets = features.units(x)
        moved: list[Span] = []
        for span in spans(row, scheme):
            start, end, within = _touched_units(span, x, offsets)
            start = max(start, moved[-1].end if moved else 0)
            if within:
                misplaced.append(Misplaced(n, span))
            if start < end:
                moved.append(Span(f"{span.label} ({WITHIN})" if within else span.label, start, end))
        result.append(spans_to_tags(moved, len(offsets), scheme))
    return result, misplaced


def targets_per_unit(config: Any, part: Examples) -> tuple[list[Any], list[Misplaced]]:
    """Return the targets of labelled examples, tags of texts one per unit that the model reads; see `tags_per_unit`."""
    given = part.targets or []
    if part.task != "tag" or not isinstance(config.features, TextFeatures):
        return given, []
    return tags_per_unit(config.features, part.inputs, given, config.scheme)


def refuse_misplaced(source: str, lines: Sequence[int], inputs: Sequence[str], misplaced: Sequence[Misplaced]) -> None:
    """Raise DataError for the first span that units do not cover, if there is one."""
    for example, span in misplaced[:1]:
        want = "of whole words, as the model is to read words"
        more = f", and {len(misplaced) - 1} more such spans" if len(misplaced) > 1 else ""
        got = f"{inputs[example][span.start : span.end]!r} from {span.start} to {span.end}{more}"
        remedy = "Correct the span, or let the model read characters (unit=char)."
        raise DataError(sentence(f"{source}:{lines[example]}", "span", want, got, remedy))


def _touched_units(span: Span, text: str, offsets: Offsets) -> tuple[int, int, bool]:
    """Return the units that a span touches, end exclusive, and whether its borders are not theirs."""
    quoted = text[span.start : span.end]
    first = span.start + len(quoted) - len(quoted.lstrip())
    last = span.end - len(quoted) + len(quoted.rstrip())
    touched = [n for n, (start, end) in enumerate(offsets) if start < last and end > first]
    if not touched:
        return 0, 0, True
    start, end = touched[0], touched[-1] + 1
    return start, end, (offsets[start][0], offsets[end - 1][1]) != (first, last)
