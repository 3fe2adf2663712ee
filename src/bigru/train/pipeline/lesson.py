"""What a student learns from: a teacher's answers to raw texts, and to labelled texts beside their labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...errors import DataError, first_names, nearest, sentence
from ...readers.examples import Examples
from ...readers.reader import build_examples
from ...readers.reading import Reading
from ...readers.table import Table
from ..data.seeds import HOLD_OUT, derive
from ..teacher.answers import AnswerFile, key_of
from .request import Say

__all__ = ["Lesson", "RawTexts"]

SHARE, MOST = 0.1, 2000
"""The share of the texts that is held out where there is no dev set, and how many texts at most."""

SHOWN = 12
"""Labels that an error names."""


class RawTexts(NamedTuple):
    """The keys of the raw texts, in their order, and how many were read in which odd way."""

    keys: dict[bytes, None]
    counts: dict[str, int]

    def add(self, key: bytes) -> bool:
        """Note a text; tell whether it is new."""
        before = len(self.keys)
        self.keys[key] = None
        return len(self.keys) > before


@dataclass
class _Answered:
    """Examples as a teacher answers them, and the place of each by its key."""

    examples: Examples
    places: dict[bytes, int]

    def of(self, part: Examples) -> Examples:
        """Return the answers to the inputs of a part."""
        return self.examples.take([self.places[key_of(x)] for x in part.inputs])


class Lesson:
    """What a student learns from and is judged by.

    Args:
        known: the teacher's answers.
        raw: the raw texts.
        read: labelled texts by part, "labelled", "dev" and "test".
        say: says what was left out.
        seed: of what is held out.

    Attributes:
        learn, dev, test: as `bigru.train` takes them; `dev` is held out where none was given.
        answered: what the teacher answers.
        judges: by part the examples with labels that both are scored on.
    """

    def __init__(self, known: AnswerFile, raw: RawTexts, read: dict[str, Examples], say: Say, seed: int) -> None:
        self.answered = _answers_of(known)
        self.texts = len(raw.keys)
        labelled, dev, self.test = (read.get(name) for name in ("labelled", "dev", "test"))
        apart = {key_of(x) for part in read.values() for x in part.inputs}
        keys = [key for key in raw.keys if key not in apart]
        if len(keys) < self.texts:
            say(f"{self.texts - len(keys):,} texts are among the labelled ones and learnt with them, or not at all")
        judged = {key_of(x) for part in (dev, self.test) if part is not None for x in part.inputs}
        both = 0 if labelled is None else sum(key_of(x) in judged for x in labelled.inputs)
        if both:
            say(f"{both:,} labelled texts are in dev or test as well: scores there flatter the student")
        own = None if labelled is None else self._labelled(labelled)
        pool = self.answered.examples.take([self.answered.places[key] for key in keys])
        for part in (dev, self.test):
            if part is not None:
                self._check_labels(part)
        self.labelled = 0 if own is None else len(own)
        whole = pool if own is None else replace(pool, **own.joined(pool), findings=[])
        self.judges = {name: part for name, part in (("dev", dev), ("test", self.test)) if part is not None}
        if dev is not None:
            self.learn, self.dev = whole, dev
            return
        held = _hold_out(len(whole), self.labelled, seed)
        self.learn, self.dev = whole.take(np.setdiff1d(np.arange(len(whole)), held)), whole.take(held)
        if own is not None and (held < self.labelled).any():
            self.judges["dev"] = own.take(held[held < self.labelled])

    def _labelled(self, part: Examples) -> Examples:
        """Return labelled texts with the teacher's soft labels beside their labels."""
        self._check_labels(part)
        soft = self.answered.of(part).soft
        return replace(part, soft=None if soft is None else replace(soft, given=[True] * len(part)))

    def _check_labels(self, part: Examples) -> None:
        """Refuse labelled texts of another task, or whose labels are none that the teacher has."""
        answered = self.answered.examples
        soft = answered.soft
        for name, own, theirs in (
            ("task", part.task, answered.task),
            ("inputs", part.kind, answered.kind),
            ("scheme", part.scheme, answered.scheme),
            ("multi_label", part.multi_label, answered.multi_label),
        ):
            if own != theirs:
                raise DataError(sentence(part.source, name, f"{theirs}, as the teacher answers", own))
        if soft is None:
            return
        for line, target in zip(part.lines, part.targets or [], strict=True):
            for label in [target] if isinstance(target, str) else target:
                if label not in soft.labels:
                    want = f"one of the teacher's, {first_names(soft.labels, SHOWN)}"
                    remedy = nearest(label, soft.labels)
                    raise DataError(sentence(f"{part.source}:{line}", "label", want, repr(label), remedy))


def _answers_of(known: AnswerFile) -> _Answered:
    """Return the teacher's answers as examples, none of which has a label of its own."""
    keys, records, lines = [], [], []
    for key, record, line in known.records():
        keys.append(key)
        records.append(record)
        lines.append(line)
    first = records[0]
    label = next((name for name in ("label", "labels", "tags") if name in first), None)
    # The tokens are what is tagged where there are both.
    text = "tokens" if "tokens" in first else "text"
    reading = Reading(text=text, label=label, multi_label=label == "labels" or None, soft_labels="scores" in first)
    found = build_examples(Table.from_records(records, lines, str(known.path)), reading, "jsonl")
    if len(found) < len(keys):
        raise DataError(sentence(str(known.path), "answers", f"{len(keys):,}", f"{len(found):,} that can be read"))
    if found.soft is not None:
        found.soft = replace(found.soft, given=[False] * len(found))
    return _Answered(found, {key: n for n, key in enumerate(keys)})


def _hold_out(count: int, labelled: int, seed: int) -> np.ndarray:
    """Return the places that are held out: a tenth of the labelled examples, which come first, and of the others."""
    random = np.random.default_rng(derive(seed, HOLD_OUT))
    held = []
    for start, size in ((0, labelled), (labelled, count - labelled)):
        held.append(start + random.permutation(size)[: min(int(SHARE * size), MOST)])
    return np.sort(np.concatenate(held)).astype(np.int64)
