"""A dictionary of entities: what a tagger of spans must beat to be worth its time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from ..scheme import Span, spans, spans_to_tags

__all__ = ["Dictionary"]


class Dictionary:
    """The longest match of training entities, from left to right, with each phrase's most frequent label.

    A phrase that is an entity in less than half of its appearances is left out, since it is more often none.
    """

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme

    def fit(self, sequences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> Dictionary:
        """Collect the entities of tagged sequences."""
        labels: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for units, row in zip(sequences, tags, strict=True):
            for label, start, end in spans(row, self.scheme):
                labels[tuple(units[start:end])][label] += 1
        self.longest = max(map(len, labels), default=0)
        seen = self._appearances(sequences, labels)
        self.entries = {
            phrase: label
            for phrase, counter in labels.items()
            for label, count in counter.most_common(1)
            if 2 * count >= seen[phrase]
        }
        return self

    def _appearances(
        self, sequences: Sequence[Sequence[str]], phrases: dict[tuple[str, ...], Counter[str]]
    ) -> Counter[tuple[str, ...]]:
        sizes = sorted({len(phrase) for phrase in phrases})
        seen: Counter[tuple[str, ...]] = Counter()
        for units in sequences:
            for size in sizes:
                windows = (tuple(units[i : i + size]) for i in range(len(units) - size + 1))
                seen.update(window for window in windows if window in phrases)
        return seen

    def predict(self, sequences: Sequence[Sequence[str]]) -> list[list[str]]:
        """Return a tag per unit, in the scheme that was given."""
        return [spans_to_tags(self._match(units), len(units), self.scheme) for units in sequences]

    def _match(self, units: Sequence[str]) -> list[Span]:
        found, start = [], 0
        while start < len(units):
            sizes = range(min(self.longest, len(units) - start), 0, -1)
            size = next((n for n in sizes if tuple(units[start : start + n]) in self.entries), 0)
            if size:
                found.append(Span(self.entries[tuple(units[start : start + size])], start, start + size))
            start += size or 1
        return found
