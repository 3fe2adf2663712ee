"""Accuracy on public data: `python benchmarks/accuracy.py --data FOLDER [ROW ...]` writes benchmarks/results/.

Every row trains one model per seed with the recipe below, chooses the epoch on dev, scores test once with the
runtime that users get, and stands beside a baseline that knows no order and beside published figures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from provenance import commit, machine, versions
from rounds import rounds
from sets import LOADERS, Split, leaked, tencent

from bigru.bundle import Bundle
from bigru.config import ChannelConfig, to_dict
from bigru.runtime.predictor import Predictor
from bigru.scheme import convert, detect
from bigru.tasks import task_named

if TYPE_CHECKING:
    from bigru.train.loop.fit import Fitted

RESULTS = Path(__file__).parent / "results"

WITH_VECTORS = (
    ChannelConfig("unit", 1, 200),
    ChannelConfig("bigram_before", 1 << 16, 32),
    ChannelConfig("bigram", 1 << 16, 32),
)
"""The channels of a character tagger, the first as wide as the vectors."""

WORDS = (ChannelConfig("unit", 1, 64), ChannelConfig("bigram", 1 << 19, 32))
"""More buckets for the bigrams of six million words."""


TIERS = {
    (False, False): "labels only",
    (True, False): "character vectors",
    (True, True): "character vectors and a lexicon",
}
"""What there is besides labels: whether vectors, and whether a lexicon."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        data: key of `sets.LOADERS`.
        task: "classify" or "tag".
        metric: name of the score.
        options: what the recipe changes of the defaults (`bigru.train.recipes`).
        must, aim: the figures asked for, as fractions.
        published: recurrent results of others, labels only unless said.
        vectors: whether training starts from the Tencent character vectors.
        bag: the unit of the bag of words.
    """

    data: str
    task: str
    metric: str
    must: float
    aim: float
    published: str
    options: dict[str, Any] = field(default_factory=dict)
    vectors: bool = False
    bag: str = "word"


ROWS = {
    "chnsenticorp": Row(
        "chnsenticorp",
        "classify",
        "accuracy",
        0.92,
        0.93,
        "PaddleNLP BiGRU 87.85, eznlp LSTM + attention 92.42",
        {"lowercase": True},
        bag="char",
    ),
    "resume": Row("resume", "tag", "span_f1", 0.935, 0.945, "character LSTM-CRF 93.5 to 94.9", {"batch_size": 16}),
    "resume-vectors": Row(
        "resume",
        "tag",
        "span_f1",
        0.945,
        0.955,
        "with bigrams 94.5, SoftLexicon 95.53 (vectors)",
        {"batch_size": 16, "r_drop": 1.0, "channels": WITH_VECTORS, "min_count": 1},
        vectors=True,
    ),
    "resume-lexicon": Row(
        "resume",
        "tag",
        "span_f1",
        0.952,
        0.96,
        "SoftLexicon 95.53 (vectors)",
        {"batch_size": 16, "r_drop": 1.0, "channels": WITH_VECTORS, "min_count": 1, "lexicon": "jieba"},
        vectors=True,
    ),
    "msra": Row(
        "msra",
        "tag",
        "span_f1",
        0.875,
        0.90,
        "character LSTM-CRF 88.8",
        {"skip": False, "hidden": 192, "epochs": 6, "ema_decay": 0.999},
    ),
    "r8": Row("r8", "classify", "accuracy", 0.965, 0.975, "BiLSTM 96.3"),
    "imdb": Row(
        "imdb",
        "classify",
        "accuracy",
        0.90,
        0.92,
        "eznlp LSTM + attention 92.09 (vectors)",
        {
            "lowercase": True,
            "min_count": 3,
            "epochs": 3,
            "embedding_dropout": 0.3,
            "ema_decay": 0.999,
            "channels": WORDS,
        },
    ),
}


def prepared(row: Row, folder: Path) -> tuple[Split, str | None]:
    """Return a row's data; tags are learnt as BIOES, which spells the same spans."""
    split = LOADERS[row.data](folder)
    if row.task == "classify":
        return split, None
    source = detect(split.train[1])
    assert source is not None
    parts = [(x, [convert(tags, source, "BIOES") for tags in y]) for x, y in (split.train, split.dev, split.test)]
    return Split(*parts, split.note), "BIOES"


def learn(
    row: Row, split: Split, scheme: str | None, folder: Path, options: dict[str, Any]
) -> tuple[Bundle, Fitted, float]:
    """Train a row's recipe, changed by `options`; return the model, what `fit` says of it, and the seconds."""
    from bigru.features.lexicon import Lexicon
    from bigru.readers.lexicon import read_lexicons
    from bigru.train.loop.fit import fit
    from bigru.train.loop.job import TrainingJob
    from bigru.train.recipes import plan

    started = time.perf_counter()
    kind = "text" if isinstance(split.train[0][0], str) else "tokens"
    # Characters that only the vectors know enter the vocabulary too, as one more input to learn it from.
    known = [*split.train[0], [c for c in tencent(folder) if len(c) == 1]] if row.vectors else split.train[0]
    chosen = {**row.options, **options}
    if chosen.get("lexicon") is not None:
        chosen["lexicon"] = Lexicon.of(read_lexicons(chosen["lexicon"]))
    task, config, model, training = plan(row.task, known, split.train[1], kind, scheme=scheme, options=chosen)
    data = [(task.featurise(config, x), task.targets(config, y)) for x, y in (split.train, split.dev)]
    weights = vectors(config, model, folder, options["seed"]) if row.vectors else None
    fitted = fit(TrainingJob(task, config, model, *data, training, progress="plain", initial_weights=weights))
    return Bundle(row.task, model, config, fitted.weights), fitted, time.perf_counter() - started


