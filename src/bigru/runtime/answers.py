"""Answers as JSON: numbers rounded, together with the input."""

from __future__ import annotations

from typing import Any

from ..readers.audio.recordings import Recording

__all__ = ["round_floats", "shown", "to_json"]

KINDS: dict[type, str] = {str: "text", list: "tokens", Recording: "audio"}


def shown(features: Any, source: Any) -> Any:
    """Return an input as answers repeat it: tokens without the features that the model reads of them."""
    return features.words(source) if isinstance(source, list) and hasattr(features, "words") else source


def to_json(source: Any, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with the text, the tokens or the name of the recording that it answers, if it has one."""
    name = KINDS.get(type(source))
    shown = {} if name is None else {name: str(source) if name == "audio" else source}
    return shown | round_floats(answer)


def round_floats(value: Any) -> Any:
    """Round every number to six places, which float32 does not exceed."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: round_floats(entry) for key, entry in value.items()}
    return [round_floats(entry) for entry in value] if isinstance(value, list) else value
