"""The kinds of folders that a training can start from, and what a training asks of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ...bundle import Bundle, documents
from ...errors import ArgumentError, BundleError, argument, first_names, sentence
from ...models import find, shipped
from ...readers.examples import Examples
from ...readers.reading import Reading
from ..recipes import Plan
from .pretrained import PretrainedStart
from .saved import SavedModel

__all__ = ["KINDS", "Start", "open_start"]

CONFIG = "config.json"
"""The file that says what a folder is."""

MEMORY = "a model in memory"
"""How a model that has no name is called."""

SHOWN = 4
"""Names of shipped models that an error lists."""


class Start(Protocol):
    """What a training starts from.

    Attributes:
        name: the folder, or the name of the shipped model, as the user gave it.
        kind: the kind of inputs that are read ("text", "tokens", "series", "audio"); None where any will do.
        teacher: the model whose answers are rehearsed; None where there are no answers yet.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str | None: ...

    @property
    def teacher(self) -> Bundle | None: ...

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Raise ArgumentError for a setting that contradicts what is taken over."""

    def reading(self, reading: Reading) -> Reading:
        """Return how the data are read: as the earlier ones were, where nothing else is decided.

        Raises:
            ArgumentError: something else is decided that cannot be.
        """

    def fit(self, examples: Examples) -> Examples:
        """Return training examples as they can be learnt from here.

        Raises:
            DataError: they cannot be.
        """

    def plan(self, train: Examples, options: Mapping[str, Any]) -> Plan:
        """Return the problem: what is taken over, extended by what the training examples bring, and the training.

        Args:
            train: the training examples, as `fit` returned them.
            options: as `bigru.train.recipes.plan` takes them.
        """

    def weights(self, decided: Plan) -> dict[str, np.ndarray]:
        """Return the weights to start from, by name, of all or of some parameters of the planned model."""


KINDS: dict[str, Callable[[str, Path], Start]] = {"bigru": SavedModel.open, "bigru-pretrained": PretrainedStart.open}
"""What opens a folder, by the "model_type" in its config.json: (name as given, folder) -> Start."""


def open_start(given: Any) -> Start:
    """Return what a training starts from.

    Args:
        given: a folder of one of `KINDS`, the name of a model that comes with the package, or what holds a model in
            memory: a fitted estimator, a `Trained`, a `Predictor`, a `Bundle`.

    Raises:
        ArgumentError: it is neither.
        BundleError: the folder is damaged, truncated, or of a newer version.
    """
    if not isinstance(given, str | os.PathLike):
        return SavedModel.of(MEMORY, _held_bundle(given))
    folder, name = find(given), os.fspath(given)
    config = folder / CONFIG
    if not config.is_file():
        want = (
            f"the folder of a saved model, what bigru pretrain wrote, or one of {first_names(list(shipped()), SHOWN)}"
        )
        got = f"{name!r}, a folder without {CONFIG}" if folder.is_dir() else f"{name!r}, which is none"
        raise ArgumentError(sentence("train", argument("init"), want, got))
    values = documents.parse(str(config), documents.read(folder, CONFIG) or b"")
    found = values.get("model_type") if isinstance(values, dict) else None
    if found not in KINDS:
        raise BundleError(sentence(str(config), "model_type", " or ".join(map(repr, KINDS)), repr(found)[:80]))
    return KINDS[found](name, folder)


def _held_bundle(given: Any) -> Bundle:
    """Return the model that something in memory holds.

    Raises:
        ArgumentError: it holds none.
    """
    found = given if isinstance(given, Bundle) else getattr(given, "bundle_", getattr(given, "bundle", None))
    if not isinstance(found, Bundle):
        want = "a folder, the name of a shipped model, or a model in memory"
        raise ArgumentError(sentence("train", argument("init"), want, type(given).__name__))
    return found
