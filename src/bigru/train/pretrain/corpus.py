"""Units of raw texts as numbers in a temporary file: texts are read once, and memory does not grow with them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import IO, Any, NamedTuple

import numpy as np

from ...errors import TrainingError, sentence
from ...features.inputs import Input
from ...features.numbering import number_units
from ...features.text import TextFeatures
from ...readers.opening.encoding import SURROGATE

__all__ = ["Block", "Corpus"]

MOST_UNITS = 4_000_000
"""Distinct units that are counted while texts are read; beyond, those that came least are forgotten."""

KEPT = 0.5
"""What share of them is kept then, at most."""

END = -1
"""Stands behind every text."""

BLOCK = 1 << 20
"""Units that are read back together."""


class Block(NamedTuple):
    """Whole texts, or parts of a text that is longer than a block.

    Attributes:
        ids: number of every unit in the vocabulary from 1, 0 for other units, int64 [N].
        texts: number of the text that each stands in, int64 [N].
    """

    ids: np.ndarray
    texts: np.ndarray


class Corpus(AbstractContextManager["Corpus"]):
    """Texts that are read once and kept as numbers, 4 bytes a unit, in a temporary file.

    Args:
        features: how texts are cut into units, without a vocabulary.

    Attributes:
        texts, units: how many were read; texts without a unit are not counted.
        forgotten: units that were forgotten while texts were read, with all that were seen of them.
    """

    def __init__(self, features: TextFeatures) -> None:
        self.features = features
        self.texts = self.units = self.forgotten = 0
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `__exit__`)
        self._hash = hashlib.sha256()
        self._numbers: dict[str, int] = {}
        self._counts = np.zeros(1 << 16, np.int64)
        self._next = 0

    def __exit__(self, *error: Any) -> None:
        self._file.close()

    @property
    def sha256(self) -> str:
        """The hash of all texts, each with a line end."""
        return self._hash.hexdigest()

    def add(self, inputs: Sequence[Input]) -> None:
        """Read texts.

        Raises:
            ArgumentError: an input is neither text nor tokens.
            TrainingError: the disk is full.
        """
        joined = "\n".join([*(one if isinstance(one, str) else "\t".join(one) for one in inputs), ""])
        self._hash.update(joined.encode("utf-8", "surrogatepass"))
        distinct, inverse, lengths = number_units(self.features, inputs)
        numbers = np.fromiter(map(self._number, distinct), np.int32, len(distinct))
        flat, filled = numbers[inverse], lengths[lengths > 0]
        self._counts[: self._next] += np.bincount(flat, minlength=self._next)
        rows = np.insert(flat, np.cumsum(filled), END).astype(np.int32)
        try:
            self._file.write(rows.tobytes())
            self._file.flush()
        except OSError as error:
            want = "one with room for 4 bytes a unit"
            raise TrainingError(sentence(tempfile.gettempdir(), "folder", want, error.strerror or error)) from None
        self.texts += len(filled)
        self.units += len(flat)
        if len(self._numbers) > MOST_UNITS:
            self._forget()

    def _number(self, unit: str) -> int:
        found = self._numbers.setdefault(unit, self._next)
        if found == self._next:
            self._next += 1
            if self._next > len(self._counts):
                self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        return found

    def _forget(self) -> None:
        """Forget the units that came least (lossy counting, Manku & Motwani 2002)."""
        counts = self._counts[np.fromiter(self._numbers.values(), np.int64, len(self._numbers))]
        least = int(np.sort(counts)[max(int(len(counts) * (1 - KEPT)) - 1, 0)])
        kept = {unit: n for unit, n in self._numbers.items() if self._counts[n] > least}
        self.forgotten += len(self._numbers) - len(kept)
        self._numbers = kept

    def choose_vocabulary(self, min_count: int, max_size: int) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the most frequent units, ties by code point, and how often each came, int64 [V]."""
        counted = {
            unit: int(self._counts[n])
            for unit, n in self._numbers.items()
            if self._counts[n] >= min_count and not SURROGATE.search(unit)
        }
        kept = sorted(counted, key=lambda unit: (-counted[unit], unit))[:max_size]
        return tuple(kept), np.array([counted[unit] for unit in kept], np.int64)

    def blocks(self, vocabulary: Sequence[str]) -> Iterator[Block]:
        """Yield the texts again, as numbers in a vocabulary."""
        # What stands for the end of a text is the last entry, at index -1.
        table = np.zeros(self._next + 1, np.int64)
        table[[self._numbers[unit] for unit in vocabulary]] = np.arange(1, len(vocabulary) + 1)
        self._file.seek(0)
        before, waiting = 0, np.zeros(0, np.int32)
        while True:
            read = np.frombuffer(self._file.read(4 * BLOCK), np.int32)
            rows = np.concatenate([waiting, read])
            ends = np.flatnonzero(rows == END)
            cut = len(rows) if not len(read) or len(ends) == 0 else int(ends[-1]) + 1
            rows, waiting = rows[:cut], rows[cut:]
            texts = before + np.cumsum(rows == END)
            units = rows != END
            if units.any():
                yield Block(table[rows[units]], texts[units])
            if not len(read):
                return
            before += int((rows == END).sum())
