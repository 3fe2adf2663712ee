"""Sentences and tags on lines of their own: known, so that the refusal says what to do."""

from __future__ import annotations

from ...errors import DataError, sentence
from ...notation import rewrite

__all__ = ["check"]

SAMPLE = 200
"""Lines looked at."""


def check(text: str, source: str) -> None:
    """Raise DataError if a text has its tags on lines of their own: every second line, or all lines (the sentences are
    then in another file)."""
    lines = [line.strip() for line in text.split("\n", SAMPLE)[:SAMPLE] if line.strip()]
    tagged = [_are_tags(line) for line in lines]
    remedy = "Write each token and its tag on one line, and a blank line behind each sentence (CoNLL)."
    want = "a token and its tag on each line"
    if lines and all(tagged):
        raise DataError(sentence(source, "data", want, "lines of tags alone", remedy))
    pairs = list(zip(lines[::2], lines[1::2], strict=False))
    fit = [_fits(words, tags) for words, tags in pairs]
    if len(pairs) > 1 and all(tagged[1::2]) and not any(tagged[::2]) and sum(fit) >= 0.9 * len(pairs):
        raise DataError(sentence(source, "data", want, "sentences and their tags on lines in turn", remedy))


def _are_tags(line: str) -> bool:
    """Tell whether a line holds nothing but O and the tags of a known notation."""
    items = line.split()
    return len(items) > 1 and (set(items) == {"O"} or rewrite([items]).scheme is not None)


def _fits(words: str, tags: str) -> bool:
    count = len(tags.split())
    return count in (len(words.split()), len(words.replace(" ", "")))
