"""Other notations of span tags, rewritten in the schemes of `bigru.scheme`.

BILOU, BILUO   L ends a span and U is a span of one: E and S of BIOES (Ratinov & Roth 2009, W09-1119)
BMEW, BMEWO    W is a span of one: S of BMES
IOE1, IOE2     E ends a span, no tag begins one (Tjong Kim Sang & Veenstra 1999, arXiv:cs/9907006)
B_LOC, b-LOC   another sign between prefix and label, or small prefixes
LOC-B          the prefix behind the label
0, o           instead of O, where nothing is tagged O
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from . import scheme as schemes

__all__ = ["RewrittenTags", "looks_like_spans", "rewrite"]

ALPHABETS = {"BIO": "BI", "IOE": "IE", "BIOES": "BIES", "BMES": "BMES", "BILOU": "BILU", "BMEW": "BMEW"}
"""The prefixes of each notation; the first that has all those of a file is taken."""

TARGETS = {"BIO": None, "IOE": "BIOES", "BIOES": "BIOES", "BMES": "BMES", "BILOU": "BIOES", "BMEW": "BMES"}
"""The scheme that a notation is read as; None asks `scheme.detect` (BIO or IOB1)."""

SAME = {"L": "E", "U": "S", "W": "S"}
"""Prefixes of other notations, and what they are in BIOES and BMES."""

BEFORE = re.compile(r"(?P<prefix>[A-Za-z])(?P<sign>[-_:./|])(?P<label>.+)", re.DOTALL)
BEHIND = re.compile(r"(?P<label>.+)(?P<sign>[-_:./|])(?P<prefix>[A-Za-z])", re.DOTALL)

NOTHING = ("0", "o")
"""Tags that stand for O where nothing is tagged O."""


class RewrittenTags(NamedTuple):
    """Tags in a known scheme.

    Attributes:
        rows: the tag sequences.
        scheme: their scheme, None where the tags spell no spans.
        notation: in words what they were before, "" where they are as they were.
    """

    rows: list[list[str]]
    scheme: str | None
    notation: str


class _Style(NamedTuple):
    """How the tags of a file are written: per tag (prefix in capitals, label), and the words for it."""

    parts: dict[str, tuple[str, str]]
    letters: frozenset[str]
    words: str


def rewrite(rows: Sequence[Sequence[str]], scheme: str | None = None) -> RewrittenTags:
    """Rewrite tag sequences of any notation that is known in a scheme of `bigru.scheme`.

    Tags of BIO, IOB1, BIOES and BMES come back as they are, unless another scheme is wanted that forbids them. Others
    are recognised from all tags of a file together: each but O must have a prefix of one notation, the same sign beside
    it, and be where that notation has it.

    Args:
        rows: tag sequences.
        scheme: the scheme that is wanted; None chooses one.

    Returns:
        The sequences, the scheme, and what they were written in.
    """
    given = [list(row) for row in rows]
    known = {tag for row in given for tag in row}
    found = schemes.detect(given)
    letters = {tag[:1] for tag in known - {"O"}}
    if found is not None and not (letters == {"I", "E"} or letters == {"E"}):
        return _in_scheme(given, found, scheme)
    style = _style(known)
    if style is None:
        return RewrittenTags(given, scheme or found, "")
    name = next(name for name, alphabet in ALPHABETS.items() if style.letters <= set(alphabet))
    new = {
        tag: SAME.get(prefix, prefix) + (f"-{label}" if label else "") for tag, (prefix, label) in style.parts.items()
    }
    changed = [[new.get(tag, "O") for tag in row] for row in given]
    own = TARGETS[name] or schemes.detect(changed) or "BIO"
    wanted = scheme or own
    if name in ("BILOU", "BMEW", "IOE") or wanted != own:
        changed = [schemes.convert(row, own, wanted) if _is_legal(row, own, name) else row for row in changed]
    return RewrittenTags(
        changed, wanted, " ".join([name] * (name != "BIO") + [style.words] * bool(style.words)) or name
    )


def _in_scheme(rows: list[list[str]], found: str, wanted: str | None) -> RewrittenTags:
    """Return tags of a known scheme in the one that is wanted, where they are legal in their own alone.

    BIO and IOB1 have the same prefixes: what looks like one of them may be the other with faults in it.
    """
    if (
        wanted in (None, found)
        or {wanted, found} == {"BIO", "IOB1"}
        or not _violations(rows, str(wanted))
        or _violations(rows, found)
    ):
        return RewrittenTags(rows, wanted or found, "")
    return RewrittenTags([schemes.convert(row, found, str(wanted)) for row in rows], wanted, found)


def _violations(rows: Sequence[Sequence[str]], scheme: str) -> bool:
    return any(schemes.violations(row, scheme) for row in rows)


def _is_legal(row: Sequence[str], scheme: str, name: str) -> bool:
    """Tell whether a sequence may be converted without hiding what is illegal in it; IOE is always read by its ends."""
    return name == "IOE" or not schemes.violations(row, scheme)


def looks_like_spans(rows: Iterable[Sequence[str]]) -> bool:
    """Tell whether tags in no known scheme look as if they should spell spans: most are O, or have a prefix."""
    counts = Counter(tag for row in rows for tag in row)
    outside = max((counts[tag] for tag in ("O", *NOTHING)), default=0)
    marked = sum(n for tag, n in counts.items() if BEFORE.fullmatch(tag) or BEHIND.fullmatch(tag))
    rest = counts.total() - outside
    return bool(rest) and outside > 0 and (2 * outside >= counts.total() or 2 * marked >= rest)


def _style(known: set[str]) -> _Style | None:
    outside = {"O"} & known or {tag for tag in NOTHING if tag in known}
    inside = known - outside
    if len(outside) > 1 or not inside:
        return None
    zero = f"with {outside.copy().pop()} for O" if outside and outside != {"O"} else ""
    if inside <= set("BILUMEWS") and {"B"} < inside:
        return _choose_style({tag: (tag, "") for tag in inside}, zero, bool(outside))
    for pattern, form in ((BEFORE, "{1}{0}LABEL"), (BEHIND, "LABEL{0}{1}")):
        matches = [pattern.fullmatch(tag) for tag in sorted(inside)]
        signs = {match["sign"] for match in matches if match is not None}
        if any(match is None for match in matches) or len(signs) != 1:
            continue
        parts = {match[0]: (match["prefix"].upper(), match["label"]) for match in matches if match is not None}
        sign, first = signs.pop(), next(match["prefix"] for match in matches if match is not None)
        usual = pattern is BEFORE and sign == "-" and first.isupper()
        words = "" if usual else "written " + form.format(sign, "B" if first.isupper() else "b")
        style = _choose_style(parts, " ".join(filter(None, [words, zero])), bool(outside))
        if style is not None and (usual or "B" in style.letters):
            return style
    return None


def _choose_style(parts: dict[str, tuple[str, str]], words: str, outside: bool) -> _Style | None:
    """Return the style if its prefixes are of one notation, and it is not by chance that tags begin so."""
    letters = frozenset(prefix for prefix, _ in parts.values())
    fits = any(letters <= set(alphabet) for alphabet in ALPHABETS.values())
    likely = outside or {"B", "I"} <= letters or {"B", "E"} <= letters or {"B", "L"} <= letters
    return _Style(parts, letters, words) if fits and likely else None
