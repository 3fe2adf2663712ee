"""config.json and vocabulary.json: a model's shape, its task and its features, there and back."""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from ..config import ConvConfig, ForecastModelConfig, ModelConfig, from_dict, to_dict
from ..errors import ArgumentError, check_choice, sentence
from ..tasks import TASKS, task_named
from .aliases import current_names
from .weights import BYTES, Shape, shapes

if TYPE_CHECKING:
    from ..features.audio import AudioFeatures
    from ..features.series import SeriesFeatures
    from ..features.table import TableFeatures
    from ..features.text import TextFeatures
    from ..ops.ctc.language import SymbolModel
    from ..tasks import classify, forecast, tag, transcribe

    TaskConfig: TypeAlias = classify.Config | tag.Config | forecast.Config | transcribe.Config
    Features: TypeAlias = TextFeatures | SeriesFeatures | AudioFeatures | TableFeatures

__all__ = [
    "Documents",
    "Shape",
    "check_agreement",
    "check_size",
    "features_kind",
    "input_kind",
    "read_model",
    "read_task",
    "to_documents",
    "token_features",
]

KINDS = {
    "text": ("..features.text", "TextFeatures"),
    "series": ("..features.series", "SeriesFeatures"),
    "audio": ("..features.audio", "AudioFeatures"),
    "table": ("..features.table", "TableFeatures"),
}
"""The kinds of features by their name in config.json: where the class is found, and its name."""

SHAPES: dict[str, Any] = {"sequence": ModelConfig, "step": ModelConfig, "window": ForecastModelConfig}
"""The shape of a model, by what its task has one output of."""

NUMBERS = ("quantiles", "levels")
"""The lists that hold numbers; all others hold strings."""

MOST = {"hidden": 1 << 16, "layers": 64}
MOST_CONVOLUTIONS = 64
MOST_OF_CONVOLUTION = {"filters": 1 << 16, "kernel": 1 << 16}
MOST_OF_FORECAST = dict.fromkeys(("lookback", "horizon", "segment", "targets", "past", "known"), 1 << 20)
"""Bounds of what is counted through before the size of the weights' file can be compared."""


def features_kind(features: Any) -> str:
    """Return the kind of features: "text", "series", "audio" or "table"; "" for what is none."""
    return next((kind for kind, (_, name) in KINDS.items() if type(features).__name__ == name), "")


def input_kind(features: Any) -> str:
    """Return the kind of inputs that features are made of: as `features_kind`, but "tokens" for texts cut into them."""
    return "tokens" if getattr(features, "unit", "") == "token" else features_kind(features)


def token_features(features: Any) -> tuple[str, ...]:
    """Return the names of the features that stand behind the word in every token, none for bare tokens and others."""
    return tuple(column.name for column in features.columns) if features_kind(features) == "text" else ()


class Documents(NamedTuple):
    """What a model is apart from its weights.

    Attributes:
        entries: of config.json.
        vocabulary: the known units, none where there are none.
        tokenizer: its JSON, None without one.
        lexicon: its file, None without one.
    """

    entries: dict[str, Any]
    vocabulary: list[str]
    tokenizer: str | None
    lexicon: bytes | None


def to_documents(task: str, model: Shape, config: TaskConfig) -> Documents:
    """Return the documents of a model."""
    features: dict[str, Any] = {**config.features.to_json()}
    kind, read = features_kind(config.features), config.features
    vocabulary = list(getattr(read, "vocabulary", ()))
    tokenizer, lexicon = (features.pop(name, None) for name in ("tokenizer", "lexicon"))
    values = {key: getattr(config, key) for key in task_named(task).SAVED}
    if values.get("language") is not None:
        values["language"] = {name: array.tolist() for name, array in values["language"].arrays().items()}
    entries = {
        "task": task,
        "task_config": {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()},
        "features": {"kind": kind, **features},
        "model": to_dict(model),
    }
    return Documents(entries, vocabulary, tokenizer, lexicon)


def read_model(values: Any, task: str) -> Shape:
    """Return the shape of a model of a task from config.json.

    Raises:
        ArgumentError: there is no such task, a key is missing or unknown, or a value is not what it must be.
    """
    model: Shape = from_dict(SHAPES[task_named(task).HEAD], current_names(values))
    _check_bounds(model)
    return model


def check_size(model: Shape) -> None:
    """Raise ArgumentError for a model that is larger than a saved one may be, before any of it is allocated."""
    _check_bounds(model)
    size = sum(4 * math.prod(shape) for shape in shapes(model).values())
    if size > BYTES:
        remedy = "Take fewer units (hidden, layers, channels)."
        raise ArgumentError(sentence("train", "model", f"at most {BYTES:,} bytes of weights", f"{size:,}", remedy))


