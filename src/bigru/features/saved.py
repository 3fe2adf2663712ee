"""What a saved configuration of text features must be, before anything is made of it."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, check_choice, sentence

__all__ = ["check_saved"]

WHERE = "TextFeatures"


def check_saved(values: Any, vocabulary: Any) -> None:
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
