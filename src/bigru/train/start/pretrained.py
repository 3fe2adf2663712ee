"""A training that starts from what raw texts taught: their units are known, and embeddings and linear part use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...bundle import Bundle
from ...errors import ArgumentError, DataError, argument, sentence
from ...features.channels import configure, fold
from ...features.lexicon import kinds_of
from ...features.segment import infer_unit
from ...features.text import TextFeatures
from ...readers.examples import Examples
from ...readers.reading import Reading
from ...tasks.alignment import unit_of_tags
from ..data.cooccurrence import SPREAD
from ..pretrain.vectors import PretrainedVectors, load_vectors
from ..recipes import Plan, plan_examples

__all__ = ["PretrainedStart"]

MOST = 30_000
"""Units of the raw texts that a model knows beside those of the labelled ones, the most frequent."""

RARITY = 1e-3
"""A unit of this share of the raw texts counts half of a rare one in the linear part (Arora et al. 2017)."""

WIDTH = 128
"""Numbers of a unit's vector in the network, at most."""

READ_AS = {"char": ("char",), "word": ("word", "token")}
"""Units of a problem that vectors of a unit are for."""

APART = ("vectors", "forget", "settings.rehearsal")
"""Settings that mean nothing here: vectors answer nothing that could be forgotten."""


@dataclass(frozen=True)
class PretrainedStart:
    """Vectors of raw texts to start from; see `Start`.

    Attributes:
        name: as the user gave it.
        vectors: the vectors.
    """

    name: str
    vectors: PretrainedVectors

    @classmethod
    def open(cls, name: str, folder: Path) -> PretrainedStart:
        """Load vectors.

        Raises:
            BundleError: they are damaged, or of a newer version.
        """
        return cls(name, load_vectors(folder))

    @property
    def kind(self) -> str | None:
        """What is read: texts or tokens."""
        return None

    @property
    def teacher(self) -> Bundle | None:
        """None, as vectors answer nothing."""
        return None

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Raise ArgumentError for other vectors to start from, and for what is asked of models alone."""
        for name in APART:
            given = settings.get(name.rpartition(".")[2])
            if given is not None:
                want = f"left out with vectors to start from ({self.name})"
                raise ArgumentError(sentence("train", argument(name), want, str(given)))

    def reading(self, reading: Reading) -> Reading:
        """Return how the data are read: as is decided."""
        return reading

    def fit(self, examples: Examples) -> Examples:
        """Return training examples; they must be texts or lists of tokens.

        Raises:
            DataError: they are others.
        """
        if examples.kind not in ("text", "tokens"):
            want = f"texts, for vectors of {self.vectors.unit}s ({self.name})"
            raise DataError(sentence(examples.source, "data", want, examples.kind))
        return examples

    def plan(self, train: Examples, options: Mapping[str, Any]) -> Plan:
        """Return the problem, its texts cut into the units of the vectors, which are all known, and the training.

        Raises:
            DataError: its units are others than those of the vectors.
        """
        decided = plan_examples(train, self._settings(train, options))
        known = set(decided.config.features.vocabulary)
        more = [unit for unit in self.vectors.vocabulary if unit not in known][:MOST]
        return _widen(decided, more, min(WIDTH, self.vectors.table.shape[1]))

    def _settings(self, train: Examples, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return options with the unit and the folding of the vectors."""
        chosen = {name: value for name, value in options.items() if value is not None}
        if train.features:
            chosen["features"] = train.features
        own = self.vectors
        unit = chosen.get("unit") or self._unit(train, chosen)
        if unit not in READ_AS[own.unit]:
            want = f"of {unit}s, as {train.source} is read"
            remedy = f"Pretrain with the unit {'char' if unit == 'char' else 'word'}."
            raise DataError(sentence(self.name, "vectors", want, f"{own.unit}s", remedy))
        if not own.lowercase:
            chosen.setdefault("lowercase", False)
        if unit == "word":
            chosen.setdefault("segmenter", own.segmenter)
        return chosen | {"unit": unit}

    def _unit(self, train: Examples, chosen: Mapping[str, Any]) -> str:
        """Return the unit that suits the inputs; labelled texts without spaces are cut into words if the vectors are
        of such words."""
        if chosen.get("features"):
            return "token"
        tagged = unit_of_tags(train, chosen.get("segmenter"))
        if tagged is not None:
            return tagged.unit
        found = infer_unit(train.inputs)
        return "word" if found == "char" and train.kind == "text" and self.vectors.segmenter == "rjieba" else found

    def weights(self, decided: Plan) -> dict[str, np.ndarray]:
        """Return the weights to start from, by name: the embedding of units, and vectors for the linear part."""
        features, own = decided.config.features, self.vectors
        place = next(c for c, channel in enumerate(features.channels) if channel.name == "unit")
        index = {unit: n for n, unit in enumerate(own.vocabulary)}
        found = [index.get(fold(unit, own.lowercase), -1) for unit in features.vocabulary]
        rows, known = np.array(found), np.flatnonzero(np.array(found) >= 0)
        table = np.zeros((len(found) + 1, own.table.shape[1]), np.float32)
        table[1 + known] = own.table[rows[known]]
        share = own.counts[rows[known]] / max(own.counts.sum(), 1)
        weighed = table.copy()
        weighed[1 + known] *= (RARITY / (RARITY + share))[:, None].astype(np.float32)
        width = features.channels[place].dim
        first = _project(table, width)
        random = np.random.default_rng(decided.training.seed)
        unknown = np.setdiff1d(np.arange(len(table)), [0, *(1 + known)])
        first[unknown] = random.normal(0.0, SPREAD, (len(unknown), width))
        return {f"embedding.{place}.weight": first, f"vectors.{place}": weighed}


def _project(table: np.ndarray, width: int) -> np.ndarray:
    """Return vectors of so many numbers along which they differ most, of the usual size."""
    if table.shape[1] > width:
        _, directions = np.linalg.eigh(table.T @ table)
        table = table @ directions[:, ::-1][:, :width]
    size = np.sqrt(np.square(table).sum() / max(np.count_nonzero(table.any(axis=1)), 1))
    scaled: np.ndarray = (table * (SPREAD * np.sqrt(table.shape[1]) / max(size, 1e-12))).astype(np.float32)
    return scaled


def _widen(decided: Plan, more: list[str], width: int) -> Plan:
    """Return a problem whose features know further units and embed units in so many numbers."""
    features = decided.config.features
    assert isinstance(features, TextFeatures)
    vocabulary = (*features.vocabulary, *more)
    channels = [replace(c, dim=width) if c.name == "unit" else c for c in features.channels]
    sized = configure(channels, len(vocabulary), features.columns, kinds_of(features.lexicon))
    wider = replace(features, vocabulary=vocabulary, channels=sized)
    config = replace(decided.config, features=wider)
    return decided._replace(config=config, model=replace(decided.model, channels=sized))
