"""A linear-chain CRF on plain features: what a tagger must beat to be worth its time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import require
from ..features.channels import shape
from ..readers.token_features import SEPARATOR

__all__ = ["Chain", "crfsuite", "fit_model_file"]

WordsAt = Callable[[Sequence[str]], Mapping[str, np.ndarray]]
"""From units [T] to numbers int32 [T] by name, 0 where nothing is known."""

LEFT, RIGHT = "\u2402", "\u2403"
"""Stand for the units before the first and after the last one."""

WINDOW = (-2, -1, 0, 1, 2)
"""Where the units lie that a step sees, from its own."""

AFFIXES = (1, 2, 3, 4)
"""Characters of the affixes of a word."""

PASSES = 100
"""Passes of L-BFGS."""

REGULARISATION = {"c1": 0.1, "c2": 0.1}
"""L1 and L2."""


class Chain:
    """A linear-chain CRF of CRFsuite (Okazaki 2007) on the features that are commonly written for it.

    Of words: those in a window of two to each side in lower case, the pairs next to the word, its affixes of one to
    four characters, its shape, and whether the words beside it begin with a capital or are numbers. Of units that are
    single characters: those of the window, their pairs and kinds.

    Args:
        scheme: how the tags spell spans, None where they spell none. With one, pairs of tags that training never shows
            have weights as well, since they are mostly wrong.
        features: how many features stand behind the word in every unit (`readers.token_features`): their values in the
            window, with pairs and triples of them.
        words_at: what a lexicon says of units (`features.lexicon.Lookup.of`): of the unit and of those beside it.

    Raises:
        MissingExtraError: python-crfsuite is not installed.
    """

    def __init__(self, scheme: str | None = None, features: int = 0, words_at: WordsAt | None = None) -> None:
        self.scheme, self.features, self.words_at = scheme, features, words_at
        self._library = crfsuite()

    def fit(self, inputs: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> Chain:
        """Fit to sequences of units with a tag per unit. Sequences without units are passed over.

        Raises:
            ValueError: there are not as many tags as units.
        """
        single = all(len(unit) < 2 for units in inputs if units for unit in self._divided(units)[0])
        self._describe = _of_characters if single else _of_words
        pairs = ((units, row) for units, row in zip(inputs, tags, strict=True) if units or row)
        examples = ((self._features(units), list(row)) for units, row in pairs)
        with fit_model_file(examples, PASSES, self.scheme is not None) as path:
            self._model = path.read_bytes()
        return self

    def predict(self, inputs: Sequence[Sequence[str]]) -> list[list[str]]:
        """Return a tag per unit."""
        tagger = self._library.Tagger()
        tagger.open_inmemory(self._model)
        return [tagger.tag(self._features(units)) if units else [] for units in inputs]

    def _features(self, units: Sequence[str]) -> list[list[str]]:
        # CRFsuite takes UTF-8, which has no lone surrogates.
        words, *columns = self._divided([unit.encode("utf-8", "backslashreplace").decode() for unit in units])
        rows = self._describe(words)
        for n, values in enumerate(columns, 1):
            rows = [row + more for row, more in zip(rows, _of_feature(n, values), strict=True)]
        if self.words_at is not None:
            rows = [row + more for row, more in zip(rows, _of_lexicon(self.words_at(words)), strict=True)]
        return rows

    def _divided(self, units: Sequence[str]) -> list[list[str]]:
        """Return the words of units, and the values of each of their features."""
        if not self.features:
            return [list(units)]
        return [list(column) for column in zip(*(unit.split(SEPARATOR) for unit in units), strict=True)]


@contextmanager
def fit_model_file(examples: Iterable[tuple[Any, list[str]]], passes: int, possible: bool) -> Iterator[Path]:
    """Fit a CRF by L-BFGS and yield the file of its model, which CRFsuite writes to files only; it is deleted after.

    Args:
        examples: per sequence the attributes of each step, and the tags.
        passes: of L-BFGS at most.
        possible: whether pairs of tags that no sequence shows have weights as well.
    """
    trainer = crfsuite().Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params({**REGULARISATION, "max_iterations": passes, "feature.possible_transitions": possible})
    for attributes, tags in examples:
        trainer.append(attributes, tags)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chain.crfsuite")
        trainer.train(str(path))
        yield path


def crfsuite() -> Any:
    """Return the module pycrfsuite.

    Raises:
        MissingExtraError: python-crfsuite is not installed.
    """
    purpose = "a linear-chain CRF on plain features"
    return require("pycrfsuite", extra="train", purpose=purpose, package="python-crfsuite")


def _at(units: Sequence[str], index: int) -> str:
    return LEFT if index < 0 else units[index] if index < len(units) else RIGHT


def _windows(units: Sequence[str], of: Callable[[int], Sequence[str]]) -> list[list[str]]:
    """Return the features of each step: units and pairs of the window, and what `of` adds about the unit there."""
    rows = []
    for i in range(len(units)):
        seen = [_at(units, i + step) for step in WINDOW]
        names = [f"{step}={unit}" for step, unit in zip(WINDOW, seen, strict=True)]
        names += [f"{step}+={a}\t{b}" for step, a, b in zip(WINDOW, seen, seen[1:], strict=False)]
        rows.append(["bias", *names, *of(i)])
    return rows


def _of_feature(n: int, values: Sequence[str]) -> list[list[str]]:
    """Return what each step sees of feature number n: values, pairs and triples of the window."""
    rows = []
    for i in range(len(values)):
        seen = [_at(values, i + step) for step in WINDOW]
        rows.append(
            [
                f"f{n}:{step}+{width}={chr(9).join(seen[at : at + width])}"
                for width in (1, 2, 3)
                for at, step in enumerate(WINDOW[: len(WINDOW) + 1 - width])
            ]
        )
    return rows


def _of_lexicon(found: Mapping[str, np.ndarray]) -> list[list[str]]:
    """Return what each step sees of the words of a lexicon: those at the unit and at its two neighbours."""
    own = [
        [f"{name}={number}" for name, number in zip(found, numbers, strict=True) if number]
        for numbers in zip(*(column.tolist() for column in found.values()), strict=True)
    ]
    return [
        [f"{step}:{name}" for step in (-1, 0, 1) if 0 <= i + step < len(own) for name in own[i + step]]
        for i in range(len(own))
    ]


def _of_words(units: Sequence[str]) -> list[list[str]]:
    lower = [unit.lower() for unit in units]

    def describe(i: int) -> list[str]:
        affixes = [f"{name}{n}={part}" for n in AFFIXES for name, part in (("p", lower[i][:n]), ("s", lower[i][-n:]))]
        kinds = [
            f"{step}{name}"
            for step in (-1, 0, 1)
            if 0 <= i + step < len(units)
            for name, holds in (("title", units[i + step].istitle()), ("digit", units[i + step].isdigit()))
            if holds
        ]
        return [f"w={units[i]}", f"shape={shape(units[i])}", *affixes, *kinds]

    return _windows(lower, describe)


def _of_characters(units: Sequence[str]) -> list[list[str]]:
    def describe(i: int) -> list[str]:
        kinds = [shape(_at(units, i + step)) if 0 <= i + step < len(units) else "" for step in (-1, 0, 1)]
        return [f"skip={_at(units, i - 1)}\t{_at(units, i + 1)}", f"kinds={' '.join(kinds)}"]

    return _windows(units, describe)
