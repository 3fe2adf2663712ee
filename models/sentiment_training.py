"""How zh-sentiment is trained and measured: the same for the shipped model and for those that never saw a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sentiment_statements import statements, verdicts
from sentiment_texts import NEGATIVE, NEUTRAL, POSITIVE, Text, clauses, news, part, reviews

from bigru.bundle import Bundle
from bigru.config import ChannelConfig
from bigru.runtime.predictor import Predictor

__all__ = ["Corpus", "corpus", "learn", "measured", "thinned", "without"]

CHANNELS = (ChannelConfig("unit", 1, 64), ChannelConfig("bigram", 1 << 16, 32))

OPTIONS: dict[str, Any] = {
    "unit": "char",
    "channels": CHANNELS,
    "min_count": 3,
    "lowercase": True,
    "replace": {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    "hidden": 64,
    "batch_size": 128,
    "ema_decay": 0.999,
    "embedding_dropout": 0.1,
    "ngram_dropout": 0.3,
}

SHORT, NEWS, JOINED, STATED = 8_000, 16_000, 24_000, 5_000
"""Telling clauses, texts of news, news with a telling clause, and sentences of patterns that are learnt from, of the
latter as many of each label."""

UNDECIDED = 0.01
"""Share of the reviews of dev that are answered neutral. Learnt from news and reviews, neutral starts too low for
what is neither: calm sentences about things that people review."""

HEAD, TAIL = 60, 60
"""Characters of a long review that are learnt from, of its beginning and of its end."""

ENDS = "。！？!?.~…"


class Corpus(NamedTuple):
    """Distinct reviews and news."""

    reviews: list[Text]
    news: list[Text]

    def of(self, name: str) -> Corpus:
        """Return one part of it; what ChnSentiCorp tests with is in "test" whatever its part."""

        def belongs(one: Text) -> bool:
            return ("test" if one.source == "ChnSentiCorp test" else part(one.text)) == name

        return Corpus(*(list(filter(belongs, texts)) for texts in self))


def corpus(data: Path) -> Corpus:
    """Read all texts."""
    return Corpus(reviews(data), news(data))


def without(kind: str, texts: Corpus) -> Corpus:
    """Return what is surely not of a kind: reviews whose product type is known and another one."""
    return Corpus([one for one in texts.reviews if one.kind not in (kind, "mixed", "lines")], texts.news)


def thinned(texts: Corpus) -> Corpus:
    """Return every second text, so that learning without a kind takes half the time."""
    return Corpus(*(part[::2] for part in texts))


def examples(train: Corpus, seed: int = 0) -> list[Text]:
    """Return what is learnt from: reviews, telling and quiet clauses, news and statements."""
    rng = np.random.default_rng(seed)
    telling, quiet = clauses(train.reviews)
    news = [one for one in train.news if one.kind != "titles that praise"]
    made = {NEUTRAL: statements(STATED), **dict(zip((POSITIVE, NEGATIVE), verdicts(STATED), strict=True))}
    stated = [Text(text, label, "patterns", "patterns") for label, texts in made.items() for text in texts]
    chosen = [*_drawn(rng, telling, SHORT), *_drawn(rng, news, NEWS), *quiet, *stated]
    # What speaks of a film is not neutral for that: an opinion decides, whatever stands beside it.
    neutral = [*_drawn(rng, train.news, JOINED), *stated[:STATED]]
    chosen += [_joined(rng, one, telling) for one in _drawn(rng, neutral, JOINED)]
    # How a text ends tells news from reviews, but must not.
    bare = [one._replace(text=one.text.rstrip(ENDS) or one.text) if rng.random() < 0.5 else one for one in chosen]
    return [one._replace(text=_cut(one.text)) for one in (*train.reviews, *bare)]


def _drawn(rng: np.random.Generator, texts: Sequence[Text], count: int) -> list[Text]:
    return [texts[n] for n in sorted(rng.permutation(len(texts))[:count].tolist())]


def _joined(rng: np.random.Generator, neutral: Text, telling: Sequence[Text]) -> Text:
    """Return a neutral text and telling clauses of one label as one text, in either order."""
    first = telling[rng.integers(len(telling))]
    parts = [neutral.text.rstrip(ENDS), first.text]
    if rng.random() < 0.3:
        parts.reverse()
    return first._replace(text=str(rng.choice(["，", "。", "！", " "])).join(parts))


def _cut(text: str) -> str:
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + text[-TAIL:]


def learn(train: Corpus, dev: Corpus, epochs: int, say: Callable[[str], None] = print) -> Bundle:
    """Train one model, ready to be saved."""
    from bigru.train.export import export
    from bigru.train.loop.fit import fit
    from bigru.train.loop.job import TrainingJob
    from bigru.train.recipes import plan

    given = examples(train)
    judged = [*dev.reviews, *dev.news]
    inputs, targets = [one.text for one in given], [one.label for one in given]
    task, config, model, training = plan("classify", inputs, targets, "text", options={**OPTIONS, "epochs": epochs})
    data = [
        (task.featurise(config, [one.text for one in part]), task.targets(config, [one.label for one in part]))
        for part in (given, judged)
    ]
    fitted = fit(TrainingJob(task, config, model, data[0], data[1], training))
    facts = {"examples": len(given), "epochs": epochs, "seed": training.seed, "seconds": round(fitted.seconds)}
    made = Bundle("classify", model, config, fitted.weights)
    facts["neutral_shift"] = shift = _shift(made, [one.text for one in dev.reviews])
    weights = {**fitted.weights, "head.bias": fitted.weights["head.bias"].copy()}
    weights["head.bias"][config.labels.index(NEUTRAL)] += shift
    say(f"{len(given):,} texts, epoch {fitted.best_epoch}, {fitted.seconds:.0f} s, neutral shifted by {shift:.2f}")
    return export(task, config, model, weights, [one.text for one in judged], metrics={"training": facts})


def _shift(made: Bundle, opinionated: Sequence[str]) -> float:
    """Return what the logit of neutral gains so that `UNDECIDED` of the reviews are answered neutral."""
    scores = np.log([list(answer["scores"].values()) for answer in Predictor(made).predict(opinionated)])
    neutral = made.config.labels.index(NEUTRAL)
    lead = np.delete(scores, neutral, axis=1).max(axis=1) - scores[:, neutral]
    return float(np.quantile(lead, UNDECIDED))


def measured(predictor: Any, texts: Sequence[Text]) -> dict[str, float]:
    """Return how texts of one kind are answered: shares of them, and of those that are not answered neutral."""
    answers = list(predictor.predict_iter([one.text for one in texts]))
    labels = [answer["label"] for answer in answers]
    right = sum(label == one.label for label, one in zip(labels, texts, strict=True))
    polar = [label != NEUTRAL for label in labels]
    found = {"texts": len(texts), "right": right / len(texts), "neutral": 1 - sum(polar) / len(texts)}
    if texts[0].label == NEUTRAL:
        return found
    scores = [answer["scores"] for answer in answers]
    sides = [POSITIVE if one[POSITIVE] >= one[NEGATIVE] else NEGATIVE for one in scores]
    side = sum(label == one.label for label, one in zip(sides, texts, strict=True))
    return found | {"right_if_polar": right / max(sum(polar), 1), "right_side": side / len(texts)}
