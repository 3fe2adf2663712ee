"""A saved model as a teacher."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ...bundle.configuration import input_kind
from ...errors import ArgumentError, argument, sentence
from ...features.text import TextFeatures
from ...runtime.answers import to_json
from ...runtime.predictor import Predictor, load
from ..data.fingerprint import digest_arrays

__all__ = ["Model"]

TOGETHER = 4096
"""Inputs that are answered at a time."""


class Model:
    """A classifier or tagger of texts that answers.

    Args:
        folder: of the model, or the name of a shipped one.

    Raises:
        BundleError: the folder holds no model.
        ArgumentError: it is no classifier or tagger of texts.

    Attributes:
        predictor: the model.
        kind: the kind of inputs that it reads, "text" or "tokens".
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        made = load(folder)
        features, want = made.bundle.config.features, "a classifier or tagger of texts"
        if not isinstance(made, Predictor) or not isinstance(features, TextFeatures):
            raise ArgumentError(sentence("distil", argument("teacher"), want, f"a model for {made.bundle.task}"))
        if features.columns:
            raise ArgumentError(sentence("distil", argument("teacher"), want, "one that reads features of tokens"))
        self.predictor, self._features, self.kind = made, features, input_kind(features)

    @property
    def identity(self) -> str:
        """What tells this teacher from another: its labels and weights."""
        weights = self.predictor.bundle.weights
        digest = digest_arrays([weights[name] for name in sorted(weights)])
        return f"{self.predictor.task} {', '.join(self.predictor.labels)} {digest}"

    def ask(self, questions: Path, count: int, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
        """Yield an answer for each of `count` lines of a file, each an input as JSON, in their order.

        A tagger that reads words of texts answers with these words as "tokens".
        """
        with questions.open(encoding="utf-8") as stream:
            while inputs := [json.loads(line) for line in islice(stream, TOGETHER)]:
                answers = self.predictor.predict_iter(inputs, scores=True)
                for source, answer in zip(inputs, answers, strict=True):
                    found = {key: value for key, value in to_json(None, answer).items() if key not in LEFT_OUT}
                    if isinstance(source, str) and len(answer.get("tags", source)) != len(source):
                        found["tokens"] = [source[start:end] for start, end in self._features.units(source)]
                    yield found


LEFT_OUT = ("confidence", "entities")
"""What labels, tags and scores say already."""
