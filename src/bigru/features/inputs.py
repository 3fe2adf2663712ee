"""Inputs of text features, checked: texts, or lists of tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import ArgumentError, sentence

__all__ = ["Input", "replacements", "sample", "to_characters", "to_tokens", "whole_text"]

WHERE = "TextFeatures"

Input = str | Sequence[str]
"""A text, or a list of tokens."""


def replacements(replace: Mapping[str, str]) -> dict[int, int]:
    for old, new in replace.items():
        if not isinstance(new, str) or len(old) != 1 or len(new) != 1:
            raise ArgumentError(sentence(WHERE, "replace", "single characters", repr({old: new})))
    return {ord(old): ord(new) for old, new in replace.items()}


def whole_text(x: Input, n: int) -> str:
    if not isinstance(x, str):
        raise ArgumentError(sentence(WHERE, f"inputs[{n}]", "a text, for subwords", repr(x)[:80]))
    return x


def to_characters(x: Input, n: int) -> str:
    """Return an input as one string of characters; tokens must be single characters."""
    if isinstance(x, str):
        return x
    tokens = to_tokens(x, n)
    if any(len(token) != 1 for token in tokens):
        long = next(token for token in tokens if len(token) != 1)
        raise ArgumentError(sentence(WHERE, f"inputs[{n}]", "a text or single characters", f"the token {long!r}"))
    return "".join(tokens)


def to_tokens(x: Input, n: int) -> list[str]:
    """Return an input as a list of strings."""
    strings = [x] if isinstance(x, str) else list(x) if isinstance(x, Sequence) else [None]
    if not all(isinstance(token, str) for token in strings):
        raise ArgumentError(sentence(WHERE, f"inputs[{n}]", "a text or a list of tokens", repr(x)[:80]))
    return strings


def sample(inputs: Sequence[Input]) -> list[str]:
    """Return about a thousand of the inputs as texts."""
    step = max(1, len(inputs) // 1000)
    return [" ".join(to_tokens(inputs[n], n)) for n in range(0, len(inputs), step)]
