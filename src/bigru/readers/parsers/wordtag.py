"""Lines of `word/tag` pairs, as in the People's Daily corpus, to tagged characters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from ... import scheme as schemes
from ...errors import DataError, sentence
from ...scheme import Span
from ..examples import Examples
from ..findings import Finding

__all__ = ["PEOPLES_DAILY", "WORD", "parse"]

PEOPLES_DAILY: Mapping[str, str] = MappingProxyType({"nr": "PER", "ns": "LOC", "nt": "ORG"})
"""Word tags of the People's Daily corpus (Yu et al. 2002) that are entities."""

WORD = "_"
"""Label of a word in segmentation: written as bare prefixes, `B M E S`."""

ARTICLE = re.compile(r"\d{8}-\d\d-\d{3}-\d{3}/m")


def parse(
    text: str, source: str, *, entities: Mapping[str, str] | None = PEOPLES_DAILY, scheme: str = "BIO"
) -> Examples:
    """Read lines of words with tags as character sequences with span tags.

    Words are joined without spaces and their characters kept as they are (full-width digits and letters too).
    Adjacent words tagged `nr` are one person where the first is a surname (one character, or the pair stands
    alone). A bracketed compound, `[a/x b/y]t`, is one span if its tag is an entity. Article numbers
    (`19980101-01-001-001/m`) are passed over and counted in a finding.

    Args:
        text: the content of the file.
        source: the file as the user named it.
        entities: labels by word tag; None makes every word a span (word segmentation).
        scheme: the scheme of the tags returned.

    Raises:
        DataError: a word has no tag, a bracket is not closed, or there is no line of words.
    """
    result = Examples([], [], "text", [], source, scheme=scheme, task="tag")
    articles: list[int] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        items = line.split()
        if items and ARTICLE.fullmatch(items[0]):
            articles.append(number)
            items = items[1:]
        if not items:
            continue
        words, groups = _words(items, f"{source}:{number}")
        spans = _spans(words, groups, entities)
        sequence = "".join(word for word, _ in words)
        result.inputs.append(sequence)
        result.targets.append(schemes.spans_to_tags(spans, len(sequence), scheme))  # type: ignore[union-attr]
        result.lines.append(number)
    if not result.inputs:
        raise DataError(sentence(source, "data", "at least one example", "none"))
    if articles:
        result.findings.append(Finding(source, articles[0], "passed over", f"{len(articles)} article numbers"))
    result.inferred["scheme"] = scheme
    return result


def _words(items: list[str], place: str) -> tuple[list[tuple[str, str]], list[tuple[int, int, str]]]:
    """Return (word, tag) pairs, and bracketed groups as (first word, end word, tag)."""
    words: list[tuple[str, str]] = []
    groups: list[tuple[int, int, str]] = []
    opened: int | None = None
    for item in items:
        if item.startswith("[") and not item.startswith("[/"):
            opened, item = len(words), item[1:]
        word, slash, tag = item.rpartition("/")
        if not slash or not word:
            raise DataError(sentence(place, "word", "written word/tag", repr(item)))
        tag, bracket, outer = tag.partition("]")
        words.append((word, tag))
        if bracket and opened is not None:
            groups.append((opened, len(words), outer))
            opened = None
    if opened is not None:
        raise DataError(sentence(place, "bracket", "closed in its line", f"'[{words[opened][0]}'"))
    return words, groups


def _spans(
    words: list[tuple[str, str]], groups: list[tuple[int, int, str]], entities: Mapping[str, str] | None
) -> list[Span]:
    """Return the spans over characters."""
    ends = [0]
    for word, _ in words:
        ends.append(ends[-1] + len(word))
    if entities is None:
        return [Span(WORD, start, end) for start, end in pairwise(ends)]
    outer = {first: (end, tag) for first, end, tag in groups if tag in entities}
    spans, n = [], 0
    while n < len(words):
        end, tag = outer.get(n, (n + 1, words[n][1]))
        if n not in outer and tag == "nr":
            end = _person(words, n)
        if tag in entities:
            spans.append(Span(entities[tag], ends[n], ends[end]))
        n = end
    return spans


def _person(words: list[tuple[str, str]], n: int) -> int:
    """Return where the person that begins with word `n` ends: behind the given name, if `n` is a surname."""
    run = n
    while run < len(words) and words[run][1] == "nr":
        run += 1
    alone = run - n == 2 and (n == 0 or words[n - 1][1] != "nr")
    surname = run - n >= 2 and len(words[n][0]) == 1
    return n + 2 if alone or surname else n + 1
