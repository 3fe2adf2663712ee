"""What tagged tokens hold, settled once they are read: the scheme of the tags, and characters that came as tokens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...errors import DataError, sentence
from ...notation import looks_like_spans, rewrite
from ...scheme import reads
from ..examples import Examples
from ..findings import Finding

__all__ = ["first_lines", "fit_characters", "settle_scheme", "settle_tokens"]

LINES = 5
"""Lines that a finding lists before it says how many more there are."""

ALMOST = 0.999
"""Share of tokens of one character from which the others are taken for damage."""

OFTEN = 0.99
"""The same where a model reads characters, so that they can be nothing else."""

RARE = 100
"""One tag in so many may be a slip: the others decide the scheme."""

LOST = "\ufffd"
"""Stands for a token of several characters where all others are single characters."""

WIDE = "\u2e80"
"""The first of the characters of China, Japan and Korea."""

NUMBERED = re.compile(r"\S[0-9]{1,3}")
"""A character with its position behind it."""


def settle_scheme(result: Examples, scheme: str | None) -> None:
    """Fill in the scheme of tagged examples: the one given, else that of all tags together.

    Tags in another notation (`bigru.notation`) are rewritten, which `inferred` says; tags that look as if they should
    spell spans and are in no notation that is known become a finding ("unknown scheme").
    """
    rows = result.targets or []
    made = rewrite(rows, scheme)
    if made.scheme is None:
        made = made._replace(scheme=_scheme_of_most(rows))
    result.scheme = made.scheme
    result.inferred["scheme"] = made.scheme or "none, plain tags"
    if made.notation:
        result.targets = made.rows
        result.inferred["notation"] = f"{made.notation}, read as {made.scheme}"
    elif made.scheme is None and looks_like_spans(rows):
        result.findings.append(_unknown_scheme(result, rows))


def _scheme_of_most(rows: Sequence[Sequence[str]]) -> str | None:
    """Return the scheme of all tags but one in a hundred of those that are not O; None if they have none.

    The others are illegal tags then, which training refuses by line, rather than the end of all spans.
    """
    counts = Counter(tag for row in rows for tag in row if tag != "O")
    odd = {tag for tag in counts if not (tag[1:2] == "-" and (reads(tag, "BIOES") or reads(tag, "BMES")))}
    if sum(counts[tag] for tag in odd) * RARE > counts.total():
        return None
    made = rewrite([["O" if tag in odd else tag for tag in row] for row in rows])
    return None if made.notation else made.scheme


def _unknown_scheme(result: Examples, rows: Sequence[Sequence[str]]) -> Finding:
    counts = Counter(tag for row in rows for tag in row if tag != "O" and not (reads(tag, "BIOES") and "-" in tag))
    odd = dict(counts.most_common(3)) or {"O": 1}
    places = ((n, position) for n, row in enumerate(rows) for position, tag in enumerate(row) if tag in odd)
    line = _line(result, *next(places, (0, 0)))
    named = ", ".join(repr(tag) for tag in odd)
    message = (
        f"tags such as {named} are in no scheme that is known (BIO, IOB1, BIOES, BMES, BILOU, IOE); each is learnt as "
        "a class of its own, and no entities are answered"
    )
    return Finding(result.source, line, "unknown scheme", message)


def settle_tokens(result: Examples) -> None:
    """Read tokens that are characters as characters, and list what stands against it.

    Where every token is a character with its position behind it (`科0`, counted from 0 in each word), the position is
    not read. Where all but one in a thousand are single characters, each of the others becomes U+FFFD (finding "long
    tokens"); where all but one in ten are, they are counted.
    """
    if _are_numbered(result.inputs):
        result.inputs = [[token[0] for token in row] for row in result.inputs]
        result.inferred["tokens"] = "characters; the position behind each (as 0, 1, ...) is not read"
        return
    long, total = list(_long(result)), sum(map(len, result.inputs))
    share = 1 - len(long) / max(total, 1)
    if long and share >= ALMOST:
        _replace(result, long)
    elif long and share >= 0.9:
        line, token = _line(result, *long[0]), result.inputs[long[0][0]][long[0][1]]
        message = f"{len(long)} of {total} tokens are longer than one character, the first {token!r}"
        result.findings.append(Finding(result.source, line, "long tokens", message))


def fit_characters(part: Examples) -> Examples:
    """Return tokens as a model of characters reads them: rare tokens of several characters become U+FFFD, each listed.

    Raises:
        DataError: more than one token in a hundred has several characters.
    """
    if part.kind != "tokens":
        return part
    long, total = list(_long(part)), sum(map(len, part.inputs))
    if not long:
        return part
    if 1 - len(long) / total < OFTEN:
        n, position = long[0]
        got = f"{part.inputs[n][position]!r}, and {len(long) - 1} more such tokens"
        want = "one character, as the model reads characters"
        raise DataError(sentence(f"{part.source}:{_line(part, n, position)}", "token", want, got))
    result = replace(part, inputs=[list(row) for row in part.inputs], findings=list(part.findings))
    _replace(result, long)
    return result


def first_lines(lines: Sequence[int]) -> str:
    """Return the first lines of a list in words."""
    more = f" and {len(lines) - LINES} more" if len(lines) > LINES else ""
    return ", ".join(map(str, lines[:LINES])) + more


def _long(part: Examples) -> Iterator[tuple[int, int]]:
    return ((n, at) for n, row in enumerate(part.inputs) for at, token in enumerate(row) if len(token) != 1)


def _replace(result: Examples, long: Sequence[tuple[int, int]]) -> None:
    for n, position in long:
        token, result.inputs[n][position] = result.inputs[n][position], LOST
        message = f"{token!r} is read as one unknown character, as nearly all tokens are single characters"
        result.findings.append(Finding(result.source, _line(result, n, position), "long tokens", message))


def _are_numbered(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether each token is a character with its position in a word behind it: 0, or one more than before.

    Most characters must be of a script without spaces (CJK), as A1 and B2 are words.
    """
    count = wide = 0
    for row in rows:
        before = -1
        for token in row:
            if not NUMBERED.fullmatch(token):
                return False
            position = int(token[1:])
            if position not in (0, before + 1):
                return False
            before, count, wide = position, count + 1, wide + (token[0] >= WIDE)
    return count > 1 and 2 * wide > count


def _line(part: Examples, n: int, position: int) -> int:
    return part.lines[n] if part.token_lines is None else int(part.token_lines[n][position])
