"""The public data sets of the tables of accuracy: where they lie and how they are split.

The data sets are not part of this repository; `--data` names the folder that holds them.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bigru.readers.reader import read
from bigru.readers.reading import Reading

Pair = tuple[list[Any], list[Any]]
"""Inputs and targets."""


@dataclass(frozen=True)
class Split:
    """The three parts of a data set, and how they came about."""

    train: Pair
    dev: Pair
    test: Pair
    note: str


def _pair(path: Path, **options: Any) -> Pair:
    examples = read(path, Reading(**options))
    assert examples.targets is not None
    return examples.inputs, examples.targets


def _take(pair: Pair, rows: Sequence[int]) -> Pair:
    return [pair[0][n] for n in rows], [pair[1][n] for n in rows]


def hold_out(pair: Pair, block: int = 1, seed: int = 0) -> tuple[Pair, Pair]:
    """Hold out a tenth, chosen once for all runs; whole blocks of neighbours where order means documents."""
    count = len(pair[0])
    blocks = np.arange(count) // block
    chosen = np.random.default_rng(seed).permutation(blocks.max() + 1)[: (blocks.max() + 1) // 10]
    held = np.isin(blocks, chosen)
    return _take(pair, np.flatnonzero(~held).tolist()), _take(pair, np.flatnonzero(held).tolist())


def chnsenticorp(folder: Path) -> Split:
    """The given split, as usual; what of test stands in train is scored apart (`leaked`)."""
    parts = [_pair(folder / "ChnSentiCorp" / f"{part}.tsv.gz") for part in ("train", "dev", "test")]
    return Split(*parts, "train, dev and test as given")


def resume(folder: Path) -> Split:
    """The given split."""
    parts = [_pair(folder / "ResumeNER" / f"{part}.char.bmes.gz", format="conll") for part in ("train", "dev", "test")]
    return Split(*parts, "train, dev and test as given")


def msra(folder: Path) -> Split:
    """Train without a seeded tenth, held out as whole blocks, since neighbours are of one document."""
    whole = _pair(folder / "MSRA_NER" / "msra.train.bio.gz", format="conll")
    train, dev = hold_out(whole, block=500)
    test = _pair(folder / "MSRA_NER" / "msra.test.bio.gz", format="conll")
    return Split(train, dev, test, "test as given; dev is a tenth of train in blocks of 500 sentences, seed 0")


def r8(folder: Path) -> Split:
    """The given test; a seeded tenth of train as dev."""
    train, dev = hold_out(_pair(folder / "R8" / "train.txt.gz", format="tsv"))
    return Split(train, dev, _pair(folder / "R8" / "test.txt.gz", format="tsv"), "dev is a tenth of train, seed 0")


def imdb(folder: Path) -> Split:
    """The given test; a seeded tenth of train as dev."""
    columns = {"text": "text", "label": "label"}
    train, dev = hold_out(_pair(folder / "IMDB" / "train.tsv.gz", **columns))
    return Split(train, dev, _pair(folder / "IMDB" / "test.tsv.gz", **columns), "dev is a tenth of train, seed 0")


def sst2(folder: Path) -> Split:
    """The given split of sentences with one of two labels."""
    parts = []
    for part in ("train", "dev", "test"):
        lines = _lines(folder / "SST_flat" / f"stsa.binary.{part}.gz")
        rows = [line.split(" ", 1) for line in lines if line.strip()]
        parts.append(([text.strip() for _, text in rows], [label for label, _ in rows]))
    return Split(*parts, "train, dev and test as given")


def tnews(folder: Path) -> Split:
    """What is given as dev serves as test, since the labels of test are not public; a seeded tenth of train as dev."""
    train, dev = hold_out(_pair(folder / "TNEWS" / "train.tsv.gz", format="tsv"))
    test = _pair(folder / "TNEWS" / "dev.tsv.gz", format="tsv")
    return Split(train, dev, test, "test is what is given as dev; dev is a tenth of train, seed 0")


def online_shopping(folder: Path) -> Split:
    """Reviews with the kind of what was bought; each text once, a seeded tenth as test and one of the rest as dev."""
    archive = zipfile.ZipFile(folder / "online_shopping_10_cats" / "online_shopping_10_cats.zip")
    rows = csv.DictReader(io.StringIO(archive.read("online_shopping_10_cats.csv").decode("utf-8-sig")))
    kinds: dict[str, str] = {}
    for row in rows:
        text = row["review"].strip().removeprefix("\ufeff")
        if text:
            kinds.setdefault(text, row["cat"])
    rest, test = hold_out((list(kinds), list(kinds.values())))
    train, dev = hold_out(rest, seed=1)
    return Split(train, dev, test, "each text once; test is a tenth, seed 0; dev is a tenth of the rest, seed 1")


def conll2003(folder: Path) -> Split:
    """The given split of news with entities."""
    files = [folder / "CoNLL2003_NER" / f"eng.{part}.gz" for part in ("train", "testa", "testb")]
    return Split(*(_pair(file, format="conll") for file in files), "train, testa and testb as given")


def conll2000(folder: Path) -> Split:
    """The given test; a tenth of train as dev, in blocks of neighbours, which are of one document."""
    train, dev = hold_out(_pair(folder / "CoNLL2000_chunk" / "train.txt.gz", format="conll"), block=20)
    test = _pair(folder / "CoNLL2000_chunk" / "test.txt.gz", format="conll")
    return Split(train, dev, test, "test as given; dev is a tenth of train in blocks of 20 sentences, seed 0")


def ewt(folder: Path) -> Split:
    """The given split of web texts with universal parts of speech."""
    files = [folder / "UD_English-EWT" / f"en_ewt-ud-{part}.conllu.gz" for part in ("train", "dev", "test")]
    return Split(*(_pair(file) for file in files), "train, dev and test as given")


def pfr(folder: Path) -> Split:
    """The given split of the People's Daily, January 1998: words with parts of speech."""
    parts = []
    for part in ("train", "dev", "test"):
        lines = _lines(folder / "PFR199801_POS" / f"{part}.txt.gz")
        rows = [[word.rsplit("/", 1) for word in line.split()] for line in lines if line.strip()]
        parts.append(([[word for word, _ in row] for row in rows], [[tag for _, tag in row] for row in rows]))
    return Split(*parts, "train, dev and test as given")


