"""Tag schemes: how spans (entities, words, events) are written as one tag per position.

A tag is `O` or `PREFIX-LABEL`; a bare prefix (`B`, as in word segmentation) has the label `_`.

    BIO     B begins a span, I continues it
    IOB1    I begins and continues a span; B begins one that directly follows a span of its own label
    BIOES   B begins, I continues, E ends a span of two or more; S is a span of one
    BMES    as BIOES with M for I

Sources: Ramshaw & Marcus 1995 (arXiv:cmp-lg/9505040) for IOB1; Tjong Kim Sang & Veenstra 1999
(arXiv:cs/9907006) for BIO; the reading of illegal sequences is that of the CoNLL-2000 scorer, `conlleval`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .errors import ArgumentError, check_choice, sentence

__all__ = [
    "SCHEMES",
    "Span",
    "all_tags",
    "check_tags",
    "continuation_mask",
    "convert",
    "detect",
    "legal",
    "reads",
    "spans",
    "spans_to_tags",
    "transition_mask",
    "violations",
]

SCHEMES = ("BIO", "IOB1", "BIOES", "BMES")
"""The known schemes; the four prefixes of each are in `PREFIXES`."""

PREFIXES = {"BIO": "BI", "IOB1": "BI", "BIOES": "BIES", "BMES": "BMES"}
"""The prefixes that a scheme writes."""

UNLABELLED = "_"
"""The label of a bare prefix."""

_OUTSIDE = ("O", UNLABELLED)


class Span(NamedTuple):
    """A labelled stretch of positions, `end` exclusive."""

    label: str
    start: int
    end: int


@lru_cache(maxsize=65536)
def _split_tag(tag: str) -> tuple[str, str] | None:
    """Return (prefix, label) of a tag with M read as I, None for what is no span tag."""
    if tag[:1] not in {"O", "B", "I", "M", "E", "S"} or (len(tag) > 1 and (tag[0] == "O" or tag[1] != "-")):
        return None
    return "I" if tag[0] == "M" else tag[0], tag[2:] or UNLABELLED


def _read(where: str, tags: Sequence[str], scheme: str) -> list[tuple[str, str]]:
    """Return (prefix, label) of every tag; refuse what no scheme of this family could have written."""
    check_choice(where, "scheme", scheme, SCHEMES)
    foreign = "I" if scheme == "BMES" else "M"
    read = []
    for position, tag in enumerate(tags):
        pair = _split_tag(tag)
        if pair is None or tag[0] == foreign:
            raise ArgumentError(sentence(where, f"tag {position + 1}", _allowed_tags(scheme), repr(tag)))
        read.append(pair)
    return read


def _allowed_tags(scheme: str) -> str:
    return "O or " + ", ".join(f"{prefix}-LABEL" for prefix in PREFIXES[scheme]) + f" ({scheme})"


def _continues(previous: tuple[str, str], current: tuple[str, str]) -> bool:
    """Say whether `current` belongs to the span that `previous` is in: conlleval's rule, whole."""
    return current[0] in "IE" and previous[0] in "BI" and previous[1] == current[1]


def spans(tags: Sequence[str], scheme: str) -> list[Span]:
    """Read the spans of a tag sequence, legal or not, as `conlleval` and `seqeval` (default mode) do.

    A tag other than `O` continues the span before it if it is I, M or E, the tag before is B, I or M and the labels
    agree; otherwise it begins a span. Prefixes of a sister scheme (E or S in BIO) are read, not refused.

    Args:
        tags: T tags.
        scheme: one of `SCHEMES`.

    Returns:
        The spans, from left to right.

    Raises:
        ArgumentError: the scheme is unknown, or a tag is neither `O` nor a prefix with a label.
    """
    found = []
    previous, start = _OUTSIDE, 0
    for position, current in enumerate(_read("scheme.spans", tags, scheme)):
        if not _continues(previous, current):
            if previous[0] != "O":
                found.append(Span(previous[1], start, position))
            start = position
        previous = current
    if previous[0] != "O":
        found.append(Span(previous[1], start, len(tags)))
    return found


def spans_to_tags(spans: Iterable[Span], length: int, scheme: str) -> list[str]:
    """Write spans as `length` tags.

    Args:
        spans: spans (or plain triples) that do not overlap, in any order.
        length: number of tags T.
        scheme: one of `SCHEMES`.

    Raises:
        ArgumentError: the scheme is unknown, a span is empty or leaves 0..T, or two spans overlap.
    """
    where = "scheme.tags_of"
    check_choice(where, "scheme", scheme, SCHEMES)
    tags = ["O"] * length
    before = Span("", 0, 0)
    for span in sorted((Span(*span) for span in spans), key=lambda span: span.start):
        if not 0 <= span.start < span.end <= length:
            raise ArgumentError(sentence(where, "span", f"non-empty and within 0..{length}", tuple(span)))
        if span.start < before.end:
            raise ArgumentError(sentence(where, "spans", "without overlap", f"{tuple(before)} and {tuple(span)}"))
        touches = before.label == span.label and before.end == span.start
        suffix = "" if span.label == UNLABELLED else f"-{span.label}"
        prefixes = _prefixes(span.end - span.start, scheme, touches)
        tags[span.start : span.end] = [prefix + suffix for prefix in prefixes]
        before = span
    return tags