def _check_bounds(model: Shape) -> None:
    for key, most in MOST_OF_FORECAST.items():
        if getattr(model, key, 0) > most:
            raise ArgumentError(sentence("ForecastModelConfig", key, f"at most {most}", getattr(model, key)))
    _check_front(getattr(model, "conv", ()))
    for key, most in MOST.items():
        if getattr(model.encoder, key) > most:
            raise ArgumentError(sentence("EncoderConfig", key, f"at most {most}", getattr(model.encoder, key)))


def _check_front(front: tuple[ConvConfig, ...]) -> None:
    if len(front) > MOST_CONVOLUTIONS:
        raise ArgumentError(sentence("ModelConfig", "conv", f"of at most {MOST_CONVOLUTIONS}", len(front)))
    for conv in front:
        for key, most in MOST_OF_CONVOLUTION.items():
            if getattr(conv, key) > most:
                raise ArgumentError(sentence("ConvConfig", key, f"at most {most}", getattr(conv, key)))


def read_task(
    task: Any, values: Any, features: Any, vocabulary: Any, tokenizer: str | None, lexicon: bytes | None = None
) -> TaskConfig:
    """Return the configuration of a task from its entries in config.json and the other documents.

    Raises:
        ArgumentError: a key is missing or unknown, or a value is not what it must be.
    """
    check_choice("Bundle", "task", task, TASKS)
    where, fields = f"{task}.Config", task_named(task).SAVED
    if not isinstance(values, dict) or set(values) != set(fields):
        got = sorted(values) if isinstance(values, dict) else type(values).__name__
        raise ArgumentError(sentence(where, "configuration", "an object with " + ", ".join(fields), got))
    for key, kind in fields.items():
        value = values[key]
        fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        entry = (int, float) if key in NUMBERS else (str,)
        if not fits or (isinstance(value, list) and not all(type(v) in entry for v in value)):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            listed = "a list of numbers" if key in NUMBERS else "a list of strings"
            want = " or ".join(listed if k is list else k.__name__ for k in kinds)
            raise ArgumentError(sentence(where, key, want, repr(value)[:80]))
    arguments: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    if arguments.get("language") is not None:
        arguments["language"] = _language(arguments["language"])
    config: TaskConfig = task_named(task).Config(
        features=_features(features, vocabulary, tokenizer, lexicon), **arguments
    )
    return config


def _language(values: dict[str, Any]) -> SymbolModel:
    """Return a language model from lists of numbers."""
    from ..ops.ctc.language import SymbolModel

    for name, numbers in values.items():
        if not isinstance(numbers, list) or not all(type(n) in (int, float) for n in numbers):
            raise ArgumentError(
                sentence("transcribe.Config", f"language {name}", "a list of numbers", repr(numbers)[:80])
            )
    return SymbolModel.load({name: np.array(numbers) for name, numbers in values.items()})


def _features(values: Any, vocabulary: Any, tokenizer: str | None, lexicon: bytes | None) -> Features:
    kind = values.get("kind") if isinstance(values, dict) else None
    check_choice("Bundle", "kind of features", kind, KINDS)
    rest = {key: value for key, value in values.items() if key != "kind"}
    if "lexicon" in rest:
        raise ArgumentError(sentence("Bundle", "lexicon", "a file of its own", "one among the features"))
    home, name = KINDS[str(kind)]
    made: Any = getattr(import_module(home, __package__), name)
    if kind != "text":
        numbers: SeriesFeatures | AudioFeatures | TableFeatures = made.from_json(rest)
        return numbers
    files = {"tokenizer": tokenizer, "lexicon": lexicon}
    given = rest | {name: content for name, content in files.items() if content is not None}
    features: TextFeatures = made.from_json(given, vocabulary)
    if tokenizer is not None:
        features.features("")  # makes the tokenizer now, so that a broken one is found here
    return features


def check_agreement(task: str, model: Shape, config: TaskConfig) -> None:
    """Raise ArgumentError unless a model's shape is the one that its task and features need."""
    where, module = "Bundle", task_named(task)
    if type(config) is not module.Config:
        raise ArgumentError(sentence(where, "config", f"a {task}.Config", type(config).__name__))
    tables = module.HEAD == "window"
    if type(model) is not SHAPES[module.HEAD] or (features_kind(config.features) == "table") != tables:
        want = "one that forecasts a table" if tables else f"one for {task}"
        raise ArgumentError(sentence(where, "model", want, type(model).__name__))
    for name, want in module.required(config).items():
        got = getattr(model, name)
        if got == want:
            continue
        if name == "head":
            name, want, got = "pooling", *("used" if head == "sequence" else "unused" for head in (want, got))
        raise ArgumentError(sentence(where, f"{name} of the model", f"{want}, as the task says", got))
