"""A bag of words: what a classifier of texts must beat to be worth its time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from ..features.segment import segment

__all__ = ["STRENGTHS", "BagOfWords"]

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
