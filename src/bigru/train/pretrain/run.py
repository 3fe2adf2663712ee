"""`bigru.pretrain`: raw texts to vectors of their units."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...config.bounds import check_positive
from ...errors import ArgumentError, DataError, TrainingError, check_choice, sentence
from ...export.atomic_write import check_place, write_folder
from ...features.channels import configure
from ...features.inputs import Input, sample
from ...features.segment import infer_unit, unspaced
from ...features.text import TextFeatures
from ...readers.reading import Reading
from ..data.cooccurrence import factor, scale_rows
from .corpus import Corpus
from .counts import WINDOW, count_neighbours, count_texts
from .texts import find_files, read_texts
from .vectors import MANIFEST, MODEL_TYPE, MOST_WIDTH, PRETRAINED_UNITS, PretrainedVectors

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["pretrain"]

UNREAD = Reading()

WHERE = "pretrain"

SEED = 0
"""Of the random projections."""

FEWEST = 2
"""Units that vectors can be made of."""

Report = Callable[[float, int], None]
"""Called with the share of the texts that has been read, and the units in it."""


def pretrain(
    texts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str] | None = None,
    force: bool = False,
    reading: Reading = UNREAD,
    unit: str | None = None,
    lowercase: bool = True,
    size: int = 200,
    min_count: int = 3,
    max_size: int = 50_000,
    max_seconds: float | None = None,
    say: Callable[[str], None] = lambda _text: None,
    report: Report = lambda _share, _units: None,
) -> PretrainedVectors:
    """Learn vectors of words or characters from raw texts, of which no label is read.

    Half of the numbers of a vector say what stands within `counts.WINDOW` steps of a unit, half in which texts it
    stands. `bigru.train(..., init=FOLDER)` starts from them.

    Args:
        texts: files, or folders of files: text with one text a line, tables, JSON lines, gzipped or not. They are read
            once, part by part; 4 bytes a unit go to a temporary file.
        out: folder for the vectors; None writes nothing.
        force: whether vectors in that folder are replaced.
        reading: what is decided about the files: the column of the texts, format, encoding.
        unit: "char" or "word"; None looks at the first texts.
        lowercase: whether units are folded to lower case.
        size: D, numbers of a vector.
        min_count: how often a unit must come.
        max_size: V, units at most, the most frequent.
        max_seconds: seconds after which no more texts are read; None reads all.
        say: gets every line on what was read and found.
        report: gets the progress of reading.

    Raises:
        ArgumentError: an argument does not fit, or the folder is taken.
        DataError: a file cannot be read, or the texts hold next to nothing.
        TrainingError: the disk is full, or Ctrl-C was pressed: nothing is written then.
    """
    _check(unit, size, min_count, max_size, max_seconds)
    if out is not None:
        check_place(Path(out), force, folder=True, mark=MODEL_TYPE.encode(), within=MANIFEST)
    files = find_files([texts] if isinstance(texts, str | os.PathLike) else texts)
    try:
        made = _learn(files, reading, (unit, lowercase), (size, min_count, max_size), max_seconds, say, report)
        if out is not None:
            write_folder(Path(out), made.contents())
    except KeyboardInterrupt as error:
        raise TrainingError(f"{WHERE}: stopped; nothing was written.") from error
    return made


def _check(unit: str | None, size: int, min_count: int, max_size: int, max_seconds: float | None) -> None:
    if unit is not None:
        check_choice(WHERE, "unit", unit, PRETRAINED_UNITS)
    if not 2 <= size <= MOST_WIDTH:
        raise ArgumentError(sentence(WHERE, "size", f"within 2..{MOST_WIDTH}", size))
    check_positive(WHERE, "min_count", min_count)
    if max_size < FEWEST:
        raise ArgumentError(sentence(WHERE, "max_size", f"at least {FEWEST}", max_size))
    if max_seconds is not None:
        check_positive(WHERE, "max_seconds", max_seconds)


def _learn(
    files: Sequence[Path],
    reading: Reading,
    units: tuple[str | None, bool],
    sizes: tuple[int, int, int],
    max_seconds: float | None,
    say: Callable[[str], None],
    report: Report,
) -> PretrainedVectors:
    """Return the vectors of texts; `units` is (unit, lowercase), `sizes` (size, min_count, max_size)."""
    started, share = time.perf_counter(), [0.0]
    size, min_count, max_size = sizes
    parts = read_texts(files, reading, lambda found: share.__setitem__(0, found), say)
    source, first = next(parts, ("", []))
    features = _features(first, *units)
    with Corpus(features) as corpus:
        for inputs in _chain(first, parts):
            corpus.add(inputs)
            report(share[0], corpus.units)
            if max_seconds is not None and time.perf_counter() - started > max_seconds and share[0] < 1:
                say(f"stopped after {max_seconds:g} s: {share[0]:.0%} of the texts were read")
                break
        vocabulary, counts = corpus.choose_vocabulary(min_count, max_size)
        if len(vocabulary) < FEWEST:
            want = f"texts with at least {FEWEST} different {features.unit}s that come {min_count} times"
            raise DataError(sentence(source, "data", want, f"{corpus.units} units, {len(vocabulary)} of them so often"))
        facts = {
            "files": len(files),
            "texts": corpus.texts,
            "units_read": corpus.units,
            "units_known": int(counts.sum()),
            "sha256_of_texts": corpus.sha256,
            "min_count": min_count,
            "window": WINDOW,
        }
        say(
            f"{corpus.texts:,} texts of {corpus.units:,} {features.unit}s; the {len(vocabulary):,} that come "
            f"{int(counts[-1])} times or more are {counts.sum() / corpus.units:.1%} of them"
        )
        if corpus.forgotten:
            say(f"{corpus.forgotten:,} rare units were forgotten while the texts were read")
        near, seldom = count_neighbours(corpus.blocks(vocabulary), len(vocabulary))
        if seldom:
            say(f"pairs that came {seldom} times or less were forgotten, as there are too many")
        narrow = size - size // 2
        halves = [_half(near, narrow, 0.75)]
        del near
        within = count_texts(corpus.blocks(vocabulary), len(vocabulary), corpus.texts, corpus.units)
        halves.append(_half(within, size - narrow, 1.0))
    table = np.concatenate(halves, axis=1)
    say(f"vectors of {size} numbers in {time.perf_counter() - started:.1f} s")
    read = (features.unit, features.lowercase, features.segmenter)
    return PretrainedVectors(*read, vocabulary, table, counts, facts)


def _half(counts: sparse.csr_matrix, dim: int, smoothing: float) -> np.ndarray:
    """Return vectors of counts, each of length 1 or 0."""
    vectors: np.ndarray = scale_rows(factor(counts, dim, SEED, smoothing), 1.0).astype(np.float32)
    return vectors


def _features(first: Sequence[Input], unit: str | None, lowercase: bool) -> TextFeatures:
    """Return how texts become units, decided by the first of them unless it was decided before."""
    found = unit or infer_unit(first)
    if found == "char":
        return TextFeatures("char", (), configure(("unit",), 0), lowercase)
    segmenter = "rjieba" if unspaced(sample(first)) else "regex"
    return TextFeatures("word", (), configure(("unit",), 0), lowercase, {}, segmenter)


def _chain(first: list[Input], parts: Iterator[tuple[str, list[Input]]]) -> Iterator[list[Input]]:
    yield first
    for _, inputs in parts:
        yield inputs