def _lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")


def leaked(split: Split) -> np.ndarray:
    """Say of each test input whether the same text stands in train, bool [N]."""
    known = {_key(x) for x in split.train[0]}
    return np.array([_key(x) in known for x in split.test[0]])


def _key(x: Any) -> str:
    return x.strip() if isinstance(x, str) else "\t".join(x)


def tencent(folder: Path) -> dict[str, np.ndarray]:
    """Return the vector [200] of each character."""
    place = folder / "emb_tencent_char"
    with np.load(place / "tencent_char_200d_f16.npz") as arrays:
        table = arrays[arrays.files[0]].astype(np.float32)
    characters = json.loads((place / "vocab.json").read_text(encoding="utf-8"))
    return dict(zip(characters, table, strict=True))


LOADERS: dict[str, Callable[[Path], Split]] = {
    "chnsenticorp": chnsenticorp,
    "resume": resume,
    "msra": msra,
    "r8": r8,
    "imdb": imdb,
    "sst2": sst2,
    "tnews": tnews,
    "online-shopping": online_shopping,
    "conll2003": conll2003,
    "conll2000": conll2000,
    "ewt": ewt,
    "pfr": pfr,
}


def _films(folder: Path, split: Split) -> list[str]:
    """Return the training texts of IMDB and of SST."""
    return [*_pair(folder / "IMDB" / "train.tsv.gz", text="text", label="label")[0], *split.train[0]]


def _shops(folder: Path, split: Split) -> list[str]:
    """Return the texts of online_shopping_10_cats that do not stand in the test part, whatever their white space."""
    archive = zipfile.ZipFile(folder / "online_shopping_10_cats" / "online_shopping_10_cats.zip")
    rows = csv.DictReader(io.StringIO(archive.read("online_shopping_10_cats.csv").decode("utf-8-sig")))
    test = {"".join(text.split()) for text in split.test[0]}
    texts = (row["review"].replace("\ufeff", "") for row in rows)
    return [text for text in texts if text.strip() and "".join(text.split()) not in test]


RAW: dict[str, Callable[[Path, Split], list[str]]] = {"sst2": _films, "chnsenticorp": _shops}
"""What makes the raw texts that go with a set; no label of them is read."""
