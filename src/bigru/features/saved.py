"""Text features as plain values, there and back, and what such values must be before anything is made of them."""

from __future__ import annotations

from typing import Any

from ..config import ChannelConfig, from_dict, to_dict
from ..errors import ArgumentError, check_choice, sentence
from .columns import columns_from_json
from .known import KnownStrings
from .lexicon import Lexicon
from .segment import without_dropout

__all__ = ["from_values", "to_values"]

WHERE = "TextFeatures"


def to_values(features: Any) -> dict[str, Any]:
    """Return what `TextFeatures.to_json` does."""
    values: dict[str, Any] = {"unit": features.unit, "channels": [to_dict(c) for c in features.channels]}
    values |= {"lowercase": features.lowercase, "replace": dict(features.replace), "segmenter": features.segmenter}
    values |= {"columns": [column.to_json() for column in features.columns]} if features.columns else {}
    values |= {} if features.lexicon is None else {"lexicon": features.lexicon.to_bytes()}
    values |= {"known": {name: known.to_json() for name, known in features.known.items()}} if features.known else {}
    return values if features.tokenizer is None else values | {"tokenizer": without_dropout(features.tokenizer)}


def from_values(values: Any, vocabulary: Any) -> dict[str, Any]:
    """Return the arguments of `TextFeatures` that such values stand for.

    Raises:
        ArgumentError: a key is missing or unknown, or a value has the wrong type.
    """
    _check(values, vocabulary)
    packed = values.get("lexicon")
    plain = {name: values.get(name) for name in ("unit", "lowercase", "replace", "segmenter", "tokenizer")}
    return plain | {
        "vocabulary": tuple(vocabulary),
        "channels": tuple(from_dict(ChannelConfig, c) for c in values["channels"]),
        "known": {name: KnownStrings.from_json(text) for name, text in values.get("known", {}).items()},
        "columns": columns_from_json(values.get("columns", [])),
        "lexicon": None if packed is None else Lexicon.from_bytes(packed),
    }


def _check(values: Any, vocabulary: Any) -> None:
    """Check the types of what `TextFeatures.to_json` returned, and of the list of the vocabulary.

    Raises:
        ArgumentError: a key is missing or unknown, or a value has the wrong type.
    """
    keys = ("unit", "channels", "lowercase", "replace", "segmenter", "tokenizer", "known", "columns", "lexicon")
    if not isinstance(values, dict):
        raise ArgumentError(sentence(WHERE, "configuration", "an object", type(values).__name__))
    for key in values:
        check_choice(WHERE, "key", key, keys)
    if not isinstance(vocabulary, list) or not all(isinstance(v, str) for v in vocabulary):
        raise ArgumentError(sentence(WHERE, "vocabulary", "a list of strings", repr(vocabulary)[:80]))
    typed = {"unit": str, "channels": list, "lowercase": bool, "replace": dict}
    for key, kind in typed.items():
        if not isinstance(values.get(key), kind):
            raise ArgumentError(sentence(WHERE, key, f"of type {kind.__name__}", repr(values.get(key))[:80]))
    replace = values["replace"]
    if not all(isinstance(v, str) for v in replace.values()):
        raise ArgumentError(sentence(WHERE, "replace", "single characters", repr(replace)[:80]))
    for key in ("segmenter", "tokenizer"):
        if not isinstance(values.get(key), str | None):
            raise ArgumentError(sentence(WHERE, key, "a string or null", repr(values[key])[:80]))
    given = values.get("known", {})
    if not isinstance(given, dict):
        raise ArgumentError(sentence(WHERE, "known", "an object", type(given).__name__))
