"""Bounds that a setting must keep."""

from __future__ import annotations

from ..errors import ArgumentError, sentence

__all__ = ["check_fraction", "check_positive"]


def check_fraction(where: str, name: str, value: float) -> None:
    """Raise ArgumentError unless 0 <= value < 1."""
    if not 0.0 <= value < 1.0:
        raise ArgumentError(sentence(where, name, "within 0 <= p < 1", value))


def check_positive(where: str, name: str, value: float) -> None:
    """Raise ArgumentError unless the value is above 0."""
    if not value > 0:
        raise ArgumentError(sentence(where, name, "greater than 0", value))
