"""A training that starts from a saved model: what it reads, its shape and its weights are taken over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from ...bundle import Bundle, load
from ...bundle.configuration import check_size, input_kind
from ...config import ChannelConfig, ConvConfig, ModelConfig, replace_fields, to_dict
from ...errors import ArgumentError, DataError, argument, sentence
from ...features.text import TextFeatures
from ...readers.examples import Examples
from ...readers.reading import Reading
from ...readers.token_features import words_of
from ...runtime.evaluation import like_training
from ...scheme import convert
from ...tasks.mismatch import check_same_task
from ..defaults import DEFAULTS
from ..loop.checks import check_shape, refuse_ensemble
from ..recipes import AUDIO, KINDS, MODEL, SERIES_SETTINGS, SPEECH, TASKS, TEXT, Plan, plan_training
from .growth import grow_features, grow_weights

__all__ = ["SavedModel"]

FREE = ("min_count", "max_size")
"""Settings of what is read that a model does not fix."""

SHAPE = ("cell", "hidden", "layers", "direction", "merge", "reset_after", "layer_norm")
"""Fields of the encoder that its weights fix; dropout may be another."""

APART = {
    "vectors": "The model has vectors of its own.",
    "init_from_cooccurrence": "The model has vectors of its own.",
    "lexicon": "Its channels are made for the words that the model was trained with, which it keeps.",
}
"""Settings that say where first weights or words come from, and why they do not here."""

COUNTED = 1000
"""Inputs, about, that say how many units there are."""


@dataclass(frozen=True)
class SavedModel:
    """A saved model to start from; see `Start`.

    Attributes:
        name: as the user gave it.
        bundle: the model.
    """

    name: str
    bundle: Bundle

    @classmethod
    def open(cls, name: str, folder: Path) -> SavedModel:
        """Load a model; errors as of `of` and `bigru.bundle.load`."""
        return cls.of(name, load(folder))

    @classmethod
    def of(cls, name: str, made: Bundle) -> SavedModel:
        """Start from a model that is loaded.

        Raises:
            ArgumentError: it is a forecaster.
        """
        if made.model.head == "window":
            want = "a model that gives labels, tags or transcripts"
            remedy = "A forecaster is trained on the whole table, old rows and new."
            raise ArgumentError(sentence("train", argument("init"), want, f"{name!r}, a model for {made.task}", remedy))
        return cls(name, made)

    @property
    def kind(self) -> str | None:
        """The kind of inputs that the model reads."""
        return input_kind(self.bundle.config.features)

    @property
    def teacher(self) -> Bundle | None:
        """The model itself."""
        return self.bundle

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Raise ArgumentError for a setting that contradicts the model."""
        for name, remedy in APART.items():
            if settings.get(name):
                want = f"left out with {argument('init')}"
                raise ArgumentError(sentence("train", name, want, str(settings[name]), remedy))
        fixed = (*TEXT, *SERIES_SETTINGS, *AUDIO, *SPEECH, *MODEL, *SHAPE)
        for name in fixed:
            given = settings.get(name)
            if given is None or name in FREE:
                continue
            own = _plain(self._value(name))
            if _plain(given) != own:
                want = f"{own!r}, as in the model {self.name!r}"
                raise ArgumentError(sentence("train", name, want, repr(_plain(given)), "Leave it out."))

    def reading(self, reading: Reading) -> Reading:
        """Return how the data are read: task, scheme and columns as those that the model learnt from."""
        check_same_task("train", argument("reading.task"), reading.task, self.bundle.task, self.name)
        config = self.bundle.config
        scheme = reading.scheme or getattr(config, "scheme", None)
        many = getattr(config, "multi_label", None)
        if reading.multi_label is not None and reading.multi_label != many:
            got = "any number of them" if reading.multi_label else "one"
            want = f"{'any number of them' if many else 'one'} per example, as in the model {self.name!r}"
            raise ArgumentError(sentence("train", "labels", want, got))
        like = like_training(self.bundle, reading)
        return reading.but(task=self.bundle.task, scheme=scheme, multi_label=many, like=like)

    def fit(self, examples: Examples) -> Examples:
        """Return training examples with tags in the model's scheme.

        Raises:
            DataError: they are of another task, or have a scheme where the model has none.
        """
        config, source = self.bundle.config, examples.source
        check_same_task(source, "task", examples.task, self.bundle.task, self.name)
        self._check_inputs(examples)
        scheme = getattr(config, "scheme", None)
        if (examples.scheme is None) != (scheme is None):
            want = f"{scheme or 'tags without spans'}, as in the model {self.name!r}"
            raise DataError(sentence(source, "scheme", want, examples.scheme or "tags without spans"))
        if scheme is None or examples.scheme is None or examples.scheme == scheme:
            return examples
        targets = [convert(tags, examples.scheme, scheme) for tags in examples.targets or []]
        return replace(examples, targets=targets, scheme=scheme)

    def _check_inputs(self, examples: Examples) -> None:
        """Refuse inputs, or a number of labels for each, that are not those of the model."""
        kind, given = str(self.kind), examples.kind
        if KINDS[kind] != KINDS[given] or (kind == "tokens" and given == "text"):
            want = f"{kind}, as of the model {self.name!r}"
            raise DataError(sentence(examples.source, "inputs", want, given))
        if given == "tokens":
            self._check_tokens(examples)
        width = getattr(self.bundle.model, "input_size", 0)
        if given == "series" and any(np.shape(x)[-1] != width for x in examples.inputs):
            got = next(np.shape(x)[-1] for x in examples.inputs if np.shape(x)[-1] != width)
            want = f"of {width} numbers per step, as those of the model {self.name!r}"
            raise DataError(sentence(examples.source, "series", want, got))
        many = getattr(self.bundle.config, "multi_label", False)
        if examples.multi_label != many:
            want, got = ("any number", "one") if many else ("one", "any number")
            raise DataError(
                sentence(examples.source, "labels", f"{want} per example, as of the model {self.name!r}", got)
            )

    def _check_tokens(self, examples: Examples) -> None:
        """Refuse words for a model of characters, and characters for one of words."""
        features = cast("TextFeatures", self.bundle.config.features)
        characters = features.unit == "char"
        other = next((token for x in examples.inputs for token in words_of(x) if len(token) > 1), None)
        known = features.vocabulary
        if characters and other is not None:
            want, got = "single characters, which the model", repr(other)
        elif not characters and other is None and 2 * sum(len(unit) == 1 for unit in known) < len(known):
            want, got = "words, which the model", "single characters alone"
        else:
            return
        raise DataError(sentence(examples.source, "tokens", f"{want} {self.name!r} reads", got))

    def plan(self, train: Examples, options: Mapping[str, Any]) -> Plan:
        """Return the model's task and shape with new units and labels, and a training by the recipe."""
        task, kind, old = TASKS[train.task], KINDS[train.kind], self.bundle
        refuse_ensemble(task, options.get("ensemble", 1))
        features = grow_features(old.config.features, train.inputs, options)
        config = task.extend(old.config, features, train.targets or [])
        shape = cast("ModelConfig", old.model)
        model = replace(shape, outputs=config.outputs, encoder=replace_fields(shape.encoder, options))
        units = 0
        if isinstance(features, TextFeatures):
            model = replace(model, channels=features.channels)
            sample = train.inputs[:: max(1, len(train) // COUNTED)]
            units = sum(map(len, features.features_many(sample))) * len(train) // max(len(sample), 1)
        check_size(model)
        usual = {"init_from_cooccurrence": False}
        if not self._is_whole(train):
            # Fitted by itself the linear part would know these examples alone: it is trained further with the network.
            usual["separate_linear"] = False
        training = plan_training(DEFAULTS[train.task, kind], usual | dict(options), len(train), units)
        check_shape(config, model, training)
        return Plan(task=task, config=config, model=model, training=training)

    def _is_whole(self, train: Examples) -> bool:
        """Tell whether the examples have every label of the model, and are as many as it learnt from, or more."""
        facts = self.bundle.metrics.get("training")
        count = facts.get("examples") if isinstance(facts, dict) else None
        rows = [[target] if isinstance(target, str) else target for target in train.targets or []]
        found = {label for row in rows for label in row}
        return isinstance(count, int) and len(train) >= count and found.issuperset(self.bundle.config.labels)

    def weights(self, decided: Plan) -> dict[str, np.ndarray]:
        """Return the model's weights in the planned shapes."""
        config = self.bundle.config
        paired = config.outputs == 1 and len(config.labels) == 2
        return grow_weights(self.bundle.weights, decided.model, paired=paired, seed=decided.training.seed)

    def _value(self, name: str) -> Any:
        """Return the value that a setting has in the model; "unit" of series and such has none."""
        config, model = self.bundle.config, self.bundle.model
        if name == "features":
            return [column.name for column in getattr(config.features, "columns", ())]
        if name == "language":
            return getattr(config, "language", None) is not None
        places = (config, model, model.encoder, config.features)
        # Transcripts have a unit, and texts have one: that of the task comes first.
        return next((getattr(place, name) for place in places if hasattr(place, name)), None)


def _plain(value: Any) -> Any:
    """Return a setting as plain values that can be compared: channels by their names."""
    if isinstance(value, ChannelConfig):
        return value.name
    if isinstance(value, ConvConfig):
        return to_dict(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