def _prefixes(size: int, scheme: str, touches: bool) -> str:
    """Return the prefixes of a span of `size`; `touches` says that one of the same label ends where it begins."""
    if scheme == "BIO" or (scheme == "IOB1" and touches):
        return "B" + "I" * (size - 1)
    if scheme == "IOB1":
        return "I" * size
    inner = "M" if scheme == "BMES" else "I"
    return "S" if size == 1 else "B" + inner * (size - 2) + "E"


def convert(tags: Sequence[str], source: str, target: str) -> list[str]:
    """Rewrite tags from one scheme into another: the tags of the spans that `spans` reads.

    An illegal sequence comes out legal; `violations` lists what was wrong with it.

    Raises:
        ArgumentError: a scheme is unknown, or a tag is none of the source scheme's family.
    """
    return spans_to_tags(spans(tags, source), len(tags), target)


def reads(tag: str, scheme: str) -> bool:
    """Tell whether `spans` reads a tag in a scheme: it is O, or a prefix of the scheme's family with a label."""
    return _split_tag(tag) is not None and tag[:1] != ("I" if scheme == "BMES" else "M")


def legal(tags: Sequence[str], scheme: str) -> list[str]:
    """Return the legal tags of the spans that `spans` reads; a tag that it cannot read is a span of its own name.

    >>> legal(["O", "I-LOC", "B-LOC", "0"], "BIO")
    ['O', 'B-LOC', 'B-LOC', 'B-0']
    """
    if not _illegal(tags, scheme):
        return list(tags)
    inner = "M" if scheme == "BMES" else "I"
    return convert([tag if reads(tag, scheme) else f"{inner}-{tag}" for tag in tags], scheme, scheme)


def detect(sequences: Iterable[Sequence[str]]) -> str | None:
    """Find the scheme that tag sequences are written in.

    The rule, on all tags together:

    1. every tag is `O` or a prefix B, I, M, E, S with a label, and one at least is not `O`; bare prefixes count only
       if all tags are bare and one is B. Otherwise None: these are no spans (parts of speech, say).
    2. M without I: BMES. M with I: None.
    3. E or S: BIOES (where neither I nor M occurs, BIOES and BMES read alike).
    4. B and I only: BIO or IOB1, whichever the sequences break less often; BIO if both fit alike.

    Args:
        sequences: any number of tag sequences.

    Returns:
        One of `SCHEMES`, or None.
    """
    rows = list(sequences)
    known = {tag for tags in rows for tag in tags}
    inside = known - {"O"}
    prefixes = {tag[:1] for tag in inside}
    bare = {tag for tag in inside if len(tag) < 3}
    no_spans = not inside or any(_split_tag(tag) is None for tag in inside)
    if no_spans or (bare and (bare != inside or "B" not in bare)) or {"M", "I"} <= prefixes:
        return None
    if "M" in prefixes:
        return "BMES"
    if prefixes & {"E", "S"}:
        return "BIOES"
    broken = {scheme: sum(len(_illegal(tags, scheme)) for tags in rows) for scheme in ("BIO", "IOB1")}
    return min(broken, key=lambda scheme: broken[scheme])


@lru_cache(maxsize=65536)
def _complaint(previous: str | None, current: str | None, scheme: str) -> str:
    """Return what is wrong with `current` after `previous` (None: the edge of the sequence), "" if nothing."""
    before = _OUTSIDE if previous is None else _split_tag(previous)
    after = _OUTSIDE if current is None else _split_tag(current)
    if after is None or (current is not None and current[0] not in "O" + PREFIXES[scheme]):
        return f"{current!r} is no tag of {scheme}: {_allowed_tags(scheme)}"
    if before is None:
        return ""
    what = "the end of the sequence" if current is None else current
    behind = "the start of the sequence" if previous is None else previous
    same = before[0] in "BI" and before[1] == after[1]
    if scheme == "IOB1":
        return "" if after[0] != "B" or same else f"{what} after {behind}: B only parts two spans of one label"
    if after[0] in "IE" and not same:
        return f"{what} after {behind}: it continues a span of its label, and none is open"
    if scheme != "BIO" and before[0] in "BI" and after[0] not in "IE":
        return f"{what} after {behind}: the open span must first end with E"
    return ""


