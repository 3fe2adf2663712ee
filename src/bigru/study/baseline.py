"""Baselines that know no order: a bag of words for classification, a dictionary for entities.

A recurrent model that loses to its baseline is not worth its time; these are what it is held against.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from ..features.segment import segment
from ..scheme import Span, spans, tags_of

__all__ = ["STRENGTHS", "BagOfWords", "Dictionary"]

STRENGTHS = (1.0, 10.0, 100.0)
"""Inverse regularisation strengths C to choose from on dev; the first is used where there is no dev set."""


class BagOfWords:
    """TF-IDF with sub-linear counts, and multinomial logistic regression.

    Args:
        unit: "char" for characters, "word" for what the regular expression of words finds, "rjieba" for
            Chinese words.
        ngrams: 1 for a bag of single units, 2 for pairs as well.
    """

    def __init__(self, unit: str = "char", ngrams: int = 1) -> None:
        self.unit = unit
        self.ngrams = ngrams

    def fit(
        self, texts: Sequence[str], labels: Sequence[str], dev: tuple[Sequence[str], Sequence[str]] | None = None
    ) -> BagOfWords:
        """Fit one model per strength, keep the one most accurate on `dev` (the first of equals)."""
        candidates = [self._pipeline(c).fit(texts, labels) for c in (STRENGTHS if dev else STRENGTHS[:1])]
        self.dev_scores = [model.score(*dev) for model in candidates] if dev else [0.0]
        self.model = candidates[self.dev_scores.index(max(self.dev_scores))]
        return self

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Return a label per text."""
        return [str(label) for label in self.model.predict(texts)]

    def _pipeline(self, strength: float) -> Pipeline:
        vectors = TfidfVectorizer(analyzer=self._units, sublinear_tf=True, min_df=2 if self.ngrams > 1 else 1)
        return make_pipeline(vectors, LogisticRegression(C=strength, max_iter=1000))

    def _units(self, text: str) -> list[str]:
        text = text.lower()
        units = list(text) if self.unit == "char" else [text[a:b] for a, b in self._cut(text)]
        units = [unit for unit in units if not unit.isspace()]
        pairs = [f"{a} {b}" for a, b in pairwise(units)] if self.ngrams > 1 else []
        return units + pairs

    def _cut(self, text: str) -> list[tuple[int, int]]:
        return segment([text], "rjieba" if self.unit == "rjieba" else "regex", None)[0]


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
        return [tags_of(self._match(units), len(units), self.scheme) for units in sequences]

    def _match(self, units: Sequence[str]) -> list[Span]:
        found, start = [], 0
        while start < len(units):
            sizes = range(min(self.longest, len(units) - start), 0, -1)
            size = next((n for n in sizes if tuple(units[start : start + n]) in self.entries), 0)
            if size:
                found.append(Span(self.entries[tuple(units[start : start + size])], start, start + size))
            start += size or 1
        return found