def train(name: str, folder: Path, seed: int, threads: int) -> dict[str, Any]:
    """Train and score one seed of a row."""
    import torch

    torch.set_num_threads(threads)
    row = ROWS[name]
    split, scheme = prepared(row, folder)
    made, fitted, seconds = learn(row, split, scheme, folder, {"seed": seed})
    task, config = task_named(made.task), made.config
    answers = Predictor(made).predict(split.test[0], batch_size=256)
    report = task.score(config, split.test[1], answers)
    result = {
        "seed": seed,
        "dev": fitted.best_score,
        "test": report[row.metric],
        "epoch": fitted.best_epoch,
        "seconds": round(seconds, 1),
        "signature": report.to_json()["signature"][row.metric],
    }
    if row.task == "classify":
        clean = np.flatnonzero(~leaked(split))
        kept = task.score(config, [split.test[1][n] for n in clean], [answers[n] for n in clean])
        result |= {"deleaked_test": kept[row.metric], "deleaked_n": len(clean)}
    return result


def vectors(config: Any, model: Any, folder: Path, seed: int) -> dict[str, np.ndarray]:
    """Return first rows for the characters: the vectors, scaled to a deviation of 0.3; the others are drawn."""
    table = tencent(folder)
    size, dim = model.channels[0].size, model.channels[0].dim
    first = np.random.default_rng(seed).normal(0, 0.1, (size, dim)).astype(np.float32)
    known = {n: table[unit] for n, unit in enumerate(config.features.vocabulary, 1) if unit in table}
    rows = np.stack(list(known.values()))
    first[list(known)] = rows * (0.3 / rows.std())
    return {"embedding.0.weight": first}


def baseline(name: str, folder: Path) -> dict[str, Any]:
    """Fit and score what knows no order: a bag of words, or a dictionary of entities."""
    from bigru.metrics import classification_report, tagging_report
    from bigru.plain.phrases import Dictionary
    from bigru.plain.words import BagOfWords

    row = ROWS[name]
    split, scheme = prepared(row, folder)
    if scheme is not None:
        dictionary = Dictionary(scheme).fit(*split.train)
        predicted = dictionary.predict(split.test[0])
        report = tagging_report(split.test[1], predicted, scheme)
        return {"kind": "dictionary of training entities", "test": report["span_f1"]}
    scores = {}
    for ngrams in (1, 2):
        bag = BagOfWords(row.bag, ngrams).fit(*split.train, dev=split.dev)
        report = classification_report(split.test[1], bag.predict(split.test[0]), sorted(set(split.train[1])))
        scores[ngrams] = report["accuracy"]
    return {"kind": f"bag of {row.bag}s", "test": scores[1], "with_pairs": scores[2]}


def run(names: list[str], folder: Path, seeds: list[int], jobs: int) -> None:
    """Run rows, all their seeds in one queue, and write each row's file once its seeds are done."""
    at = commit()

    def done(name: str, runs: list[dict[str, Any]], beside: dict[str, Any]) -> None:
        write(name, folder, runs, beside, jobs, at)

    rounds(names, folder, seeds, jobs, train, baseline, done)


def write(name: str, folder: Path, runs: list[dict[str, Any]], beside: dict[str, Any], jobs: int, at: str) -> None:
    """Write the result file of a row; `at` is what stood there when its runs began."""
    row = ROWS[name]
    scores, seeds = [one["test"] for one in runs], [one["seed"] for one in runs]
    result = {
        "row": name,
        "metric": row.metric,
        "mean": statistics.mean(scores),
        "std": statistics.stdev(scores) if len(scores) > 1 else 0.0,
        "must": row.must,
        "aim": row.aim,
        "published": row.published,
        "tier": TIERS[row.vectors, "lexicon" in row.options],
        "split": LOADERS[row.data](folder).note,
        "options": {key: _plain(value) for key, value in row.options.items()},
        "baseline": beside,
        "runs": runs,
        "machine": f"{machine()}, {jobs} runs side by side",
        "versions": versions(at),
        "command": f"python benchmarks/accuracy.py --data FOLDER {name} --seeds {' '.join(map(str, seeds))}",
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    (RESULTS / f"accuracy-{name}.json").write_text(text + "\n", encoding="utf-8")
    print(f"{name}: {100 * result['mean']:.2f} +- {100 * result['std']:.2f}", file=sys.stderr)


def _plain(value: Any) -> Any:
    return [to_dict(channel) for channel in value] if isinstance(value, tuple) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    arguments = parser.parse_args()
    run(arguments.rows, arguments.data, arguments.seeds, arguments.jobs)


if __name__ == "__main__":
    main()