def _illegal(tags: Sequence[str], scheme: str) -> list[tuple[int, str]]:
    befores: list[str | None] = [None, *tags]
    afters: list[str | None] = [*tags, None]
    last = max(len(tags) - 1, 0)
    return [
        (min(position, last), complaint)
        for position, (before, after) in enumerate(zip(befores, afters, strict=True))
        if (complaint := _complaint(before, after, scheme))
    ]


def violations(tags: Sequence[str], scheme: str) -> list[tuple[int, str]]:
    """List what the scheme forbids in a tag sequence.

    Args:
        tags: T tags.
        scheme: one of `SCHEMES`.

    Returns:
        (position, sentence) from left to right; a span left open at the end is reported at the last position. A tag
        that the scheme does not know is one violation, and what follows it is not held against it.

    Raises:
        ArgumentError: the scheme is unknown.
    """
    check_choice("scheme.violations", "scheme", scheme, SCHEMES)
    return _illegal(tags, scheme)


def check_tags(where: str, tags: Sequence[str], scheme: str) -> None:
    """Raise ArgumentError unless the scheme is known and could have written every tag."""
    check_choice(where, "scheme", scheme, SCHEMES)
    for position, tag in enumerate(tags):
        if _split_tag(tag) is None or tag[0] not in "O" + PREFIXES[scheme]:
            raise ArgumentError(sentence(where, f"tag {position + 1}", _allowed_tags(scheme), repr(tag)))


def transition_mask(tags: Sequence[str], scheme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say which tag may follow which, begin and end a sequence: the hard constraints of a CRF.

    Args:
        tags: the K distinct tags, in the order of their ids.
        scheme: one of `SCHEMES`.

    Returns:
        allowed [K, K] bool (from row to column), start [K] bool, end [K] bool. `violations` is empty exactly for the
        sequences that they allow.

    Raises:
        ArgumentError: the scheme is unknown, or a tag is none of its own.
    """
    check_tags("scheme.transition_mask", tags, scheme)
    allowed = _pairwise(tags, lambda i, j: not _complaint(i, j, scheme))
    start = np.array([not _complaint(None, tag, scheme) for tag in tags], bool)
    end = np.array([not _complaint(tag, None, scheme) for tag in tags], bool)
    return allowed, start, end


def continuation_mask(tags: Sequence[str], scheme: str) -> np.ndarray:
    """Say which tag, after which, belongs to the same span: the reading of `spans` as a matrix.

    Args:
        tags: the K distinct tags, in the order of their ids.
        scheme: one of `SCHEMES`.

    Returns:
        [K, K] bool: entry (i, j) is true if tag j directly after tag i continues the span that i is in.

    Raises:
        ArgumentError: the scheme is unknown, or a tag is none of its family.
    """
    _read("scheme.continuation_mask", tags, scheme)
    return _pairwise(tags, lambda i, j: _continues(_split_tag(i) or _OUTSIDE, _split_tag(j) or _OUTSIDE))


def _pairwise(tags: Sequence[str], fits: Callable[[str, str], bool]) -> np.ndarray:
    """Return [K, K] bool of what depends on two tags' prefixes and on whether their labels are equal.

    `fits` is asked once per pair of prefixes: K runs into thousands.
    """
    prefixes = sorted({tag[0] for tag in tags})
    prefix = np.array([prefixes.index(tag[0]) for tag in tags], np.int64)
    labels: dict[str, int] = {}
    label = np.array([labels.setdefault(tag[2:] or UNLABELLED, len(labels)) for tag in tags], np.int64)
    shape, pairs = (len(prefixes), len(prefixes)), (prefix[:, None], prefix)
    equal, other = (
        np.array([[fits(_tag(i, "X"), _tag(j, name)) for j in prefixes] for i in prefixes], bool).reshape(shape)
        for name in "XY"
    )
    return np.where(label[:, None] == label, equal[pairs], other[pairs])


def _tag(prefix: str, label: str) -> str:
    return prefix if prefix == "O" else f"{prefix}-{label}"


def all_tags(found: set[str], scheme: str | None) -> tuple[str, ...]:
    """Return the tags in order: with a scheme O first, then all that it can write of the labels found."""
    if scheme is None:
        return tuple(sorted(found))
    labels = sorted({span.label for one in found for span in spans([one], scheme)})
    return (*({"O"} & found), *(one for label in labels for one in _all_tags(label, scheme)))


def _all_tags(label: str, scheme: str) -> list[str]:
    """Return every tag of a label; a bare prefix has the label `_`."""
    return [prefix if label == "_" else f"{prefix}-{label}" for prefix in PREFIXES[scheme]]
